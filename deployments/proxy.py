"""What Serve's HTTP proxy lets in. The proxy acts before the application does, so it is guarded where it stands.

Serve's proxy obeys its clients: `x-request-timeout-seconds: 0` switches its deadline off,
`x-request-disconnect-disabled: ?1` its cancellation; a routing header makes it keep a model id or a session; a header
that is not UTF-8 is a 500. It takes in a body of any size while the ingress is busy. Ray calls `middlewares` in each
proxy that has `RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH=deployments.proxy:middlewares` in its environment, which is
what `vlp serve` sets.
"""

from __future__ import annotations

from ray.serve._private.constants import (
    SERVE_HTTP_REQUEST_DISCONNECT_DISABLED_HEADER,
    SERVE_HTTP_REQUEST_ID_HEADER,
    SERVE_HTTP_REQUEST_TIMEOUT_S_HEADER,
    SERVE_MULTIPLEXED_MODEL_ID,
    SERVE_SESSION_ID,
)
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.protocol import guard_connections
from vlp_graph import config
from vlp_graph.errors import InvalidRequest
from vlp_graph.http.errors import refuse
from vlp_graph.http.limits import MIB, BodyLimit, HeaderLimit
from vlp_graph.http.request_id import is_sane

CALLBACK = "deployments.proxy:middlewares"
_OBEYED = {
    name.lower().replace("_", "-").encode()
    for name in (
        SERVE_HTTP_REQUEST_TIMEOUT_S_HEADER,
        SERVE_HTTP_REQUEST_DISCONNECT_DISABLED_HEADER,
        SERVE_MULTIPLEXED_MODEL_ID,
        SERVE_SESSION_ID,
    )
}
_ID = SERVE_HTTP_REQUEST_ID_HEADER.encode()


def middlewares() -> list[Middleware]:
    """What stands before Serve's proxy, innermost first; called once in each proxy, before it listens."""
    guard_connections()
    limits = config.served().http.limits
    return [
        Middleware(BodyLimit, max_bytes=int(limits.body_mib * MIB), seconds=limits.body_seconds),
        Middleware(HeaderLimit, most=limits.headers, max_bytes=int(limits.header_kib * 1024)),
        Middleware(Harmless),
    ]


class Harmless:
    """ASGI middleware: clients' orders to the proxy are taken out, and a request has one id, a sane one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["path"] == "/-/routes":  # tells the applications of the cluster; /-/healthz tells nothing
            await refuse(_nothing_here(), scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if _is_harmless(name, value)]

        async def with_one_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                if ids := answered.getlist(SERVE_HTTP_REQUEST_ID_HEADER):
                    answered[SERVE_HTTP_REQUEST_ID_HEADER] = ids[0]  # the application's and the proxy's are the same
            await send(message)

        await self.app({**scope, "headers": headers}, receive, with_one_id)


def _is_harmless(name: bytes, value: bytes) -> bool:
    if name == _ID:
        return is_sane(value.decode("latin-1"))
    return name.replace(b"_", b"-") not in _OBEYED


def _nothing_here() -> InvalidRequest:
    error = InvalidRequest("there is no /-/routes here; /openapi.json lists the routes")
    error.status = 404
    return error
