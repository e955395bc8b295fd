"""Grounded-SAM: what a phrase names, as boxes (GroundingDINO) and masks (SAM) that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.grounding_dino import Detection, GroundingDino
from vlp_graph.engines.sam import Sam

if TYPE_CHECKING:
    from vlp_graph.engines.remembered import Remembered


@dataclass(frozen=True)
class Query:
    """Phrases to find in one picture (RGB uint8 [H, W, 3]). `digest` names its content, for the embedding cache."""

    picture: NDArray[np.uint8]
    phrases: tuple[str, ...]
    masks: bool = False
    digest: str | None = None


@dataclass(frozen=True)
class Found:
    """A detection and, where it was asked for, its mask (bool [H, W])."""

    detection: Detection
    mask: NDArray[np.bool_] | None = None


@dataclass
class GroundedSam:
    """`GroundedSam.load("IDEA-Research/grounding-dino-tiny", sam="sam_vit_b.pth").find([Query(picture, ("cat",))])`."""

    detector: GroundingDino
    sam: Sam

    @classmethod
    def load(
        cls,
        source: str,
        *,
        sam: str,
        device: str = "cpu",
        dtype: str = "float32",
        quantization: str | None = None,
        revision: str | None = None,
        embeddings: int = 32,
        **detector: Any,
    ) -> Self:
        """`threshold` and `nms` go to the detector."""
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        detector |= {"quantization": quantization, "revision": revision, "pictures": embeddings}
        dino = GroundingDino.load(source, **options, **detector)
        return cls(dino, Sam.load(sam, embeddings=embeddings, **options))

    @property
    def caches(self) -> dict[str, Remembered[Any, Any]]:
        """What is kept of pictures, by name."""
        return self.detector.caches | self.sam.caches

    def find(self, queries: Sequence[Query]) -> list[list[Found]]:
        """One detector pass for the whole batch, then the masks of each picture that wants them."""
        detected = self.detector.detect(
            [q.picture for q in queries], [q.phrases for q in queries], [q.digest for q in queries]
        )
        return [self._with_masks(q, found) for q, found in zip(queries, detected, strict=True)]

    def _with_masks(self, query: Query, detections: list[Detection]) -> list[Found]:
        if not query.masks:
            return [Found(d) for d in detections]
        if not query.phrases:
            self.sam.embed(query.picture, query.digest)
        masks = self.sam.segment(query.picture, [d.box for d in detections], query.digest)
        return [Found(d, mask) for d, mask in zip(detections, masks, strict=True)]
