"""From waves to tables and a picture. Sees no more than the samples that are kept, and the price."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.harness.record import Table
from benchmarks.harness.show import COLOURS, figure
from benchmarks.tensor_parallel.settings import A10G, A10G_DOLLARS, PUBLISHED, dollars_per_million, published_gain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Sample = dict[str, Any]
Row = list[str | int | float | None]


def speed(seen: Sequence[Sample]) -> float:
    """Tokens a second, the median wave's."""
    return statistics.median(float(sum(sample["tokens"]) / sample["wall_s"]) for sample in seen)


def median(seen: Sequence[Sample], field: str) -> float:
    """Over all requests of all waves."""
    return statistics.median(float(value) for sample in seen for value in sample[field])


def tables_of(samples: Sequence[Sample], price: float | None, devices: int) -> list[Table]:
    """What was measured, and what is published."""
    return [_speed(samples), _memory(samples), *_cost(samples, price, devices), _published()]


def _speed(samples: Sequence[Sample]) -> Table:
    rows: list[Row] = []
    for users, setting, seen in _groups(samples):
        fast = speed(seen)
        gain = fast / speed([s for s in samples if s["users"] == users and s["devices"] == 1])
        percent, published = 100 * gain / seen[0]["devices"], published_gain(seen[0]["ranks"])
        first, each = (1000 * median(seen, field) for field in ("first_s", "token_s"))
        rows.append([users, setting, fast, gain, percent, published, first, each])
    return Table(
        title="Speed",
        columns=["at once", "ranks", "tokens/s", "gain", "efficiency %", "A10G's gain", "TTFT ms", "ms a token"],
        rows=rows,
        note="Gain: over one rank on one device; efficiency: gain by number of devices. A10G's gain: published for as "
        f"many ranks, Llama-2 7B fp16, 20 users ({PUBLISHED}).",
    )


def _memory(samples: Sequence[Sample]) -> Table:
    most = max(sample["users"] for sample in samples)
    rows: list[Row] = []
    for users, setting, seen in _groups(samples):
        if users == most:
            held = [rank for sample in seen for rank in sample["memory"]]
            rows.append([setting, *(statistics.mean(rank[kind] for rank in held) for kind in ("weights", "held"))])
    return Table(
        title="Memory",
        columns=["ranks", "weights, GiB a rank", "all, GiB a rank"],
        rows=rows,
        note="Weights: what the rank has read of the checkpoint's tensors. All: on a GPU what torch has reserved, on a "
        "CPU resident memory, 1 GiB of keys and values and the libraries among it.",
    )


def _cost(samples: Sequence[Sample], price: float | None, devices: int) -> Iterator[Table]:
    """Nothing where no price is given."""
    if price is None:
        return
    yield Table(
        title="Cost",
        columns=["at once", "ranks", "dollars per million tokens"],
        rows=[
            [users, setting, dollars_per_million(price, speed(seen), seen[0]["devices"], devices)]
            for users, setting, seen in _groups(samples)
        ],
        note=f"At {price:g} dollars an hour for the machine's {devices} devices, of which a setting pays its own.",
    )


def _groups(samples: Sequence[Sample]) -> Iterator[tuple[int, str, list[Sample]]]:
    for users in sorted({sample["users"] for sample in samples}):
        at = [sample for sample in samples if sample["users"] == users]
        for setting in sorted({s["setting"] for s in at}, key=lambda name: _place(at, name)):
            yield users, setting, [sample for sample in at if sample["setting"] == setting]


def _place(samples: Sequence[Sample], setting: str) -> tuple[int, int]:
    seen = next(sample for sample in samples if sample["setting"] == setting)
    return seen["ranks"], seen["devices"]


def _published() -> Table:
    rows: list[Row] = []
    for model, figures in A10G.items():
        base_ranks = min(figures)
        for ranks, tokens_per_s in figures.items():
            gain = tokens_per_s / figures[base_ranks]
            dollars = A10G_DOLLARS.get(ranks) if 1 in figures else None
            rows.append([model, ranks, tokens_per_s, gain, 100 * gain * base_ranks / ranks, dollars])
    return Table(
        title="Published for A10G",
        columns=["model", "ranks", "tokens/s", "over the fewest ranks", "efficiency %", "dollars per million tokens"],
        rows=rows,
        note=PUBLISHED,
    )


def drawn(samples: Sequence[Sample], title: str) -> Figure:
    """Three panels of bars: a group for each number of users, a bar for each setting."""
    picture, (fast, slow, held) = figure(3, title)
    names = sorted({sample["setting"] for sample in samples}, key=lambda name: _place(samples, name))
    users = sorted({sample["users"] for sample in samples})
    width = 0.8 / len(names)
    for number, (name, colour) in enumerate(zip(names, COLOURS * len(names), strict=False)):
        mine = [sample for sample in samples if sample["setting"] == name]
        groups = [[sample for sample in mine if sample["users"] == count] for count in users]
        places = [at + width * (number - (len(names) - 1) / 2) for at in range(len(users))]
        fast.bar(places, [speed(seen) for seen in groups], 0.9 * width, label=name, color=colour)
        slow.bar(places, [1000 * median(seen, "token_s") for seen in groups], 0.9 * width, color=colour)
        ranks = [rank["held"] for sample in mine for rank in sample["memory"]]
        held.bar([number], [statistics.mean(ranks)], 0.8, color=colour)
    for axis, label in ((fast, "tokens/s"), (slow, "ms per token, median")):
        axis.set_xticks(range(len(users)), labels=[f"{count} at once" for count in users])
        axis.set_ylabel(label)
    fast.legend(fontsize=7)
    held.set_xticks(range(len(names)), labels=names, fontsize=7)
    held.set_ylabel("GiB per rank")
    return picture
