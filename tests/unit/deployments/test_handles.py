"""vLLM's completions and chunks as LangChain's messages: text, tokens used, why it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from langchain_core.messages import AIMessageChunk, HumanMessage

from deployments.handles import ServeChatModel

USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "prompt_tokens_details": None}


class Response:
    """What a streaming call of a handle gives."""

    def __init__(self, replies: list[dict[str, Any]]) -> None:
        self.replies, self.cancelled = replies, False

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        for reply in self.replies:
            yield reply

    def cancel(self) -> None:
        self.cancelled = True


class Handle:
    """A handle to a replica that says "one two"."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.responses: list[Response] = []
        self.chat = self

    def options(self, *, stream: bool) -> Handle:
        assert stream
        return self

    def remote(self, body: dict[str, Any]) -> Response:
        self.bodies.append(body)
        self.responses.append(Response(self._chunks() if body.get("stream") else [self._whole()]))
        return self.responses[-1]

    def _whole(self) -> dict[str, Any]:
        choice = {"message": {"role": "assistant", "content": "one two"}, "finish_reason": "length"}
        return {"choices": [choice], "usage": USAGE}

    def _chunks(self) -> list[dict[str, Any]]:
        deltas: list[tuple[dict[str, Any], str | None]] = [
            ({"role": "assistant", "content": ""}, None),
            ({"content": "one"}, None),
            ({"content": " two"}, "length"),
        ]
        chunks = [{"choices": [{"delta": delta, "finish_reason": reason}]} for delta, reason in deltas]
        return [*chunks, {"choices": [], "usage": USAGE}]


async def test_whole() -> None:
    handle = Handle()
    message = await ServeChatModel(handle=handle, model="llama").ainvoke([HumanMessage("hi")], max_tokens=2)
    assert message.content == "one two"
    assert message.usage_metadata == {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    assert message.response_metadata["finish_reason"] == "length"
    (body,) = handle.bodies
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("llama", 2, 0.0)
    assert body["messages"] == [{"role": "user", "content": "hi"}]
    assert "stream" not in body


async def test_stream() -> None:
    handle, whole = Handle(), AIMessageChunk(content="")
    async for chunk in ServeChatModel(handle=handle, model="llama").astream([HumanMessage("hi")]):
        whole += chunk
    assert whole.content == "one two"
    assert whole.usage_metadata == {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    assert whole.response_metadata["finish_reason"] == "length"
    assert handle.bodies[0]["stream_options"] == {"include_usage": True}
    assert not handle.responses[0].cancelled


async def test_who_leaves_a_stream_cancels_it() -> None:
    handle = Handle()
    stream = ServeChatModel(handle=handle, model="llama").astream([HumanMessage("hi")])
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert handle.responses[0].cancelled
