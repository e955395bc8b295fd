"""Every failure as a reply in OpenAI's shape, `{"error": {"message", "type", "param", "code"}}`.

A surface may have a shape of its own, which the ASGI scope then names.

What callers can mend is said in words with the field's name; what they cannot is a 500 without internals.
Logs hold a traceback, never a prompt or media.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlp_graph.errors import InvalidRequest, ServingError

log = logging.getLogger(__name__)

_WORST_SHOWN = 3
ERROR_SHAPE = "vlp_graph.error_shape"
"""Key of the ASGI scope: what makes status and body of an error where a surface has a shape of its own."""


def error_body(error: ServingError) -> dict[str, Any]:
    """The JSON of an error, for a reply or for an event of a stream."""
    fields = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    return {"error": fields}


class ErrorResponse(JSONResponse):
    """The reply to a failed request, in the shape of the surface that was asked."""

    def __init__(self, error: ServingError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error_body(error), error.status, headers)
        self.error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if shape := scope.get(ERROR_SHAPE):
            self.status_code, body = shape(self.error)
            self.body = self.render(body)
            self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def error_response(error: ServingError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The reply to a failed request, with Retry-After where coming back helps."""
    retry = getattr(error, "retry_after_s", None)
    extra = {} if retry is None else {"retry-after": str(retry)}
    return ErrorResponse(error, {**(headers or {}), **extra})


async def refuse(
    error: ServingError, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str] | None = None
) -> None:
    """Answers for the application, whatever of the body is still on its way: a long one is not waited for."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": error.message})
        return
    given = Headers(scope=scope)
    declared = given.get("content-length", "0")
    is_long = "transfer-encoding" in given or not declared.isdecimal() or len(declared) > 5
    response = error_response(error, {**(headers or {}), **({"connection": "close"} if is_long else {})})
    await response(scope, receive, send)


def from_validation(error: ValidationError, body: Any, prefix: str = "") -> InvalidRequest:
    """What is wrong with `body`, the validated value; `param` is the dotted place of the first fault."""
    faults = [_fault(dict(e), body, prefix) for e in error.errors(include_url=False, include_input=False)]
    message = "; ".join(f"{place or 'body'}: {text}" for place, text in faults[:_WORST_SHOWN])
    if len(faults) > _WORST_SHOWN:
        message += f"; and {len(faults) - _WORST_SHOWN} more"
    return InvalidRequest(message, param=faults[0][0] or None)


def _fault(fault: dict[str, Any], body: Any, prefix: str) -> tuple[str, str]:
    """Where and what: the place as the caller wrote it, without pydantic's names of union branches."""
    places = [prefix] if prefix else []
    missing, location = fault["type"] == "missing", list(fault["loc"])
    for number, part in enumerate(location):
        inside = _inside(body, part)
        if inside:
            body = body[part]
        if inside or (missing and number == len(location) - 1):
            places.append(str(part))
    text = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "union_tag_invalid":
        places.append(fault["ctx"]["discriminator"].strip("'"))
        text = f"Input should be one of {fault['ctx']['expected_tags']}"
    elif fault["type"] == "union_tag_not_found":
        places.append(fault["ctx"]["discriminator"].strip("'"))
        text = "Field required"
    return ".".join(places), text


def _inside(body: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(body, list) and part < len(body)
    return isinstance(body, dict) and part in body


class InternalError(ServingError):
    """Something broke here; the caller cannot mend it."""

    code = "internal_error"


def unexpected(error: Exception) -> InternalError:
    """Logs where an exception came from (not its text, which may quote a prompt) and stands in for it."""
    stack = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected %s\n%s", type(error).__qualname__, stack)
    return InternalError("something broke inside the server; the request can be tried again")


class LastResort:
    """ASGI middleware: any exception that no handler knows becomes a 500 in the error shape."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            return
        except Exception as error:
            reply = error if isinstance(error, ServingError) else unexpected(error)
            if started or scope["type"] != "http":
                raise reply from None
            await error_response(reply)(scope, receive, send)


async def on_serving_error(request: Request, error: Exception) -> Response:
    """Starlette handler of `ServingError`."""
    assert isinstance(error, ServingError)
    return error_response(error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette handler of its own errors: no such route, wrong method, no multipart."""
    assert isinstance(error, HTTPException)
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    text = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        text = f"there is no {request.url.path[:200]} here; /openapi.json lists the routes"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        text = f"{request.method} is not a method of this route"
    reply = InvalidRequest(text)
    reply.status = error.status_code
    if error.status_code >= 500:
        reply.type = InternalError.type
    return error_response(reply, error.headers)
