"""The routes. Each turns a request into a `Turn`, lets the dialogue run, and hands its events to a reply.

The application holds no state but the dialogue and the limits that it was built with.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers, MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vlp_graph.config import Limits, Profile
from vlp_graph.dialogue.turn import Event, Turn
from vlp_graph.errors import InvalidRequest, ServingError, UnsupportedMedia
from vlp_graph.http import openapi, schema
from vlp_graph.http.errors import LastResort, on_http_exception, on_serving_error
from vlp_graph.http.limits import MIB, BodyLimit
from vlp_graph.http.reply import EventStream, RunningTurn, Stamp, first_events, until_gone, whole_answer

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_FORM_FIELDS = tuple(schema.AskForm.model_fields)
_MOST_PARTS = 64


class Dialogue(Protocol):
    """What the routes need of the dialogue."""

    def run(self, turn: Turn) -> AsyncIterator[Event]:
        """The events of a turn, `Answered` last; raises `ServingError`."""
        ...

    async def ready(self) -> dict[str, bool]:
        """Each model by name: loaded and warmed?"""
        ...


def build_app(dialogue: Dialogue, profile: Profile) -> Starlette:
    """The ASGI application of one ingress replica."""
    routes = Routes(dialogue, profile.http.limits)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", routes.chat, methods=["POST"]),
            Route("/v1/ask", routes.ask, methods=["POST"]),
            Route("/v1/models", routes.models),
            Route("/health/live", routes.live),
            Route("/health/ready", routes.ready),
            Route("/openapi.json", routes.openapi),
        ],
        middleware=[
            Middleware(RequestId),
            Middleware(BodyLimit, max_bytes=int(profile.http.limits.body_mib * MIB)),
            Middleware(LastResort),
        ],
        exception_handlers={ServingError: on_serving_error, HTTPException: on_http_exception},
    )


class Routes:
    """The endpoints, over one dialogue."""

    def __init__(self, dialogue: Dialogue, limits: Limits) -> None:
        self.dialogue, self.limits = dialogue, limits

    async def chat(self, request: Request) -> Response:
        _check_type(request, "application/json")
        body = await request.body()
        asked, turn = await run_in_threadpool(_read_chat, body, self.limits)
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        return await self._answer(request, turn, stream=bool(asked.stream), include_usage=usage)

    async def ask(self, request: Request) -> Response:
        _check_type(request, "multipart/form-data")
        most = int(self.limits.body_mib * MIB)
        async with request.form(max_files=_MOST_PARTS, max_fields=_MOST_PARTS, max_part_size=most) as form:
            stream = _flag(form)
            ask = await _read_form(form)
        turn = await run_in_threadpool(schema.form_to_turn, ask, self.limits)
        return await self._answer(request, turn, stream=stream, include_usage=False)

    async def _answer(self, request: Request, turn: Turn, *, stream: bool, include_usage: bool) -> Response:
        running = RunningTurn(self.dialogue.run(dataclasses.replace(turn, caller=_caller(request))))
        handed_over = False
        try:
            if stream:
                first = await until_gone(request.receive, first_events(running))
                handed_over = True
                return EventStream(first, running, include_usage=include_usage)
            answer = await until_gone(request.receive, whole_answer(running))
            return JSONResponse(Stamp().completion(answer))
        finally:
            if not handed_over:
                await running.aclose()

    async def models(self, request: Request) -> Response:
        listed = schema.ModelList(data=[schema.ModelCard(id=schema.MODEL)])
        return JSONResponse(listed.model_dump())

    async def live(self, request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(self, request: Request) -> Response:
        models = await self.dialogue.ready()
        missing = sorted(name for name, up in models.items() if not up)
        if models and not missing:
            return JSONResponse({"status": "ready", "models": models})
        body = schema.Readiness(status="not ready", models=models, missing=missing)
        return JSONResponse(body.model_dump(), 503, {"retry-after": "5"})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(openapi.document())


class RequestId:
    """ASGI middleware: every reply has an `x-request-id`, the caller's own where it is a sane one."""

    def __init__(self, app: ASGIApp, make: Callable[[], object] = uuid.uuid4) -> None:
        self.app, self.make = app, make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(self.make())

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        await self.app(scope, receive, marked)


def _caller(request: Request) -> str:
    """Whose request it is: a digest of the key that came with it, or nobody's."""
    key = request.headers.get("authorization", "").partition(" ")[2].strip()
    return hashlib.sha256(key.encode()).hexdigest() if key else ""


def _check_type(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        raise UnsupportedMedia(f"the body's Content-Type is {given[:100] or 'missing'}; send {wanted}")


def _read_json(text: bytes | str, param: str | None = None) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON number")

    name = param or "the body"
    try:
        return json.loads(text if isinstance(text, str) else text.decode("utf-8-sig"), parse_constant=refuse)
    except UnicodeDecodeError:
        raise InvalidRequest(f"{name} is not UTF-8; encode it in UTF-8", param=param) from None
    except RecursionError:
        raise InvalidRequest(f"{name} is nested too deep; flatten it", param=param) from None
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number that JSON does not have"
        at = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidRequest(f"{name} is not JSON{at}: {reason}", param=param) from None


def _read_chat(body: bytes, limits: Limits) -> tuple[schema.ChatRequest, Turn]:
    asked = schema.parse_chat(_read_json(body), limits)
    return asked, schema.to_turn(asked, limits)


async def _read_form(form: FormData) -> schema.Ask:
    for name in form:
        if name not in _FORM_FIELDS:
            near = difflib.get_close_matches(name, _FORM_FIELDS, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_FORM_FIELDS)}"
            raise InvalidRequest(f"{name[:100]!r} is not a field of this form; {hint}", param=name[:100])
        if name != "image" and len(form.getlist(name)) > 1:
            raise InvalidRequest(f"{name} stands in the form more than once; only image may", param=name)
    history = _text(form, "history")
    recordings = await _files(form, "audio")
    return schema.Ask(
        text=_text(form, "text") or "",
        images=tuple(await _files(form, "image")),
        audio=recordings[0] if recordings else None,
        history=None if not history else _read_json(history, "history"),
        session=_text(form, "session"),
    )


async def _files(form: FormData, name: str) -> list[bytes]:
    files = []
    for value in form.getlist(name):
        if isinstance(value, str):
            raise InvalidRequest(f"{name} is a file; with curl: -F {name}=@PATH", param=name)
        if value.filename or value.size:  # a browser sends a nameless, empty file where none was chosen
            files.append(await value.read())
    return files


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    if isinstance(value, UploadFile):
        raise InvalidRequest(f"{name} is a text field, not a file; with curl: -F '{name}=<PATH'", param=name)
    return value


def _flag(form: FormData) -> bool:
    value = (_text(form, "stream") or "false").strip().lower()
    if value not in ("true", "false", "1", "0"):
        raise InvalidRequest("stream is true or false", param="stream")
    return value in ("true", "1")
