"""From what was seen to tables, targets and a picture. Sees no more than the samples that are kept."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.dynamic_batching.sides import (
    CONTINUOUS,
    ENGINE,
    GRAPH,
    SEQUENTIAL,
    SERVER,
    STATIC,
    STATIC_ENGINE,
)
from benchmarks.dynamic_batching.work import LONG, MIXED, SHORT, scheduling_bound
from benchmarks.harness.load import percentile
from benchmarks.harness.record import Table, Target
from benchmarks.harness.show import figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Sample = dict[str, Any]

CURVE, NAIVE, TRIED = "curve", "naive", "tried"
"""Parts of a run: over numbers of clients; against naive sides; the sizes of static batches that were tried."""
AT_ONCE = 16
FIRST_AT = (1, 8)


def speed(sample: Sample) -> float:
    """Tokens a second."""
    return float(sum(sample["tokens"]) / sample["wall_s"])


def tables_of(samples: Sequence[Sample]) -> list[Table]:
    """Of the parts that were run."""
    found = [
        _over_clients(samples, "Tokens a second", speed_of),
        _over_clients(samples, "Seconds of a request, median", lambda seen: percentile(_all(seen, "seconds"), 0.5)),
        _over_clients(samples, "Seconds of a request, 95th percentile", lambda s: percentile(_all(s, "seconds"), 0.95)),
        _first(samples),
        _naive(samples),
        _tried(samples),
    ]
    return [table for table in found if table.rows]


def targets_of(samples: Sequence[Sample]) -> list[Target]:
    """Those of which both sides were measured."""
    return [
        *_throughput(samples),
        *_first_token(samples),
        *_scheduling(samples),
    ]


def _throughput(samples: Sequence[Sample]) -> Iterable[Target]:
    for lengths in (LONG, MIXED):
        ours, bare = (speed_of(of(samples, side, lengths, AT_ONCE)) for side in (GRAPH, ENGINE))
        if ours and bare:
            what = f"{lengths} answers, {AT_ONCE} at once: tokens/s of vlp-graph over those of vLLM's engine"
            yield Target(what=what, value=ours / bare, bound=0.95, at="least")
    alone, ours = (speed_of(of(samples, GRAPH, LONG, clients)) for clients in (1, AT_ONCE))
    if alone and ours:
        what = f"{LONG} answers: tokens/s of vlp-graph at {AT_ONCE} over its own at 1"
        yield Target(what=what, value=ours / alone, bound=8.0, at="least")


def _first_token(samples: Sequence[Sample]) -> Iterable[Target]:
    for clients in FIRST_AT:
        ours = first_of(of(samples, GRAPH, SHORT, clients))
        for side in (ENGINE, SERVER):
            theirs = first_of(of(samples, side, SHORT, clients))
            if ours and theirs:
                what = f"median time to the first token of vlp-graph over that of the {side}, {clients} at once"
                yield Target(what=what, value=ours / theirs, bound=1.15, at="most")


def _scheduling(samples: Sequence[Sample]) -> Iterable[Target]:
    seen = [sample for sample in samples if sample["part"] == NAIVE and sample["lengths"] == MIXED]
    continuous, static = (next((s for s in seen if s["side"] == side), None) for side in (ENGINE, STATIC_ENGINE))
    if continuous and static:
        what = "mixed answers: continuous over static batches of the same engine, against what scheduling can gain"
        bound = scheduling_bound(static["tokens"], static["clients"])
        yield Target(what=what, value=speed(continuous) / speed(static), bound=bound, at="most")


def of(samples: Sequence[Sample], side: str, lengths: str, clients: int) -> list[Sample]:
    """The rounds of one side in one cell of the curve."""
    wanted = {"part": CURVE, "side": side, "lengths": lengths, "clients": clients}
    return [sample for sample in samples if wanted.items() <= sample.items()]


def speed_of(seen: Sequence[Sample]) -> float | None:
    """The median round's tokens a second."""
    return statistics.median(map(speed, seen)) if seen else None


def first_of(seen: Sequence[Sample], share: float = 0.5) -> float | None:
    """A percentile of the seconds to the first token, over all rounds."""
    return percentile(_all(seen, "first_s"), share) if seen else None


def _all(seen: Sequence[Sample], field: str) -> list[float]:
    return [value for sample in seen for value in sample[field]]


def _kinds(samples: Sequence[Sample], part: str, field: str) -> list[Any]:
    """Values in the order in which they were first seen."""
    return list(dict.fromkeys(sample[field] for sample in samples if sample["part"] == part))


def _over_clients(samples: Sequence[Sample], title: str, value: Any) -> Table:
    clients = sorted(_kinds(samples, CURVE, "clients"))
    rows: list[list[str | int | float | None]] = []
    for lengths in _kinds(samples, CURVE, "lengths"):
        for side in CONTINUOUS:
            seen = [of(samples, side, lengths, number) for number in clients]
            rows.append([lengths, side, *(value(rounds) if rounds else None for rounds in seen)])
    return Table(title=title, columns=["answers", "side", *(f"{n} at once" for n in clients)], rows=rows)


def _first(samples: Sequence[Sample]) -> Table:
    rows: list[list[str | int | float | None]] = []
    for clients in FIRST_AT:
        firsts = {side: first_of(of(samples, side, SHORT, clients)) for side in CONTINUOUS}
        for side, median in firsts.items():
            if median is None:
                continue
            late = first_of(of(samples, side, SHORT, clients), 0.95)
            ratios = [median / base if (base := firsts[other]) else None for other in (ENGINE, SERVER)]
            rows.append([clients, side, 1000 * median, 1000 * (late or 0.0), *ratios])
    return Table(
        title="Time to the first token, short answers",
        columns=["at once", "side", "median ms", "95th percentile ms", f"of the {ENGINE}'s", f"of the {SERVER}'s"],
        rows=rows,
    )


def _naive(samples: Sequence[Sample]) -> Table:
    rows: list[list[str | int | float | None]] = []
    for lengths in _kinds(samples, NAIVE, "lengths"):
        seen = {s["side"]: s for s in samples if s["part"] == NAIVE and s["lengths"] == lengths}
        base = seen[GRAPH]
        for side, sample in seen.items():
            static = side in (STATIC, STATIC_ENGINE)
            bound = scheduling_bound(sample["tokens"], sample["clients"]) if static else None
            rows.append([lengths, side, sample["clients"], speed(sample), speed(base) / speed(sample), bound])
    return Table(
        title="Against naive ways, the same lengths",
        columns=["answers", "side", "at once", "tokens/s", f"{GRAPH} is faster by", "of which scheduling, at most"],
        rows=rows,
        note=f"What {GRAPH} gains beyond the bound over {STATIC} or {SEQUENTIAL} is vLLM's kernels and memory against "
        f"those of transformers, no scheduling; {STATIC_ENGINE} has the same kernels.",
    )


def _tried(samples: Sequence[Sample]) -> Table:
    seen = [sample for sample in samples if sample["part"] == TRIED]
    rows: list[list[str | int | float | None]] = [[sample["clients"], speed(sample)] for sample in seen]
    return Table(title=f"{STATIC}: sizes of batches, mixed answers", columns=["size", "tokens/s"], rows=rows)


def drawn(samples: Sequence[Sample], title: str) -> Figure:
    """Three panels: speed and latency over clients, the first token."""
    picture, (fast, slow, first) = figure(3, title)
    kinds = _kinds(samples, CURVE, "lengths")
    lengths = MIXED if MIXED in kinds else kinds[-1]
    for side in CONTINUOUS:
        points = [(n, of(samples, side, lengths, n)) for n in sorted(_kinds(samples, CURVE, "clients"))]
        points = [(n, seen) for n, seen in points if seen]
        at = [n for n, _ in points]
        fast.plot(at, [statistics.median(map(speed, seen)) for _, seen in points], marker="o", label=side)
        slow.plot(at, [percentile(_all(seen, "seconds"), 0.5) for _, seen in points], marker="o", label=side)
    for style, side in ((":", SEQUENTIAL), ("--", STATIC), ("-.", STATIC_ENGINE)):
        seen = [s for s in samples if s["part"] == NAIVE and s["lengths"] == lengths and s["side"] == side]
        if seen:
            fast.axhline(speed(seen[0]), color="grey", linestyle=style, label=side)
    for axis, label in ((fast, "tokens/s"), (slow, "seconds of a request, median")):
        axis.set(xscale="log", xlabel=f"clients ({lengths} answers)", ylabel=label)
        axis.set_xticks([1, 2, 4, 8, 16, 32], labels=["1", "2", "4", "8", "16", "32"], minor=False)
        axis.minorticks_off()
    fast.legend(fontsize=7)
    for number, side in enumerate(CONTINUOUS):
        heights = [1000 * (first_of(of(samples, side, SHORT, clients)) or 0.0) for clients in FIRST_AT]
        first.bar([place + 0.27 * (number - 1) for place in range(len(FIRST_AT))], heights, 0.25, label=side)
    first.set_xticks(range(len(FIRST_AT)), labels=[f"{clients} at once" for clients in FIRST_AT])
    first.set(ylabel="ms to the first token, median (short answers)")
    return picture
