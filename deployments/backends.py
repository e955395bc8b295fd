"""The models one by one, for the surfaces that pass the dialogue by, over Ray Serve handles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from opentelemetry.trace import SpanKind
from ray.serve.handle import DeploymentHandle

from deployments.handles import our_errors
from deployments.metrics import TokensCounted
from vlp_graph import telemetry
from vlp_graph.engines.generation import Finish, Generation, Piece
from vlp_graph.engines.spent import Spent
from vlp_graph.handled import spent
from vlp_graph.http.backends import Backends


class Generator:
    """A model that continues prompts; `model` is what errors call it."""

    def __init__(self, model: str, handle: DeploymentHandle[Any]) -> None:
        self._model, self._handle, self._tokens = model, handle, TokensCounted(model.lower())

    async def generate(self, generation: Generation) -> AsyncIterator[Piece]:
        """Tokens, and the end; leaving it ends the work at the replica."""
        name = f"call {self._model}"
        with (
            telemetry.span(name, kind=SpanKind.CLIENT, current=False, model=self._model) as span,
            our_errors(self._model),
        ):
            with telemetry.within(span):
                response: Any = self._handle.options(stream=True).continued.remote(generation)
            try:
                async for piece in response:
                    if isinstance(piece, Finish):
                        self._count(Spent(piece.prompt_tokens, piece.generated_tokens))
                    yield piece
            except (asyncio.CancelledError, GeneratorExit):
                response.cancel()
                raise

    def _count(self, tokens: Spent) -> None:
        spent(self._model.lower(), tokens)
        self._tokens.count(tokens)


def backends_over(handles: Mapping[str, DeploymentHandle[Any]]) -> Backends:
    """The surfaces' models over the handles of `llama`, `idefics`, `grounded_sam`, `whisper` and `distilbert`."""
    return Backends(llama=Generator("Llama", handles["llama"]), idefics=Generator("IDEFICS", handles["idefics"]))
