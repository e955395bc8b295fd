"""From samples to the table, the targets and the words about who is ahead."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.harness.load import percentile
from benchmarks.harness.record import Table, Target
from benchmarks.neighbours.sides import BASE, OURS

MANY = 16
CLIENTS = (1, MANY)
OVER_BASE, OVER_NEIGHBOURS = 3.0, 1.2

Samples = Sequence[Mapping[str, Any]]


def turns_per_s(samples: Samples) -> float:
    """Of the samples of one load."""
    return len(samples) / float(max(s["end"] for s in samples) - min(s["due"] for s in samples))


def rates(samples: Samples, side: str) -> float:
    """Turns per second with many clients, median of the rounds."""
    return statistics.median(map(turns_per_s, _rounds(samples, side, MANY)))


def seconds_alone(samples: Samples, side: str) -> list[float]:
    """Of every turn with one client."""
    return [s["end"] - s["due"] for s in samples if s["side"] == side and s["clients"] == 1]


def cpu_a_turn(samples: Samples, side: str) -> float | None:
    """CPU seconds of the side's processes for a turn with many clients, mean of the rounds."""
    found = [s["cpu"] for s in samples if s["side"] == side and s["clients"] == MANY]
    return None if None in found or not found else statistics.mean(found)


def table(samples: Samples, cores: int) -> Table:
    names = list(dict.fromkeys(s["side"] for s in samples))
    rows: list[list[str | int | float | None]] = []
    for name in names:
        many = [s["end"] - s["due"] for s in samples if s["side"] == name and s["clients"] == MANY]
        cpu, rate = cpu_a_turn(samples, name), rates(samples, name)
        rows.append(
            [
                name,
                1000 * statistics.median(seconds_alone(samples, name)),
                rate,
                rate / rates(samples, BASE),
                1000 * percentile(many, 0.5),
                1000 * percentile(many, 0.95),
                None if cpu is None else 1000 * cpu,
                None if cpu is None else cpu * rate,
            ]
        )
    columns = [
        "side",
        "1 client: p50 ms",
        f"{MANY} clients: turns/s",
        "of the base",
        "p50 ms",
        "p95 ms",
        "CPU ms a turn",
        "cores busy",
    ]
    return Table(title="Turns on a picture", columns=columns, rows=rows, note=" ".join(who_is_ahead(samples, cores)))


def who_is_ahead(samples: Samples, cores: int) -> Iterable[str]:
    """Every neighbour that beats the graph, by how much, and what the CPU seconds say about why; and why the graph is
    not further above the base, where it is not."""
    ours, alone = rates(samples, OURS), statistics.median(seconds_alone(samples, OURS))
    cpu = cpu_a_turn(samples, OURS)
    client = statistics.mean(s["client_cpu"] for s in samples if s["clients"] == MANY)
    for name in dict.fromkeys(s["side"] for s in samples):
        if name == OURS:
            continue
        theirs = cpu_a_turn(samples, name)
        spent = (
            "" if cpu is None or theirs is None else f" ({1000 * theirs:.0f} ms of CPU a turn, ours {1000 * cpu:.0f})"
        )
        if (rate := rates(samples, name)) > ours:
            yield f"{name} wins at {MANY} clients, {rate / ours:.2f}x{spent}."
        if (quick := statistics.median(seconds_alone(samples, name))) < alone:
            yield (
                f"{name} wins at 1 client by {1000 * (alone - quick):.0f} ms: "
                "its turns cross fewer borders between processes."
            )
    if ours < OVER_BASE * rates(samples, BASE) and cpu is not None:
        base = cpu_a_turn(samples, BASE) or 0.0
        yield (
            f"{OVER_BASE:g}x the base would take {1000 * cores / (OVER_BASE * rates(samples, BASE)):.0f} ms of CPU a "
            f"turn on {cores} cores, clients ({1000 * client:.0f} ms) included; ours takes {1000 * cpu:.0f}, the base "
            f"{1000 * base:.0f}."
        )


def targets(samples: Samples) -> list[Target]:
    """What the graph is held to, with many clients."""
    ours = rates(samples, OURS)
    bounds = {BASE: OVER_BASE, "LitServe": OVER_NEIGHBOURS, "BentoML": OVER_NEIGHBOURS}
    return [
        Target(
            what=f"turns/s of the graph by those of {name}", value=ours / rates(samples, name), bound=bound, at="least"
        )
        for name, bound in bounds.items()
    ]


def _rounds(samples: Samples, side: str, clients: int) -> list[Samples]:
    own = [s for s in samples if s["side"] == side and s["clients"] == clients]
    return [[s for s in own if s["repeat"] == repeat] for repeat in sorted({s["repeat"] for s in own})]
