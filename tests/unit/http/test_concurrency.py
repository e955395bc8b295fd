"""A full proxy refuses at once, and takes the next as soon as one has ended, however it ended."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from vlp_graph.http.concurrency import Room


class Slow:
    """An application that answers when it is let; `broken` ones fail then."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.running += 1
        try:
            await self.gate.wait()
            if scope["path"] == "/broken":
                raise RuntimeError("broken")
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.running -= 1


class Proxy:
    def __init__(self, most: int) -> None:
        self.app, self.refused = Slow(), 0
        self.room = Room(self.app, most, self._count)

    def _count(self) -> None:
        self.refused += 1

    async def ask(self, path: str = "/v1/ask") -> tuple[int, bytes]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope: dict[str, Any] = {"type": "http", "method": "POST", "path": path, "headers": []}
        await self.room(scope, receive, send)
        return sent[0]["status"], sent[1]["body"]


async def test_as_many_as_there_is_room_for() -> None:
    proxy = Proxy(2)
    taken = [asyncio.create_task(proxy.ask()) for _ in range(2)]
    await asyncio.sleep(0)
    status, body = await proxy.ask()
    assert (status, json.loads(body)["error"]["code"]) == (429, "overloaded")
    assert proxy.refused == 1
    assert proxy.app.running == 2, "the one too many was not handed on"
    proxy.app.gate.set()
    assert [status for status, _ in await asyncio.gather(*taken)] == [200, 200]
    assert (await proxy.ask())[0] == 200
    assert proxy.refused == 1


async def test_room_is_given_back_by_those_that_fail_and_those_that_leave() -> None:
    proxy = Proxy(1)
    leaving = asyncio.create_task(proxy.ask())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    proxy.app.gate.set()
    with pytest.raises(RuntimeError, match="broken"):
        await proxy.ask("/broken")
    assert (await proxy.ask())[0] == 200
    assert proxy.refused == 0


async def test_the_proxy_is_healthy_when_it_is_full() -> None:
    proxy = Proxy(1)
    taken = asyncio.create_task(proxy.ask())
    await asyncio.sleep(0)
    probe = asyncio.create_task(proxy.ask("/-/healthz"))
    proxy.app.gate.set()
    assert (await probe)[0] == 200
    await taken
