"""Masks as run-length codes."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from vlp_graph.masks import Ring, bounds, decode, encode, measure, png, polygons


def blobs(seed: int, height: int, width: int) -> np.ndarray:
    """Smooth and rough shapes with holes and diagonal neighbours, by turns."""
    rng = np.random.default_rng(seed)
    if seed % 3 == 0:
        return rng.random((height, width)) < rng.choice([0.1, 0.5, 0.9, 1.0])
    coarse = rng.random((height // 4 + 2, width // 4 + 2)) < 0.5
    return coarse.repeat(4, 0).repeat(4, 1)[:height, :width]


def filled(rings: list[Ring], height: int, width: int) -> np.ndarray:
    """What the even-odd rule fills, judged at the centre of each pixel."""
    y, x = np.mgrid[:height, :width] + 0.5
    inside = np.zeros((height, width), bool)
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            if ay != by:
                crosses = (y > min(ay, by)) & (y < max(ay, by))
                inside ^= crosses & (x < ax + (y - ay) * (bx - ax) / (by - ay))
    return inside


@pytest.mark.parametrize("shape", [(1, 1), (7, 13), (64, 48)])
def test_round_trip(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    for share in (0.0, 0.2, 1.0):
        mask = rng.random(shape) < share
        rle = encode(mask)
        assert rle["size"] == list(shape)
        assert np.array_equal(decode(json.loads(json.dumps(rle))), mask)
        assert coco.area({"size": rle["size"], "counts": rle["counts"].encode()}) == mask.sum()


def test_height_comes_first_and_rows_stay_rows() -> None:
    mask = np.zeros((4, 9), bool)
    mask[1, 2:7] = True
    assert encode(mask)["size"] == [4, 9]
    assert np.array_equal(decode(encode(mask)), mask)
    assert np.array_equal(decode(encode(mask[:, ::-1])), mask[:, ::-1])  # a view that is not contiguous


@pytest.mark.parametrize("seed", range(24))
def test_polygons_fill_exactly_the_mask(seed: int) -> None:
    height, width = (int(n) for n in np.random.default_rng([1, seed]).integers(1, 40, 2))
    mask = blobs(seed, height, width)
    rings = polygons(mask)
    assert np.array_equal(filled(rings, height, width), mask)
    by_coco = np.zeros_like(mask)
    for ring in rings:
        flat = [float(v) for corner in ring for v in corner]
        by_coco ^= coco.decode(coco.merge(coco.frPyObjects([flat], height, width))).astype(bool)
    assert np.array_equal(by_coco, mask)


def test_polygons_have_corners_only() -> None:
    mask = np.zeros((20, 30), bool)
    mask[4:9, 6:26] = True
    mask[6:8, 10:12] = False
    outer, hole = sorted(polygons(mask), key=lambda ring: min(ring))
    assert set(outer) == {(6, 4), (26, 4), (26, 9), (6, 9)}
    assert set(hole) == {(10, 6), (12, 6), (12, 8), (10, 8)}
    assert len(outer) == len(hole) == 4


def test_a_pixel_a_line_and_nothing() -> None:
    mask = np.zeros((5, 5), bool)
    assert polygons(mask) == []
    assert bounds(mask) is None
    assert measure(encode(mask)) == (0, None)
    mask[4, 4] = True
    assert set(*polygons(mask)) == {(4, 4), (5, 4), (5, 5), (4, 5)}
    mask[4] = True
    assert set(*polygons(mask)) == {(0, 4), (5, 4), (5, 5), (0, 5)}


def test_a_tolerance_leaves_corners_out_and_keeps_the_shape() -> None:
    y, x = np.mgrid[:200, :200]
    mask = (x - 100) ** 2 + (y - 90) ** 2 < 70**2
    ((exact,), (rough,)) = polygons(mask), polygons(mask, 1.5)
    assert len(rough) < len(exact) / 5
    about = filled([rough], 200, 200)
    assert (about & mask).sum() / (about | mask).sum() > 0.97
    mask[:] = False
    mask[3, 3] = True
    assert len(*polygons(mask, 16)) == 4  # a ring stays a ring


@pytest.mark.parametrize("seed", range(6))
def test_size_and_place_without_decoding(seed: int) -> None:
    mask = np.zeros((33, 47), bool)
    mask[5:29, 8:31] = blobs(seed, 24, 23)
    assert measure(encode(mask)) == (mask.sum(), bounds(mask))
    x0, y0, x1, y1 = bounds(mask) or (0, 0, 0, 0)
    assert mask[y0:y1, x0:x1].sum() == mask.sum()
    assert mask[y0].any() and mask[y1 - 1].any() and mask[:, x0].any() and mask[:, x1 - 1].any()  # noqa: PT018


def test_png() -> None:
    mask = blobs(5, 21, 34)
    image = Image.open(io.BytesIO(png(mask)))
    assert image.size == (34, 21)
    assert np.array_equal(np.asarray(image.convert("L")) == 255, mask)
    assert np.array_equal(np.asarray(image.convert("L")) == 0, ~mask)
