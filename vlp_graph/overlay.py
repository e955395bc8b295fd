"""Results drawn over their picture, so that a person sees at a glance whether they are right.

Small pictures are enlarged first: a label on 96 pixels could not be read.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SHORTEST_SIDE = 480
_TINT = 0.45
_GOLDEN_ANGLE = 0.381966

Box = tuple[float, float, float, float]


def draw(picture: Image.Image, results: Sequence[dict[str, Any]]) -> Image.Image:
    """A copy of the picture with tinted masks, boxes and labels ("red circle 0.97"), one colour per instance.

    `results` is what a reply has in `vlp.results`; those without instances are passed over. A picture whose
    longer side is below 480 pixels comes back enlarged by a whole factor.

    Raises:
        ValueError: a mask that is not of the picture's size: the results belong to another picture.
    """
    found = [instance for result in results for instance in result.get("instances") or []]
    scale = max(1, -(-SHORTEST_SIDE // max(picture.size)))
    colours = [_colour(number) for number in range(len(found))]
    pixels = np.array(picture.convert("RGB"))
    for instance, colour in zip(found, colours, strict=True):
        if mask := instance.get("mask"):
            inside = _decode(mask, picture.size)
            pixels[inside] = (pixels[inside] * (1 - _TINT) + np.array(colour) * _TINT).astype(np.uint8)
            pixels[_edge(inside)] = 255  # a tint alone is lost on things of its own colour
    size = (picture.width * scale, picture.height * scale)
    drawn = Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(drawn)
    thickness = max(2, round(max(size) / 400))
    font = ImageFont.load_default(size=max(13, round(max(size) / 55)))
    boxes: list[Box] = []
    for instance, colour in zip(found, colours, strict=True):
        x0, y0, x1, y1 = (value * scale for value in instance["box"])
        boxes.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
        pen.rectangle(boxes[-1], outline=colour, width=thickness)
    taken: list[Box] = []
    for instance, colour, box in zip(found, colours, boxes, strict=True):
        text = f"{instance['phrase']} {instance['score']:.2f}"
        place = _place_label(pen.textbbox((0, 0), text, font=font), box, size, taken)
        taken.append(place)
        pen.rectangle(place, fill=colour)
        ink = "black" if _luminance(colour) > 0.5 else "white"
        pen.text((place[0] + 3, place[1] + 2), text, fill=ink, font=font)
    return drawn


def _decode(mask: dict[str, Any], size: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    from pycocotools import mask as coco

    height, width = mask["size"]
    if (width, height) != size:
        raise ValueError(f"the mask is of a {width} x {height} picture, this one has {size[0]} x {size[1]} pixels")
    return np.asarray(coco.decode({"size": [height, width], "counts": mask["counts"].encode()})).astype(bool)


def _edge(inside: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The pixels of a mask with one beside them that is not of it."""
    padded = np.pad(inside, 1)
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside & ~core


def _colour(number: int) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb((0.5 + number * _GOLDEN_ANGLE) % 1.0, 0.85, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)


def _luminance(colour: tuple[int, int, int]) -> float:
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def _place_label(text: Box, box: Box, size: tuple[int, int], taken: Sequence[Box]) -> Box:
    """Above the box, else inside it, else below: the first place that covers no other label."""
    width, height = text[2] + 6, text[3] + 5
    places = [_inside((box[0], y, box[0] + width, y + height), size) for y in _rows(box, height)]
    free = (place for place in places if not any(_overlap(place, other) for other in taken))
    return next(free, places[0])


def _rows(box: Box, height: float) -> Iterator[float]:
    yield from (box[1] - height, box[1], box[3] - height, box[3])
    yield from (box[1] + height * step for step in range(1, 8))


def _inside(place: Box, size: tuple[int, int]) -> Box:
    x0 = max(0.0, min(place[0], size[0] - (place[2] - place[0])))
    y0 = max(0.0, min(place[1], size[1] - (place[3] - place[1])))
    return x0, y0, x0 + place[2] - place[0], y0 + place[3] - place[1]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
