"""The neighbour without a framework: one process, Starlette on uvicorn, a thread for each engine.

With `--sequential` it is the base that all others are held against: one turn after another, nothing side by side.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.neighbours.inside import dialogue_inside
from benchmarks.neighbours.pipeline import reply_to, turn_of
from vlp_graph.config import load


def build(options: argparse.Namespace) -> Starlette:
    dialogue = dialogue_inside(
        load(options.profile), size=options.size, wait_ms=options.wait_ms, torch_threads=options.torch_threads
    )
    one_at_a_time: contextlib.AbstractAsyncContextManager[object] = asyncio.Lock() if options.sequential else _Open()

    async def predict(request: Request) -> Response:
        turn = turn_of(await request.json())
        async with one_at_a_time:
            return JSONResponse(await reply_to(dialogue, turn))

    async def health(request: Request) -> Response:
        return Response("ok")

    return Starlette(routes=[Route("/predict", predict, methods=["POST"]), Route("/health", health)])


class _Open(contextlib.AbstractAsyncContextManager[None]):
    """No lock: may be entered by many at once."""

    async def __aexit__(self, *_: object) -> None:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--profile", default="embedded")
    parser.add_argument("--size", type=int, default=1)
    parser.add_argument("--wait-ms", type=float, default=0)
    parser.add_argument("--torch-threads", type=int, default=1)
    parser.add_argument("--sequential", action="store_true")
    options = parser.parse_args()
    uvicorn.run(build(options), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
