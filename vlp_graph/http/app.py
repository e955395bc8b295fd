"""The ASGI application of one ingress replica: the surfaces, what stands before them, and their description.

The application holds no state but the models, the dialogue and the limits that it was built with.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vlp_graph.config import Profile
from vlp_graph.errors import ServingError
from vlp_graph.http import openapi
from vlp_graph.http.backends import Backends
from vlp_graph.http.endpoint import JSON, Endpoint
from vlp_graph.http.errors import LastResort, on_http_exception, on_serving_error
from vlp_graph.http.health import Health
from vlp_graph.http.limits import MIB, BodyLimit
from vlp_graph.http.page import Page
from vlp_graph.http.request_id import RequestId
from vlp_graph.http.turns import Dialogue, Turns


def build_app(dialogue: Dialogue, backends: Backends, profile: Profile) -> Starlette:
    """The application over a dialogue, and over the models one by one."""
    limits = profile.http.limits
    endpoints = [
        *Turns(dialogue, limits).endpoints(),
        *Health(dialogue).endpoints(),
    ]
    endpoints.append(_description(endpoints))
    endpoints += Page(profile).endpoints()  # for people: no part of what is described to programs
    return Starlette(
        routes=[endpoint.route() for endpoint in endpoints],
        middleware=[
            Middleware(RequestId),
            Middleware(BodyLimit, max_bytes=int(limits.body_mib * MIB)),
            Middleware(LastResort),
        ],
        exception_handlers={ServingError: on_serving_error, HTTPException: on_http_exception},
    )


def _description(endpoints: list[Endpoint]) -> Endpoint:
    """`/openapi.json`: these endpoints, and itself."""

    async def handler(request: Request) -> Response:
        return JSONResponse(document)

    described = Endpoint("GET", "/openapi.json", handler, "This description", gives={JSON: None})
    document = openapi.document([*endpoints, described])
    return described
