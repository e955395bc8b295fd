"""Sides that are compared take turns, so that what the machine does meanwhile meets them all alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")


def interleaved(sides: Sequence[T], repeats: int, console: Console, what: str) -> Iterator[tuple[int, T]]:
    """Each side once a round, each round from another side on; a progress bar meanwhile."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(what, total=repeats * len(sides))
        for repeat in range(repeats):
            first = repeat % len(sides)
            for side in [*sides[first:], *sides[:first]]:
                progress.update(task, description=f"{what}: {side}")
                yield repeat, side
                progress.advance(task)
