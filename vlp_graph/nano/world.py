"""Renderer of the nano world: coloured shapes on textured backgrounds, with full ground truth.

A scene is drawn with numpy and PIL in a few milliseconds, so recipes train on fresh scenes for ever
(16,000 cached ones were overfitted) and tests can make held-out scenes from a seed.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross")
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (214, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 210),
    "yellow": (240, 210, 40),
    "purple": (130, 50, 170),
    "orange": (240, 130, 30),
}
COLOUR_NAMES = tuple(COLOURS)
SIZES: dict[str, tuple[float, float]] = {"small": (0.13, 0.20), "large": (0.29, 0.40)}
"""Side of an object as a fraction of the picture's side (geometric mean of width and height)."""

Box = tuple[int, int, int, int]
Image8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SceneObject:
    """One thing in a scene. `box` is x0, y0, x1, y1 in pixels (x1, y1 exclusive) around the visible pixels of
    `mask` (bool [H, W], without what nearer objects hide)."""

    shape: str
    colour: str
    size: str
    box: Box
    mask: Mask

    @property
    def name(self) -> str:
        return f"{self.colour} {self.shape}"

    @property
    def centre(self) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2

    def is_a(self, phrase: str) -> bool:
        """Whether every word of a nano-world phrase ("red circles", "large object") holds for this object."""
        return all(self._has(word) for word in phrase.lower().split())

    def _has(self, word: str) -> bool:
        word = SINGULAR.get(word, word)
        return word in (self.shape, self.colour, self.size, "object", "shape", "thing")


SINGULAR = {("crosses" if s == "cross" else s + "s"): s for s in (*SHAPES, "object", "shape", "thing")}
PLURAL = {singular: plural for plural, singular in SINGULAR.items()}


@dataclass(frozen=True)
class Scene:
    """A picture (uint8 [H, W, 3]) and everything that is in it, furthest first."""

    image: Image8
    objects: tuple[SceneObject, ...]

    @property
    def height(self) -> int:
        return int(self.image.shape[0])

    @property
    def width(self) -> int:
        return int(self.image.shape[1])

    def find(self, phrase: str) -> list[SceneObject]:
        return [o for o in self.objects if o.is_a(phrase)]

    def png(self) -> bytes:
        """The picture as a file, as a client would upload it."""
        buffer = io.BytesIO()
        Image.fromarray(self.image).save(buffer, "PNG")
        return buffer.getvalue()


def _circle(draw: ImageDraw.ImageDraw, n: int) -> None:
    draw.ellipse([0, 0, n - 1, n - 1], fill=255)


def _square(draw: ImageDraw.ImageDraw, n: int) -> None:
    edge = n * 0.06
    draw.rectangle([edge, edge, n - 1 - edge, n - 1 - edge], fill=255)


def _triangle(draw: ImageDraw.ImageDraw, n: int) -> None:
    draw.polygon([(n / 2, 0), (n - 1, n - 1), (0, n - 1)], fill=255)


def _star(draw: ImageDraw.ImageDraw, n: int) -> None:
    centre = (n - 1) / 2
    radii = [centre if i % 2 == 0 else centre * 0.42 for i in range(10)]
    angles = [-math.pi / 2 + i * math.pi / 5 for i in range(10)]
    draw.polygon(
        [(centre + r * math.cos(a), centre + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)],
        fill=255,
    )


def _heart(draw: ImageDraw.ImageDraw, n: int) -> None:
    t = np.linspace(0, 2 * math.pi, 40)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    x = (x - x.min()) / np.ptp(x) * (n - 1)
    y = (y - y.min()) / np.ptp(y) * (n - 1)
    draw.polygon(list(zip(x.tolist(), y.tolist(), strict=True)), fill=255)


def _cross(draw: ImageDraw.ImageDraw, n: int) -> None:
    near, far = n * 0.33, n * 0.67
    draw.rectangle([near, 0, far, n - 1], fill=255)
    draw.rectangle([0, near, n - 1, far], fill=255)


_DRAW: dict[str, Callable[[ImageDraw.ImageDraw, int], None]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "cross": _cross,
}


def coverage(shape: str, side: int, oversample: int = 4) -> NDArray[np.float32]:
    """Antialiased coverage [side, side] in 0..1 of one shape that fills a square."""
    n = side * oversample
    canvas = Image.new("L", (n, n), 0)
    _DRAW[shape](ImageDraw.Draw(canvas), n)
    return np.asarray(canvas.resize((side, side), Image.Resampling.BOX), np.float32) / 255.0


def background(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """A greyish, softly textured, sometimes striped, noisy background, float [H, W, 3] in 0..255."""
    tint = rng.uniform(60, 200) + rng.uniform(-12, 12, 3)
    cells = int(rng.choice([2, 4, 8, 16]))
    coarse = rng.normal(0, rng.uniform(4, 22), (cells, cells)).astype(np.float32)
    texture = np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    if rng.random() < 0.3:
        y, x = np.mgrid[:height, :width] * (128 / max(width, height))
        angle = rng.uniform(0, math.pi)
        texture = texture + rng.uniform(4, 14) * np.sin(
            (x * math.cos(angle) + y * math.sin(angle)) * rng.uniform(0.1, 0.9)
        )
    noise = rng.standard_normal((height, width, 3), dtype=np.float32) * rng.uniform(2, 9)
    result: NDArray[np.float32] = (tint.astype(np.float32) + texture[..., None] + noise).astype(np.float32)
    return result


def _overlaps(box: Box, other: Box, share: float) -> bool:
    w = min(box[2], other[2]) - max(box[0], other[0])
    h = min(box[3], other[3]) - max(box[1], other[1])
    smaller = min(box[2] - box[0], other[2] - other[0])
    return w > 0 and h > 0 and w * h > share * smaller**2


def _place(rng: np.random.Generator, side: int, width: int, height: int, cut: float, taken: list[Box]) -> Box | None:
    """A free square of this side: inside the picture, or (share `cut`) up to 35 % beyond one edge."""
    for _ in range(40):
        slack_x = slack_y = 0
        if rng.random() < cut:
            slack = int(side * 0.35)
            slack_x, slack_y = (slack, 0) if rng.random() < 0.5 else (0, slack)
        x = int(rng.integers(1 - slack_x, max(width - side + slack_x, 2 - slack_x)))
        y = int(rng.integers(1 - slack_y, max(height - side + slack_y, 2 - slack_y)))
        box = (x, y, x + side, y + side)
        if not any(_overlaps(box, t, 0.12) for t in taken):
            return box
    return None


def _bounds(mask: Mask) -> Box:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@dataclass(frozen=True)
class Thing:
    """An object to draw: `at` is its centre as a fraction of the picture's width and height."""

    shape: str
    colour: str
    size: str
    at: tuple[float, float]


class _Canvas:
    """A picture in the making, and what has been drawn on it."""

    def __init__(self, rng: np.random.Generator, width: int, height: int) -> None:
        self.rng, self.width, self.height = rng, width, height
        self.picture = background(rng, width, height)
        self.drawn: list[tuple[str, str, str, Mask]] = []

    def side(self, size: str) -> int:
        """A side of an object of this size, in pixels."""
        return round(math.sqrt(self.width * self.height) * self.rng.uniform(*SIZES[size]))

    def draw(self, shape: str, colour: str, size: str, box: Box) -> None:
        """Draw over what is there. The square `box` may reach over an edge of the picture."""
        side = box[2] - box[0]
        x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], self.width), min(box[3], self.height)
        inside = np.s_[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]]
        alpha = coverage(shape, side)[inside]
        paint = np.clip(np.array(COLOURS[colour], np.float32) + self.rng.normal(0, 9, 3), 0, 255)
        shade = 1 + self.rng.uniform(-0.12, 0.12) * np.linspace(-1, 1, side)[:, None, None]
        grain = self.rng.standard_normal((side, side, 3), dtype=np.float32) * self.rng.uniform(1, 7)
        patch = (paint * shade + grain)[inside]
        region = self.picture[y0:y1, x0:x1]
        self.picture[y0:y1, x0:x1] = region + (patch - region) * alpha[..., None]
        mask = np.zeros((self.height, self.width), bool)
        mask[y0:y1, x0:x1] = alpha > 0.5
        for *_, other in self.drawn:
            other &= ~mask
        self.drawn.append((shape, colour, size, mask))

    def scene(self) -> Scene:
        """The picture, and what can be seen of each object."""
        seen = [d for d in self.drawn if d[-1].any()]
        objects = tuple(SceneObject(shape, colour, size, _bounds(mask), mask) for shape, colour, size, mask in seen)
        return Scene(np.clip(self.picture, 0, 255).astype(np.uint8), objects)


def render(
    rng: np.random.Generator,
    width: int = 128,
    height: int = 128,
    *,
    count: int | None = None,
    max_objects: int = 6,
    cut: float = 0.12,
    alike: bool = False,
) -> Scene:
    """Draw one scene of `count` objects (default: 1 to `max_objects`; fewer where no place is left).

    `cut` is the share of objects that may reach over an edge of the picture. `alike`: one or two shapes in one or two
    colours, so that many things have one name.
    """
    wanted = count if count is not None else int(rng.integers(1, max_objects + 1))
    canvas = _Canvas(rng, width, height)
    taken: list[Box] = []
    shapes, colours = SHAPES, COLOUR_NAMES
    if alike:
        shapes = tuple(rng.choice(SHAPES, int(rng.integers(1, 3)), replace=False))
        colours = tuple(rng.choice(COLOUR_NAMES, int(rng.integers(1, 3)), replace=False))
    for _ in range(wanted):
        shape, colour = str(rng.choice(shapes)), str(rng.choice(colours))
        size = "small" if rng.random() < 0.5 else "large"
        if box := _place(rng, canvas.side(size), width, height, cut, taken):
            canvas.draw(shape, colour, size, box)
            taken.append(box)
    return canvas.scene()


def arrange(rng: np.random.Generator, width: int, height: int, things: Sequence[Thing]) -> Scene:
    """Draw a scene of these things at their places; background, shades and exact sizes are left to chance."""
    canvas = _Canvas(rng, width, height)
    for thing in things:
        side = canvas.side(thing.size)
        x, y = (round(share * whole - side / 2) for share, whole in zip(thing.at, (width, height), strict=True))
        canvas.draw(thing.shape, thing.colour, thing.size, (x, y, x + side, y + side))
    return canvas.scene()


def held_out(seed: int, count: int, *, side: int | None = None, max_objects: int = 6, cut: float = 0.12) -> list[Scene]:
    """Scenes for measuring: square and non-square, at sizes people upload. Recipes draw from other seeds."""
    rng = np.random.default_rng([0x0E1D, seed])
    scenes = []
    for _ in range(count):
        width, height = random_size(rng, side if side is not None else int(rng.choice([128, 192, 256, 384])))
        scenes.append(render(rng, width, height, max_objects=max_objects, cut=cut))
    return scenes


def random_size(rng: np.random.Generator, long_side: int) -> tuple[int, int]:
    """Width and height: half of the pictures square, the others between 5:3 and 3:5."""
    if rng.random() < 0.5:
        return long_side, long_side
    short = round(long_side * rng.uniform(0.6, 0.95))
    return (long_side, short) if rng.random() < 0.5 else (short, long_side)


def training_scene(rng: np.random.Generator, *, max_objects: int = 6, alike: float = 0.35) -> Scene:
    """A fresh scene as recipes see it: long side 128, sometimes drawn twice as large and scaled down, as the
    pictures that people upload will be; a share of them, `alike`, of things that are much alike."""
    large, similar = rng.random() < 0.3, rng.random() < alike
    width, height = random_size(rng, 128)
    if not large:
        return render(rng, width, height, max_objects=max_objects, alike=similar)
    return scaled(render(rng, 2 * width, 2 * height, max_objects=max_objects, alike=similar), width, height)


def scaled(scene: Scene, width: int, height: int) -> Scene:
    """The same scene at another size (bilinear, as image processors do)."""
    image = np.asarray(Image.fromarray(scene.image).resize((width, height), Image.Resampling.BILINEAR))
    objects = []
    for o in scene.objects:
        soft = Image.fromarray(o.mask.astype(np.uint8) * 255).resize((width, height), Image.Resampling.BOX)
        mask = np.asarray(soft) > 127
        if mask.any():
            objects.append(SceneObject(o.shape, o.colour, o.size, _bounds(mask), mask))
    return Scene(image, tuple(objects))
