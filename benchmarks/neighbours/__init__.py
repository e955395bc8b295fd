"""The same dialogue and the same engines behind LitServe, BentoML and plain Starlette, against the graph.

Every side answers the same turns on pictures whose truth is known; a wrong answer ends the run. Only serving and
composition differ: the neighbours run the product's own dialogue, over engines that they serve as their documentation
advises. Of each neighbour several settings are tried first, and the best one goes into the comparison. The base is all
of it in one process, one turn after another.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.harness.load import closed
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record
from benchmarks.harness.rounds import interleaved
from benchmarks.harness.run import BenchmarkError
from benchmarks.neighbours.asked import Asked, candidates, chosen, series
from benchmarks.neighbours.figures import CLIENTS, MANY, table, targets, turns_per_s
from benchmarks.neighbours.sides import ENGINES, OURS, Side, running
from benchmarks.neighbours.sides import candidates as settings_to_try

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vlp_graph.spawn import Served

POOL = 24
WARM_UP = 32


def run(options: argparse.Namespace) -> Record:
    """
    Raises:
        BenchmarkError: a side does not start, fails, or answers wrongly.
    """
    machine = Machine.here()
    repeats, alone, together = (1, 6, 32) if options.quick else (3, 12, 96)
    numbers = itertools.count()
    samples: list[dict[str, Any]] = []
    tried: list[dict[str, Any]] = []
    with ExitStack() as stack:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        http = stack.enter_context(httpx.Client(timeout=120, limits=limits))
        ways = settings_to_try(machine.cores)
        families = list(dict.fromkeys(way.family for way in ways))
        pool: list[Asked] = []
        sides: dict[str, Side] = {}
        for family in families:
            own = [way for way in ways if way.family == family][: 1 if options.quick else None]
            rates: dict[str, float] = {}
            for way in own:
                options.console.print(f"  [dim]{family}: {way.settings}[/]")
                if len(own) > 1:
                    with running(way, options.profile, http) as side:
                        pool = pool or _pool(side, options.quick)
                        _measure(side, series(pool, WARM_UP, _next(numbers, WARM_UP)), MANY)
                        tuning = _measure(side, series(pool, together // 2, _next(numbers, together)), MANY)
                    rates[way.settings] = turns_per_s(tuning)
                    tried.append(
                        {"side": family, "settings": way.settings, "turns_per_s": round(rates[way.settings], 2)}
                    )
            best = max(own, key=lambda way: rates.get(way.settings, 0.0))
            sides[family] = stack.enter_context(running(best, options.profile, http))
            pool = pool or _pool(sides[family], options.quick)
        sides[OURS] = stack.enter_context(_ours(options, http))
        for side in sides.values():
            _measure(side, series(pool, WARM_UP, _next(numbers, WARM_UP)), MANY)
        order = [OURS, *families]
        requests: dict[tuple[int, int], list[Asked]] = {}
        for repeat, name in interleaved(order, repeats, options.console, "neighbours"):
            for clients in CLIENTS:
                count = alone if clients == 1 else together
                key = (repeat, clients)
                requests.setdefault(key, series(pool, count, _next(numbers, count)))
                for sample in _measure(sides[name], requests[key], clients):
                    samples.append({"side": name, "repeat": repeat, "clients": clients, **sample})
    return Record(
        name="neighbours",
        title="The same dialogue and engines, served by others",
        method=Method(
            compares="whole turns (words and a picture) through each server; all run the product's dialogue over the "
            "same engines and weights, so that only serving and composition differ",
            loop=f"closed, 1 client and {MANY} clients (threads of one process on the same machine)",
            lengths="outline what is named (DistilBERT, Grounded-SAM), count the objects (the same), is it there "
            "(IDEFICS and GroundingDINO side by side), in equal parts; pictures of up to 192 px, never twice the same "
            "to a cache; turns that the weights cannot answer rightly are left out, by the base's answers",
            warm_up=f"{WARM_UP} turns by {MANY} clients on each side",
            repeats=f"{repeats} rounds, the sides in turn within each; all up at once, one under load. Rates are turns "
            "by seconds from the first to the last, median of the rounds",
        ),
        settings={
            **{side.name: side.settings for side in sides.values()},
            "tried first": tried or "nothing: a quick run takes the likeliest settings",
            "neighbours' environment": ENGINES,
            "not there": "Llama and Whisper on the neighbours' sides: the turns need neither (DistilBERT's reading is "
            "the plan; one that asked for Llama would end the run). The graph runs whole",
            "requests": "JSON with the picture in base64 on every side; ours as an OpenAI chat completion",
        },
        tables=[table(samples, machine.cores)],
        targets=targets(samples),
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


def _pool(side: Side, quick: bool) -> list[Asked]:
    return chosen(candidates(6 * POOL), POOL // 2 if quick else POOL, lambda asked: side.ask(side.body(asked)))


def _next(numbers: Iterator[int], count: int) -> int:
    """The first of so many numbers that nobody else has."""
    return next(itertools.islice(numbers, count - 1, None)) - count + 1


def _ours(options: argparse.Namespace, http: httpx.Client) -> Any:
    """The graph that runs at `--url`, or one of its own."""
    from contextlib import contextmanager

    from vlp_graph.spawn import StartError, serving

    @contextmanager
    def side() -> Iterator[Side]:
        if options.url is not None:
            yield Side(OURS, f"at --url, profile {options.profile}", options.url, None, http)
            return
        try:
            served: Served
            with serving(options.profile, options.console) as served:
                yield Side(OURS, f"vlp serve --profile {options.profile}", served.url, served.pid, http)
        except StartError as error:
            raise BenchmarkError(str(error)) from None

    return side()


def _measure(side: Side, requests: list[Asked], clients: int) -> list[dict[str, Any]]:
    """Seconds of each turn, and the CPU seconds that the side's processes (and the clients) took for it on average.

    Raises:
        BenchmarkError: a wrong answer.
    """
    bodies = [side.body(asked) for asked in requests]
    cpu, own = side.cpu_seconds(), time.process_time()
    done = closed(side.ask, bodies, clients)
    own, cpu = time.process_time() - own, side.cpu_seconds() - cpu
    for asked, sample in zip(requests, done, strict=True):
        if not asked.is_right(sample.reply):
            said = f"{asked.text!r} was answered {sample.reply['text']!r}"
            raise BenchmarkError(f"{side.name}: {said}, and {len(asked.scene.objects)} things are there")
    return [
        {
            "kind": asked.kind,
            "due": round(sample.due, 4),
            "end": round(sample.end, 4),
            "cpu": None if cpu != cpu else round(cpu / len(done), 4),
            "client_cpu": round(own / len(done), 4),
        }
        for asked, sample in zip(requests, done, strict=True)
    ]


def draw(record: Record) -> Figure:
    """Turns per second with many clients, and the seconds of a turn alone."""
    from benchmarks.harness.show import figure
    from benchmarks.neighbours.figures import rates, seconds_alone

    drawn, (left, right) = figure(2, record.title)
    names = list(dict.fromkeys(sample["side"] for sample in record.samples))
    left.barh(names, [rates(record.samples, name) for name in names], color=[f"C{i}" for i in range(len(names))])
    left.set_xlabel(f"turns per second, {MANY} clients")
    spread = [[1000 * s for s in seconds_alone(record.samples, name)] for name in names]
    right.boxplot(spread, orientation="horizontal", tick_labels=names, showfliers=False)
    right.set_xlabel("milliseconds of a turn, 1 client")
    for axis in (left, right):
        axis.invert_yaxis()
    right.set_xlim(left=0)
    return drawn
