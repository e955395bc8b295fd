"""`/metrics`: what Prometheus reads, passed on from where the deployments' measurements meet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from vlp_graph.http.endpoint import Endpoint


@dataclass(frozen=True)
class Exposition:
    """Metrics in Prometheus' text format; `encoding` is the body's Content-Encoding."""

    body: bytes
    media_type: str
    encoding: str = "identity"


Scrape = Callable[[bool], Awaitable[Exposition]]
"""All metrics, compressed with gzip where the reader takes that. Raises `ServingError`."""


class Metrics:
    """The endpoint that Prometheus reads."""

    def __init__(self, scrape: Scrape) -> None:
        self.scrape = scrape

    def endpoints(self) -> list[Endpoint]:
        return [Endpoint("GET", "/metrics", self.metrics, "Metrics for Prometheus", gives={"text/plain": None})]

    async def metrics(self, request: Request) -> Response:
        shown = await self.scrape("gzip" in request.headers.get("accept-encoding", ""))
        headers = {"content-type": shown.media_type}
        if shown.encoding != "identity":
            headers |= {"content-encoding": shown.encoding, "vary": "accept-encoding"}
        return Response(shown.body, headers=headers)
