"""Grounded-SAM: what a phrase names, as boxes (GroundingDINO) and masks (SAM) that belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.grounding_dino import Detection, GroundingDino, Strictness
from vlp_graph.engines.loading import claim_device
from vlp_graph.engines.sam import Outline, Prompt, Sam

if TYPE_CHECKING:
    from vlp_graph.engines.remembered import Remembered


@dataclass(frozen=True)
class Query:
    """Phrases to find in one picture (RGB uint8 [H, W, 3]). `digest` names its content, for the embedding cache.
    `threshold` and `nms` stand in the place of the detector's own for this query: with a threshold of its own every box
    has to reach it. Of all that is found the `most` best are kept."""

    picture: NDArray[np.uint8]
    phrases: tuple[str, ...]
    masks: bool = False
    digest: str | None = None
    threshold: float | None = None
    nms: float | None = None
    most: int | None = None


@dataclass(frozen=True)
class Showing:
    """Objects of one picture, each shown by a prompt, to outline. With `several` every prompt has three outlines."""

    picture: NDArray[np.uint8]
    prompts: tuple[Prompt, ...]
    several: bool = False
    digest: str | None = None


@dataclass(frozen=True)
class Found:
    """A detection and, where it was asked for, its outline."""

    detection: Detection
    outline: Outline | None = None


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
        sam_revision: str | None = None,
        embeddings: int = 32,
        num_gpus: float = 1.0,
        **detector: Any,
    ) -> Self:
        """`threshold`, `nms`, `phrases_at_once` and the like go to the detector. `num_gpus` bounds the memory that
        both take on a GPU.

        Raises:
            DeviceMissing: no such device here.
        """
        claim_device(device, num_gpus)
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        detector |= {"quantization": quantization, "revision": revision, "pictures": embeddings}
        dino = GroundingDino.load(source, **options, **detector)
        return cls(dino, Sam.load(sam, revision=sam_revision, embeddings=embeddings, **options))

    @property
    def caches(self) -> dict[str, Remembered[Any, Any]]:
        """What is kept of pictures, by name."""
        return self.detector.caches | self.sam.caches

    def find(self, queries: Sequence[Query]) -> list[Iterator[Found]]:
        """One detector pass for the whole batch, then the masks of each picture that wants them, made as they are
        read: those of a large picture together can be larger than the memory."""
        detected = self.detector.detect(
            [q.picture for q in queries],
            [q.phrases for q in queries],
            [q.digest for q in queries],
            [self._strictness(q) for q in queries],
        )
        return [self._with_masks(q, _best(found, q.most)) for q, found in zip(queries, detected, strict=True)]

    def outline(self, showing: Showing) -> Iterator[list[Outline]]:
        """For each prompt its outlines, best first, made as they are read."""
        return self.sam.outline(showing.picture, showing.prompts, showing.digest, several=showing.several)

    def _strictness(self, query: Query) -> Strictness | None:
        if query.threshold is None and query.nms is None:
            return None
        own = self.detector
        threshold, companion = query.threshold or own.threshold, query.threshold or own.companion
        return Strictness(threshold, companion, query.nms or own.nms)

    def _with_masks(self, query: Query, detections: list[Detection]) -> Iterator[Found]:
        if not query.masks:
            yield from map(Found, detections)
            return
        if not query.phrases:
            self.sam.embed(query.picture, query.digest)
        outlines = self.sam.outline(query.picture, [Prompt(d.box) for d in detections], query.digest)
        yield from (Found(d, best) for d, (best, *_) in zip(detections, outlines, strict=True))


def _best(detections: list[Detection], most: int | None) -> list[Detection]:
    """The `most` best, in the order that they came in."""
    if most is None or len(detections) <= most:
        return detections
    ranked = sorted(range(len(detections)), key=lambda i: -detections[i].score)
    return [detections[i] for i in sorted(ranked[:most])]
