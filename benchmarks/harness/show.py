"""A record as people see it: tables on a terminal and in Markdown, pictures in one style."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich import table as rich_table
from rich.console import Console
from rich.markup import escape

from benchmarks.harness.record import Record, Table, Target

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#1f5fa8", "#d1622b", "#3a8a4d", "#8a4fa3", "#a08a1f", "#5b6670")


def figure(panels: int, title: str) -> tuple[Figure, list[Axes]]:
    """Panels side by side, without a display; the first colour is for the graph itself."""
    from cycler import cycler
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(5.2 * panels, 3.9), layout="constrained")
    drawn.suptitle(title, fontsize=11)
    axes = list(drawn.subplots(1, panels, squeeze=False)[0])
    for axis in axes:
        axis.set_prop_cycle(cycler(color=COLOURS))
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    return drawn, axes


def save(drawn: Figure, path: Path) -> Path:
    """As PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn.savefig(path, dpi=110)
    return path


def number(cell: str | float | None) -> str:
    """Three digits that count."""
    match cell:
        case None:
            return ""
        case float() if abs(cell) >= 100:
            return f"{cell:,.0f}"
        case float():
            return f"{cell:.3g}"
        case int():
            return f"{cell:,}"
    return cell


def said(target: Target) -> str:
    """A target and what was measured, as a sentence."""
    sign = "≥" if target.at == "least" else "≤"
    return f"{target.what}: {number(target.value)} (wanted {sign} {number(target.bound)})"


def show(record: Record, console: Console) -> None:
    """On the terminal."""
    for table in record.tables:
        drawn = rich_table.Table(*table.columns, title=table.title, caption=table.note or None)
        for row in table.rows:
            drawn.add_row(*(escape(number(cell)) for cell in row))
        console.print(drawn)
    for target in record.targets:
        console.print(f"{'[green]held[/]' if target.held else '[red]missed[/]'}  {escape(said(target))}")


def markdown(table: Table) -> Iterator[str]:
    """Its lines."""
    yield f"**{table.title}**"
    yield ""
    yield "| " + " | ".join(table.columns) + " |"
    yield "|" + "---|" * len(table.columns)
    for row in table.rows:
        yield "| " + " | ".join(number(cell).replace("|", "\\|") for cell in row) + " |"
    if table.note:
        yield ""
        yield table.note
