"""Dynamic batching: tokens a second, latency and time to the first token of Llama, served in six ways.

The graph, vLLM's own server and vLLM's engine by itself have one continuous batch each, with the same options on the
same cores; `transformers` writes one answer after another, or static batches of the size that suits it best. A gain
over static batches is held against the bound of what scheduling alone can gain.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.dynamic_batching.runs import Run, check, check_alike
from benchmarks.dynamic_batching.sides import (
    CONTINUOUS,
    ENGINE,
    GRAPH,
    SEQUENTIAL,
    STATIC,
    STATIC_ENGINE,
    Sides,
    started,
)
from benchmarks.dynamic_batching.tables import AT_ONCE, CURVE, NAIVE, TRIED, Sample, drawn, speed, tables_of, targets_of
from benchmarks.dynamic_batching.work import LONG, MIXED, RANGES, SHORT, WORDS, Request, requests
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record
from benchmarks.harness.rounds import interleaved

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COUNTS = {(SHORT, 1): 8, (SHORT, 8): 48, (SHORT, 16): 48, (LONG, 32): 48}
"""Requests of a cell where two a client would be too few, or too many."""
AGAIN = {(SHORT, 1), (SHORT, 8), (LONG, 1), (LONG, 16), (MIXED, 1), (MIXED, 16)}
"""Measured as often as `--repeats` says: what the targets are about."""
FEW, MANY = 3, 2 * AT_ONCE


@dataclass(frozen=True)
class Cell:
    """So many requests of one kind of length, by so many clients, so often."""

    lengths: str
    clients: int
    count: int
    repeats: int


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32], help="side by side")
    parser.add_argument("--lengths", nargs="+", choices=list(RANGES), default=list(RANGES), help="of the answers")
    parser.add_argument("--batches", type=int, nargs="+", default=[4, 8, 16], help="sizes of static batches to try")
    parser.add_argument("--repeats", type=int, default=3, help="of the cells that targets are about; others: once")


def cells(options: argparse.Namespace) -> list[Cell]:
    """What the continuous sides are asked."""
    if options.quick:
        return [Cell(SHORT, 1, 2, 1), Cell(SHORT, 8, 8, 1), Cell(LONG, 1, 1, 1), Cell(LONG, AT_ONCE, AT_ONCE, 1)]
    return [
        Cell(
            lengths,
            clients,
            COUNTS.get((lengths, clients), max(FEW, 2 * clients)),
            options.repeats if (lengths, clients) in AGAIN else 1,
        )
        for lengths, clients in itertools.product(options.lengths, options.clients)
    ]


def run(options: argparse.Namespace) -> Record:
    """
    Raises:
        BenchmarkError: a side does not start, or does other work than the others.
    """
    machine = Machine.here()
    with started(options) as sides:
        _warm_up(sides, 2 if options.quick else AT_ONCE)
        samples = [*_continuous(sides, options), *_naive(sides, options)]
    return Record(
        name="dynamic_batching",
        title="Dynamic batching of Llama",
        method=_method(options),
        settings=dict(sides.settings),
        tables=tables_of(samples),
        targets=targets_of(samples),
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


def draw(record: Record) -> Figure:
    """Tokens a second and latency over clients, and the time to the first token."""
    return drawn(record.samples, record.title)


def _continuous(sides: Sides, options: argparse.Namespace) -> Iterator[Sample]:
    for number, cell in enumerate(cells(options)):
        done: dict[str, Run] = {}
        what = f"{cell.lengths} answers, {cell.clients} at once"
        for repeat, side in interleaved(CONTINUOUS, cell.repeats, options.console, what):
            asked = requests(cell.lengths, cell.count, 100 * number + repeat)
            done[side] = _asked(sides, side, asked, cell.clients)
            yield done[side].sample(part=CURVE, side=side, lengths=cell.lengths, clients=cell.clients, repeat=repeat)
            if cell.clients == 1 and len(done) == len(CONTINUOUS):
                check_alike(done)
                done.clear()


def _naive(sides: Sides, options: argparse.Namespace) -> Iterator[Sample]:
    """Sequential and static, and the continuous sides with as many and as long answers, of each kind of length."""
    best = options.batches[0]
    if len(options.batches) > 1 and not options.quick:
        asked = requests(MIXED, max(options.batches), 10_000)
        tried = []
        for _, size in interleaved(options.batches, 1, options.console, "static batches are tried"):
            tried.append(
                _asked(sides, STATIC, asked, size).sample(
                    part=TRIED, side=STATIC, lengths=MIXED, clients=size, repeat=0
                )
            )
        yield from tried
        best = max(tried, key=speed)["clients"]
    for number, lengths in enumerate([SHORT] if options.quick else options.lengths, 10_001):
        at_once = {SEQUENTIAL: 1, STATIC: best, STATIC_ENGINE: AT_ONCE, ENGINE: AT_ONCE, GRAPH: AT_ONCE}
        for _, side in interleaved(list(at_once), 1, options.console, f"{lengths} answers"):
            count = (1 if options.quick else FEW) if side == SEQUENTIAL else (8 if options.quick else MANY)
            asked = requests(lengths, count, number, side)
            done = _asked(sides, side, asked, at_once[side])
            yield done.sample(part=NAIVE, side=side, lengths=lengths, clients=at_once[side], repeat=0)


def _asked(sides: Sides, side: str, asked: Sequence[Request], clients: int) -> Run:
    done = sides.up[side].run(asked, clients)
    check(side, asked, done)
    return done


def _warm_up(sides: Sides, count: int) -> None:
    """And the answers compared, before minutes are spent on sides that do not do the same."""
    for name, side in sides.up.items():
        side.run(requests(SHORT, count, 99_999, name), count)
    alone = requests(SHORT, 2, 99_998)
    # in half precision transformers and vLLM round differently, and greedy answers part at a near tie
    alike = (SEQUENTIAL, *CONTINUOUS) if sides.is_exact else CONTINUOUS
    check_alike({name: sides.up[name].run(alone, 1) for name in alike})


def _method(options: argparse.Namespace) -> Method:
    clients = sorted({cell.clients for cell in cells(options)})
    rounds = max(cell.repeats for cell in cells(options))
    told = ", ".join(
        f"{name} {low}" if low == high else f"{name} {low} to {high}, drawn evenly"
        for name, (low, high) in RANGES.items()
    )
    return Method(
        compares="Continuous batching in the graph, in vLLM's own server and in vLLM's engine alone, with the same "
        "options on the same cores; static batches of the same engine and of transformers; one answer after another.",
        loop=f"closed, {', '.join(map(str, clients))} clients; static batches begin when the last one is done",
        lengths=f"prompts of {WORDS} words, each another; new tokens: {told}; exactly as many on all sides",
        warm_up=f"{AT_ONCE} short answers on each side",
        repeats=f"sides take turns within each number of clients, {rounds} round{'s' if rounds > 1 else ''} of what "
        "targets are about; speed is tokens over the time from the first request to the last answer, the median of the "
        "rounds; all answers checked for their length, those of one client also for the same words on all of vLLM's "
        "sides (in float32 on all sides)",
    )
