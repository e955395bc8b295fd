"""Masks in the forms in which they travel: COCO run-length encoding, polygons, PNG.

All three say the same: polygons run along the edges of pixels, so that filling them (even-odd, COCO's and most drawing
libraries' convention that pixel x covers x to x + 1) gives the mask back exactly.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ring = list[tuple[int, int]]
"""The corners (x, y) of a closed line; the last is joined to the first."""


def encode(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """bool [H, W] -> {"size": [H, W], "counts": str}, as pycocotools writes it."""
    from pycocotools import mask as coco

    rle = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(v) for v in rle["size"]], "counts": rle["counts"].decode("ascii")}


def decode(rle: Mapping[str, Any]) -> NDArray[np.bool_]:
    """{"size": [H, W], "counts": str} -> bool [H, W]."""
    from pycocotools import mask as coco

    result: NDArray[np.bool_] = coco.decode({"size": list(rle["size"]), "counts": rle["counts"]}).astype(bool)
    return result


def measure(rle: Mapping[str, Any]) -> tuple[int, tuple[int, int, int, int] | None]:
    """The pixels of a run-length encoded mask and the box around it, as `bounds` has it, without decoding it."""
    from pycocotools import mask as coco

    code = {"size": list(rle["size"]), "counts": rle["counts"]}
    if not (area := int(coco.area(code))):
        return 0, None
    x, y, width, height = map(int, coco.toBbox(code))
    return area, (x, y, x + width, y + height)


def bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """The box x0, y0, x1, y1 around a mask (x1 and y1 are exclusive); None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def polygons(mask: NDArray[np.bool_], tolerance: float = 0.0) -> list[Ring]:
    """The outlines of a mask (bool [H, W]) and of the holes in it, to be filled by the even-odd rule; none where it is
    empty. With a `tolerance` corners are left out that lie within so many pixels of the line without them."""
    import cv2

    if (box := bounds(mask)) is None:
        return []
    x0, y0, x1, y1 = box
    # OpenCV's lines run through the centres of pixels. On doubled pixels the two centres of a pixel lie each on its
    # own side of the middle, so that rounding them away from it gives the pixel's edges.
    doubled = mask[y0:y1, x0:x1].astype(np.uint8).repeat(2, 0).repeat(2, 1)
    lines, _ = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    rings = (_corners((np.asarray(line, int)[:, 0] + 1) // 2) for line in lines)
    return [[(x0 + x, y0 + y) for x, y in _simplified(ring, tolerance)] for ring in rings]


def png(mask: NDArray[np.bool_]) -> bytes:
    """A mask (bool [H, W]) as a PNG file of one bit a pixel, white where it holds."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return file.getvalue()


def _corners(line: NDArray[np.int_]) -> NDArray[np.int_]:
    """The places [N, 2] of a closed line of steps at which it turns."""
    moved = line[(line != np.roll(line, 1, 0)).any(1)]
    before, after = moved - np.roll(moved, 1, 0), np.roll(moved, -1, 0) - moved
    turns: NDArray[np.int_] = moved[(before != after).any(1)]
    return turns


def _simplified(ring: NDArray[np.int_], tolerance: float) -> Ring:
    import cv2

    if tolerance > 0:
        fewer = cv2.approxPolyDP(ring.astype(np.int32)[:, None], tolerance, closed=True)[:, 0]
        ring = np.asarray(fewer, int) if len(fewer) >= 3 else ring
    return [(int(x), int(y)) for x, y in ring]
