"""Batches of the other models: what a batch gains at the engine, what padding costs, what waiting for one is worth.

First the engines by themselves, with the threads of their replicas: items per second by size of the batch, and the
same items in batches of one length and of mixed lengths. Then the models' own endpoints of the running graph, with more
and more clients; and the same with other waits for a batch, for each of which the graph is started anew.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import yaml

from benchmarks.harness.graph import graph, unlimited
from benchmarks.harness.load import closed
from benchmarks.harness.machine import Machine
from benchmarks.harness.processes import worker
from benchmarks.harness.record import Method, Record
from benchmarks.harness.rounds import interleaved
from benchmarks.harness.run import BenchmarkError
from benchmarks.model_batching.endpoints import Endpoint, endpoints, scenes
from benchmarks.model_batching.tables import (
    ENDPOINT,
    ENGINE,
    by_clients,
    by_size,
    endpoint_table,
    engine_table,
    padding_table,
    wait_table,
)
from vlp_graph.config import load

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (1, 2, 4, 8, 16)
CLIENTS = (1, 4, 16)
BATCHED = ("idefics", "grounded_sam", "distilbert")
WITH_ONE_CLIENT, SLOW = 8, ("transcriptions", "chat completions")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--waits",
        type=float,
        nargs="*",
        default=[0, 50],
        help="milliseconds that a batch waits for more, beside the profile's own; the graph starts once for each",
    )


def run(options: argparse.Namespace) -> Record:
    """
    Raises:
        BenchmarkError: a model does not answer, or answers otherwise in a batch than it does alone.
    """
    machine = Machine.here()
    samples = [*_engines(options)]
    profile = load(options.profile)
    waits: list[float | None] = [None]
    if options.url is None and not options.quick:
        waits += options.waits
    known: list[Endpoint] = []
    for wait in waits:
        with _waiting(options, wait) as variant, graph(variant) as url, httpx.Client(timeout=120) as http:
            known = known or [_known(endpoint, http, url) for endpoint in endpoints()]
            asked = known if wait is None else [e for e in known if e.batched]
            samples += _endpoints(asked, http, url, wait, options)
    own = {name: getattr(profile.models, name) for name in (*BATCHED, "whisper")}
    return Record(
        name="model_batching",
        title="Batches of IDEFICS, Grounded-SAM, Whisper and DistilBERT",
        method=Method(
            compares="items per second by batch size at the engine; batches of one length against mixed ones of the "
            "same items; requests per second by clients over HTTP, and by what a batch waits for more",
            loop=f"engine: one batch after another, in a process of its own. HTTP: closed, {CLIENTS} clients",
            lengths="half of the items short, half long: DistilBERT 3 to 6 words or 35 more, Grounded-SAM 1 phrase or "
            "up to 3, IDEFICS a number or a caption, Whisper 2 or 7 seconds; over HTTP the short ones. Pictures of up "
            "to 192 px, none twice the same to a cache. What the weights do not answer rightly alone is left out; "
            "where more than one in ten is wrong in a batch or over HTTP and right alone, the run ends",
            warm_up="every item once, alone; every endpoint's requests once, one after another",
            repeats="engine: sizes in turn, three rounds (quick: one), median; HTTP: endpoints and clients in turn, "
            "two rounds (quick: one), median; one start of the graph per wait, so waits do not take turns",
        ),
        settings={
            "profile": {
                name: {"threads": m.threads, "dtype": m.dtype, "batch": m.batch.model_dump()} for name, m in own.items()
            },
            "waits": {"profile's own": {n: own[n].batch.wait_ms for n in BATCHED}, "others": waits[1:]},
            "whisper": "the deployment takes one recording at a time, and has no batch; chat completions of IDEFICS "
            "are written token by token, in turns, and are not batched either",
        },
        tables=[
            engine_table(samples),
            padding_table(samples),
            endpoint_table(samples),
            *([wait_table(samples, own["grounded_sam"].batch.wait_ms)] if len(waits) > 1 else []),
        ],
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


def _engines(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every work by every size, and padding at size 8."""
    from deployments.options import environment

    each, repeats = (8, 1) if options.quick else (16, 3)
    sizes = [size for size in SIZES if size <= each]
    threads = environment(load(options.profile).models.grounded_sam)
    with worker("benchmarks.model_batching.worker", {"profile": options.profile, "each": each}, threads) as it:
        names = list(it.told)
        cells = [(size, "equal") for size in sizes] + [(8, "mixed")]
        for repeat, (size, lengths) in interleaved(cells, repeats, options.console, "engines"):
            for name in names:
                done = it.ask(work=name, size=size, lengths=lengths)
                if done["wrong"] > done["items"] // 10:
                    raise BenchmarkError(f"{name}: {done['wrong']} of {done['items']} are wrong in batches of {size}")
                yield {
                    "part": ENGINE,
                    "work": name,
                    **it.told[name],
                    "size": size,
                    "lengths": lengths,
                    "repeat": repeat,
                    **done,
                }


@contextmanager
def _waiting(options: argparse.Namespace, wait: float | None) -> Iterator[argparse.Namespace]:
    """The options, with a profile that refuses nobody and in which every batch waits so many milliseconds."""
    with unlimited(options.profile) as profile, tempfile.TemporaryDirectory(prefix="vlp-bench-") as folder:
        if wait is not None:
            base, profile = profile, Path(folder) / f"wait-{wait:g}.yaml"
            profile.write_text(yaml.safe_dump(variant(str(base), wait)), encoding="utf-8")
        yield argparse.Namespace(**{**vars(options), "profile": str(profile)})


def variant(profile: str, wait_ms: float) -> Mapping[str, Any]:
    """A profile that differs from another in what batches wait."""
    base = str(Path(profile).resolve()) if Path(profile).suffix else profile
    return {"extends": base, "models": {name: {"batch": {"wait_ms": wait_ms}} for name in BATCHED}}


def _known(endpoint: Endpoint, http: httpx.Client, url: str) -> Endpoint:
    """With the scenes of which it is right, each asked about once.

    Raises:
        BenchmarkError: there are hardly any.
    """
    pool = scenes()
    alone = zip(pool, replace(endpoint, pool=tuple(pool)).requests(len(pool), 0), strict=True)
    right = [scene for scene, request in alone if endpoint.ask(http, url, request)]
    if len(right) < len(pool) // 3:
        raise BenchmarkError(f"{endpoint.path}: {len(right)} of {len(pool)} answers are right")
    return replace(endpoint, pool=tuple(right))


def _endpoints(
    asked: Sequence[Endpoint], http: httpx.Client, url: str, wait: float | None, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    numbers = itertools.count(1000, 100)
    clients = CLIENTS if wait is None else (CLIENTS[0], CLIENTS[-1])
    what = "endpoints" if wait is None else f"batches wait {wait:g} ms"
    for repeat, many in interleaved(clients, 1 if options.quick else 2, options.console, what):
        for endpoint in asked:
            count = WITH_ONE_CLIENT // (2 if options.quick else 1) if many == 1 else many * (1 if options.quick else 3)
            if endpoint.name in SLOW:
                count = min(count, max(many, WITH_ONE_CLIENT // 2))
            requests = endpoint.requests(count, next(numbers))
            done = closed(lambda request, to=endpoint: to.ask(http, url, request), requests, many)  # type: ignore[misc]
            wrong = sum(not sample.reply for sample in done)
            if wrong > max(1, len(done) // 10):  # one pixel is another in each, which may turn what is nearly a tie
                raise BenchmarkError(f"{endpoint.path}: {wrong} of {len(done)} wrong with {many} clients, right alone")
            for sample in done:
                yield {
                    "part": ENDPOINT,
                    "endpoint": endpoint.name,
                    "model": endpoint.model,
                    "batched": endpoint.batched,
                    "wait_ms": wait,
                    "clients": many,
                    "repeat": repeat,
                    "due": round(sample.due, 4),
                    "end": round(sample.end, 4),
                }


def draw(record: Record) -> Figure:
    """Items per second over the size of the batch, and requests per second over clients, both of those of one."""
    from benchmarks.harness.show import figure

    drawn, (left, right) = figure(2, record.title)
    for axis, curves, label in (
        (left, by_size(record.samples), "size of the batch"),
        (right, by_clients(record.samples), "clients"),
    ):
        for name, curve in curves.items():
            axis.plot(list(curve), [rate / curve[min(curve)] for rate in curve.values()], marker="o", label=name)
        axis.set_xscale("log", base=2)
        ticks = sorted({n for curve in curves.values() for n in curve})
        axis.set_xticks(ticks, [str(n) for n in ticks])
        axis.set_xlabel(label)
        axis.set_ylabel("throughput, of that of one")
        axis.legend(fontsize=7)
    left.set_title("at the engine", fontsize=9)
    right.set_title("over HTTP", fontsize=9)
    return drawn
