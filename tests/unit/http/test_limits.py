"""Bodies at the limit and above, declared, undeclared and lied about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from vlp_graph.http.limits import BodyLimit, HeaderLimit

LIMIT = 100


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads its body and says how long it was."""
    taken, more = 0, True
    while more:
        message = await receive()
        taken, more = taken + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(taken).encode()})


class Exchange:
    """One request through the middleware; `read` is how many messages were taken from the client."""

    def __init__(self, pieces: Sequence[bytes], declared: str | None) -> None:
        self.pieces, self.declared, self.read = pieces, declared, 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.read += 1
        last = self.read == len(self.pieces)
        return {"type": "http.request", "body": self.pieces[self.read - 1], "more_body": not last}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def run(self) -> int:
        headers = [] if self.declared is None else [(b"content-length", self.declared.encode())]
        scope = {"type": "http", "headers": headers}
        asyncio.run(asyncio.wait_for(BodyLimit(count, LIMIT)(scope, self.receive, self.send), 5))
        return int(self.sent[0]["status"])

    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


@pytest.mark.parametrize("size", [0, LIMIT - 1, LIMIT])
@pytest.mark.parametrize("is_declared", [True, False])
def test_up_to_the_limit_everything_comes_through(size: int, is_declared: bool) -> None:
    exchange = Exchange([bytes(size)], str(size) if is_declared else None)
    assert exchange.run() == 200
    assert exchange.body() == str(size).encode()


@pytest.mark.parametrize("declared", [str(LIMIT + 1), "100000000", "9" * 5_000])
def test_a_declared_length_is_refused_before_reading(declared: str) -> None:
    exchange = Exchange([bytes(LIMIT + 1)], declared)
    assert exchange.run() == 413
    assert exchange.read == 0
    error = json.loads(exchange.body())["error"]
    assert error["code"] == "content_too_large"
    assert "MiB" in error["message"]
    assert (b"connection", b"close") in exchange.sent[0]["headers"]


@pytest.mark.parametrize("declared", [None, "5", "-1", "many", ""])
def test_what_comes_in_is_counted(declared: str | None) -> None:
    exchange = Exchange([bytes(30)] * 1_000, declared)
    assert exchange.run() == 413
    assert exchange.read == 4  # the piece that passes the limit is the last that was taken
    assert json.loads(exchange.body())["error"]["type"] == "invalid_request_error"


def test_other_scopes_pass() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    exchange = Exchange([], None)
    asyncio.run(BodyLimit(app, LIMIT)({"type": "lifespan"}, exchange.receive, exchange.send))
    assert seen == ["lifespan"]


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        if sent or pieces:
            return pieces.pop()
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    pieces: list[Message] = [{"type": "http.request", "body": b"a", "more_body": True}]
    scope = {"type": "http", "headers": []}
    asyncio.run(asyncio.wait_for(BodyLimit(count, LIMIT, 0.05)(scope, receive, send), 5))
    assert [m["status"] for m in sent if m["type"] == "http.response.start"] == [408]
    assert json.loads(sent[1]["body"])["error"]["code"] == "request_timeout"


def test_when_the_body_is_there_the_answer_may_take_its_time() -> None:
    sent: list[Message] = []
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        if asked == 1:
            return {"type": "http.request", "body": b"a"}
        await asyncio.sleep(0.2)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["body"] == b"a"
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.start", "status": 200, "headers": []})

    asyncio.run(asyncio.wait_for(BodyLimit(slow, LIMIT, 0.05)({"type": "http", "headers": []}, receive, send), 5))
    assert sent[0]["status"] == 200


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ([(b"a", b"b")] * 3, b"/", 200),
        ([(b"a", b"b")] * 4, b"/", 431),
        ([(b"a", b"b" * 90)], b"/", 200),
        ([(b"a", b"b" * 99)], b"/", 431),
        ([], b"/" + b"a" * 100, 431),
    ],
)
def test_headers_are_few_and_small(headers: list[tuple[bytes, bytes]], path: bytes, status: int) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": headers, "raw_path": path}
    asyncio.run(HeaderLimit(count, 3, LIMIT)(scope, receive, send))
    assert sent[0]["status"] == status
