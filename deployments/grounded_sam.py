"""Grounded-SAM as a deployment: phrases to boxes and masks, boxes and points to masks, in dynamic batches.

Masks leave the replica run-length encoded: a mask of a large picture is megabytes, its code a few hundred bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from ray import serve

from deployments import logs
from deployments.batching import Batches
from deployments.metrics import BatchesCounted, LookupsCounted
from deployments.startup import compute_below, load_gently
from vlp_graph.config import GroundedSam as Config
from vlp_graph.engines.grounded_sam import Found, Query, Showing
from vlp_graph.engines.grounded_sam import GroundedSam as Engine
from vlp_graph.engines.sam import Outline, Prompt
from vlp_graph.masks import encode


@serve.deployment(name="GroundedSam")
class GroundedSam:
    """Ready when one picture has been searched and segmented."""

    def __init__(self, config: Config) -> None:
        logs.set_up()
        compute_below()
        self.engine = load_gently(lambda: warmed(config))
        self._counted, self._lookups = BatchesCounted("grounded_sam"), LookupsCounted()
        self._batches = Batches(self._work, config.batch.size, config.batch.wait_ms / 1000, self._counted)

    async def find(self, query: Query) -> list[dict[str, Any]]:
        """Instances as dictionaries: phrase, score, box, mask as {"size", "counts"} and the IoU that SAM predicts for
        it (both None where no masks were asked for)."""
        return await self._batches(query)

    async def outline(self, showing: Showing) -> list[list[dict[str, Any]]]:
        """For each prompt its outlines, best first, as dictionaries: mask and IoU as `find` has them."""
        return await self._batches(showing)

    async def _work(self, work: list[Query | Showing]) -> list[list[Any]]:
        try:
            return await asyncio.to_thread(self._done, work)
        finally:
            self._lookups.count(self.engine.caches)

    def _done(self, work: Sequence[Query | Showing]) -> list[list[Any]]:
        """What each piece of the work comes to; all phrases are looked for in one pass."""
        queries = [w for w in work if isinstance(w, Query)]
        found = iter(self.engine.find(queries))
        return [
            [instance(f) for f in next(found)]
            if isinstance(w, Query)
            else [[_outline(o) for o in outlines] for outlines in self.engine.outline(w)]
            for w in work
        ]

    def stats(self) -> dict[str, int]:
        return self._counted.stats()

    def check_health(self) -> None:
        """The process answers and holds a loaded engine."""
        if self.engine.sam is None:
            raise RuntimeError("no model is loaded")


def instance(found: Found) -> dict[str, Any]:
    """As it leaves the replica: `phrase`, `score`, `box` in pixels, `mask` run-length encoded, `iou`."""
    d = found.detection
    outline = {"mask": None, "iou": None} if found.outline is None else _outline(found.outline)
    box = tuple(round(v, 2) for v in d.box)
    return {"phrase": d.phrase, "score": round(d.score, 4), "box": box, **outline}


def _outline(outline: Outline) -> dict[str, Any]:
    return {"mask": encode(outline.mask), "iou": round(outline.iou, 4)}


def warmed(config: Config) -> Engine:
    """The loaded engine, after its first work."""
    engine = Engine.load(
        config.source,
        sam=config.sam,
        device=config.device,
        dtype=config.dtype,
        quantization=config.quantization,
        revision=config.revision,
        sam_revision=config.sam_revision,
        num_gpus=config.num_gpus,
        embeddings=config.embeddings,
        threshold=config.threshold,
        companion=config.companion,
        nms=config.nms,
        synonyms=config.synonyms,
        phrases_at_once=config.phrases_at_once,
    )
    blank = np.zeros((64, 64, 3), np.uint8)
    for _ in engine.find([Query(blank, ("object",))]):
        pass
    for _ in engine.outline(Showing(blank, (Prompt((8, 8, 32, 32)), Prompt(points=((20, 20),), labels=(1,))))):
        pass
    return engine
