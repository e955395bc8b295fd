"""Box arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from vlp_graph.engines.boxes import pairwise_iou, suppress


def test_pairwise_iou() -> None:
    iou = pairwise_iou([(0, 0, 10, 10), (20, 20, 30, 30)], [(0, 0, 10, 10), (5, 0, 15, 10), (0, 0, 5, 5)])
    assert iou == pytest.approx(np.array([[1, 50 / 150, 25 / 100], [0, 0, 0]]))


def test_pairwise_iou_of_nothing_and_of_points() -> None:
    assert pairwise_iou([], [(0, 0, 1, 1)]).shape == (0, 1)
    assert pairwise_iou(np.zeros((2, 4)), []).shape == (2, 0)
    assert pairwise_iou([(3, 3, 3, 3)], [(3, 3, 3, 3)]) == pytest.approx(0)


def test_iou_is_symmetric_and_bounded() -> None:
    corners = np.random.default_rng(0).uniform(0, 50, (40, 4))
    boxes = np.concatenate([np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])], 1)
    iou = pairwise_iou(boxes, boxes)
    assert iou == pytest.approx(iou.T)
    assert np.diag(iou) == pytest.approx(1)
    assert iou.min() >= 0


def test_suppress_keeps_the_best_of_what_overlaps() -> None:
    boxes = np.array([(0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60), (0, 0, 10, 5)], float)
    assert suppress(boxes, [0.5, 0.9, 0.7, 0.6], 0.6) == [1, 2, 3]
    assert suppress(boxes, [0.9, 0.5, 0.7, 0.6], 0.3) == [0, 2]
    assert suppress(np.zeros((0, 4)), [], 0.5) == []


def test_equal_scores_keep_their_order() -> None:
    assert suppress(np.array([(0, 0, 10, 10)] * 3, float), [0.5] * 3, 0.9) == [0]
