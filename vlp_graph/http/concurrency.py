"""How many requests run at a time: of all callers together, and of each, so that none takes all the room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from vlp_graph.errors import Overloaded
from vlp_graph.http.auth import caller_in
from vlp_graph.http.errors import refuse


class Room:
    """ASGI middleware: 429 beyond `most` requests at once, a stream counting until it has ended. `refused` is told."""

    def __init__(self, app: ASGIApp, most: int, refused: Callable[[], None]) -> None:
        self.app, self.most, self._refused = app, most, refused
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/-/healthz":
            await self.app(scope, receive, send)
            return
        if self._running >= self.most:
            self._refused()
            text = f"{self.most} requests run or wait already: try again in a moment"
            await refuse(Overloaded(text), scope, receive, send)
            return
        self._running += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._running -= 1


class PerKey:
    """ASGI middleware behind `Auth`: 429 beyond `most` requests of one key, a stream counting until it has ended."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most
        self._running: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_in(scope)
        if not caller:
            await self.app(scope, receive, send)
            return
        if self._running[caller] >= self.most:
            text = f"{self.most} requests of this API key are running already; wait for one of them"
            await refuse(Overloaded(text), scope, receive, send)
            return
        self._running[caller] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._running[caller] -= 1
            if not self._running[caller]:
                del self._running[caller]
