"""`python -m benchmarks.graph_overhead.bare --port N`: an ingress and a child that does nothing.

They run with `vlp serve`'s options. What a hop costs is measured here: in the graph every hop ends in a model.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import threading
from typing import Any

NAME = "bare"
MOST = 64
"""Requests that a replica has at once."""


def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    from vlp_graph import config
    from vlp_graph.serving import FLAGS, LOOPBACK

    for key, value in (FLAGS | LOOPBACK).items():  # Ray reads them when it is imported
        os.environ.setdefault(key, value)
    stop = threading.Event()
    import ray
    from ray import serve
    from ray.serve.config import HTTPOptions

    from deployments import logs

    ray.init(
        address="local",  # there are several at once
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        object_store_memory=256 * 2**20,
        _node_ip_address="127.0.0.1",
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        form = logs.logging_config(config.load().http)
        serve.start(http_options=HTTPOptions(host="127.0.0.1", port=port), logging_config=form)
        serve.run(_application(), name=NAME, route_prefix="/", logging_config=form)
        stop.wait()
        serve.shutdown()
    finally:
        ray.shutdown()


def _application() -> Any:
    from ray import serve
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    async def hop(request: Request) -> Response:
        """The body goes to as many children's calls as the path says, side by side."""
        body = await request.body()
        ingress: Any = serve.get_replica_context().servable_object
        calls = [ingress.child.size.remote(body) for _ in range(request.path_params["children"])]
        sizes = await asyncio.gather(*map(_result, calls))
        return PlainTextResponse(str(sum(sizes)))

    class Child:
        async def size(self, body: bytes) -> int:
            return len(body)

    class Ingress:
        def __init__(self, child: Any) -> None:
            self.child = child

    app = Starlette(routes=[Route("/{children:int}", hop, methods=["POST"])])
    options: dict[str, Any] = {"max_ongoing_requests": MOST, "ray_actor_options": {"num_cpus": 0.5}}
    child = serve.deployment(name="Child", **options)(Child).bind()
    return serve.deployment(name="Ingress", **options)(serve.ingress(app)(Ingress)).bind(child)


async def _result(response: Any) -> Any:
    return await response


if __name__ == "__main__":
    main()
