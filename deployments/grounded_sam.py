"""Grounded-SAM as a deployment: phrases to boxes and masks, in dynamic batches.

Masks leave the replica run-length encoded: a mask of a large picture is megabytes, its code a few hundred bytes.
"""

from __future__ import annotations

import asyncio

import numpy as np
from ray import serve

from deployments import logs
from deployments.batching import BatchSizes
from deployments.metrics import LookupsCounted
from deployments.startup import load_gently
from vlp_graph.config import GroundedSam as Config
from vlp_graph.engines.grounded_sam import Found, Query
from vlp_graph.engines.grounded_sam import GroundedSam as Engine
from vlp_graph.masks import encode


@serve.deployment(name="GroundedSam")
class GroundedSam:
    """Ready when one picture has been searched and segmented."""

    def __init__(self, config: Config) -> None:
        logs.set_up()
        self.engine = load_gently(lambda: _warm(config))
        self._sizes, self._lookups = BatchSizes("grounded_sam"), LookupsCounted()
        self._batch.set_max_batch_size(config.batch.size)  # type: ignore[attr-defined]
        self._batch.set_batch_wait_timeout_s(config.batch.wait_ms / 1000)  # type: ignore[attr-defined]

    async def find(self, query: Query) -> list[dict[str, object]]:
        """Instances as dictionaries: phrase, score, box, and mask as {"size", "counts"} or None."""
        with self._sizes.part(query):
            found: list[dict[str, object]] = await self._batch(query)
        return found

    @serve.batch
    async def _batch(self, queries: list[Query]) -> list[list[dict[str, object]]]:
        self._sizes.record(queries)
        try:
            return await asyncio.to_thread(self._find, queries)
        finally:
            self._lookups.count(self.engine.caches)

    def _find(self, queries: list[Query]) -> list[list[dict[str, object]]]:
        return [[_instance(f) for f in found] for found in self.engine.find(queries)]

    def stats(self) -> dict[str, int]:
        return self._sizes.stats()

    def check_health(self) -> None:
        """The process answers and holds a loaded engine."""
        if self.engine.sam is None:
            raise RuntimeError("no model is loaded")


def _instance(found: Found) -> dict[str, object]:
    d = found.detection
    return {
        "phrase": d.phrase,
        "score": round(d.score, 4),
        "box": tuple(round(float(v), 2) for v in d.box),
        "mask": None if found.mask is None else encode(found.mask),
    }


def _warm(config: Config) -> Engine:
    """The loaded engine, after its first work."""
    engine = Engine.load(
        config.source,
        sam=config.sam,
        device=config.device,
        dtype=config.dtype,
        quantization=config.quantization,
        revision=config.revision,
        embeddings=config.embeddings,
        threshold=config.threshold,
        companion=config.companion,
        nms=config.nms,
        synonyms=config.synonyms,
    )
    blank = np.zeros((64, 64, 3), np.uint8)
    engine.find([Query(blank, ("object",))])
    engine.sam.segment(blank, [(8, 8, 32, 32)])
    return engine
