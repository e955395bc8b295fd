"""The ASGI application of one ingress replica: the surfaces, what stands before them, and their description.

The application holds no state but the models, the dialogue and the limits that it was built with.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vlp_graph.config import Profile
from vlp_graph.errors import ServingError
from vlp_graph.handled import Watcher
from vlp_graph.http import openapi
from vlp_graph.http.audio.routes import Audio
from vlp_graph.http.auth import Auth
from vlp_graph.http.backends import Backends
from vlp_graph.http.chat.routes import Completions
from vlp_graph.http.concurrency import PerKey
from vlp_graph.http.endpoint import JSON, Endpoint
from vlp_graph.http.errors import LastResort, on_http_exception, on_serving_error
from vlp_graph.http.health import Health
from vlp_graph.http.intake import Intake
from vlp_graph.http.limits import MIB, BodyLimit, HeaderLimit
from vlp_graph.http.metrics import Metrics, Scrape
from vlp_graph.http.page import Page
from vlp_graph.http.request_id import RequestId
from vlp_graph.http.tgi.errors import TgiErrors
from vlp_graph.http.tgi.routes import Tgi
from vlp_graph.http.turns import Dialogue, Turns
from vlp_graph.http.vision.routes import Vision
from vlp_graph.http.watch import Noted, Watched, write
from vlp_graph.keys import Keys


def build_app(
    dialogue: Dialogue,
    backends: Backends,
    profile: Profile,
    *,
    scrape: Scrape | None = None,
    watchers: Sequence[Watcher] = (),
) -> Starlette:
    """The application over a dialogue, and over the models one by one.

    `scrape` gives what `/metrics` shows (None: there is no such route), `watchers` are told of each request.

    Raises:
        KeyFileError: the profile names a file of keys that cannot be used.
    """
    limits = profile.http.limits
    keys, intake = _keys(profile), Intake(profile.http)
    dialogue = Noted(dialogue)
    turns = Turns(dialogue, intake)
    endpoints = [
        *Completions(turns, backends, profile, intake).endpoints(),
        *turns.endpoints(),
        *Audio(backends.whisper, profile.http, intake).endpoints(),
        *Vision(backends, intake, profile.dialogue.task_s).endpoints(),
        *Health(dialogue).endpoints(),
        *Tgi(dialogue, backends, profile, intake).endpoints(),
        *(Metrics(scrape).endpoints() if scrape else []),
    ]
    endpoints.append(_description(endpoints))
    endpoints += Page(profile).endpoints()  # for people: no part of what is described to programs
    routes = [endpoint.route() for endpoint in endpoints]
    if profile.http.log != "off":
        watchers = [*watchers, write]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(Watched, watchers=watchers, routes=routes),
            Middleware(RequestId),
            Middleware(TgiErrors),
            Middleware(HeaderLimit, most=limits.headers, max_bytes=int(limits.header_kib * 1024)),
            Middleware(Auth, keys=keys, open_routes=[e.route() for e in endpoints if e.open]),
            *([Middleware(PerKey, most=profile.http.concurrent_per_key)] if keys else []),
            Middleware(BodyLimit, max_bytes=int(limits.body_mib * MIB), seconds=limits.body_seconds),
            Middleware(LastResort),
        ],
        exception_handlers={ServingError: on_serving_error, HTTPException: on_http_exception},
    )


def _keys(profile: Profile) -> Keys | None:
    path = profile.http.keys_path()
    return None if path is None else Keys(path)


def _description(endpoints: list[Endpoint]) -> Endpoint:
    """`/openapi.json`: these endpoints, and itself."""

    async def handler(request: Request) -> Response:
        return JSONResponse(document)

    described = Endpoint("GET", "/openapi.json", handler, "This description", gives={JSON: None})
    document = openapi.document([*endpoints, described])
    return described
