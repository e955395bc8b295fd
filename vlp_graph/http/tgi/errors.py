"""Errors in Text Generation Inference's shape: `{"error", "error_type"}`, on its routes whoever raises them.

What stands before the routes (limits, keys) refuses before any route is known, so the shape goes by the path.
"""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from vlp_graph.errors import ServingError
from vlp_graph.http.errors import ERROR_SHAPE

PREFIX = "/tgi/"
SAGEMAKER = ("/invocations", "/ping")


class IncompleteGeneration(ServingError):
    """A model stopped without saying why."""

    type = "incomplete_generation"


def as_tgi(error: ServingError) -> tuple[int, dict[str, Any]]:
    """Status and body. TGI has 422, 424, 429 and 500; what HTTP itself has a status for (no key, no such route, too
    large a body) keeps it."""
    if error.status == 429:
        return 429, {"error": "Model is overloaded", "error_type": "overloaded"}
    if isinstance(error, IncompleteGeneration):
        return 500, {"error": "Incomplete generation", "error_type": error.type}
    if error.status >= 500:
        message = f"Request failed during generation: {error.message}"
        return 424, {"error": message, "error_type": "generation"}
    status = 422 if error.status == 400 else error.status
    prefix = "Input validation error: " if status == 422 else ""
    return status, {"error": prefix + error.message, "error_type": "validation"}


class TgiErrors:
    """ASGI middleware: whatever refuses a request to these routes says so in TGI's shape."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if path.startswith(PREFIX) or path in SAGEMAKER:
                scope[ERROR_SHAPE] = as_tgi
        await self.app(scope, receive, send)
