"""IDEFICS as a deployment: questions about pictures, generated in dynamic batches."""

from __future__ import annotations

import asyncio

import numpy as np
from ray import serve

from deployments import logs
from deployments.batching import BatchSizes
from deployments.metrics import TokensCounted
from deployments.startup import load_gently
from vlp_graph.config import Idefics as Config
from vlp_graph.engines.idefics import Idefics as Engine
from vlp_graph.engines.idefics import Look


@serve.deployment(name="Idefics")
class Idefics:
    """Ready when one question has been answered."""

    def __init__(self, config: Config) -> None:
        logs.set_up()
        self.engine = load_gently(lambda: _warm(config))
        self._sizes, self._tokens = BatchSizes("idefics"), TokensCounted("idefics")
        self._batch.set_max_batch_size(config.batch.size)  # type: ignore[attr-defined]
        self._batch.set_batch_wait_timeout_s(config.batch.wait_ms / 1000)  # type: ignore[attr-defined]

    async def answer(self, look: Look) -> str:
        with self._sizes.part(look):
            text: str = await self._batch(look)
        return text

    @serve.batch
    async def _batch(self, looks: list[Look]) -> list[str]:
        self._sizes.record(looks)
        answers = await asyncio.to_thread(self.engine.answer, looks)
        self._tokens.up_to(self.engine.spent)
        return answers

    def stats(self) -> dict[str, int]:
        return self._sizes.stats()

    def check_health(self) -> None:
        """The process answers and holds a loaded engine."""
        if self.engine.model is None:
            raise RuntimeError("no model is loaded")


def _warm(config: Config) -> Engine:
    """The loaded engine, after its first work."""
    engine = Engine.load(
        config.source,
        device=config.device,
        dtype=config.dtype,
        quantization=config.quantization,
        revision=config.revision,
        max_new_tokens=config.max_new_tokens,
        system_prompt=config.system_prompt,
        lowercase=config.lowercase,
    )
    engine.answer([Look((np.zeros((64, 64, 3), np.uint8),), "what is in the image?")])
    return engine
