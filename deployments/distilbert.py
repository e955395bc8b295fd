"""DistilBERT as a deployment: what turns ask for, what they are about, and the nearest of the caller's labels."""

from __future__ import annotations

import asyncio

from ray import serve

from deployments import logs
from deployments.batching import Batches
from deployments.metrics import BatchesCounted
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
        self._counted, size, wait_s = BatchesCounted("distilbert"), config.batch.size, config.batch.wait_ms / 1000
        self._read = Batches(self._read_all, size, wait_s, self._counted)
        self._nearest = Batches(self._nearest_all, size, wait_s, self._counted)

    async def read(self, text: str) -> Reading:
        """The probability of every task, and the things that the text is about."""
        return await self._read(text)

    async def nearest(self, text: str, labels: list[str]) -> dict[str, float]:
        """The probability of every label."""
        return await self._nearest((text, labels))

    async def _read_all(self, texts: list[str]) -> list[Reading]:
        return await asyncio.to_thread(self.engine.read, texts)

    async def _nearest_all(self, pairs: list[tuple[str, list[str]]]) -> list[dict[str, float]]:
        return await asyncio.to_thread(self.engine.nearest, [t for t, _ in pairs], [labels for _, labels in pairs])

    def stats(self) -> dict[str, int]:
        return self._counted.stats()

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
