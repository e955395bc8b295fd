"""IDEFICS as a deployment: questions about pictures, and prompts continued token by token.

The first IDEFICS runs in transformers, in batches that are formed here; Idefics3 and SmolVLM run in vLLM, which forms
its own. Callers see no difference.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from typing import Any

import numpy as np
from ray import serve
from ray.serve.deployment import Application

from deployments import logs
from deployments.batching import Batches
from deployments.metrics import BatchesCounted, TokensCounted
from deployments.options import deployment_options
from deployments.startup import compute_below, load_gently
from deployments.stepping import stepwise
from vlp_graph.config import Idefics as Config
from vlp_graph.engines.generation import Finish, Generation, Piece
from vlp_graph.engines.idefics import Idefics as Engine
from vlp_graph.engines.idefics import Look
from vlp_graph.engines.idefics3 import Idefics3 as Engine3
from vlp_graph.engines.vllm_options import environment

_WARM_UP = Look((np.zeros((64, 64, 3), np.uint8),), "what is in the image?")


@serve.deployment(name="Idefics")
class Idefics:
    """Ready when one question has been answered."""

    def __init__(self, config: Config) -> None:
        logs.set_up()
        compute_below()
        self.engine = load_gently(lambda: warmed(config))
        self._counted, self._tokens = BatchesCounted("idefics"), TokensCounted("idefics")
        self._batches = Batches(self._answer_all, config.batch.size, config.batch.wait_ms / 1000, self._counted)
        self._places = asyncio.Semaphore(config.batch.size)
        self._thread = ThreadPoolExecutor(1, "continued")

    async def answer(self, look: Look) -> str:
        return await self._batches(look)

    async def _answer_all(self, looks: list[Look]) -> list[str]:
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
        return self._counted.stats()

    def check_health(self) -> None:
        """The process answers and holds a loaded engine."""
        if self.engine.model is None:
            raise RuntimeError("no model is loaded")


@serve.deployment(name="Idefics")
class Idefics3:
    """Ready when one question has been answered. Batching is vLLM's own (continuous)."""

    async def __init__(self, config: Config) -> None:  # type: ignore[misc]
        logs.set_up()
        self._running, self._tokens = 0, TokensCounted("idefics")
        self.engine = Engine3.load(config)
        await self.answer(_WARM_UP)

    async def answer(self, look: Look) -> str:
        with self._counted():
            return await self.engine.answer(look)

    async def continued(self, generation: Generation) -> AsyncIterator[Piece]:
        """Goes on from a prompt, token by token; who leaves ends the work.

        Raises:
            InvalidRequest: more tokens or pictures than the model takes.
        """
        with self._counted():
            async with aclosing(self.engine.generate(generation)) as pieces:
                async for piece in pieces:
                    yield piece

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._tokens.up_to(self.engine.spent)

    def stats(self) -> dict[str, int]:
        """Answers that are being written."""
        return {"running": self._running}

    async def check_health(self) -> None:
        await self.engine.check_health()

    def __del__(self) -> None:
        if hasattr(self, "engine"):
            self.engine.close()


def build_idefics(config: Config) -> Application:
    """The application node of the vision-language model, by the engine that the profile names."""
    options = deployment_options(config)
    if config.engine == "transformers":
        return Idefics.options(**options).bind(config)  # type: ignore[attr-defined, no-any-return]
    options["ray_actor_options"]["runtime_env"]["env_vars"] |= environment(config)
    return Idefics3.options(**options).bind(config)  # type: ignore[attr-defined, no-any-return]


def warmed(config: Config) -> Engine:
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
    engine.answer([_WARM_UP])
    return engine
