"""Whisper through CTranslate2 (faster-whisper): speech to text. Paper: arXiv 2212.04356.

Silence makes Whisper invent words. Voice activity detection cuts it out first, and segments that Whisper itself
holds for no speech are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.loading import DeviceMissing
from vlp_graph.engines.transcript import Heard, Language, Listening, Segment, Word
from vlp_graph.engines.weights import resolve
from vlp_graph.errors import InvalidRequest

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
    language_code: str | None
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
        """On a GPU the memory that it takes cannot be bounded: CTranslate2 allocates by itself, outside torch.

        Raises:
            DeviceMissing: CTranslate2 finds no GPU.
        """
        import ctranslate2
        from faster_whisper import WhisperModel

        if device == "cuda" and not ctranslate2.get_cuda_device_count():
            raise DeviceMissing("device cuda: CTranslate2 finds no GPU here. Look at nvidia-smi, or say device: cpu")
        model = WhisperModel(resolve(source), device=device, compute_type=dtype, cpu_threads=threads, revision=revision)
        return cls(model, language, initial_prompt, no_speech, beam)

    def transcribe(self, samples: NDArray[np.float32]) -> Transcript:
        """`samples`: mono float32 at 16 kHz in -1..1. The profile's prompt stands before them."""
        heard, segments = self.hear(Listening(samples, prompt=self.initial_prompt))
        return Transcript(" ".join(s.text.strip() for s in segments), heard.language.code, heard.seconds)

    def hear(self, listening: Listening) -> tuple[Heard, Iterator[Segment]]:
        """What the recording is, and its segments, each heard when it is asked for.

        Raises:
            InvalidRequest: a language that the model does not know, or a translation where it knows but one.
        """
        language = self._language(listening)
        segments, info = self.model.transcribe(
            listening.samples,
            task=listening.task,
            language=language.code,
            initial_prompt=listening.prompt,
            beam_size=self.beam,
            vad_filter=listening.vad,
            word_timestamps=listening.words,
            condition_on_previous_text=False,
            **({"temperature": listening.temperature} if listening.temperature else {}),
        )
        return Heard(language, info.duration), self._kept(segments, info.duration)

    def language(self, samples: NDArray[np.float32]) -> Language:
        """The language of a recording, by its first half minute. A model of one language knows no other."""
        known = self.model.supported_languages
        if len(known) == 1:
            return Language(known[0], _name(known[0]), 1.0, 1)
        code, probability, _ = self.model.detect_language(samples)
        return Language(code, _name(code), float(probability), len(known))

    def _language(self, listening: Listening) -> Language:
        known = self.model.supported_languages
        code = listening.language or self.language_code
        if listening.task == "translate" and len(known) == 1:
            text = f"this model knows {_name(known[0])} only and cannot translate; load a multilingual Whisper"
            raise InvalidRequest(text, param="task")
        if code is None:
            return self.language(listening.samples)
        if code not in known:
            text = f"this model does not know the language {code!r}; it knows {', '.join(known)}"
            raise InvalidRequest(text, param="language")
        return Language(code, _name(code), 1.0, len(known))

    def _kept(self, segments: Iterable[Any], seconds: float) -> Iterator[Segment]:
        """The segments that are speech, numbered. Whisper rounds times, and may put them past the end of the sound."""
        for number, s in enumerate(s for s in segments if s.no_speech_prob <= self.no_speech):
            words = None if s.words is None else tuple(map(_word, s.words))
            yield Segment(
                id=number,
                seek=s.seek,
                start=round(min(float(s.start), seconds), 2),
                end=round(min(float(s.end), seconds), 2),
                text=s.text,
                tokens=tuple(s.tokens),
                temperature=s.temperature or 0.0,
                avg_logprob=s.avg_logprob,
                compression_ratio=s.compression_ratio,
                no_speech_prob=s.no_speech_prob,
                words=words,
            )


def _word(word: Any) -> Word:
    return Word(round(float(word.start), 2), round(float(word.end), 2), word.word, round(float(word.probability), 4))


def _name(code: str) -> str:
    """`english` for `en`, as Whisper calls its languages."""
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    return str(LANGUAGES.get(code, code))
