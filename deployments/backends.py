"""The models one by one, for the surfaces that pass the dialogue by, over Ray Serve handles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from ray.serve.handle import DeploymentHandle

from deployments.handles import our_errors
from vlp_graph.engines.generation import Generation, Piece
from vlp_graph.http.backends import Backends


class Generator:
    """A model that continues prompts; `model` is what errors call it."""

    def __init__(self, model: str, handle: DeploymentHandle[Any]) -> None:
        self._model, self._handle = model, handle

    async def generate(self, generation: Generation) -> AsyncIterator[Piece]:
        """Tokens, and the end; leaving it ends the work at the replica."""
        with our_errors(self._model):
            response: Any = self._handle.options(stream=True).continued.remote(generation)
            try:
                async for piece in response:
                    yield piece
            except (asyncio.CancelledError, GeneratorExit):
                response.cancel()
                raise


def backends_over(handles: Mapping[str, DeploymentHandle[Any]]) -> Backends:
    """The surfaces' models over the handles of `llama`, `idefics`, `grounded_sam`, `whisper` and `distilbert`."""
    return Backends(llama=Generator("Llama", handles["llama"]), idefics=Generator("IDEFICS", handles["idefics"]))
