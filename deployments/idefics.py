"""IDEFICS as a deployment: questions about pictures in dynamic batches, and prompts continued token by token."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import numpy as np
from ray import serve

from deployments import logs
from deployments.batching import BatchSizes
from deployments.metrics import TokensCounted
from deployments.startup import load_gently
from deployments.stepping import stepwise
from vlp_graph.config import Idefics as Config
from vlp_graph.engines.generation import Finish, Generation, Piece
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
        self._places = asyncio.Semaphore(config.batch.size)
        self._thread = ThreadPoolExecutor(1, "continued")

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

    async def continued(self, generation: Generation) -> AsyncIterator[Piece]:
        """Goes on from a prompt, token by token. As many prompts as a batch may hold take turns in a thread of their
        own, so that batches run beside them; who leaves frees the place.

        Raises:
            InvalidRequest: more tokens than the model takes.
        """
        asked = time.monotonic()
        async with self._places:
            waited = time.monotonic() - asked
            pieces: Any = stepwise(self._thread, lambda: self.engine.generate(generation))
            async with aclosing(pieces):
                async for piece in pieces:
                    yield dataclasses.replace(piece, queued_s=waited) if isinstance(piece, Finish) else piece

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
        num_gpus=config.num_gpus,
        max_new_tokens=config.max_new_tokens,
        system_prompt=config.system_prompt,
        lowercase=config.lowercase,
        max_model_len=config.max_model_len,
    )
    engine.answer([Look((np.zeros((64, 64, 3), np.uint8),), "what is in the image?")])
    return engine
