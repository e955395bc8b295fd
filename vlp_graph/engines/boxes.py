"""Box arithmetic on corner boxes x0, y0, x1, y1, for engines and for measuring them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pairwise_iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of every box of `a` [N, 4] with every box of `b` [M, 4]: [N, M]."""
    p, q = np.asarray(a, float).reshape(-1, 4), np.asarray(b, float).reshape(-1, 4)
    low = np.maximum(p[:, None, :2], q[None, :, :2])
    high = np.minimum(p[:, None, 2:], q[None, :, 2:])
    inner = np.clip(high - low, 0, None).prod(-1)
    areas = (p[:, 2:] - p[:, :2]).prod(-1)[:, None] + (q[:, 2:] - q[:, :2]).prod(-1)[None]
    result: NDArray[np.float64] = inner / np.maximum(areas - inner, 1e-9)
    return result


def suppress(boxes: NDArray[Any], scores: Sequence[float] | NDArray[Any], overlap: float) -> list[int]:
    """Non-maximum suppression: indices of the boxes to keep, best first."""
    iou = pairwise_iou(boxes, boxes)
    kept: list[int] = []
    for i in np.argsort(-np.asarray(scores), kind="stable").tolist():
        if all(iou[i, j] <= overlap for j in kept):
            kept.append(i)
    return kept
