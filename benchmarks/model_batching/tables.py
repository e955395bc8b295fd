"""From samples to what is shown: rates by batch size, by lengths, by clients and by wait."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.harness.load import percentile
from benchmarks.harness.record import Table

ENGINE, ENDPOINT = "engine", "endpoint"
Samples = Sequence[Mapping[str, Any]]
Curve = dict[int, float]


def by_size(samples: Samples) -> dict[str, Curve]:
    """Of each work the items per second by batch size, median of the rounds; batches of one length."""
    own = [s for s in samples if s["part"] == ENGINE and s["lengths"] == "equal"]
    return {
        name: {
            size: statistics.median(s["items"] / s["seconds"] for s in own if s["work"] == name and s["size"] == size)
            for size in sorted({s["size"] for s in own})
        }
        for name in dict.fromkeys(s["work"] for s in own)
    }


def by_clients(samples: Samples, wait_ms: float | None = None) -> dict[str, Curve]:
    """Of each endpoint the requests per second by clients; `wait_ms` None: with the profile's own wait."""
    own = [s for s in samples if s["part"] == ENDPOINT and s["wait_ms"] == wait_ms]
    return {
        name: {
            clients: statistics.median(_rates([s for s in own if s["endpoint"] == name and s["clients"] == clients]))
            for clients in sorted({s["clients"] for s in own})
        }
        for name in dict.fromkeys(s["endpoint"] for s in own)
    }


def engine_table(samples: Samples) -> Table:
    curves = by_size(samples)
    sizes = sorted({size for curve in curves.values() for size in curve})
    rows: list[list[str | int | float | None]] = []
    for name, curve in curves.items():
        own = [s for s in samples if s["part"] == ENGINE and s["work"] == name]
        cores = sum(s["cpu_s"] for s in own) / sum(s["seconds"] for s in own)
        best = max(curve, key=lambda size: curve[size])
        rows.append(
            [f"{name} ({own[0]['unit']}/s)", *curve.values(), f"{curve[best] / curve[1]:.2f}x at {best}", cores]
        )
    return Table(
        title="At the engine, one replica's threads: items per second by size of the batch",
        columns=["", *map(str, sizes), "most gained", "cores busy"],
        rows=rows,
        note="Half of the items short, half long, each batch of one length.",
    )


def padding_table(samples: Samples, size: int = 8) -> Table:
    """The same items, once in batches of one length, once of both."""
    own = [s for s in samples if s["part"] == ENGINE and s["size"] == size]
    rows: list[list[str | int | float | None]] = []
    for name in dict.fromkeys(s["work"] for s in own):
        equal, mixed = (
            statistics.median(s["items"] / s["seconds"] for s in own if s["work"] == name and s["lengths"] == lengths)
            for lengths in ("equal", "mixed")
        )
        differ = next(s["differ"] for s in own if s["work"] == name)
        rows.append([name, differ, equal, mixed, f"{100 * (equal / mixed - 1):+.0f} %"])
    return Table(
        title=f"Padding, batches of {size}: items per second",
        columns=["", "short and long differ in", "one length", "mixed", "time that mixing costs"],
        rows=rows,
    )


def endpoint_table(samples: Samples) -> Table:
    curves = by_clients(samples)
    clients = sorted({n for curve in curves.values() for n in curve})
    rows: list[list[str | int | float | None]] = []
    for name, curve in curves.items():
        own = [s for s in samples if s["part"] == ENDPOINT and s["endpoint"] == name and s["wait_ms"] is None]
        rows.append(
            [
                f"{name}: {own[0]['model']}",
                "yes" if own[0]["batched"] else "no",
                *curve.values(),
                *(_p50_ms(own, n) for n in clients),
                f"{curve[clients[-1]] / curve[clients[0]]:.2f}x",
            ]
        )
    return Table(
        title="Through the graph: requests per second (and median milliseconds) by clients",
        columns=[
            "",
            "batched",
            *(f"{n} clients: /s" for n in clients),
            *(f"{n}: p50 ms" for n in clients),
            f"{clients[-1]} by {clients[0]}",
        ],
        rows=rows,
    )


def wait_table(samples: Samples, own_ms: float) -> Table:
    """By what a batch waits for more, with one client and with many."""
    own = [s for s in samples if s["part"] == ENDPOINT and s["batched"]]
    waits = sorted({s["wait_ms"] for s in own}, key=lambda wait: own_ms if wait is None else wait)
    few, many = min(s["clients"] for s in own), max(s["clients"] for s in own)
    rows: list[list[str | int | float | None]] = []
    for name in dict.fromkeys(s["endpoint"] for s in own):
        for wait in waits:
            cell = [s for s in own if s["endpoint"] == name and s["wait_ms"] == wait]
            rate = statistics.median(_rates([s for s in cell if s["clients"] == many]))
            tail = [s["end"] - s["due"] for s in cell if s["clients"] == many]
            rows.append(
                [name, own_ms if wait is None else wait, _p50_ms(cell, few), rate, 1000 * percentile(tail, 0.95)]
            )
    return Table(
        title="By what a batch waits for more",
        columns=["", "wait ms", f"{few} client: p50 ms", f"{many} clients: /s", f"{many} clients: p95 ms"],
        rows=rows,
        note="One start of the graph per wait: they do not take turns, so small differences say nothing.",
    )


def _rates(samples: Samples) -> list[float]:
    """Requests per second of each round."""
    rounds = [[s for s in samples if s["repeat"] == repeat] for repeat in sorted({s["repeat"] for s in samples})]
    return [len(own) / (max(s["end"] for s in own) - min(s["due"] for s in own)) for own in rounds]


def _p50_ms(samples: Samples, clients: int) -> float:
    return 1000 * float(statistics.median(s["end"] - s["due"] for s in samples if s["clients"] == clients))
