"""What Serve's HTTP proxy lets in. The proxy acts before the application does, so it is guarded where it stands.

Serve's proxy obeys its clients: `x-request-timeout-seconds: 0` switches its deadline off,
`x-request-disconnect-disabled: ?1` its cancellation; a routing header makes it keep a model id or a session; a header
that is not UTF-8 is a 500. It takes in a body of any size while the ingress is busy, and to refuse a request costs it
ten times what it costs here. Ray calls `middlewares` in each
proxy that has `RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH=deployments.proxy:middlewares` in its environment, which is
what `vlp serve` sets.
"""

from __future__ import annotations

import uuid

from ray.serve._private.constants import (
    SERVE_HTTP_REQUEST_DISCONNECT_DISABLED_HEADER,
    SERVE_HTTP_REQUEST_ID_HEADER,
    SERVE_HTTP_REQUEST_TIMEOUT_S_HEADER,
    SERVE_MULTIPLEXED_MODEL_ID,
    SERVE_SESSION_ID,
)
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.metrics import counter
from deployments.protocol import guard_connections
from vlp_graph import config
from vlp_graph.errors import DeadlineExceeded, InvalidRequest, ModelUnavailable, Overloaded, ServingError
from vlp_graph.http.concurrency import Room
from vlp_graph.http.errors import error_response, refuse
from vlp_graph.http.limits import MIB, BodyLimit, HeaderLimit
from vlp_graph.http.request_id import is_sane

_OBEYED = {
    name.lower().replace("_", "-").encode()
    for name in (
        SERVE_HTTP_REQUEST_TIMEOUT_S_HEADER,
        SERVE_HTTP_REQUEST_DISCONNECT_DISABLED_HEADER,
        SERVE_MULTIPLEXED_MODEL_ID,
        SERVE_SESSION_ID,
    )
}
_TRACED = {b"traceparent", b"tracestate"}
"""Read by the proxy where turns are traced, as ASCII."""
_ID = SERVE_HTTP_REQUEST_ID_HEADER.encode()
_SAID_BY_SERVE: dict[int, tuple[type[ServingError], str]] = {
    408: (DeadlineExceeded, "no answer in time: try again in a moment"),
    429: (Overloaded, "the ingress has a full queue: try again in a moment"),
    503: (ModelUnavailable, "the ingress is being restarted: try again in a few seconds"),
}
"""Serve's own answers in plain text, by status, and what they mean here."""


def middlewares() -> list[Middleware]:
    """What stands before Serve's proxy, innermost first; called once in each proxy, before it listens."""
    guard_connections()
    http = config.served().http
    limits = http.limits
    return [
        Middleware(Room, most=http.room, refused=counter("vlp_http_refused").inc),
        Middleware(BodyLimit, max_bytes=int(limits.body_mib * MIB), seconds=limits.body_seconds),
        Middleware(HeaderLimit, most=limits.headers, max_bytes=int(limits.header_kib * 1024)),
        Middleware(Harmless),
    ]


class Harmless:
    """ASGI middleware: clients' orders to the proxy are taken out, a request has one id, a sane one, and what the proxy
    itself has to say is said as the application says it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] == "/-/healthz":
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket" or scope["path"] == "/-/routes":  # that tells the cluster's applications
            await refuse(_nothing_here(), scope, receive, send)
            return
        request_id = _id_of(scope)
        kept = [(name, value) for name, value in scope["headers"] if _is_harmless(name, value)]
        reply = _Reply(send, request_id)
        await self.app({**scope, "headers": [*kept, (_ID, request_id.encode())]}, receive, reply.send)
        if (error := reply.missing()) is not None:
            await error_response(error, {SERVE_HTTP_REQUEST_ID_HEADER: request_id})(scope, receive, send)


class _Reply:
    """What the proxy answers. Its own words, which are plain text, are kept back."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self._id = send, request_id
        self._status: int | None = None
        self._is_ours = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            is_plain = headers.get("content-type", "").startswith("text/plain")
            self._is_ours = not (is_plain and self._status in _SAID_BY_SERVE)
            headers[SERVE_HTTP_REQUEST_ID_HEADER] = self._id  # the application and the proxy each had added it
        if self._is_ours:
            await self._send(message)

    def missing(self) -> ServingError | None:
        """What has to be answered yet: in place of the proxy's words, or because it had none (the ingress died)."""
        if self._is_ours:
            return None
        kind, text = _SAID_BY_SERVE[self._status or 503]
        return kind(text)


def _id_of(scope: Scope) -> str:
    """The request's own id where it has one sane one, else a new one."""
    given = Headers(scope=scope).getlist(SERVE_HTTP_REQUEST_ID_HEADER)
    return given[0] if len(given) == 1 and is_sane(given[0]) else str(uuid.uuid4())


def _is_harmless(name: bytes, value: bytes) -> bool:
    if name in _TRACED and not value.isascii():
        return False
    return name != _ID and name.replace(b"_", b"-") not in _OBEYED


def _nothing_here() -> InvalidRequest:
    error = InvalidRequest("there is no /-/routes here; /openapi.json lists the routes")
    error.status = 404
    return error
