"""What becomes of turns when more come than can be answered: latency, goodput and queue, with shedding and without.

Mixed turns with known answers (typed, spoken, of two tasks) arrive by chance, whoever still waits: at rising rates up
to what the graph can take, then at twice and four times the rate at which it is saturated. A turn counts (*goodput*)
when it was answered rightly within `--slo` seconds of when it was due. One that is refused (429 or 503, with
Retry-After) is not tried again. *Shedding* is what the profile's limits do; without it the same profile has limits that
nothing reaches.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from benchmarks.harness.graph import NO_LIMIT, graph, unlimited
from benchmarks.harness.load import percentile, poisson
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record, Table, Target
from benchmarks.harness.run import BenchmarkError
from vlp_graph.config import Profile, load

if TYPE_CHECKING:
    import httpx
    from matplotlib.figure import Figure
    from rich.console import Console

    from benchmarks.harness.turns import Body, KnownTurn

NAME = "load"
MIX = {"question": 0.25, "count": 0.15, "outline": 0.2, "caption": 0.1, "spoken": 0.1, "two tasks": 0.2}
RISING = (0.4, 0.6, 0.8, 1.0, 1.2)
"""Rates of the first part, of what eight clients in a closed loop get."""
FURTHER = 1.2
"""From rate to rate beyond those, until too few turns count."""
OVERLOAD = (2.0, 4.0)
"""Of the rate at which the graph is saturated."""
SERVED = 0.9
"""Part of the turns that count up to saturation."""
KEPT = 0.9
"""Part of the peak goodput that shedding has to keep at four times saturation."""
POOL, CLIENTS, SEED = 160, 8, 4104
WITH, WITHOUT = "with shedding", "without"
Sample = dict[str, Any]
T = TypeVar("T")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slo", type=float, default=5.0, help="seconds within which an answer counts")
    parser.add_argument("--seconds", type=float, help="length of each stage (default: 15, quick: 3)")
    parser.add_argument("--rates", type=float, nargs="+", help="turns a second of the first part")
    parser.add_argument(
        "--only-shedding", action="store_true", help="leave out the graph without limits: to try limits"
    )


@dataclass(frozen=True)
class Reply:
    """What came back: an HTTP status (0: the client left before, -1: no connection), and whether it was right."""

    status: int
    is_right: bool


@dataclass(frozen=True)
class Stage:
    """So many turns a second, on average, for so long, at one side."""

    side: str
    what: str
    rate: float
    seconds: float


def run(options: argparse.Namespace) -> Record:
    """Rising rates and overload with shedding, then overload without.

    Raises:
        BenchmarkError: it does not start, or answers wrongly what it has time for.
    """
    machine = Machine.here()
    length = options.seconds or (3.0 if options.quick else 15.0)
    client = _Client(options.slo, options.console, _pool(POOL // 2 if options.quick else POOL))
    samples: list[Sample] = []
    with graph(options) as url:
        for rate in _rates(options, client.closed(url, 5 if options.quick else 20)):
            stage = client.stage(url, Stage(WITH, "rising", rate, length))
            samples += stage
            if saturation(summaries(stage, options.slo)) is None:
                break
        most = saturation(summaries(samples, options.slo))
        if most is None:
            raise BenchmarkError(f"not even {rate:.2f} turns a second were answered rightly within {options.slo} s")
        for factor in OVERLOAD:
            samples += client.stage(url, Stage(WITH, f"{factor:g}x", factor * most, length))
    if not options.only_shedding:
        samples += _without(options, client, most, length)
    return Record(
        name=NAME,
        title="Load beyond what the graph can take",
        method=_method(options),
        settings=_settings(options, length),
        tables=tables(samples, options.slo),
        targets=targets(samples, options.slo),
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


def _without(options: argparse.Namespace, client: _Client, most: float, length: float) -> list[Sample]:
    """Saturation and overload where nothing is refused."""
    samples: list[Sample] = []
    with unlimited(options.profile) as profile, graph(_with(options, profile=str(profile), url=None)) as url:
        client.closed(url, 3 if options.quick else 10)
        for what, rate in [("1x", most), *((f"{factor:g}x", factor * most) for factor in OVERLOAD)]:
            samples += client.stage(url, Stage(WITHOUT, what, rate, length))
    return samples


def _with(options: argparse.Namespace, **other: Any) -> argparse.Namespace:
    return argparse.Namespace(**vars(options) | other)


def _rates(options: argparse.Namespace, closed: float) -> Iterable[float]:
    """Of the first part: those that are given, or parts of `closed` and beyond."""
    if options.rates:
        return sorted(options.rates)
    if options.quick:
        return [0.5 * closed, closed]
    beyond = (RISING[-1] * FURTHER**step for step in itertools.count(1))
    return (part * closed for part in itertools.chain(RISING, beyond))


def _method(options: argparse.Namespace) -> Method:
    return Method(
        compares=(
            "the profile with its limits (shedding) and with limits that nothing reaches. Goodput: turns answered "
            f"rightly within {options.slo:g} s of when they were due, per second of arrivals; refused "
            "and late ones are not tried again and count as none. Saturation: the highest of the rising rates at which "
            f"{SERVED:.0%} of the turns count; they end with the first at which fewer do"
        ),
        loop="open; the clients are one process on the same machine; a connection for every turn in flight, kept alive",
        arrivals="Poisson, the same times on both sides",
        lengths=(
            "pictures of 256 pixels with two to five things; spoken questions of some 2 s; encoded before the run; "
            f"{POOL} turns in a circle, each with a picture of its own: more than the graph remembers"
        ),
        warm_up=f"a closed loop of {CLIENTS} clients",
        repeats=(
            "one stage for each rate and side, one after the other: two graphs do not fit into the memory of a "
            "small machine. After its last arrival a stage waits as long as an answer can count; who still waits then "
            "leaves, and the next stage begins when turns are answered as quickly as alone"
        ),
    )


def _settings(options: argparse.Namespace, length: float) -> dict[str, Any]:
    return {
        "slo_s": options.slo,
        "stage_s": length,
        "mix": MIX,
        "limits": {WITH: limits(load(options.profile)), WITHOUT: f"every one {NO_LIMIT:,}"},
    }


def limits(profile: Profile) -> dict[str, list[int]]:
    """`max_ongoing_requests` and `max_queued_requests` of the ingress and of each model."""
    parts: dict[str, Any] = {"ingress": profile.http}
    parts |= {name: getattr(profile.models, name) for name in type(profile.models).model_fields}
    return {name: [part.max_ongoing_requests, part.max_queued_requests] for name, part in parts.items()}


class _Client:
    """Sends turns that were encoded before, in a cycle longer than what the graph remembers of pictures."""

    def __init__(self, slo: float, console: Console, turns: Sequence[KnownTurn]) -> None:
        self._slo, self._console = slo, console
        self._pool: list[tuple[KnownTurn, Body]] = [(turn, turn.body()) for turn in turns]
        self._next = 0

    def closed(self, url: str, seconds: float) -> float:
        """Turns a second that clients get which wait for their answers.

        Raises:
            BenchmarkError: more than one in ten is wrong.
        """

        async def loop(http: httpx.AsyncClient) -> list[Reply]:
            end = time.perf_counter() + seconds

            async def client() -> list[Reply]:
                replies: list[Reply] = []
                while time.perf_counter() < end:
                    replies.append(await _send(http, *self._turn()))
                return replies

            return list(itertools.chain(*await asyncio.gather(*(client() for _ in range(CLIENTS)))))

        start = time.perf_counter()
        replies = _with_client(url, loop)
        spent = time.perf_counter() - start
        right = sum(reply.is_right for reply in replies)
        if right < SERVED * len(replies):
            raise BenchmarkError(f"{len(replies) - right} of {len(replies)} turns failed or were answered wrongly")
        self._console.print(f"  [dim]{CLIENTS} clients in a closed loop: {right / spent:.2f} turns a second[/]")
        return right / spent

    def stage(self, url: str, stage: Stage) -> list[Sample]:
        """One stage, and its end: the graph is idle again."""
        times = poisson(stage.rate, stage.seconds, SEED)

        async def arrivals(http: httpx.AsyncClient) -> list[Sample]:
            start = time.perf_counter() + 0.2

            async def one(due: float) -> Sample:
                await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
                turn, body = self._turn()
                left = start + stage.seconds + self._slo - time.perf_counter()
                reply = Reply(0, False)
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        reply = await _send(http, turn, body)
                kept = {"side": stage.side, "what": stage.what, "rate": round(stage.rate, 3), "stage_s": stage.seconds}
                return kept | {
                    "kind": turn.kind,
                    "due": round(due, 3),
                    "seconds": round(time.perf_counter() - start - due, 4),
                    "status": reply.status,
                    "right": reply.is_right,
                }

            return list(await asyncio.gather(*map(one, times)))

        samples = _with_client(url, arrivals)
        self._settle(url)
        told = next(iter(summaries(samples, self._slo)))
        self._console.print(f"  [dim]{stage.side}, {stage.what}: {stage.rate:.2f}/s, goodput {told.goodput:.2f}/s[/]")
        return samples

    def _settle(self, url: str, within_s: float = 60.0) -> None:
        """Until turns are answered as quickly as alone, twice."""

        async def probe(http: httpx.AsyncClient) -> None:
            end, quick = time.perf_counter() + within_s, 0
            while quick < 2:
                start = time.perf_counter()
                reply = await _send(http, *self._turn())
                if time.perf_counter() > end:
                    raise BenchmarkError(f"the graph is still busy {within_s:.0f} s after the last turn")
                quick = quick + 1 if reply.is_right and time.perf_counter() - start < self._slo / 3 else 0
                await asyncio.sleep(0.2)

        _with_client(url, probe)

    def _turn(self) -> tuple[KnownTurn, Body]:
        self._next += 1
        return self._pool[self._next % len(self._pool)]


def _pool(size: int) -> list[KnownTurn]:
    """Turns in the parts of the mix, in an order of chance."""
    import random

    from benchmarks.harness.turns import clear_scenes, known_turn

    rng = random.Random(SEED)
    kinds = rng.choices(list(MIX), list(MIX.values()), k=size)
    return [known_turn(kind, scene) for kind, scene in zip(kinds, clear_scenes(SEED, size), strict=True)]


def _with_client(url: str, work: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
    import httpx

    async def done() -> T:
        room = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=120, limits=room) as http:
            return await work(http)

    return asyncio.run(done())


async def _send(http: httpx.AsyncClient, turn: KnownTurn, body: Body) -> Reply:
    """A turn that fails in any way is none that counts."""
    import httpx

    try:
        reply = await http.post("/v1/ask", content=body.content, headers=body.headers)
        return Reply(reply.status_code, reply.status_code == 200 and turn.is_right(reply.json()))
    except httpx.HTTPError:
        return Reply(-1, False)


@dataclass(frozen=True)
class Summary:
    """What became of the turns of one stage. `goodput` is turns a second of arrivals, `queue` the most turns that
    waited or were worked on at once; percentiles are of answered turns (200), in seconds from when they were due."""

    side: str
    what: str
    rate: float
    seconds: float
    turns: int
    good: int
    late: int
    refused: int
    wrong: int
    p50: float
    p95: float
    p99: float
    queue: int

    @property
    def goodput(self) -> float:
        return self.good / self.seconds


def summaries(samples: Sequence[Mapping[str, Any]], slo: float) -> list[Summary]:
    """One for each stage, in order."""
    stages: dict[tuple[str, str, float], list[Mapping[str, Any]]] = {}
    for sample in samples:
        stages.setdefault((sample["side"], sample["what"], sample["rate"]), []).append(sample)
    return [_summary(*key, group, slo) for key, group in stages.items()]


def _summary(side: str, what: str, rate: float, samples: Sequence[Mapping[str, Any]], slo: float) -> Summary:
    answered = [s for s in samples if s["status"] == 200]
    right = [s for s in answered if s["right"]]
    good = sum(s["seconds"] <= slo for s in right)
    seconds = [s["seconds"] for s in answered]
    refused = sum(is_refused(s["status"]) for s in samples)
    left = sum(s["status"] == 0 for s in samples)
    return Summary(
        side=side,
        what=what,
        rate=rate,
        seconds=samples[0]["stage_s"],
        turns=len(samples),
        good=good,
        late=len(right) - good + left,
        refused=refused,
        wrong=len(samples) - len(right) - refused - left,
        p50=percentile(seconds, 0.5),
        p95=percentile(seconds, 0.95),
        p99=percentile(seconds, 0.99),
        queue=max((waiting for _, waiting in in_flight(samples)), default=0),
    )


def is_refused(status: int) -> bool:
    """Whether the graph says that it has no room."""
    return status in (429, 503)


def in_flight(samples: Sequence[Mapping[str, Any]]) -> list[tuple[float, int]]:
    """At each arrival and end, in seconds of the stage: the turns that are there."""
    steps = sorted([(s["due"], 1) for s in samples] + [(s["due"] + s["seconds"], -1) for s in samples])
    counts = itertools.accumulate(step for _, step in steps)
    return [(at, count) for (at, _), count in zip(steps, counts, strict=True)]


def saturation(stages: Sequence[Summary]) -> float | None:
    """The highest of the rising rates up to which enough turns count; None where the first is too much."""
    most = None
    for stage in sorted((s for s in stages if s.what == "rising"), key=lambda s: s.rate):
        if stage.good < SERVED * stage.turns:
            break
        most = stage.rate
    return most


def tables(samples: Sequence[Mapping[str, Any]], slo: float) -> list[Table]:
    """What became of the turns of each stage, and how long the answered ones took."""
    stages, most = summaries(samples, slo), saturation(summaries(samples, slo))
    saturated = "saturated at " + ("?" if most is None else f"{most:.2f} turns a second")
    counts: list[list[str | int | float | None]] = []
    waits: list[list[str | int | float | None]] = []
    for s in stages:
        counts.append([s.side, s.what, s.rate, s.turns, s.goodput, s.late, s.refused, s.wrong])
        waited = [None if math.isnan(seconds) else seconds for seconds in (s.p50, s.p95, s.p99)]
        waits.append([s.side, s.what, *waited, s.queue])
    return [
        Table(
            title="Turns that arrive by chance",
            columns=["limits", "stage", "turns/s", "turns", "goodput/s", "late", "refused", "failed"],
            rows=counts,
            note=f"{saturated}; goodput: right within {slo:g} s; late: also who left unanswered; failed: also wrong",
        ),
        Table(
            title="Seconds of the answered ones",
            columns=["limits", "stage", "p50", "p95", "p99", "most in flight"],
            rows=waits,
        ),
    ]


def targets(samples: Sequence[Mapping[str, Any]], slo: float) -> list[Target]:
    """Goodput at four times saturation, of the peak, with shedding."""
    shed = [s for s in summaries(samples, slo) if s.side == WITH]
    last = [s for s in shed if s.what == f"{OVERLOAD[-1]:g}x"]
    peak = max((s.goodput for s in shed), default=0.0)
    if not last or not peak:
        return []
    what = f"goodput at {OVERLOAD[-1]:g}x saturation with shedding, of the peak goodput"
    return [Target(what=what, value=round(last[0].goodput / peak, 3), bound=KEPT, at="least")]


def draw(record: Record) -> Figure:
    """Goodput and latency over the rate, and the turns in flight over time under overload."""
    from benchmarks.harness.show import figure

    slo = float(record.settings["slo_s"])
    drawn, (good, wait, queue) = figure(3, record.title)
    for side in (WITH, WITHOUT):
        stages = sorted((s for s in summaries(record.samples, slo) if s.side == side), key=lambda s: s.rate)
        rates = [s.rate for s in stages]
        good.plot(rates, [s.goodput for s in stages], marker="o", label=side)
        (line,) = wait.plot(rates, [s.p50 for s in stages], marker="o", label=f"p50, {side}")
        wait.plot(rates, [s.p95 for s in stages], marker="^", linestyle="--", color=line.get_color(), label="p95")
        for factor, style in zip(OVERLOAD, ("-", "--"), strict=True):
            what = f"{factor:g}x"
            steps = in_flight([s for s in record.samples if s["side"] == side and s["what"] == what])
            if steps:
                times, counts = zip(*steps, strict=True)
                queue.step(
                    times, counts, where="post", linestyle=style, color=line.get_color(), label=f"{what}, {side}"
                )
    top = max(s.goodput for s in summaries(record.samples, slo))
    good.plot([0, top], [0, top], color="#5b6670", linestyle=":", label="all that come")
    good.set(xlabel="turns that come, a second", ylabel=f"right within {slo:g} s, a second")
    wait.axhline(slo, color="#5b6670", linestyle=":")
    wait.set(xlabel="turns that come, a second", ylabel="seconds of those answered")
    queue.set(xlabel="seconds of the stage", ylabel="turns in flight")
    for axis in (good, wait, queue):
        axis.legend(fontsize=7)
    return drawn
