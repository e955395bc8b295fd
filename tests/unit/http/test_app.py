"""The routes over HTTP: replies, streams, forms, errors and clients that leave."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient

from vlp_graph.config import Profile
from vlp_graph.errors import DeadlineExceeded, ModelUnavailable, Overloaded, ServingError
from vlp_graph.http.app import build_app
from vlp_graph.http.backends import Backends
from vlp_graph.http.schema import Chunk, Completion, ErrorReply

MakePng = Callable[..., bytes]
ANSWER = "I see 0\u2028."
CHAT = "/v1/chat/completions"


def body(content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {"model": "vlp", "messages": [{"role": "user", "content": content}], **more}


def events(text: str) -> list[dict[str, Any]]:
    """The JSON of a stream's events; checks the framing and that [DONE] comes last and once."""
    assert text.endswith("\n\n")
    blocks = text[:-2].split("\n\n")
    assert all(block.startswith("data: ") and "\n" not in block for block in blocks)
    assert blocks[-1] == "data: [DONE]"
    assert blocks.count("data: [DONE]") == 1
    return [json.loads(block.removeprefix("data: ")) for block in blocks[:-1]]


def error_of(reply: Any) -> dict[str, Any]:
    """The fields of an error reply, which always has all four and nothing else."""
    ErrorReply.model_validate(reply.json())
    assert set(reply.json()) == {"error"}
    assert set(reply.json()["error"]) == {
        "message",
        "type",
        "param",
        "code",
    }
    return dict(reply.json()["error"])


class TestCompletion:
    def test_is_openais_and_one_field_more(self, client: TestClient) -> None:
        reply = client.post(CHAT, json=body())
        assert reply.status_code == 200
        completion = reply.json()
        Completion.model_validate(completion)
        assert completion["id"].startswith("chatcmpl-")
        assert completion["model"] == "vlp"
        assert completion["choices"] == [
            {
                "index": 0,
                "message": {"role": "assistant", "content": ANSWER, "refusal": None},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ]
        assert completion["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        assert completion["vlp"]["transcript"] is None
        assert completion["vlp"]["intent"]["label"] == "count"
        assert completion["vlp"]["results"][0]["instances"] == [{"phrase": "x", "score": 1.0, "box": [0, 0, 1, 1]}]

    def test_pictures_reach_the_dialogue(self, client: TestClient, dialogue: Any, make_png: MakePng) -> None:
        url = "data:image/png;base64," + base64.b64encode(make_png("red")).decode()
        parts = [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": url}}]
        assert client.post(CHAT, json=body(parts)).json()["choices"][0]["message"]["content"] == "I see 1\u2028."
        assert dialogue.turns[0].pictures[0].pixels[0, 0].tolist() == [255, 0, 0]

    def test_a_session_and_whose_it_is_reach_the_dialogue(self, client: TestClient, dialogue: Any) -> None:
        for headers in ({"authorization": "Bearer one"}, {"authorization": "Bearer two"}, {}):
            client.post(CHAT, json=body(session="my-dialogue"), headers=headers)
            client.post("/v1/ask", files=[("text", (None, "hi")), ("session", (None, "my-dialogue"))], headers=headers)
        assert {turn.session for turn in dialogue.turns} == {"my-dialogue"}
        callers = [turn.caller for turn in dialogue.turns]
        assert callers[::2] == callers[1::2]
        assert len(set(callers)) == 3
        assert callers[-1] == ""
        assert not any("one" in caller for caller in callers)

    @pytest.mark.parametrize("name", ["", "a b", "x" * 129, "../up", "sch\u00f6n"])
    def test_a_session_has_a_plain_name(self, client: TestClient, name: str) -> None:
        reply = client.post(CHAT, json=body(session=name))
        assert (reply.status_code, error_of(reply)["param"]) == (400, "session")
        if name:
            reply = client.post("/v1/ask", files=[("text", (None, "hi")), ("session", (None, name.encode()))])
            assert (reply.status_code, error_of(reply)["param"]) == (400, "session")

    @pytest.mark.parametrize(
        ("error", "status", "retry"),
        [
            (Overloaded("full"), 429, "1"),
            (ModelUnavailable("down"), 503, "5"),
            (DeadlineExceeded("late"), 504, None),
        ],
    )
    def test_errors_keep_their_status(
        self, client: TestClient, dialogue: Any, error: ServingError, status: int, retry: str | None
    ) -> None:
        dialogue.error = error
        for stream in (False, True):  # a stream that has not begun is refused like any other
            reply = client.post(CHAT, json=body(stream=stream))
            assert reply.status_code == status
            assert reply.headers.get("retry-after") == retry
            assert error_of(reply)["message"] == str(error)
            assert error_of(reply)["code"] == error.code

    @pytest.mark.parametrize("stream", [False, True])
    def test_anything_else_is_a_500_without_internals(
        self, client: TestClient, dialogue: Any, caplog: pytest.LogCaptureFixture, stream: bool
    ) -> None:
        dialogue.error = RuntimeError("the secret prompt")
        with caplog.at_level(logging.ERROR):
            reply = client.post(CHAT, json=body("another secret", stream=stream))
        assert reply.status_code == 500
        assert error_of(reply)["type"] == "server_error"
        assert "secret" not in reply.text
        assert "secret" not in caplog.text
        assert "RuntimeError" in caplog.text
        assert "conftest.py" in caplog.text

    def test_dialogue_is_closed_after_the_answer(self, client: TestClient, dialogue: Any) -> None:
        client.post(CHAT, json=body())
        assert dialogue.closed.is_set()


class TestStream:
    def test_chunks(self, client: TestClient) -> None:
        reply = client.post(CHAT, json=body(stream=True))
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        chunks = events(reply.text)
        for chunk in chunks:
            Chunk.model_validate(chunk)
        assert len({(c["id"], c["created"], c["object"], c["model"]) for c in chunks}) == 1
        assert [c["choices"][0]["delta"] for c in chunks] == [
            {"role": "assistant", "content": ""},
            {},
            {},
            {},
            {"content": "I "},
            {"content": "see "},
            {"content": "0\u2028."},
            {},
        ]
        assert [c["choices"][0]["finish_reason"] for c in chunks] == [None] * 7 + ["stop"]
        assert chunks[-1]["vlp"]["plan"]["thought"] == "look"
        assert not any("vlp" in c for c in chunks[:-1])
        assert "\u2028" not in reply.text  # some clients would split the event there

    def test_what_happened_is_told_before_the_words(self, client: TestClient) -> None:
        chunks = events(client.post(CHAT, json=body(stream=True)).text)
        told = [chunk["vlp_event"] for chunk in chunks[1:4]]
        assert [event["type"] for event in told] == ["intent", "plan", "result"]
        assert all(set(event) == {"type", event["type"]} for event in told)
        whole = chunks[-1]["vlp"]
        assert told[0]["intent"] == whole["intent"]
        assert told[1]["plan"]["thought"] == "look"
        assert told[2]["result"]["instances"] == [{"phrase": "x", "score": 1.0, "box": [0, 0, 1, 1]}]
        assert not any("vlp_event" in chunk for chunk in [chunks[0], *chunks[4:]])

    def test_usage_comes_last_when_asked_for(self, client: TestClient) -> None:
        chunks = events(client.post(CHAT, json=body(stream=True, stream_options={"include_usage": True})).text)
        assert chunks[-1]["choices"] == []
        assert chunks[-1]["usage"]["total_tokens"] == 7
        assert all(chunk["usage"] is None for chunk in chunks[:-1])

    def test_an_answer_without_pieces_is_one_piece(self, client: TestClient, dialogue: Any) -> None:
        dialogue.silent = True
        chunks = events(client.post(CHAT, json=body(stream=True)).text)
        assert [c["choices"][0]["delta"].get("content") for c in chunks if "vlp_event" not in c] == ["", ANSWER, None]

    def test_an_error_in_the_middle(self, client: TestClient, dialogue: Any) -> None:
        dialogue.error, dialogue.after = ModelUnavailable("llama is gone"), 2
        reply = client.post(CHAT, json=body(stream=True))
        *chunks, error = events(reply.text)
        assert reply.status_code == 200
        assert [c["choices"][0]["delta"]["content"] for c in chunks if "vlp_event" not in c] == [
            "",
            "I ",
            "see ",
        ]
        assert error["error"]["code"] == "model_unavailable"
        assert error["error"]["message"] == "llama is gone"
        assert dialogue.closed.is_set()

    def test_a_bug_in_the_middle_stays_inside(self, client: TestClient, dialogue: Any) -> None:
        dialogue.error, dialogue.after = KeyError("secret"), 1
        text = client.post(CHAT, json=body(stream=True)).text
        assert events(text)[-1]["error"]["code"] == "internal_error"
        assert "secret" not in text


class TestClientsThatLeave:
    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("version", ["2.3", "2.4"])
    def test_the_dialogue_is_cancelled(
        self, dialogue: Any, backends: Backends, profile: Profile, stream: bool, version: str
    ) -> None:
        dialogue.hang = True
        app = build_app(dialogue, backends, profile)
        data = json.dumps(body(stream=stream)).encode()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": version},
            "method": "POST",
            "path": CHAT,
            "raw_path": CHAT.encode(),
            "query_string": b"",
            "headers": [
                (b"content-type", b"application/json"),
                (b"x-request-timeout-seconds", b"0"),
                (b"x-request-disconnect-disabled", b"?1"),
            ],
        }

        async def leave() -> None:
            sent: list[bytes] = []
            messages: Iterator[dict[str, Any]] = iter([{"type": "http.request", "body": data}])

            async def receive() -> dict[str, Any]:
                if message := next(messages, None):
                    return message
                while not dialogue.turns or (stream and not any(b"I " in piece for piece in sent)):
                    await asyncio.sleep(0.01)
                return {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                sent.append(message.get("body", b""))

            with contextlib.suppress(ClientDisconnect):
                await asyncio.wait_for(app(scope, receive, send), 5)
            await asyncio.wait_for(dialogue.closed.wait(), 0.5)

        asyncio.run(leave())


class TestBodies:
    @pytest.mark.parametrize("type", [None, "text/plain", "multipart/form-data", "application/xml"])
    def test_wrong_content_type(self, client: TestClient, type: str | None) -> None:
        headers = {} if type is None else {"content-type": type}
        reply = client.post(CHAT, content=json.dumps(body()), headers=headers)
        assert reply.status_code == 415
        assert "application/json" in error_of(reply)["message"]

    def test_charset_and_bom_are_fine(self, client: TestClient) -> None:
        data = b"\xef\xbb\xbf" + json.dumps(body("größer"), ensure_ascii=False).encode()
        assert client.post(CHAT, content=data, headers={"content-type": "Application/JSON; charset=utf-8"}).is_success

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "not JSON"),
            (b"{", "not JSON"),
            (b"{'model': 1}", "not JSON"),
            (b'{"model": "vlp", "messages": "\xff"}', "UTF-8"),
            (b'{"temperature": NaN}', "not JSON"),
            (b'{"seed": ' + b"9" * 10_000 + b"}", "not JSON"),
            (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 32"),
            (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested deeper than 32"),
            (b"[]", "JSON object"),
            (b"null", "JSON object"),
        ],
    )
    def test_invalid_json(self, client: TestClient, data: bytes, words: str) -> None:
        reply = client.post(CHAT, content=data, headers={"content-type": "application/json"})
        assert reply.status_code == 400
        assert words in error_of(reply)["message"]

    def test_deep_but_parsable_json_is_named(self, client: TestClient) -> None:
        deep: Any = "x"
        for _ in range(20):
            deep = [deep]
        assert error_of(client.post(CHAT, json=body(deep)))["param"] == "messages.0.content.0"

    @pytest.mark.parametrize(
        ("fields", "status", "param"),
        [
            ({"model": "gpt-5"}, 404, "model"),
            ({"n": 2}, 400, "n"),
            ({"temperature": True}, 400, "temperature"),
            ({"messages": []}, 400, "messages"),
            ({"messages": [{"role": "user", "content": "x"}] * 6}, 413, "messages"),
            ({"messages": [{"role": "user", "content": "x" * 201}]}, 413, "messages.0.content"),
        ],
    )
    def test_wrong_fields(self, client: TestClient, fields: dict[str, Any], status: int, param: str) -> None:
        reply = client.post(CHAT, json=body() | fields)
        assert reply.status_code == status
        assert error_of(reply)["param"] == param
        assert client.post(CHAT, json=body()).status_code == 200

    def test_a_large_body_with_its_length(self, client: TestClient) -> None:
        reply = client.post(CHAT, json=body("x" * 1024 * 1024))
        assert reply.status_code == 413
        assert error_of(reply)["code"] == "content_too_large"

    def test_a_large_chunked_body(self, client: TestClient, dialogue: Any) -> None:
        def pieces() -> Iterator[bytes]:
            for _ in range(40):
                yield b" " * 32 * 1024

        reply = client.post(CHAT, content=pieces(), headers={"content-type": "application/json"})
        assert reply.status_code == 413
        assert error_of(reply)["code"] == "content_too_large"
        assert not dialogue.turns

    def test_a_large_chunked_form(self, client: TestClient) -> None:
        def pieces() -> Iterator[bytes]:
            yield b'--x\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'
            for _ in range(40):
                yield b" " * 32 * 1024

        reply = client.post("/v1/ask", content=pieces(), headers={"content-type": "multipart/form-data; boundary=x"})
        assert reply.status_code == 413
        assert error_of(reply)["code"] == "content_too_large"


class TestAsk:
    def test_text_and_two_pictures(self, client: TestClient, dialogue: Any, make_png: MakePng) -> None:
        files = [("image", ("a.png", make_png("red"))), ("image", ("b.png", make_png("blue")))]
        history = json.dumps([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}])
        reply = client.post("/v1/ask", data={"text": "which?", "history": history}, files=files)
        assert reply.json()["choices"][0]["message"]["content"] == "I see 2\u2028."
        Completion.model_validate(reply.json())
        turn = dialogue.turns[0]
        assert turn.text == "which?"
        assert [m.text for m in turn.history] == ["hi", "hello"]
        assert [p.pixels[0, 0].tolist() for p in turn.pictures] == [[255, 0, 0], [0, 0, 255]]

    def test_streams_too(self, client: TestClient) -> None:
        reply = client.post("/v1/ask", files={"text": (None, "hi"), "stream": (None, "true")})
        assert len(events(reply.text)) == 8

    @pytest.mark.parametrize(
        ("files", "status", "param", "words"),
        [
            ([("text", (None, ""))], 400, "text", "says nothing"),
            ([("text", (None, "a")), ("text", (None, "b"))], 400, "text", "more than once"),
            ([("text", ("a.txt", b"hi"))], 400, "text", "text field"),
            ([("text", (None, "a")), ("image", (None, "a.png"))], 400, "image", "image=@PATH"),
            ([("text", (None, "a")), ("images", ("a.png", b"x"))], 400, "images", "did you mean image?"),
            ([("text", (None, "a")), ("image", ("a.png", b""))], 422, "image", "0 bytes"),
            ([("text", (None, "a")), ("image", ("a.gif", b"GIF89a" + bytes(20)))], 415, "image", "JPEG"),
            ([("audio", ("a.wav", b""))], 422, "audio", "0 bytes"),
            ([("text", (None, "a")), ("history", (None, "["))], 400, "history", "not JSON"),
            ([("text", (None, "a")), ("history", (None, "{}"))], 400, "history", "list"),
            ([("text", (None, "a")), ("stream", (None, "maybe"))], 400, "stream", "true or false"),
            ([("text", (None, "a"))] + [("image", ("a", b"x"))] * 4, 413, "image", "4 pictures"),
        ],
    )
    def test_bad_forms(self, client: TestClient, files: Any, status: int, param: str, words: str) -> None:
        reply = client.post("/v1/ask", files=files)
        assert reply.status_code == status, reply.text
        assert error_of(reply)["param"] == param
        assert words in error_of(reply)["message"]

    def test_too_many_parts(self, client: TestClient) -> None:
        reply = client.post("/v1/ask", files=[("image", ("a", b"x"))] * 100)
        assert reply.status_code == 400
        assert "Too many files" in error_of(reply)["message"]

    def test_not_a_form(self, client: TestClient) -> None:
        assert error_of(client.post("/v1/ask", json={"text": "hi"}))["code"] == "unsupported_media_type"
        broken = client.post("/v1/ask", content=b"hi", headers={"content-type": "multipart/form-data"})
        assert broken.status_code == 400
        assert "boundary" in error_of(broken)["message"]


class TestOtherRoutes:
    def test_models(self, client: TestClient) -> None:
        listed = client.get("/v1/models").json()
        assert listed["object"] == "list"
        assert [m["id"] for m in listed["data"]] == ["vlp", "llama", "idefics", "whisper-1", "whisper"]

    def test_health(self, client: TestClient, dialogue: Any) -> None:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (
            200,
            {"status": "ready", "models": {"llama": True, "whisper": True}},
        )
        dialogue.models = {"llama": False, "whisper": True}
        waiting = client.get("/health/ready")
        assert waiting.status_code == 503
        assert waiting.json()["missing"] == ["llama"]
        dialogue.models = {}
        assert client.get("/health/ready").status_code == 503

    def test_no_such_route_and_method(self, client: TestClient) -> None:
        assert client.get("/v1/nothing").status_code == 404
        assert "/v1/nothing" in error_of(client.get("/v1/nothing"))["message"]
        wrong = client.get(CHAT)
        assert wrong.status_code == 405
        assert "POST" in wrong.headers["allow"]
        assert error_of(wrong)["type"]

    def test_request_id(self, client: TestClient) -> None:
        assert client.get("/health/live", headers={"x-request-id": "a-B_1.2"}).headers["x-request-id"] == "a-B_1.2"
        for bad in ("", "a b", "x" * 129, "a\tb"):
            made = client.get("/v1/nothing", headers={"x-request-id": bad}).headers["x-request-id"]
            assert len(made) == 36
            assert made != bad

    def test_openapi_refers_only_to_what_it_defines(self, client: TestClient) -> None:
        document = client.get("/openapi.json").json()
        text = json.dumps(document)
        named = {piece.split('"')[0] for piece in text.split('"#/components/schemas/')[1:]}
        assert named <= set(document["components"]["schemas"])
        assert {"ChatRequest", "AskForm", "Completion", "Chunk", "ErrorReply", "Instance"} <= named
        undescribed = {"/", "/page/{asset}"}
        assert set(document["paths"]) == {route.path for route in client.app.routes} - undescribed  # type: ignore[attr-defined]
