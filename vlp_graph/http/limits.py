"""The limits on a request's headers and body, kept before anything is buffered.

Serve and Starlette take any size, at any pace. A declared length is refused before reading; anything else is counted
while it comes in, and is given a time to come in.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlp_graph.errors import HeadersTooLarge, ServingError, TooLarge, TooSlow
from vlp_graph.http.errors import error_response, refuse

MIB = 1024 * 1024
_GONE: Message = {"type": "http.disconnect"}


class HeaderLimit:
    """ASGI middleware: more headers than `most`, or more than `max_bytes` of them and the URL, are answered 431."""

    def __init__(self, app: ASGIApp, most: int, max_bytes: int) -> None:
        self.app, self.most, self.max_bytes = app, most, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = scope["headers"]
        size = sum(len(name) + len(value) for name, value in headers)
        size += len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
        if len(headers) <= self.most and size <= self.max_bytes:
            await self.app(scope, receive, send)
            return
        text = f"the request has more than {self.most} headers or {self.max_bytes // 1024} KiB of them; send fewer"
        await refuse(HeadersTooLarge(text), scope, receive, send)


class BodyLimit:
    """ASGI middleware: a body above `max_bytes` is answered 413, one that takes more than `seconds` from its first
    byte to its last 408. At most `max_bytes` were taken in; to the application the client has left."""

    def __init__(self, app: ASGIApp, max_bytes: int, seconds: float = 30) -> None:
        self.app, self.max_bytes, self.seconds = app, max_bytes, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self.max_bytes:
            await self._refuse(self._too_large(), scope, receive, send)
            return
        body = _Body(receive, self.max_bytes, self.seconds)
        started = False

        async def passed_on(message: Message) -> None:
            nonlocal started
            if body.fault is None or started:
                started = True
                await send(message)

        try:
            await self.app(scope, body.receive, passed_on)
        finally:
            if body.fault is not None and not started:
                error = self._too_large() if body.fault is TooLarge else self._too_slow()
                await self._refuse(error, scope, receive, send)

    async def _refuse(self, error: ServingError, scope: Scope, receive: Receive, send: Send) -> None:
        await error_response(error, {"connection": "close"})(scope, receive, send)  # the rest is never read

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than the {self.max_bytes / MIB:g} MiB that are taken; send less media")

    def _too_slow(self) -> TooSlow:
        return TooSlow(f"the body did not come within {self.seconds:g} s; send it faster, or less media")


class _Body:
    """A request's body as it comes in; `fault` is what ended it before its end."""

    def __init__(self, receive: Receive, max_bytes: int, seconds: float) -> None:
        self._receive, self._left, self._seconds = receive, max_bytes, seconds
        self._until: float | None = None
        self._is_whole = False
        self.fault: type[TooLarge] | type[TooSlow] | None = None

    async def receive(self) -> Message:
        if self.fault is not None:
            return _GONE
        if self._is_whole:
            return await self._receive()
        try:
            message = await self._in_time()
        except TimeoutError:
            self.fault = TooSlow
            return _GONE
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.fault = TooLarge
            return _GONE
        self._is_whole = not message.get("more_body", False)
        return message

    async def _in_time(self) -> Message:
        loop = asyncio.get_running_loop()
        if self._until is None:
            self._until = loop.time() + self._seconds
        async with asyncio.timeout_at(self._until):
            return await self._receive()
