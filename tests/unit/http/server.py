"""The application over plain models on a real socket, with what stands before it in Serve's proxy."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from deployments.protocol import Counting
from deployments.proxy import Harmless
from tests.ports import free_port
from vlp_graph.config import Limits
from vlp_graph.http.limits import MIB, BodyLimit, HeaderLimit


def as_in_proxy(app: ASGIApp, limits: Limits) -> ASGIApp:
    body = BodyLimit(app, int(limits.body_mib * MIB), limits.body_seconds)
    return Harmless(HeaderLimit(body, limits.headers, int(limits.header_kib * 1024)))


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The address of an application that is served meanwhile."""
    port = free_port()
    config = uvicorn.Config(app, port=port, http=Counting, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(10)
