"""LitServe: the whole pipeline in one LitAPI, as its documentation composes models, so many workers of it.

Three ways to take requests, all of the documentation: one after another (`single`), in batches of turns (`batch`), or
all at once on the worker's event loop (`async`, where engine calls form batches inside).
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import litserve
import litserve.server

from benchmarks.neighbours.inside import dialogue_inside
from benchmarks.neighbours.pipeline import reply_to, turn_of
from vlp_graph.config import load
from vlp_graph.dialogue.turn import Turn


class Single(litserve.LitAPI):  # type: ignore[misc]
    """One turn at a time in each worker."""

    def __init__(self, options: argparse.Namespace, **more: Any) -> None:
        super().__init__(**more)
        self.options = options

    def setup(self, device: str) -> None:
        o = self.options
        # loaded here, in the worker: the loop on which turns run is the worker's, too
        self.dialogue = dialogue_inside(load(o.profile), size=o.size, wait_ms=o.wait_ms, torch_threads=o.torch_threads)
        self.loop = asyncio.new_event_loop()

    def decode_request(self, request: dict[str, str]) -> Turn:
        return turn_of(request)

    def predict(self, turn: Any) -> Any:
        return self.loop.run_until_complete(reply_to(self.dialogue, turn))

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        return output


class InBatches(Single):
    """Turns that LitServe has batched, side by side: what they ask of an engine at once is one batch."""

    def batch(self, inputs: list[Turn]) -> list[Turn]:
        return list(inputs)

    def predict(self, turns: Any) -> Any:
        async def all_of_them() -> list[dict[str, Any]]:
            return await asyncio.gather(*(reply_to(self.dialogue, turn) for turn in turns))

        return self.loop.run_until_complete(all_of_them())

    def unbatch(self, output: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return output


class Concurrent(Single):
    """`enable_async`: turns as they come, side by side."""

    async def decode_request(self, request: dict[str, str]) -> Turn:  # type: ignore[override]
        return turn_of(request)

    async def predict(self, turn: Any) -> Any:
        return await reply_to(self.dialogue, turn)

    async def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]
        return output


def api(options: argparse.Namespace) -> litserve.LitAPI:
    match options.way:
        case "single":
            return Single(options)
        case "batch":
            return InBatches(options, max_batch_size=options.turns, batch_timeout=options.turns_wait_ms / 1000)
    return Concurrent(options, enable_async=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--profile", default="embedded")
    parser.add_argument("--way", choices=("single", "batch", "async"), default="single")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--turns", type=int, default=8, help="turns in a batch, of the way `batch`")
    parser.add_argument("--turns-wait-ms", type=float, default=5)
    parser.add_argument("--size", type=int, default=1, help="calls of an engine in a batch")
    parser.add_argument("--wait-ms", type=float, default=0)
    parser.add_argument("--torch-threads", type=int, default=1)
    options = parser.parse_args()
    # its MCP half takes a package `mcp` for the one that it knows, and is not served here
    litserve.server._MCP_AVAILABLE = False
    server = litserve.LitServer(
        api(options), accelerator="cpu", devices=1, workers_per_device=options.workers, timeout=120
    )
    server.run(host="127.0.0.1", port=options.port, num_api_servers=1, generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    main()
