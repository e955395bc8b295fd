"""Overlays show the right pixels in the right colours, at any size of picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from vlp_graph.overlay import draw


def instance(box: tuple[float, ...], mask: np.ndarray | None = None, phrase: str = "red circle") -> dict[str, Any]:
    found: dict[str, Any] = {"phrase": phrase, "score": 0.974, "box": list(box)}
    if mask is not None:
        rle = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
        found["mask"] = {"size": [int(n) for n in rle["size"]], "counts": rle["counts"].decode()}
    return found


def test_masks_are_tinted_and_the_rest_is_left() -> None:
    mask = np.zeros((600, 800), bool)
    mask[300:500, 200:400] = True
    drawn = np.asarray(
        draw(Image.new("RGB", (800, 600), "white"), [{"instances": [instance((200, 300, 400, 500), mask)]}])
    )
    assert drawn.shape == (600, 800, 3)
    assert drawn[400, 300].tolist() != [255] * 3
    assert drawn[550, 700].tolist() == [255] * 3
    inner = drawn[310:490, 210:390].reshape(-1, 3)
    assert (inner == inner[0]).all()


def test_boxes_stand_where_they_are() -> None:
    drawn = np.asarray(draw(Image.new("RGB", (800, 600)), [{"instances": [instance((200, 300, 400, 500))]}]))
    assert drawn[400, 200].any()
    assert drawn[400, 400].any()
    assert drawn[500, 300].any()
    assert not drawn[400, 300].any()
    assert not drawn[400, 450].any()


def test_small_pictures_are_enlarged_and_masks_with_them() -> None:
    mask = np.zeros((64, 96), bool)
    mask[40:60, 10:30] = True
    drawn = np.asarray(draw(Image.new("RGB", (96, 64)), [{"instances": [instance((10, 40, 30, 60), mask)]}]))
    assert drawn.shape == (320, 480, 3)
    assert drawn[250, 100].any()
    assert not drawn[250, 300].any()


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (64, 64), (4000, 3000)])
def test_labels_can_be_read(size: tuple[int, int]) -> None:
    plain = draw(Image.new("RGB", size), [])
    labelled = draw(Image.new("RGB", size), [{"instances": [instance((0, 0, *size))]}])
    assert labelled.size == plain.size
    assert max(labelled.size) >= 480
    ink = np.argwhere((np.asarray(labelled) == 255).all(axis=2) | (np.asarray(labelled).max(axis=2) == 255))
    assert np.ptp(ink[:, 0]) >= 12


def test_each_instance_has_its_own_colour() -> None:
    boxes = [(100 * n + 10, 300, 100 * n + 60, 350) for n in range(7)]
    found = [instance(box) for box in boxes]
    drawn = np.asarray(draw(Image.new("RGB", (800, 600)), [{"instances": found[:3]}, {}, {"instances": found[3:]}]))
    assert len({tuple(drawn[350, x0 + 20]) for x0, *_ in boxes}) == 7


def test_labels_of_neighbours_do_not_cover_each_other() -> None:
    box = (100, 100, 200, 200)
    one = np.asarray(draw(Image.new("RGB", (600, 400)), [{"instances": [instance(box)]}]))
    two = np.asarray(draw(Image.new("RGB", (600, 400)), [{"instances": [instance(box), instance(box)]}]))
    label = one[80:99, 101:160]
    assert label.any()
    assert np.array_equal(two[80:99, 101:160], label)


def test_the_picture_itself_is_not_changed() -> None:
    picture = Image.new("RGB", (500, 500))
    draw(picture, [{"instances": [instance((0, 0, 400, 400), np.ones((500, 500), bool))]}])
    assert not np.asarray(picture).any()


def test_a_mask_of_another_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="5 x 4"):
        draw(Image.new("RGB", (500, 500)), [{"instances": [instance((0, 0, 4, 4), np.ones((4, 5), bool))]}])
