"""Every request has an id by which caller, logs and traces name it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlp_graph.handled import noted

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def is_sane(request_id: str) -> bool:
    """Whether a caller's own id may stand in logs and headers."""
    return _REQUEST_ID.fullmatch(request_id) is not None


class RequestId:
    """ASGI middleware: every reply has an `x-request-id`: the caller's own where it is a sane one."""

    def __init__(self, app: ASGIApp, make: Callable[[], object] = uuid.uuid4) -> None:
        self.app, self.make = app, make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if is_sane(given) else str(self.make())
        noted(request_id=request_id)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        await self.app(scope, receive, marked)
