"""Transcriptions over HTTP: every format, every option, what is refused, and who leaves."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from vlp_graph.config import Limits, Profile
from vlp_graph.engines.transcript import Listening
from vlp_graph.errors import Overloaded
from vlp_graph.http.app import build_app

URL = "/v1/audio/transcriptions"
MINUTE = "61500\t62000\tThree --> four.\n"
TEXT = "One <two>. Three --> four. Five."


def recording(seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(2 * round(seconds * 16_000)))
    return file.getvalue()


def post(client: TestClient, url: str = URL, *, seconds: float = 1.5, **fields: Any) -> Any:
    parts = []
    for name, value in ({"model": "whisper-1"} | fields).items():
        parts += [(name, (None, one)) for one in (value if isinstance(value, list) else [value]) if one is not None]
    return client.post(url, files=[("file", ("a.wav", recording(seconds))), *parts])


def asr(client: TestClient, query: str = "", data: bytes | None = None, url: str = "/asr") -> Any:
    return client.post(url + query, files={"audio_file": ("a.wav", data or recording())})


class TestTranscriptions:
    def test_json(self, client: TestClient) -> None:
        assert post(client).json() == {"text": TEXT, "usage": {"type": "duration", "seconds": 2}}

    def test_text(self, client: TestClient) -> None:
        reply = post(client, response_format="text")
        assert reply.text == f"{TEXT}\n"
        assert reply.headers["content-type"] == "text/plain; charset=utf-8"

    def test_srt(self, client: TestClient) -> None:
        assert post(client, response_format="srt").text == (
            "1\n00:00:00,500 --> 00:00:01,250\nOne <two>.\n\n"
            "2\n00:01:01,500 --> 00:01:02,000\nThree -> four.\n\n"
            "3\n01:00:00,000 --> 01:00:01,500\nFive.\n\n"
        )

    def test_vtt(self, client: TestClient) -> None:
        assert post(client, response_format="vtt").text == (
            "WEBVTT\n\n"
            "00:00:00.500 --> 00:00:01.250\nOne &lt;two&gt;.\n\n"
            "00:01:01.500 --> 00:01:02.000\nThree --&gt; four.\n\n"
            "01:00:00.000 --> 01:00:01.500\nFive.\n\n"
        )

    def test_verbose(self, client: TestClient) -> None:
        reply = post(client, response_format="verbose_json").json()
        assert (reply["task"], reply["language"], reply["duration"], reply["text"]) == (
            "transcribe",
            "english",
            1.5,
            TEXT,
        )
        assert reply["segments"][1] == {
            "id": 1,
            "seek": 0,
            "start": 61.5,
            "end": 62.0,
            "text": " Three --> four.",
            "tokens": [1, 2],
            "temperature": 0.0,
            "avg_logprob": -0.25,
            "compression_ratio": 1.5,
            "no_speech_prob": 0.125,
        }
        assert len(reply["segments"]) == 3
        assert "words" not in reply

    @pytest.mark.parametrize(
        ("granularities", "has"),
        [(["word"], {"words"}), (["segment"], {"segments"}), (["word", "segment"], {"words", "segments"})],
    )
    def test_granularities(self, client: TestClient, granularities: list[str], has: set[str]) -> None:
        fields = {"response_format": "verbose_json", "timestamp_granularities[]": granularities}
        reply = post(client, **fields).json()
        assert {"words", "segments"} & set(reply) == has
        if "words" in has:
            assert [w["word"] for w in reply["words"]] == TEXT.split()
            assert reply["words"][0] == {"word": "One", "start": 0.5, "end": 1.25}

    def test_what_the_model_is_asked(self, client: TestClient, backends: Any) -> None:
        post(client, model="whisper", language="en", prompt="ships", temperature="0.4", chunking_strategy="auto")
        post(client, language="")
        first, second = backends.whisper.asked
        assert (first.language, first.prompt, first.temperature, first.words, first.vad, first.task) == (
            "en",
            "ships",
            0.4,
            False,
            True,
            "transcribe",
        )
        assert first.samples.shape == (24_000,)
        assert (second.language, second.prompt, second.temperature) == (None, None, 0)

    def test_a_stream_joins_to_the_whole(self, client: TestClient) -> None:
        reply = post(client, stream="true")
        assert reply.headers["content-type"].startswith("text/event-stream")
        events = [json.loads(block.removeprefix("data: ")) for block in reply.text.removesuffix("\n\n").split("\n\n")]
        assert [e["type"] for e in events] == ["transcript.text.delta"] * 3 + ["transcript.text.done"]
        assert "".join(e["delta"] for e in events[:-1]) == TEXT
        assert events[-1] == {
            "type": "transcript.text.done",
            "text": TEXT,
            "usage": {"type": "duration", "seconds": 2},
        }

    def test_longer_than_a_spoken_turn(self, dialogue: Any, backends: Any, profile: Profile) -> None:
        limits = Limits(audio_seconds=1, transcription_seconds=5)
        wide = profile.model_copy(update={"http": profile.http.model_copy(update={"limits": limits})})
        reply = post(TestClient(build_app(dialogue, backends, wide)), seconds=4, response_format="verbose_json").json()
        assert reply["duration"] == 4
        assert len(backends.whisper.asked[0].samples) == 4 * 16_000

    def test_translation(self, client: TestClient, backends: Any) -> None:
        reply = post(client, "/v1/audio/translations", response_format="verbose_json").json()
        assert (reply["task"], reply["text"]) == ("translate", TEXT)
        assert backends.whisper.asked[0].task == "translate"
        refused = post(client, "/v1/audio/translations", language="de")
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "language")

    @pytest.mark.parametrize(
        ("fields", "status", "param", "words"),
        [
            ({"model": None}, 400, "model", "required"),
            ({"model": "llama"}, 404, "model", "whisper-1"),
            ({"response_format": "pdf"}, 400, "response_format", "'srt'"),
            ({"language": "english"}, 400, "language", "pattern"),
            ({"language": "xx"}, 400, "language", "knows en"),
            ({"temperature": "1.5"}, 400, "temperature", "1"),
            ({"temperature": "nan"}, 400, "temperature", "finite"),
            ({"temperature": "warm"}, 400, "temperature", "number"),
            ({"stream": "perhaps"}, 400, "stream", "bool"),
            ({"stream": "true", "response_format": "srt"}, 400, "stream", "srt"),
            ({"timestamp_granularities[]": "word"}, 400, "timestamp_granularities[]", "verbose_json"),
            (
                {"timestamp_granularities[]": "letter", "response_format": "verbose_json"},
                400,
                "timestamp_granularities[].0",
                "'word'",
            ),
            ({"timestamp_granularities": "word"}, 400, "timestamp_granularities", "did you mean"),
            ({"include[]": "logprobs"}, 400, "include[]", "not a field"),
            ({"language": ["en", "de"]}, 400, "language", "more than once"),
            ({"prompt": "x" * 201}, 413, "prompt", "200"),
            ({"seconds": 0}, 422, "file", "shorter"),
        ],
    )
    def test_refusals(
        self, client: TestClient, backends: Any, fields: dict[str, Any], status: int, param: str, words: str
    ) -> None:
        reply = post(client, **fields)
        error = reply.json()["error"]
        assert (reply.status_code, error["param"]) == (status, param)
        assert words in error["message"]
        assert not backends.whisper.asked or fields.get("language") == "xx"

    def test_files(self, client: TestClient, dialogue: Any, backends: Any, profile: Profile) -> None:
        model = ("model", (None, "whisper-1"))
        missing = client.post(URL, files=[model])
        assert (missing.status_code, missing.json()["error"]["param"]) == (400, "file")
        assert "-F file=@PATH" in missing.json()["error"]["message"]
        text = client.post(URL, files=[model, ("file", (None, "a.wav"))])
        assert (text.status_code, text.json()["error"]["param"]) == (400, "file")
        broken = client.post(URL, files=[model, ("file", ("a.wav", b"RIFF, then words" * 20))])
        assert (broken.status_code, broken.json()["error"]["param"]) == (422, "file")
        assert client.post(URL, json={"model": "whisper-1"}).status_code == 415
        limits = profile.http.limits.model_copy(update={"transcription_seconds": 2})
        short = profile.model_copy(update={"http": profile.http.model_copy(update={"limits": limits})})
        long = post(TestClient(build_app(dialogue, backends, short)), seconds=3)
        assert (long.status_code, long.json()["error"]["param"]) == (413, "file")
        assert "2 s" in long.json()["error"]["message"]
        assert not backends.whisper.asked

    def test_errors_of_the_model(self, client: TestClient, backends: Any) -> None:
        backends.whisper.error = Overloaded("full")
        assert post(client).status_code == 429
        blocks = post(client, stream="true").text.removesuffix("\n\n").split("\n\n")
        first, last = (json.loads(block.removeprefix("data: ")) for block in blocks)
        assert first["delta"] == "One <two>."
        assert last["error"]["code"] == "overloaded"
        refused = post(client, stream="true", language="xx")
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "language")

    def test_a_model_that_hangs_is_late(self, backends: Any, dialogue: Any, profile: Profile) -> None:
        backends.whisper.hang = True
        hasty = profile.model_copy(update={"http": profile.http.model_copy(update={"answer_s": 0.05})})
        reply = post(TestClient(build_app(dialogue, backends, hasty)))
        assert (reply.status_code, reply.json()["error"]["code"]) == (504, "deadline_exceeded")
        assert backends.whisper.closed.is_set()

    @pytest.mark.parametrize("stream", ["false", "true"])
    async def test_who_leaves_ends_the_work(self, dialogue: Any, backends: Any, profile: Profile, stream: str) -> None:
        backends.whisper.hang = True
        request = TestClient(build_app(dialogue, backends, profile)).build_request(
            "POST",
            URL,
            files=[("file", ("a.wav", recording())), ("model", (None, "whisper-1")), ("stream", (None, stream))],
        )
        data, sent = [request.read()], list[Any]()

        async def receive() -> Any:
            if data:
                return {"type": "http.request", "body": data.pop(), "more_body": False}
            while not (backends.whisper.asked and (stream == "false" or len(sent) > 1)):
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"content-type", request.headers["content-type"].encode())]
        scope = {
            "type": "http",
            "method": "POST",
            "path": URL,
            "query_string": b"",
            "headers": headers,
            "http_version": "1.1",
        }
        async with asyncio.timeout(5):
            await build_app(dialogue, backends, profile)(scope, receive, send)
            await backends.whisper.closed.wait()


class TestAsr:
    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ("", "One <two>.\nThree --> four.\nFive.\n"),
            ("?output=txt", "One <two>.\nThree --> four.\nFive.\n"),
            (
                "?output=tsv",
                "start\tend\ttext\n500\t1250\tOne <two>.\n61500\t62000\tThree --> four.\n3600000\t3601500\tFive.\n",
            ),
        ],
    )
    def test_texts(self, client: TestClient, query: str, text: str) -> None:
        assert asr(client, query).text == text

    def test_subtitles(self, client: TestClient) -> None:
        assert asr(client, "?output=srt").text.startswith("1\n00:00:00,500 --> 00:00:01,250\nOne")
        assert asr(client, "?output=vtt").text.startswith("WEBVTT\n\n00:00:00.500 --> ")

    def test_json(self, client: TestClient) -> None:
        reply = asr(client, "?output=json&word_timestamps=true").json()
        assert (reply["text"], reply["language"]) == (TEXT, "en")
        assert [s["text"] for s in reply["segments"]] == [" One <two>.", " Three --> four.", " Five."]
        assert reply["segments"][0]["words"][0] == {"word": " One", "start": 0.5, "end": 1.25, "probability": 0.75}
        assert asr(client, "?output=json").json()["segments"][0]["words"] is None

    def test_what_the_model_is_asked(self, client: TestClient, backends: Any) -> None:
        asr(client, "?task=translate&language=en&initial_prompt=a%20ship&vad_filter=false&word_timestamps=1")
        asr(client)
        first, second = backends.whisper.asked
        told = (first.task, first.language, first.prompt, first.vad, first.words)
        assert told == ("translate", "en", "a ship", False, True)
        assert second == Listening(second.samples)

    def test_bare_samples(self, client: TestClient, backends: Any) -> None:
        samples = np.linspace(-1, 1, 8_000, endpoint=False, dtype=np.float32)
        asr(client, "?encode=false", (samples * 32768).astype("<i2").tobytes())
        np.testing.assert_allclose(backends.whisper.asked[0].samples, samples, atol=1e-4)

    @pytest.mark.parametrize(
        ("query", "data", "status", "param"),
        [
            ("?output=pdf", None, 400, "output"),
            ("?task=sing", None, 400, "task"),
            ("?language=xx", None, 400, "language"),
            ("?diarize=true", None, 400, "diarize"),
            ("?initial_prompt=" + "x" * 201, None, 413, "initial_prompt"),
            ("?encode=false", b"x" * 4_001, 422, "audio_file"),
            ("?encode=false", b"x" * 4, 422, "audio_file"),
            ("", b"words", 422, "audio_file"),
        ],
    )
    def test_refusals(self, client: TestClient, query: str, data: bytes | None, status: int, param: str) -> None:
        reply = asr(client, query, data)
        assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)

    def test_bare_samples_are_bounded_by_seconds(self, dialogue: Any, backends: Any, profile: Profile) -> None:
        limits = profile.http.limits.model_copy(update={"transcription_seconds": 1})
        short = profile.model_copy(update={"http": profile.http.model_copy(update={"limits": limits})})
        client = TestClient(build_app(dialogue, backends, short))
        assert asr(client, "?encode=false", bytes(32_000)).status_code == 200
        assert asr(client, "?encode=false", bytes(36_000)).status_code == 413

    def test_a_missing_file(self, client: TestClient) -> None:
        for url in ("/asr", "/detect-language"):
            reply = client.post(url, files={"file": ("a.wav", recording())})
            assert (reply.status_code, reply.json()["error"]["param"]) == (400, "file")
            assert "audio_file" in reply.json()["error"]["message"]

    def test_language(self, client: TestClient) -> None:
        assert asr(client, url="/detect-language").json() == {
            "detected_language": "german",
            "language_code": "de",
            "confidence": 0.75,
            "among": 99,
        }


def test_the_description_names_forms_and_queries(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    form = document["components"]["schemas"]["TranscriptionForm"]
    assert form["required"] == ["model", "file"]
    assert "timestamp_granularities[]" in form["properties"]
    parameters = {p["name"]: p for p in document["paths"]["/asr"]["post"]["parameters"]}
    assert parameters["output"]["schema"]["enum"] == ["txt", "vtt", "srt", "tsv", "json"]
    assert parameters["output"]["in"] == "query"
    (model,) = document["paths"]["/v1/models/{model}"]["get"]["parameters"]
    assert (model["name"], model["in"], model["required"]) == ("model", "path", True)
