"""Outlined objects as a reply has them: as run lengths, polygons, a PNG each, or one PNG of all."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vlp_graph import masks
from vlp_graph.dialogue.turn import Picture
from vlp_graph.http.backends import Located, Outlined
from vlp_graph.http.vision.schema import Box, Segment, Segmented


@dataclass(frozen=True)
class Shown:
    """An outlined object, and which prompt of the request it belongs to."""

    kind: Literal["prompt", "box", "points"]
    index: int
    outline: Outlined
    located: Located | None = None

    def written(self, asked: Segment) -> Segmented:
        """In the form that was asked for."""
        rle, located = self.outline.mask, self.located
        area, around = masks.measure(rle.model_dump())
        return Segmented(
            kind=self.kind,
            index=self.index,
            phrase=asked.prompts[self.index] if located else None,
            score=located.score if located else self.outline.iou,
            predicted_iou=self.outline.iou,
            box=located.box if located else _as_box(around),
            area=area,
            **self._mask(asked),
        )

    def _mask(self, asked: Segment) -> dict[str, Any]:
        rle = self.outline.mask
        if asked.format == "rle":
            return {"mask": rle}
        mask = masks.decode(rle.model_dump())
        if asked.format == "polygon":
            return {"polygons": masks.polygons(mask, asked.tolerance)}
        return {"png": base64.b64encode(masks.png(mask)).decode()}


def union(shown: Sequence[Shown], picture: Picture) -> bytes:
    """One PNG of the picture's size, white where any of the objects is."""
    any_ = np.zeros(picture.pixels.shape[:2], bool)
    for one in shown:
        any_ |= masks.decode(one.outline.mask.model_dump())
    return masks.png(any_)


def _as_box(around: tuple[int, int, int, int] | None) -> Box | None:
    return None if around is None else (around[0], around[1], around[2], around[3])
