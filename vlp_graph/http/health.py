"""Liveness and readiness, for load balancers and people."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vlp_graph.http import schema
from vlp_graph.http.endpoint import JSON, Endpoint
from vlp_graph.http.turns import Dialogue


class Health:
    """`/health/live`: the process answers. `/health/ready`: every model is loaded and warmed."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue

    def endpoints(self) -> list[Endpoint]:
        ready = Endpoint(
            "GET",
            "/health/ready",
            self.ready,
            "Every model is loaded and warmed",
            gives={JSON: schema.Readiness},
            others={503: schema.Readiness},
            open=True,
        )
        live = Endpoint("GET", "/health/live", self.live, "The process answers", gives={JSON: None}, open=True)
        return [live, ready]

    async def live(self, request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(self, request: Request) -> Response:
        models = await self.dialogue.ready()
        missing = sorted(name for name, up in models.items() if not up)
        if models and not missing:
            return JSONResponse({"status": "ready", "models": models})
        body = schema.Readiness(status="not ready", models=models, missing=missing)
        return JSONResponse(body.model_dump(), 503, {"retry-after": "5"})
