"""How found things are compared with the truth of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.boxes import pairwise_iou

Named = tuple[Sequence[float], str]
"""A box x0, y0, x1, y1 and the phrase it belongs to."""


def mask_iou(a: NDArray[Any], b: NDArray[Any]) -> float:
    union = np.logical_or(a, b).sum()
    return float(np.logical_and(a, b).sum() / union) if union else 1.0


def match_instances(found: Sequence[Named], wanted: Sequence[Named], iou: float = 0.5) -> list[tuple[int, int]]:
    """Pairs (index in `found`, index in `wanted`) with the same phrase and IoU of at least `iou`, best IoU first;
    each side is used once."""
    overlap = pairwise_iou([box for box, _ in found], [box for box, _ in wanted])
    pairs = [
        (float(overlap[i, j]), i, j)
        for i, (_, phrase) in enumerate(found)
        for j, (_, other) in enumerate(wanted)
        if phrase == other and overlap[i, j] >= iou
    ]
    matched: dict[int, int] = {}
    for _, i, j in sorted(pairs, reverse=True):
        if i not in matched and j not in matched.values():
            matched[i] = j
    return list(matched.items())
