"""Speech to text beyond the words: what is asked of a recording, and when what was said. No model is needed for it.

The names of a segment's figures are those of Whisper's own `transcribe`, which clients know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Listening:
    """A recording (mono float32 at 16 kHz in -1..1) of any length, and how to hear it.

    `language` is a code as "en"; None: the profile's, or what the recording sounds like. `prompt` is text that the
    recording might go on from. `temperature` 0 or None rises by itself where the model gets lost. `words` asks for the
    time of each word, `vad` cuts out what is no speech first.
    """

    samples: NDArray[np.float32]
    task: Literal["transcribe", "translate"] = "transcribe"
    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    words: bool = False
    vad: bool = True


@dataclass(frozen=True)
class Language:
    """A language by code and name, and how sure the model is, which can tell `among` so many languages."""

    code: str
    name: str
    probability: float
    among: int


@dataclass(frozen=True)
class Heard:
    """What a recording is: its language, and its length in seconds."""

    language: Language
    seconds: float


@dataclass(frozen=True)
class Word:
    """A word with the space before it, and its time in seconds."""

    start: float
    end: float
    word: str
    probability: float


@dataclass(frozen=True)
class Segment:
    """What was said without a pause, with the space before it, and its time in seconds. `words` where asked for."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    words: tuple[Word, ...] | None = None
