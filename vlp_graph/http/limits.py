"""The limit on a request's body, kept before anything is buffered.

Serve and Starlette take bodies of any size; a declared length is refused before reading, anything else is
counted while it comes in.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlp_graph.errors import TooLarge
from vlp_graph.http.errors import error_response

MIB = 1024 * 1024


class BodyLimit:
    """ASGI middleware: a body above `max_bytes` is answered 413; at most that much was taken in."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self.max_bytes:
            await self._refuse(scope, receive, send)
            return
        taken, started = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.max_bytes:
                raise self._too_large()
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            if taken > self.max_bytes and message["type"] == "http.response.start":
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except TooLarge:
            if started:
                raise
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = error_response(self._too_large())
        response.headers["connection"] = "close"  # the rest of the body is never read
        await response(scope, receive, send)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than the {self.max_bytes / MIB:g} MiB that are taken; send less media")
