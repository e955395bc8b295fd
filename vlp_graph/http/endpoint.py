"""A route together with what `/openapi.json` says of it: both are made from it, so they cannot differ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Handler = Callable[[Request], Awaitable[Response]]

JSON, FORM, EVENTS = "application/json", "multipart/form-data", "text/event-stream"


@dataclass(frozen=True)
class Endpoint:
    """One method of one path.

    `takes` and `gives` have, for each media type of the body and of the 200 reply, the model that describes it (None:
    bytes or plain text), `query` describes what may stand behind the question mark. `errors` describes replies from 400
    on, `others` replies with a status of their own. What is `open` is answered without an API key.
    """

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    summary: str
    takes: Mapping[str, type[BaseModel] | None] = field(default_factory=dict)
    gives: Mapping[str, type[BaseModel] | None] = field(default_factory=dict)
    query: type[BaseModel] | None = None
    others: Mapping[int, type[BaseModel]] = field(default_factory=dict)
    errors: type[BaseModel] | None = None
    open: bool = False

    def route(self) -> Route:
        return Route(self.path, self.handler, methods=[self.method])
