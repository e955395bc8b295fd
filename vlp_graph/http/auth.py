"""Who asks: the API key of a request, checked before anything of its body is read.

What is not `open` needs a key as soon as there are keys. Without keys everyone is answered, and callers are told apart
by whatever token they choose to send.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from vlp_graph.errors import MissingKey, Unauthorized
from vlp_graph.handled import noted
from vlp_graph.http.errors import refuse
from vlp_graph.keys import Keys, digest

_CALLER = "vlp.caller"
_REALM = 'Bearer realm="vlp"'


def caller_of(request: Request) -> str:
    """Whose request it is: `key:NAME`; without keys a digest of the token that came with it, or empty."""
    return caller_in(request.scope)


def caller_in(scope: Scope) -> str:
    """As `caller_of`, for middleware."""
    return str(scope.get(_CALLER, ""))


class Auth:
    """ASGI middleware: 401 for what comes without a known key, except on the `open` routes."""

    def __init__(self, app: ASGIApp, keys: Keys | None, open_routes: Iterable[Route]) -> None:
        self.app, self.keys, self.open_routes = app, keys, tuple(open_routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_open(scope):
            await self.app(scope, receive, send)
            return
        try:
            caller = self._caller(_tokens(Headers(scope=scope)))
        except Unauthorized as error:
            challenge = _REALM if isinstance(error, MissingKey) else f'{_REALM}, error="invalid_token"'
            await refuse(error, scope, receive, send, {"www-authenticate": challenge})
            return
        noted(caller=caller)
        await self.app({**scope, _CALLER: caller}, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        return scope["type"] == "http" and any(route.matches(scope)[0] is Match.FULL for route in self.open_routes)

    def _caller(self, tokens: set[bytes]) -> str:
        """
        Raises:
            Unauthorized: there are keys, and these tokens are not one of them.
        """
        if self.keys is None:
            return digest(b"\0".join(sorted(tokens))) if tokens else ""
        if not tokens:
            raise MissingKey("no API key came with the request; send the header Authorization: Bearer KEY")
        if len(tokens) > 1:
            raise Unauthorized("different API keys came with the request; send one")
        name = self.keys.name_of(tokens.pop())
        if name is None:
            raise Unauthorized("the API key is not known here; check it, or make one with: vlp keys add NAME")
        return f"key:{name}"


def _tokens(headers: Headers) -> set[bytes]:
    """The different tokens of a request's headers: `Authorization: Bearer TOKEN` and `x-api-key: TOKEN`."""
    found = set()
    for given in headers.getlist("authorization"):
        scheme, _, token = given.strip().partition(" ")
        if scheme.lower() == "bearer":
            found.add(token.strip().encode("latin-1"))
    found |= {token.strip().encode("latin-1") for token in headers.getlist("x-api-key")}
    return found - {b""}
