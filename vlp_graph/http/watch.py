"""What became of each request: who asked for what, how it ended, how long it took, and what its turn came to.

Whoever counts or writes logs is told at the end of a request, streams included.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any, cast

from starlette.datastructures import MutableHeaders
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlp_graph import telemetry
from vlp_graph.dialogue.turn import Answered, Event, Turn
from vlp_graph.handled import Handled, Watcher, collecting, noted
from vlp_graph.http.turns import Dialogue

log = logging.getLogger(__name__)

GONE = 499
"""The status under which a request counts whose client left before a reply began."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED, OTHER = "unmatched", "OTHER"
PROBED = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Asked every few seconds by machines: only their failures are worth a line."""
_LARGEST_ERROR = 8192


class Watched:
    """ASGI middleware: tells `watchers` of every request once it has ended. A traced request's reply has its
    `traceparent`."""

    def __init__(self, app: ASGIApp, watchers: Sequence[Watcher], routes: Sequence[Route]) -> None:
        self.app, self.watchers, self.routes = app, watchers, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, reply = time.perf_counter(), _Reply()

        async def seen(message: Message) -> None:
            reply.see(message)
            await send(message)

        with collecting() as facts:
            try:
                await self.app(scope, receive, seen)
            finally:
                handled = self._handled(scope, reply, time.perf_counter() - started, facts)
                for watcher in self.watchers:
                    watcher(handled)

    def _handled(self, scope: Scope, reply: _Reply, seconds: float, facts: dict[str, Any]) -> Handled:
        caller = facts.pop("caller", "")
        named = caller.startswith("key:")
        return Handled(
            request_id=facts.pop("request_id", ""),
            method=scope["method"] if scope["method"] in METHODS else OTHER,
            route=next((r.path for r in self.routes if r.matches(scope)[0] is not Match.NONE), UNMATCHED),
            status=reply.status,
            seconds=round(seconds, 4),
            key=caller.removeprefix("key:") if named else "",
            caller="" if named else caller[:12],
            error=reply.error(),
            facts=facts,
        )


class _Reply:
    """What a reply says of itself: its status, and the error in its body."""

    def __init__(self) -> None:
        self.status, self._body = GONE, b""

    def see(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if traceparent := telemetry.traceparent():
                MutableHeaders(scope=message)["traceparent"] = traceparent
        elif self.status >= 400 and len(self._body) < _LARGEST_ERROR:
            self._body += message.get("body", b"")

    def error(self) -> str:
        """The error's code, as the surfaces here write it (OpenAI's shape or TGI's). Not to be ready is no error."""
        if self.status < 400:
            return ""
        if self.status == GONE:
            return "client_gone"
        try:
            body = json.loads(self._body)
            if "error" not in body:
                return ""
            error = body["error"]
            code = (error.get("code") or error["type"]) if isinstance(error, dict) else body["error_type"]
        except (ValueError, TypeError, LookupError):
            return "unknown"
        return code if isinstance(code, str) else "unknown"


class Noted:
    """A dialogue whose turns are noted with the requests that asked for them."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue

    async def ready(self) -> dict[str, bool]:
        return await self.dialogue.ready()

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        """The events of the dialogue, as they are."""
        async with aclosing(cast(AsyncGenerator[Event, None], self.dialogue.run(turn))) as events:
            try:
                async for event in events:
                    if isinstance(event, Answered):
                        _note_turn(event)
                    yield event
            except (asyncio.CancelledError, GeneratorExit):
                noted(cancelled=True)
                raise


def _note_turn(answered: Answered) -> None:
    vlp = answered.vlp
    noted(
        planned=answered.planned,
        intent=vlp.intent.label if vlp.intent else None,
        tasks=[{"task": r.task, "status": r.status, "seconds": r.seconds} for r in vlp.results],
        timings=dict(vlp.timings),
    )


def write(handled: Handled) -> None:
    """One line in the log for a request; its fields are the record's, so that a JSON formatter shows each."""
    fields = asdict(handled)
    fields |= fields.pop("facts")
    fields["http_route"] = fields.pop("route")  # Ray Serve calls the application's prefix `route`
    level = logging.ERROR if handled.status in range(500, 600) else logging.INFO
    if handled.status < 400 and handled.route in PROBED:
        level = logging.DEBUG
    words = "%s %s %d in %.3f s"
    known = {name: value for name, value in fields.items() if value not in ("", None)}
    log.log(level, words, handled.method, handled.route, handled.status, handled.seconds, extra=known)
