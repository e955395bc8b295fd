"""The picture of a run: what was seen at each step, drawn with Pillow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from vlp_graph.finetune.folder import Metrics

Series = Sequence[tuple[int, float]]

WIDTH, HEIGHT = 460, 300
"""Pixels of one panel."""
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 34, 34
FINE = 3
"""Drawn so many times larger and then scaled down: smooth lines."""
COLOURS = ("#1f5fa8", "#d1622b", "#3a8a4d", "#8a4fa3")
PANELS = (
    ("loss", {"loss": "learned from", "held_out_loss": "held out"}),
    ("share of pairs with the chosen plan ahead", {"accuracy": "learned from", "held_out_accuracy": "held out"}),
    ("margin between chosen and rejected", {"margin": "learned from", "held_out_margin": "held out"}),
)
"""Title of each panel, and the figures in it with their names."""


@dataclass(frozen=True)
class Panel:
    """A title and its series by name: (step, value) each."""

    title: str
    series: Mapping[str, Series]


def panels(metrics: Metrics) -> list[Panel]:
    """What a run has to show."""
    shown = []
    for title, figures in PANELS:
        series = {
            name: [(point.step, point.figures[figure]) for point in metrics.curve if figure in point.figures]
            for figure, name in figures.items()
        }
        if some := {name: points for name, points in series.items() if points}:
            shown.append(Panel(f"{metrics.command}: {title}", some))
    return shown


def draw(shown: Sequence[Panel]) -> Image:
    """The panels side by side."""
    from PIL import Image, ImageDraw

    whole = Image.new("RGB", (max(1, len(shown)) * WIDTH * FINE, HEIGHT * FINE), "white")
    canvas = ImageDraw.Draw(whole)
    for number, panel in enumerate(shown):
        _panel(canvas, panel, number * WIDTH)
    return whole.resize((whole.width // FINE, whole.height // FINE), Image.Resampling.LANCZOS)


def _panel(canvas: ImageDraw, panel: Panel, left: int) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(12 * FINE)
    points = [point for series in panel.series.values() for point in series]
    last = max(1, *(step for step, _ in points))
    ticks = _ticks(min(value for _, value in points), max(value for _, value in points))
    low, high = ticks[0], ticks[-1]

    def at(step: float, value: float) -> tuple[float, float]:
        across = (WIDTH - LEFT - RIGHT) * step / last
        up = (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)
        return (left + LEFT + across) * FINE, (HEIGHT - BOTTOM - up) * FINE

    canvas.text(((left + LEFT) * FINE, 8 * FINE), panel.title, fill="black", font=font)
    for tick in ticks:
        canvas.line([at(0, tick), at(last, tick)], fill="#dddddd", width=FINE)
        x, y = at(0, tick)
        canvas.text((x - 6 * FINE, y), f"{tick:g}", fill="#444444", font=font, anchor="rm")
    for step in sorted({0, last // 2, last}):
        x, y = at(step, low)
        canvas.text((x, y + 6 * FINE), str(step), fill="#444444", font=font, anchor="mt")
    canvas.text(at(last * 0.25, low + (high - low) * -0.09), "step", fill="#444444", font=font, anchor="mt")
    for row, (colour, (name, series)) in enumerate(zip(COLOURS, panel.series.items(), strict=False)):
        path = [at(step, value) for step, value in series]
        if len(path) > 1:
            canvas.line(path, fill=colour, width=2 * FINE, joint="curve")
        if len(path) < 12:
            for x, y in path:
                canvas.ellipse([x - 3 * FINE, y - 3 * FINE, x + 3 * FINE, y + 3 * FINE], fill=colour)
        y = (TOP + 6 + 16 * row) * FINE
        canvas.text(((left + WIDTH - RIGHT - 6) * FINE, y), name, fill=colour, font=font, anchor="rt")


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers at equal steps, around both ends."""
    spread = (high - low) or abs(high) or 1.0
    step = 10 ** math.floor(math.log10(spread / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if spread / (step * factor) <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]
