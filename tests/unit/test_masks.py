"""Masks as run-length codes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pycocotools import mask as coco

from vlp_graph.masks import decode, encode


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
