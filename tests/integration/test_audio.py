"""Speech to text through the running graph: OpenAI's client, and plain forms as whisper-asr-webservice takes them."""

from __future__ import annotations

import re

import httpx
import numpy as np
import openai
import pytest
from numpy.typing import NDArray

from tests.integration.conftest import Graph
from vlp_graph.nano.speech import SAMPLE_RATE, speak, wav

SENTENCES = (
    "The first ship left the harbor early in the morning.",
    "Nobody on the shore knew where it was going.",
    "The captain had promised to come back before the winter.",
    "Seven men and one woman were on board.",
    "After three days a storm came from the west.",
    "They lost the mast and most of the sails.",
    "That is the end of the story.",
)


@pytest.fixture(scope="module")
def story() -> bytes:
    """Some forty seconds: seven sentences with pauses between them."""
    pause = np.zeros(3 * SAMPLE_RATE, np.float32)
    pieces: list[NDArray[np.float32]] = [part for s in SENTENCES for part in (speak(s), pause)]
    return wav(np.concatenate(pieces))


@pytest.fixture
def client(graph: Graph) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{graph.url}/v1", api_key="none", max_retries=0, timeout=300)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


ALL = words(" ".join(SENTENCES))


def test_a_long_recording_to_its_end_with_rising_times(client: openai.OpenAI, story: bytes) -> None:
    reply = client.audio.transcriptions.create(
        model="whisper-1",
        file=("story.wav", story),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert words(reply.text) == ALL
    assert float(reply.duration) > 35
    assert reply.language == "english"
    segments, timed = reply.segments or [], reply.words or []
    times = [time for s in segments for time in (s.start, s.end)]
    assert times == sorted(times)
    assert 35 < times[-1] <= float(reply.duration)
    assert len(segments) == len(SENTENCES)
    assert [w for word in timed for w in words(word.word)] == ALL
    assert [word.start for word in timed] == sorted(word.start for word in timed)


def test_a_stream(client: openai.OpenAI, story: bytes) -> None:
    with client.audio.transcriptions.create(model="whisper-1", file=("story.wav", story), stream=True) as stream:
        events = list(stream)
    assert [e.type for e in events] == ["transcript.text.delta"] * len(SENTENCES) + ["transcript.text.done"]
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert words(done.text) == ALL
    assert "".join(e.delta for e in events if e.type == "transcript.text.delta") == done.text


def test_subtitles(client: openai.OpenAI, story: bytes) -> None:
    srt = str(client.audio.transcriptions.create(model="whisper-1", file=("a.wav", story), response_format="srt"))
    blocks = [block.splitlines() for block in srt.strip().split("\n\n")]
    assert [block[0] for block in blocks] == [str(n) for n in range(1, len(SENTENCES) + 1)]
    assert all(re.fullmatch(r"00:00:\d\d,\d{3} --> 00:00:\d\d,\d{3}", block[1]) for block in blocks)
    assert words(" ".join(block[2] for block in blocks)) == ALL
    text = client.audio.transcriptions.create(model="whisper", file=("a.wav", wav(speak(SENTENCES[0]))))
    assert words(text.text) == words(SENTENCES[0])


def test_refusals(client: openai.OpenAI) -> None:
    sound = ("a.wav", wav(speak("Hello there.")))
    with pytest.raises(openai.BadRequestError, match="knows en"):
        client.audio.transcriptions.create(model="whisper-1", file=sound, language="de")
    with pytest.raises(openai.NotFoundError, match="whisper-1"):
        client.audio.transcriptions.create(model="gpt-9", file=sound)
    with pytest.raises(openai.BadRequestError, match="cannot translate"):
        client.audio.translations.create(model="whisper-1", file=sound)
    hours = ("a.wav", wav(np.zeros(601 * 16_000, np.float32)))
    with pytest.raises(openai.APIStatusError, match="600 s") as refused:
        client.audio.transcriptions.create(model="whisper-1", file=hours)
    assert refused.value.status_code == 413


def test_asr(graph: Graph) -> None:
    files = {"audio_file": ("a.wav", wav(speak(SENTENCES[1])))}
    text = httpx.post(f"{graph.url}/asr", files=files, timeout=120).text
    assert words(text) == words(SENTENCES[1])
    query = {"output": "json", "word_timestamps": "true", "language": "en", "task": "transcribe"}
    reply = httpx.post(f"{graph.url}/asr", params=query, files=files, timeout=120).json()
    assert words(reply["text"]) == words(SENTENCES[1])
    assert reply["language"] == "en"
    spoken = [word["word"] for segment in reply["segments"] for word in segment["words"]]
    assert words("".join(spoken)) == words(SENTENCES[1])
    bare = (speak(SENTENCES[1]) * 32767).astype("<i2").tobytes()
    raw = httpx.post(f"{graph.url}/asr?encode=false&output=tsv", files={"audio_file": ("a", bare)}, timeout=120).text
    assert raw.splitlines()[0] == "start\tend\ttext"
    assert words(raw.splitlines()[1]) == words(SENTENCES[1])


def test_detect_language(graph: Graph) -> None:
    files = {"audio_file": ("a.wav", wav(speak(SENTENCES[0])))}
    reply = httpx.post(f"{graph.url}/detect-language", files=files, timeout=120).json()
    assert (reply["detected_language"], reply["language_code"], reply["among"]) == ("english", "en", 1)
