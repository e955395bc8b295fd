"""DistilBERT as a deployment: what turns ask for, what they are about, and the nearest of the caller's labels."""

from __future__ import annotations

import asyncio
from typing import Any

from ray import serve

from deployments import logs
from deployments.batching import BatchSizes
from deployments.startup import compute_below, load_gently
from vlp_graph.config import DistilBert as Config
from vlp_graph.engines.distilbert import DistilBert as Engine
from vlp_graph.engines.distilbert import Reading


@serve.deployment(name="DistilBert")
class DistilBert:
    """Ready when one text has been classified and compared."""

    def __init__(self, config: Config) -> None:
        logs.set_up()
        compute_below()
        self.engine = load_gently(lambda: warmed(config))
        self._sizes = BatchSizes("distilbert")
        batched: tuple[Any, ...] = (self._read, self._nearest)
        for batch in batched:
            batch.set_max_batch_size(config.batch.size)
            batch.set_batch_wait_timeout_s(config.batch.wait_ms / 1000)

    async def read(self, text: str) -> Reading:
        """The probability of every task, and the things that the text is about."""
        with self._sizes.part(text):
            reading: Reading = await self._read(text)
        return reading

    async def nearest(self, text: str, labels: list[str]) -> dict[str, float]:
        """The probability of every label."""
        pair = (text, labels)
        with self._sizes.part(pair):
            scores: dict[str, float] = await self._nearest(pair)
        return scores

    @serve.batch
    async def _read(self, texts: list[str]) -> list[Reading]:
        self._sizes.record(texts)
        return await asyncio.to_thread(self.engine.read, texts)

    @serve.batch
    async def _nearest(self, pairs: list[tuple[str, list[str]]]) -> list[dict[str, float]]:
        self._sizes.record(pairs)
        return await asyncio.to_thread(self.engine.nearest, [t for t, _ in pairs], [labels for _, labels in pairs])

    def stats(self) -> dict[str, int]:
        return self._sizes.stats()

    def check_health(self) -> None:
        """The process answers and holds a loaded engine."""
        if self.engine.intents is None:
            raise RuntimeError("no model is loaded")


def warmed(config: Config) -> Engine:
    """The loaded engine, after its first work."""
    engine = Engine.load(
        config.source,
        adapter=config.adapter,
        forms=config.forms,
        device=config.device,
        dtype=config.dtype,
        quantization=config.quantization,
        revision=config.revision,
        nli=config.nli,
        nli_revision=config.nli_revision,
        num_gpus=config.num_gpus,
    )
    engine.read(["how many circles are there?"])
    engine.nearest(["a dog"], [["cat", "dog"]])
    return engine
