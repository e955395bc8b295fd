"""How found things are matched with the truth."""

from __future__ import annotations

import numpy as np
import pytest

from vlp_graph.nano.metrics import Named, mask_iou, match_instances


def test_mask_iou() -> None:
    a, b = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert mask_iou(a, b) == 1.0
    a[:2] = True
    assert mask_iou(a, b) == 0.0
    b[1:3] = True
    assert mask_iou(a, b) == pytest.approx(4 / 12)
    assert mask_iou(a, a) == 1.0


STAR: Named = ((0, 0, 10, 10), "star")


def test_phrase_and_place_must_both_be_right() -> None:
    assert match_instances([STAR], [STAR]) == [(0, 0)]
    assert match_instances([((0, 0, 10, 10), "heart")], [STAR]) == []
    assert match_instances([((8, 8, 18, 18), "star")], [STAR]) == []
    assert match_instances([], [STAR]) == match_instances([STAR], []) == []


def test_each_is_used_once_and_the_best_pair_wins() -> None:
    near: Named = ((1, 0, 11, 10), "star")
    assert match_instances([near, STAR], [STAR]) == [(1, 0)]
    assert sorted(match_instances([near, STAR], [STAR, near])) == [(0, 1), (1, 0)]
    assert len(match_instances([STAR, STAR, STAR], [STAR, STAR])) == 2


def test_the_least_overlap() -> None:
    half: Named = ((0, 0, 10, 5), "star")
    assert match_instances([half], [STAR], iou=0.5) == [(0, 0)]
    assert match_instances([half], [STAR], iou=0.51) == []
