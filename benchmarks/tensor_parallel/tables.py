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
    return [_measured(samples, price, devices), _published()]


def _measured(samples: Sequence[Sample], price: float | None, devices: int) -> Table:
    return Table(
        title="Ranks",
        columns=[
            "users",
            "setting",
            "tokens/s",
            "over one device",
            "efficiency %",
            "published on A10G",
            "first token ms",
            "ms per token",
            "weights GiB per rank",
            "memory GiB per rank",
            "dollars per million tokens",
        ],
        rows=list(_rows(samples, price, devices)),
        note="Efficiency: gain over one device by number of devices. Published: the gain of as many ranks for Llama-2 "
        f"7B fp16 at 20 users ({PUBLISHED}).",
    )


def _rows(samples: Sequence[Sample], price: float | None, devices: int) -> Iterator[Row]:
    for users in sorted({sample["users"] for sample in samples}):
        at = [sample for sample in samples if sample["users"] == users]
        one = speed([sample for sample in at if sample["devices"] == 1])
        for setting in sorted({s["setting"] for s in at}, key=lambda name: _place(at, name)):
            seen = [sample for sample in at if sample["setting"] == setting]
            ranks, used, fast = seen[0]["ranks"], seen[0]["devices"], speed(seen)
            held = [rank for sample in seen for rank in sample["memory"]]
            yield [
                users,
                setting,
                fast,
                fast / one,
                100 * fast / one / used,
                published_gain(ranks),
                1000 * median(seen, "first_s"),
                1000 * median(seen, "token_s"),
                statistics.mean(rank["weights"] for rank in held),
                statistics.mean(rank["held"] for rank in held),
                dollars_per_million(price, fast, used, devices) if price else None,
            ]


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
