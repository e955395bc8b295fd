"""No caller takes all the room: each API key has so many requests running at a time."""

from __future__ import annotations

from collections import Counter

from starlette.types import ASGIApp, Receive, Scope, Send

from vlp_graph.errors import Overloaded
from vlp_graph.http.auth import caller_in
from vlp_graph.http.errors import refuse


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
