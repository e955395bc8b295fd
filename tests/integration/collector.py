"""An OpenTelemetry collector for tests: takes spans over OTLP/HTTP on loopback and keeps them."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Seen:
    """A span as it came in; ids are hex."""

    trace: str
    id: str
    parent: str
    name: str
    kind: int
    attributes: dict[str, Any]
    raw: bytes = field(repr=False)


class Collector:
    """Listens until it is closed. `url` is what an exporter is given as its endpoint."""

    def __init__(self) -> None:
        self._spans: list[Seen] = []
        taken = self._spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                taken.extend(_spans(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def trace(self, trace: str, until: Callable[[list[Seen]], bool], within_s: float = 30) -> list[Seen]:
        """The spans of a trace as soon as they are as they should be, or what there is when the time is up."""
        end = time.monotonic() + within_s
        while not until(found := [span for span in list(self._spans) if span.trace == trace]):
            if time.monotonic() > end:
                return found
            time.sleep(0.2)
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _spans(body: bytes) -> list[Seen]:
    return [
        Seen(
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            name=span.name,
            kind=span.kind,
            attributes={
                a.key: getattr(a.value, a.value.WhichOneof("value") or "string_value") for a in span.attributes
            },
            raw=span.SerializeToString(),
        )
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
