"""Whisper as a deployment: one recording at a time (CTranslate2 is not faster in batches on a CPU)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
from numpy.typing import NDArray
from ray import serve

from deployments import logs
from deployments.startup import BELOW, compute_below, load_gently
from vlp_graph import telemetry
from vlp_graph.config import Whisper as Config
from vlp_graph.engines.transcript import Heard, Language, Listening, Segment
from vlp_graph.engines.whisper import SAMPLE_RATE
from vlp_graph.engines.whisper import Whisper as Engine


@serve.deployment(name="Whisper")
class Whisper:
    """Ready when one second of silence has been heard."""

    def __init__(self, config: Config) -> None:
        logs.set_up()
        compute_below()
        self.engine = load_gently(lambda: warmed(config), BELOW)

    async def transcribe(self, samples: NDArray[np.float32]) -> str:
        """Mono float32 at 16 kHz -> text; empty for silence."""
        telemetry.note(audio_seconds=round(len(samples) / SAMPLE_RATE, 2))
        return (await asyncio.to_thread(self.engine.transcribe, samples)).text

    async def hear(self, listening: Listening) -> AsyncIterator[Heard | Segment]:
        """What the recording is, then its segments. Whoever leaves ends the work after half a minute of sound at most.

        Raises:
            InvalidRequest: a language that the model does not know, or a translation where it knows but one.
        """
        heard, segments = await asyncio.to_thread(self.engine.hear, listening)
        yield heard
        while (segment := await asyncio.to_thread(next, segments, None)) is not None:
            yield segment

    async def language(self, samples: NDArray[np.float32]) -> Language:
        """Mono float32 at 16 kHz -> the language that is spoken."""
        return await asyncio.to_thread(self.engine.language, samples)

    def check_health(self) -> None:
        """The process answers and holds a loaded engine."""
        if self.engine.model is None:
            raise RuntimeError("no model is loaded")


def warmed(config: Config) -> Engine:
    """The loaded engine, after its first work."""
    engine = Engine.load(
        config.source,
        device=config.device,
        dtype=config.dtype,
        revision=config.revision,
        threads=config.threads,
        language=config.language,
        initial_prompt=config.initial_prompt,
        no_speech=config.no_speech,
        beam=config.beam,
    )
    engine.transcribe(np.zeros(SAMPLE_RATE, np.float32))
    return engine
