"""What the graph itself costs: a turn beyond its longest model path, and what a hop takes.

Two parts, one client, closed loop:

* turns with known answers, asked of the graph over HTTP and of the same engines held in this process, which take turns;
  the engines here say what the models alone take on the same pictures, words and sound;
* an ingress and a child that do nothing, with Ray Serve's flags as `vlp serve` sets them and in other sets (`--hops`),
  up at once (more than three disturb each other); bodies of 1 KB and of 10 MB.

From the graph's own time follows from which model time on it is under 5 % of a turn.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from benchmarks.graph_overhead.flags import COMPARED, OPTIMISED, OURS, SIDES, environment
from benchmarks.harness.graph import graph
from benchmarks.harness.load import percentile
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record, Table, Target
from benchmarks.harness.rounds import interleaved
from benchmarks.harness.run import BenchmarkError, WrongAnswer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmarks.graph_overhead.fused import Fused
    from benchmarks.harness.turns import KnownTurn

NAME = "graph_overhead"
BOUND_MS = 5.0
SHARE = 0.05
RIGHT = 0.9
"""Part of the turns that have to be answered rightly by the graph and in one process; the others are left out."""
SEED = 5150
PADDING = 10_000_000
WITH_PADDING = ("question", "outline")
Sample = dict[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hops", nargs="+", choices=list(SIDES), default=COMPARED, help="flags of the empty ones")
    turned = (OURS, OPTIMISED)
    parser.add_argument(
        "--turns", nargs="+", choices=list(SIDES), default=turned, help="flags of the graphs that are asked"
    )
    parser.add_argument("--only", choices=["hops", "turns"], help="one of the two parts")


def run(options: argparse.Namespace) -> Record:
    """Both parts.

    Raises:
        BenchmarkError: something does not start, or answers wrongly.
    """
    machine = Machine.here()
    samples: list[Sample] = []
    if options.only != "turns":
        from benchmarks.graph_overhead import hops

        repeats = 5 if options.quick else 20
        samples += hops.measured(options.hops, repeats, {"small": 4, "10 MB": 1}, options.console)
    if options.only != "hops":
        samples += _turns(options, options.turns)
    return Record(
        name=NAME,
        title="What the graph itself costs",
        method=_method(),
        settings={
            "flags": {side: environment(side) for side in dict.fromkeys([*options.hops, *options.turns])},
            "bytes of padding": PADDING,
        },
        tables=tables(samples),
        targets=targets(samples),
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


def _method() -> Method:
    return Method(
        compares=(
            "turns over HTTP with the same engines in one process (what waits for an engine is one batch, one engine "
            "works at a time). The graph's own time is a turn's time minus its longest model path: what the engines "
            "computed in the run in one process, laid side by side where the dialogue asks side by side. What an "
            "engine takes longer in a replica counts as the graph's, and so does waiting for a core. Hops: two empty "
            "deployments with each set of flags"
        ),
        loop="closed, one client",
        lengths=(
            "pictures of 256 pixels, two to five things in them; spoken questions of some 2 s; the large body is the "
            "small one with 10 MB behind its picture's end, so that the models' work is the same"
        ),
        warm_up="each kind of turn once, on pictures of its own; hops: 15 requests, and one before each group",
        repeats=(
            "rounds, each beginning with another side; every round has new pictures, as the graph remembers old ones. "
            "Graphs with different flags run one after the other, each in turns with the process that holds the "
            "engines: two do not fit into the memory of a small machine"
        ),
    )


def _turns(options: argparse.Namespace, sides: Sequence[str]) -> list[Sample]:
    """Each turn asked of a graph and in one process."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from benchmarks.graph_overhead.fused import Fused
    from benchmarks.harness.turns import KINDS, clear_scenes, known_turn
    from vlp_graph.config import load

    rounds = 2 if options.quick else 12
    plan = [(kind, 0) for kind in KINDS] + [(kind, PADDING) for kind in WITH_PADDING]
    scenes = iter(clear_scenes(SEED, len(sides) * (rounds + 1) * len(plan)))
    fused, samples = Fused.load(load(options.profile)), list[Sample]()
    for side in sides:
        given = options.url is not None and side == OURS
        served = options if given else argparse.Namespace(**vars(options) | {"url": None})
        with graph(served, environment(side)) as url:
            asked = [[(known_turn(kind, next(scenes)), pad) for kind, pad in plan] for _ in range(rounds + 1)]
            samples += _rounds(url, side, fused, asked, options)
    return samples


def _rounds(
    url: str, side: str, fused: Fused, asked: Sequence[Sequence[tuple[KnownTurn, int]]], options: argparse.Namespace
) -> list[Sample]:
    import httpx

    kept: dict[tuple[int, int], Sample] = {}
    with httpx.Client(base_url=url, timeout=60) as client:
        for turn, padding in asked[0]:
            with suppress(WrongAnswer):
                _ask(client, turn, padding)
            with suppress(WrongAnswer):
                fused.ask(turn, padding)
        where = (side, "in one process")
        for repeat, at in interleaved(where, len(asked) - 1, options.console, "turns"):
            for number, (turn, padding) in enumerate(asked[repeat + 1]):
                sample = kept.setdefault((repeat, number), {"part": "turn", "side": side, "repeat": repeat})
                sample |= {"kind": turn.kind, "body": "10 MB" if padding else "small"}
                with suppress(WrongAnswer):
                    if at == side:
                        seconds, timings = _ask(client, turn, padding)
                        sample |= {"turn_ms": _ms(seconds), "dialogue_ms": _ms(timings["total"])}
                    else:
                        alone = fused.ask(turn, padding)
                        sample |= {"fused_ms": _ms(alone.seconds), "path_ms": _ms(alone.path)}
    right = [sample for sample in kept.values() if {"turn_ms", "path_ms"} <= set(sample)]
    if len(right) < RIGHT * len(kept):
        raise BenchmarkError(f"{side}: {len(kept) - len(right)} of {len(kept)} turns were answered wrongly")
    return [sample | {"own_ms": round(sample["turn_ms"] - sample["path_ms"], 2)} for sample in right]


def _ask(client: Any, turn: KnownTurn, padding: int) -> tuple[float, dict[str, float]]:
    """A turn's seconds over HTTP, and its timings.

    Raises:
        BenchmarkError: it failed.
        WrongAnswer: it is not what the scene shows.
    """
    body = turn.body(padding)
    start = time.perf_counter()
    reply = client.post("/v1/ask", content=body.content, headers=body.headers)
    seconds = time.perf_counter() - start
    if not reply.is_success:
        raise BenchmarkError(f"{turn.text!r} was answered {reply.status_code} {reply.text[:300]}")
    if not turn.is_right(reply.json()):
        raise WrongAnswer(f"{turn.text!r} was answered {reply.status_code} {reply.text[:300]}")
    return seconds, reply.json()["vlp"]["timings"]


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


def tables(samples: Iterable[Sample]) -> list[Table]:
    """Turns, hops, and from which model time on the graph is cheap."""
    turns = [s for s in samples if s["part"] == "turn"]
    hops = [s for s in samples if s["part"] == "hop"]
    return [*(_turn_tables(turns) if turns else ()), *([_hop_table(hops)] if hops else ())]


def _turn_tables(turns: Sequence[Sample]) -> list[Table]:
    rows: list[list[str | int | float | None]] = []
    for (side, body, kind), group in _grouped(turns, "side", "body", "kind").items():
        row: list[str | int | float | None] = [side, f"{kind}, {body}", len(group)]
        row += [p50(group, "turn_ms"), p50(group, "path_ms"), p50(group, "fused_ms")]
        row += [p50(group, "own_ms"), percentile([s["own_ms"] for s in group], 0.95)]
        inside = percentile([s["dialogue_ms"] - s["path_ms"] for s in group], 0.5)
        rows.append([*row, inside, percentile([s["turn_ms"] - s["dialogue_ms"] for s in group], 0.5)])
    columns = ["flags", "turn", "turns", "ms", "models", "fused", "own", "own p95", "dialogue", "around"]
    note = (
        "ms, p50: a turn, its longest model path, the same in one process, the graph's own (turn without models) and "
        "its p95; of the own in the dialogue, hops to replicas and waits for a core with it, and around it: HTTP, "
        "proxy, form, picture and sound decoded, the reply"
    )
    cheap = [
        [side, p50(group, "own_ms"), cheap_from(p50(group, "own_ms")) / 1000]
        for (side, body), group in _grouped(turns, "side", "body").items()
        if body == "small"
    ]
    return [
        Table(title="Turns: the graph beyond its models", columns=columns, rows=rows, note=note),
        Table(
            title=f"From which model time on the graph is under {SHARE:.0%} of a turn",
            columns=["flags", "graph's own, p50 ms", "models take, s"],
            rows=[list[str | int | float | None](row) for row in cheap],
        ),
    ]


def _hop_table(hops: Sequence[Sample]) -> Table:
    rows: list[list[str | int | float | None]] = []
    for (body, side), group in sorted(_grouped(hops, "body", "side").items(), key=lambda of: of[0][0] == "10 MB"):
        by = {n: p50([s for s in group if s["children"] == n], "ms") for n in (0, 1, 4)}
        rows.append([body, side, by[0], by[1], by[1] - by[0], by[4]])
    note = "ms, p50: answered by the ingress, after one child, the difference, after four children side by side"
    columns = ["body", "flags", "ingress", "+ child", "a hop", "+ 4 children"]
    return Table(title="Hops: nothing computed", columns=columns, rows=rows, note=note)


def targets(samples: Iterable[Sample]) -> list[Target]:
    """The graph's own time with our default flags.

    Raises:
        BenchmarkError: turns were quicker than their models, so that nothing follows from them.
    """
    ours = [s for s in samples if s["part"] == "turn" and s["side"] == OURS and s["body"] == "small"]
    if not ours:
        return []
    own = p50(ours, "own_ms")
    if own < 0:
        raise BenchmarkError(f"turns took {-own:.0f} ms less than their models: the machine has other work, try again")
    what = "a turn beyond its longest model path with the flags of vlp serve, p50 ms"
    return [Target(what=what, value=round(own, 2), bound=BOUND_MS, at="most")]


def p50(samples: Iterable[Sample], key: str) -> float:
    return percentile([s[key] for s in samples], 0.5)


def share(own: float, models: float) -> float:
    """The graph's part of a turn."""
    return own / (own + models)


def cheap_from(own: float) -> float:
    """The model time from which on the graph is `SHARE` of a turn at most, in the unit of `own`."""
    return own * (1 - SHARE) / SHARE


def _grouped(samples: Iterable[Sample], *keys: str) -> dict[tuple[Any, ...], list[Sample]]:
    groups: dict[tuple[Any, ...], list[Sample]] = {}
    for sample in samples:
        groups.setdefault(tuple(sample[key] for key in keys), []).append(sample)
    return groups


def draw(record: Record) -> Figure:
    """Turns by their parts, hops by flags, and the graph's part of a turn over the models' time."""
    from benchmarks.harness.show import figure

    turns = [s for s in record.samples if s["part"] == "turn"]
    hops = [s for s in record.samples if s["part"] == "hop"]
    drawn, (stacked, bars, curve) = figure(3, record.title)
    _draw_turns(stacked, [s for s in turns if s["body"] == "small"])
    _draw_hops(bars, hops)
    _draw_share(curve, [s for s in turns if s["body"] == "small"])
    return drawn


def _draw_turns(axis: Any, turns: Sequence[Sample]) -> None:
    groups = _grouped(turns, "side", "kind")
    for row, ((side, _), group) in enumerate(groups.items()):
        path, turn = p50(group, "path_ms"), p50(group, "turn_ms")
        axis.barh(row, path, color="#c8ccd0", label="models" if row == 0 else None)
        axis.barh(row, turn - path, left=path, color="#1f5fa8" if side == OURS else "#d1622b")
    axis.set_yticks(range(len(groups)), [f"{kind} ({side})" for side, kind in groups], fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel("ms, p50: longest model path, then the graph's own")


def _draw_hops(axis: Any, hops: Sequence[Sample]) -> None:
    groups = _grouped([s for s in hops if s["body"] == "small"], "side")
    for number, children in enumerate((0, 1, 4)):
        heights = [p50([s for s in group if s["children"] == children], "ms") for group in groups.values()]
        at = [row + 0.27 * (number - 1) for row in range(len(groups))]
        axis.barh(at, heights, 0.25, label=("ingress", "+ one child", "+ four children")[number])
    axis.set_yticks(range(len(groups)), [side for (side,) in groups], fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel("ms, p50, small bodies, no model")
    if groups:
        axis.legend(fontsize=7)


def _draw_share(axis: Any, turns: Sequence[Sample]) -> None:
    times = [10 ** (1 + 3 * step / 60) for step in range(61)]  # 10 ms to 10 s
    for (side,), group in _grouped(turns, "side").items():
        own = max(p50(group, "own_ms"), 0.0)
        axis.plot(
            times, [100 * share(own, t) for t in times], label=f"{side}: {own:.1f} ms, from {cheap_from(own):.0f} ms"
        )
    axis.axhline(100 * SHARE, color="#5b6670", linestyle=":")
    axis.set_xscale("log")
    axis.set_xlabel("models' longest path, ms")
    axis.set_ylabel("the graph's part of a turn, %")
    if turns:
        axis.legend(fontsize=7)
