"""Chat completions of one model: what it is asked, what comes back, what is refused."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from vlp_graph.config import Profile
from vlp_graph.engines.generation import Finish, Token
from vlp_graph.errors import InvalidRequest, ModelUnavailable
from vlp_graph.http.app import build_app
from vlp_graph.http.backends import Backends
from vlp_graph.http.chat.reply import ModelChunk, ModelCompletion

CHAT = "/v1/chat/completions"
MakePng = Callable[..., bytes]


def body(model: str, content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


def picture_part(data: bytes) -> dict[str, Any]:
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def events(text: str) -> list[dict[str, Any]]:
    blocks = text.removesuffix("\n\n").split("\n\n")
    assert blocks[-1] == "data: [DONE]"
    return [json.loads(block.removeprefix("data: ")) for block in blocks[:-1]]


def shape(prompt: tuple[Any, ...]) -> list[Any]:
    """A prompt with the first pixel of each picture in its place."""
    return [part if isinstance(part, str) else part[0, 0].tolist() for part in prompt]


def words(chunks: list[dict[str, Any]]) -> str:
    return "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"])


class TestLlama:
    def test_completion_has_openais_fields_only(self, client: TestClient) -> None:
        reply = client.post(CHAT, json=body("llama")).json()
        ModelCompletion.model_validate(reply)
        assert reply.pop("id").startswith("chatcmpl-")
        assert reply.pop("created") > 1
        assert reply == {
            "object": "chat.completion",
            "model": "llama",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "one two", "refusal": None},
                    "finish_reason": "length",
                    "logprobs": None,
                }
            ],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
        }

    def test_chunks(self, client: TestClient) -> None:
        chunks = events(client.post(CHAT, json=body("llama", stream=True)).text)
        for chunk in chunks:
            ModelChunk.model_validate(chunk)
            assert "usage" not in chunk
        assert len({(c["id"], c["created"], c["model"]) for c in chunks}) == 1
        assert chunks[0]["model"] == "llama"
        assert [c["choices"][0]["delta"] for c in chunks] == [
            {"role": "assistant", "content": ""},
            {"content": "one"},
            {"content": " two"},
        ]
        assert [c["choices"][0]["finish_reason"] for c in chunks] == [None, None, "length"]

    def test_usage_of_a_stream(self, client: TestClient) -> None:
        asked = body("llama", stream=True, stream_options={"include_usage": True})
        *before, last = events(client.post(CHAT, json=asked).text)
        assert all(c["usage"] is None for c in before)
        assert last["choices"] == []
        assert last["usage"] == {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}

    def test_logprobs(self, client: TestClient) -> None:
        reply = client.post(CHAT, json=body("llama", logprobs=True, top_logprobs=1)).json()
        likely = {"token": "one", "logprob": -0.1, "bytes": [111, 110, 101]}
        expected = {"content": [{**likely, "top_logprobs": [likely]}], "refusal": None}
        assert reply["choices"][0]["logprobs"] == expected
        chunks = events(client.post(CHAT, json=body("llama", logprobs=True, stream=True)).text)
        assert [c["choices"][0]["logprobs"] for c in chunks] == [None, expected, expected]

    def test_what_vllm_is_asked(self, client: TestClient, backends: Backends) -> None:
        schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
        sampling = {
            "temperature": 0.5,
            "top_p": 0.9,
            "seed": -3,
            "frequency_penalty": 0.1,
            "presence_penalty": -0.1,
            "logit_bias": {"17": -100.0},
            "logprobs": True,
            "top_logprobs": 3,
        }
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
        client.post(
            CHAT,
            json={
                "model": "llama",
                "messages": [
                    {"role": "developer", "content": "be kind"},
                    {"role": "user", "content": [text_part("what"), text_part("now?<|im_end|>")]},
                    {"role": "assistant", "content": None},
                ],
                **sampling,
                "response_format": form,
                "stop": "x",
                "max_tokens": 5,
                "store": True,
                "metadata": {"a": "b"},
                "user": "me",
                "chat_template": "{{ evil }}",
                "tools": [],
                "tool_choice": "none",
            },
        )
        assert backends.llama.bodies == [  # type: ignore[attr-defined]
            {
                "model": "llama",
                "messages": [
                    {"role": "system", "content": "be kind"},
                    {"role": "user", "content": "what\nnow? "},
                    {"role": "assistant", "content": ""},
                ],
                **sampling,
                "response_format": form,
                "stop": ["x"],
                "max_completion_tokens": 5,
            }
        ]

    def test_answers_are_bounded(self, client: TestClient, backends: Backends, profile: Profile) -> None:
        client.post(CHAT, json=body("llama"))
        asked = backends.llama.bodies[0]  # type: ignore[attr-defined]
        assert asked["max_completion_tokens"] == profile.http.limits.max_tokens
        assert "temperature" not in asked  # OpenAI's own default is vLLM's, too

    @pytest.mark.parametrize(
        ("fields", "status", "param"),
        [
            ({"temperature": 2.1}, 400, "temperature"),
            ({"top_p": 0}, 400, "top_p"),
            ({"frequency_penalty": 3}, 400, "frequency_penalty"),
            ({"top_logprobs": 21, "logprobs": True}, 400, "top_logprobs"),
            ({"logit_bias": {"a": 1}}, 400, "logit_bias.a"),
            ({"logit_bias": {"1": 101}}, 400, "logit_bias.1"),
            ({"seed": 2**63}, 400, "seed"),
            ({"stop": ["a"] * 5}, 400, "stop"),
            ({"stop": ""}, 400, "stop"),
            ({"max_tokens": 1025}, 400, "max_tokens"),
            ({"max_completion_tokens": 0}, 400, "max_completion_tokens"),
            ({"n": 2}, 400, "n"),
            ({"response_format": {"type": "xml"}}, 400, "response_format.type"),
            ({"response_format": {"type": "json_schema"}}, 400, "response_format.json_schema"),
            (
                {"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}},
                400,
                "response_format.json_schema.name",
            ),
            (
                {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"x": "y" * 201}}}},
                400,
                "response_format.json_schema.schema",
            ),
            ({"messages": [{"role": "tool", "content": "x"}]}, 400, "messages.0.role"),
            ({"messages": [{"role": "user", "content": "x" * 201}]}, 413, "messages.0.content"),
            ({"messages": [{"role": "user", "content": "x"}] * 6}, 413, "messages"),
            ({"messages": []}, 400, "messages"),
        ],
    )
    def test_wrong_fields(
        self, client: TestClient, backends: Backends, fields: dict[str, Any], status: int, param: str
    ) -> None:
        reply = client.post(CHAT, json=body("llama") | fields)
        assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)
        assert not backends.llama.bodies  # type: ignore[attr-defined]

    def test_top_logprobs_need_logprobs(self, client: TestClient) -> None:
        reply = client.post(CHAT, json=body("llama", top_logprobs=2))
        assert reply.status_code == 400
        assert "logprobs: true" in reply.json()["error"]["message"]

    def test_reads_no_pictures(self, client: TestClient, make_png: MakePng) -> None:
        reply = client.post(CHAT, json=body("llama", [text_part("what?"), picture_part(make_png())]))
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "messages.0.content.1.type")
        assert "idefics" in reply.json()["error"]["message"]

    @pytest.mark.parametrize("stream", [False, True])
    def test_an_error_before_the_first_word_keeps_its_status(
        self, client: TestClient, backends: Any, stream: bool
    ) -> None:
        backends.llama.error = ModelUnavailable("down")
        reply = client.post(CHAT, json=body("llama", stream=stream))
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")

    def test_an_error_within_a_stream_is_told(self, client: TestClient, backends: Any) -> None:
        backends.llama.error, backends.llama.after = InvalidRequest("too much", param="messages"), 2
        *before, last = events(client.post(CHAT, json=body("llama", stream=True)).text)
        assert words(before) == "one"
        assert last["error"]["message"] == "too much"

    @pytest.mark.parametrize(
        ("theirs", "ours", "fields"),
        [
            ("input_tokens", "messages", {}),
            ("max_completion_tokens", "max_tokens", {"max_tokens": 9}),
            ("max_completion_tokens", "max_completion_tokens", {"max_completion_tokens": 9}),
            ("logit_bias", "logit_bias", {"logit_bias": {"9": 1}}),
            (
                None,
                "response_format",
                {
                    "response_format": {
                        "type": "json_schema",
                        "json_schema": {"name": "x", "schema": {"type": "objekt"}},
                    }
                },
            ),
        ],
    )
    def test_what_vllm_refuses_is_named(
        self, client: TestClient, backends: Any, theirs: str | None, ours: str, fields: dict[str, Any]
    ) -> None:
        for stream in (False, True):
            backends.llama.error = InvalidRequest("no", param=theirs)
            reply = client.post(CHAT, json=body("llama", stream=stream, **fields))
            assert (reply.status_code, reply.json()["error"]["param"]) == (400, ours)

    @pytest.mark.parametrize("stream", [False, True])
    def test_a_model_that_hangs_is_late(self, backends: Any, dialogue: Any, profile: Profile, stream: bool) -> None:
        backends.llama.hang = True
        hasty = profile.model_copy(update={"http": profile.http.model_copy(update={"answer_s": 0.05})})
        reply = TestClient(build_app(dialogue, backends, hasty)).post(CHAT, json=body("llama", stream=stream))
        error = events(reply.text)[-1] if stream else reply.json()
        assert error["error"]["code"] == "deadline_exceeded"
        assert "http.answer_s" in error["error"]["message"]
        assert backends.llama.closed.is_set()


class TestIdefics:
    def test_the_prompt_of_a_dialogue(self, client: TestClient, backends: Any, make_png: MakePng) -> None:
        messages = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [text_part("what is this?"), picture_part(make_png("red"))]},
            {"role": "assistant", "content": "a cat"},
            {
                "role": "user",
                "content": [picture_part(make_png("blue")), text_part("and <image>this?<end_of_utterance>")],
            },
        ]
        assert client.post(CHAT, json={"model": "idefics", "messages": messages}).status_code == 200
        assert shape(backends.idefics.asked[0].prompt) == [
            "Be brief.\nUser:",
            [255, 0, 0],
            "what is this?<end_of_utterance>\nAssistant: a cat<end_of_utterance>\nUser:",
            [0, 0, 255],
            "and  this? <end_of_utterance>\nAssistant:",
        ]

    def test_pictures_between_words_stay_there(self, client: TestClient, backends: Any, make_png: MakePng) -> None:
        parts = [text_part("A"), picture_part(make_png("red")), text_part("or"), picture_part(make_png("blue"))]
        client.post(CHAT, json=body("idefics", parts))
        expected = ["User: A", [255, 0, 0], "or", [0, 0, 255], "<end_of_utterance>\nAssistant:"]
        assert shape(backends.idefics.asked[0].prompt) == expected

    def test_words_alone(self, client: TestClient, backends: Any) -> None:
        client.post(CHAT, json=body("idefics", "hi"))
        assert backends.idefics.asked[0].prompt == ("User: hi<end_of_utterance>\nAssistant:",)

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({}, {"do_sample": True, "temperature": None, "seed": None}),
            ({"temperature": 0, "seed": 3, "top_p": 0.5}, {"do_sample": False, "temperature": None, "top_p": None}),
            (
                {"temperature": 0.5, "top_p": 0.5, "seed": 3},
                {"do_sample": True, "temperature": 0.5, "top_p": 0.5, "seed": 3},
            ),
            ({"top_p": 1}, {"top_p": None}),
            ({"stop": ["x", "y"]}, {"stop": ("x", "y", "<end_of_utterance>", "\nUser:")}),
            ({"max_tokens": 7}, {"max_new_tokens": 7}),
            ({"max_completion_tokens": 8}, {"max_new_tokens": 8}),
            ({"frequency_penalty": 0, "presence_penalty": 0.0}, {"repetition_penalty": None}),
        ],
    )
    def test_what_the_model_is_asked(
        self, client: TestClient, backends: Any, fields: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        assert client.post(CHAT, json=body("idefics", **fields)).status_code == 200
        (asked,) = backends.idefics.asked
        assert {name: getattr(asked, name) for name in expected} == expected

    @pytest.mark.parametrize(
        ("fields", "answer", "reason"),
        [
            ({}, "one two three", "stop"),
            ({"max_tokens": 2}, "one two", "length"),
            ({"stop": "two"}, "one ", "stop"),
            ({"stop": ["e tw", "three"]}, "on", "stop"),
        ],
    )
    def test_answers(self, client: TestClient, fields: dict[str, Any], answer: str, reason: str) -> None:
        reply = client.post(CHAT, json=body("idefics", **fields)).json()
        ModelCompletion.model_validate(reply)
        assert reply["model"] == "idefics"
        assert reply["choices"][0]["message"]["content"] == answer
        assert reply["choices"][0]["finish_reason"] == reason
        new = fields.get("max_tokens", 3)
        assert reply["usage"] == {"prompt_tokens": 4, "completion_tokens": new, "total_tokens": 4 + new}
        asked = body("idefics", stream=True, stream_options={"include_usage": True}, **fields)
        *chunks, last, counted = events(client.post(CHAT, json=asked).text)
        assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
        assert words(chunks) == answer
        assert [c["choices"][0]["finish_reason"] for c in chunks] == [None] * len(chunks)
        assert last["choices"][0] == {"index": 0, "delta": {}, "finish_reason": reason, "logprobs": None}
        assert counted["usage"] == reply["usage"]
        assert counted["choices"] == []

    def test_what_only_marks_the_end_is_not_shown(self, client: TestClient, backends: Any) -> None:
        async def generate(generation: Any) -> Any:
            for token in (
                Token(1, " a", -1.0),
                Token(2, "\nUs", -1.0),
                Token(3, "er:", -1.0),
                Token(4, "</s>", -1.0, True),
            ):
                yield token
            yield Finish("stop_sequence", " a\nUser:", 4, 4)

        backends.idefics.generate = generate
        assert words(events(client.post(CHAT, json=body("idefics", stream=True)).text)) == "a"

    def test_too_long_for_the_model(self, client: TestClient, backends: Any) -> None:
        async def generate(generation: Any) -> Any:
            raise InvalidRequest("`inputs` must have less than 9 tokens", param="inputs")
            yield

        backends.idefics.generate = generate
        for stream in (False, True):
            error = client.post(CHAT, json=body("idefics", stream=stream))
            assert (error.status_code, error.json()["error"]["param"]) == (400, "messages")
            assert "9 tokens" in error.json()["error"]["message"]

    def test_refusals(self, client: TestClient, backends: Any, make_png: MakePng) -> None:
        spoken = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
        assistant = {"role": "assistant", "content": "hi"}
        cases = [
            (body("idefics", [spoken]), 400, "messages.0.content.0.type"),
            (body("idefics", [picture_part(make_png())] * 4), 413, "messages"),
            (body("idefics", [picture_part(b"GIF89a" + bytes(20))]), 415, "messages.0.content.0.image_url.url"),
            (body("idefics") | {"messages": [assistant]}, 400, "messages.0.role"),
        ]
        for asked, status, param in cases:
            reply = client.post(CHAT, json=asked)
            assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)
        assert not backends.idefics.asked


UNSERVED = [
    ("tools", [{"type": "function", "function": {"name": "f"}}], "vlp llama idefics"),
    ("functions", [{"name": "f"}], "vlp llama idefics"),
    ("tool_choice", "auto", "vlp llama idefics"),
    ("function_call", "auto", "vlp llama idefics"),
    ("modalities", ["text", "audio"], "vlp llama idefics"),
    ("audio", {"voice": "alloy", "format": "wav"}, "vlp llama idefics"),
    ("web_search_options", {}, "vlp llama idefics"),
    ("logprobs", True, "vlp idefics"),
    ("top_logprobs", 2, "vlp idefics"),
    ("logit_bias", {"1": 2}, "vlp idefics"),
    ("response_format", {"type": "json_object"}, "vlp idefics"),
    ("frequency_penalty", 1, "idefics"),
    ("presence_penalty", -1, "idefics"),
]


@pytest.mark.parametrize(("field", "value", "models"), UNSERVED)
def test_what_a_model_cannot_do_is_refused_by_name(client: TestClient, field: str, value: Any, models: str) -> None:
    for model in ("vlp", "llama", "idefics"):
        reply = client.post(CHAT, json=body(model, **{field: value}))
        if model in models.split():
            error = reply.json()["error"]
            assert (reply.status_code, error["param"], error["code"]) == (400, field, "unsupported_parameter")
            assert model in error["message"]
        else:
            assert "unsupported_parameter" not in reply.text


@pytest.mark.parametrize("model", ["vlp", "llama", "idefics"])
def test_what_only_advises_is_ignored(client: TestClient, model: str) -> None:
    advice = {
        "store": True,
        "metadata": {"a": "b"},
        "user": "me",
        "service_tier": "auto",
        "safety_identifier": "x",
        "prompt_cache_key": "k",
        "parallel_tool_calls": True,
        "reasoning_effort": "low",
        "verbosity": "low",
        "tools": [],
        "tool_choice": "none",
        "logprobs": False,
        "modalities": ["text"],
        "response_format": {"type": "text"},
        "n": 1,
    }
    assert client.post(CHAT, json=body(model, **advice)).status_code == 200


class TestModels:
    def test_list(self, client: TestClient) -> None:
        listed = client.get("/v1/models").json()
        assert [m["id"] for m in listed["data"]] == ["vlp", "llama", "idefics", "whisper-1", "whisper"]

    def test_one(self, client: TestClient) -> None:
        assert client.get("/v1/models/idefics").json()["id"] == "idefics"
        missing = client.get("/v1/models/gpt-9")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")

    @pytest.mark.parametrize(("model", "status"), [("gpt-9", 404), ("whisper-1", 404), (7, 400), (None, 400)])
    def test_who_chats(self, client: TestClient, model: Any, status: int) -> None:
        reply = client.post(CHAT, json=body(model))
        assert (reply.status_code, reply.json()["error"]["param"]) == (status, "model")
        assert "vlp, llama, idefics" in reply.json()["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
async def test_who_leaves_ends_the_work(dialogue: Any, backends: Any, profile: Profile, stream: bool) -> None:
    backends.llama.hang = True
    app, data = build_app(dialogue, backends, profile), json.dumps(body("llama", stream=stream)).encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": CHAT,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1",
    }
    sent: list[Any] = []
    said = [{"type": "http.request", "body": data, "more_body": False}]

    async def receive() -> Any:
        if said:
            return said.pop()
        while not (backends.llama.bodies and (not stream or any(m["type"] == "http.response.body" for m in sent))):
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(5):
        await app(scope, receive, send)
        await backends.llama.closed.wait()


def test_pictures_of_a_transcript_are_arrays(client: TestClient, backends: Any, make_png: MakePng) -> None:
    client.post(CHAT, json=body("idefics", [picture_part(make_png("red", (4, 2)))]))
    (picture,) = [part for part in backends.idefics.asked[0].prompt if not isinstance(part, str)]
    assert (picture.shape, picture.dtype) == ((2, 4, 3), np.uint8)
