"""Whisper through CTranslate2 (faster-whisper): speech to text. Paper: arXiv 2212.04356.

Silence makes Whisper invent words. Voice activity detection cuts it out first, and segments that Whisper itself
holds for no speech are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Transcript:
    """What was said (empty for silence), in which language, in how many seconds of sound."""

    text: str
    language: str
    seconds: float


@dataclass
class Whisper:
    """`Whisper.load("Systran/faster-whisper-tiny.en").transcribe(samples).text`."""

    model: WhisperModel
    language: str | None
    initial_prompt: str | None
    no_speech: float
    beam: int

    @classmethod
    def load(
        cls,
        source: str,
        *,
        device: str = "cpu",
        dtype: str = "int8",
        revision: str | None = None,
        threads: int = 1,
        language: str | None = None,
        initial_prompt: str | None = None,
        no_speech: float = 0.6,
        beam: int = 5,
    ) -> Self:
        from faster_whisper import WhisperModel

        model = WhisperModel(resolve(source), device=device, compute_type=dtype, cpu_threads=threads, revision=revision)
        return cls(model, language, initial_prompt, no_speech, beam)

    def transcribe(self, samples: NDArray[np.float32]) -> Transcript:
        """`samples`: mono float32 at 16 kHz in -1..1."""
        segments, info = self.model.transcribe(
            samples,
            language=self.language,
            initial_prompt=self.initial_prompt,
            beam_size=self.beam,
            vad_filter=True,
            condition_on_previous_text=False,
        )
        kept = [s.text.strip() for s in segments if s.no_speech_prob <= self.no_speech]
        return Transcript(" ".join(kept), info.language, len(samples) / SAMPLE_RATE)
