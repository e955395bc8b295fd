"""Whisper on spoken sentences: long recordings to their end, times that rise, silence, languages."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vlp_graph.config import load
from vlp_graph.engines.transcript import Listening, Segment
from vlp_graph.engines.whisper import SAMPLE_RATE, Whisper
from vlp_graph.errors import InvalidRequest
from vlp_graph.nano.speech import speak

pytestmark = pytest.mark.models

SENTENCES = (
    "The first ship left the harbor early in the morning.",
    "Nobody on the shore knew where it was going.",
    "The captain had promised to come back before the winter.",
    "Seven men and one woman were on board.",
    "After three days a storm came from the west.",
    "They lost the mast and most of the sails.",
    "That is the end of the story.",
)
PAUSE_S = 3.0


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    config = load("embedded").models.whisper
    return Whisper.load(config.source, language=config.language, initial_prompt=config.initial_prompt)


@pytest.fixture(scope="module")
def story() -> tuple[NDArray[np.float32], list[float]]:
    """All sentences with pauses between them, and where each begins, in seconds."""
    pieces, starts, at = [], [], 0.0
    for sentence in SENTENCES:
        spoken = speak(sentence)
        starts.append(at)
        pieces += [spoken, np.zeros(round(PAUSE_S * SAMPLE_RATE), np.float32)]
        at += len(spoken) / SAMPLE_RATE + PAUSE_S
    return np.concatenate(pieces), starts


def words(text: str) -> list[str]:
    return "".join(c for c in text.lower() if c.isalpha() or c == " ").split()


def check_times(segments: list[Segment], seconds: float) -> None:
    times = [time for s in segments for time in (s.start, s.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= seconds
    assert [s.id for s in segments] == list(range(len(segments)))


def test_a_long_recording_to_its_end(whisper: Whisper, story: tuple[NDArray[np.float32], list[float]]) -> None:
    samples, starts = story
    heard, segments = whisper.hear(Listening(samples))
    said = list(segments)
    assert heard.seconds == pytest.approx(len(samples) / SAMPLE_RATE)
    assert heard.seconds > 35
    assert words("".join(s.text for s in said)) == words(" ".join(SENTENCES))
    check_times(said, heard.seconds)
    assert [s.start for s in said] == pytest.approx(starts, abs=1.0)


def test_times_of_words(whisper: Whisper, story: tuple[NDArray[np.float32], list[float]]) -> None:
    samples, starts = story
    _, segments = whisper.hear(Listening(samples, words=True))
    timed = [word for segment in segments for word in segment.words or ()]
    assert [w for word in timed for w in words(word.word)] == words(" ".join(SENTENCES))
    begins = [word.start for word in timed]
    assert begins == sorted(begins)
    firsts = np.cumsum([0, *(len(s.split()) for s in SENTENCES[:-1])])
    assert [begins[i] for i in firsts] == pytest.approx(starts, abs=0.7)
    assert all(0 <= word.probability <= 1 and word.end >= word.start for word in timed)


def test_segments_are_heard_when_they_are_asked_for(
    whisper: Whisper, story: tuple[NDArray[np.float32], list[float]]
) -> None:
    _, segments = whisper.hear(Listening(story[0]))
    assert words(next(segments).text) == words(SENTENCES[0])


def test_no_segment_ends_after_the_sound(whisper: Whisper) -> None:
    heard, segments = whisper.hear(Listening(speak(SENTENCES[0])))
    (said,) = segments
    assert said.end == pytest.approx(heard.seconds, abs=0.5)
    assert said.end <= round(heard.seconds, 2)


def test_silence_has_no_segments(whisper: Whisper) -> None:
    heard, segments = whisper.hear(Listening(np.zeros(40 * SAMPLE_RATE, np.float32)))
    assert list(segments) == []
    assert heard.seconds == 40


def test_a_prompt_teaches_a_spelling(whisper: Whisper) -> None:
    spoken = speak(SENTENCES[0])

    def heard(prompt: str | None) -> list[str]:
        return words("".join(s.text for s in whisper.hear(Listening(spoken, prompt=prompt))[1]))

    assert "harbor" in heard(None)
    assert "harbour" in heard("My favourite colour is that of the harbour, my neighbour's is grey.")


def test_english_is_all_it_knows(whisper: Whisper) -> None:
    spoken = speak("Hello there.")
    found = whisper.language(spoken)
    assert (found.code, found.name, found.among) == ("en", "english", 1)
    for asked in (Listening(spoken, language="de"), Listening(spoken, task="translate")):
        with pytest.raises(InvalidRequest) as refused:
            whisper.hear(asked)
        assert refused.value.param == ("language" if asked.language else "task")


def test_a_spoken_turn_is_heard_with_the_profiles_prompt(whisper: Whisper) -> None:
    heard = whisper.transcribe(speak("Create a mask of the green star."))
    assert words(heard.text) == words("Create a mask of the green star")
    assert heard.language == "en"
