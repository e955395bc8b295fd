"""The models one by one, for the surfaces that pass the dialogue by, over Ray Serve handles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opentelemetry.trace import SpanKind
from ray.exceptions import RayActorError
from ray.serve.handle import DeploymentHandle

from deployments.handles import Finder, Looker, Sorter, call, our_errors
from deployments.metrics import TokensCounted
from vlp_graph import telemetry
from vlp_graph.dialogue.turn import Picture, Rle
from vlp_graph.engines.generation import Finish, Generation, Piece
from vlp_graph.engines.grounded_sam import Query, Showing
from vlp_graph.engines.sam import Prompt
from vlp_graph.engines.spent import Spent
from vlp_graph.engines.transcript import Heard, Language, Listening, Segment
from vlp_graph.handled import spent
from vlp_graph.http.backends import Backends, Located, Outlined


class Generator:
    """A model that continues prompts; `model` is what errors call it."""

    def __init__(self, model: str, handle: DeploymentHandle[Any]) -> None:
        self._model, self._handle, self._tokens = model, handle, TokensCounted(model.lower())

    async def generate(self, generation: Generation) -> AsyncIterator[Piece]:
        """Tokens, and the end; leaving it ends the work at the replica."""
        async with aclosing(streamed(self._model, self._handle, "continued", generation)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finish):
                    tokens = Spent(piece.prompt_tokens, piece.generated_tokens)
                    spent(self._model.lower(), tokens)
                    self._tokens.count(tokens)
                yield piece


class Writer(Generator):
    """The language model, which also chats."""

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Chunks, or one completion, as vLLM has them."""
        async with aclosing(streamed(self._model, self._handle, "chat", body)) as replies:
            async for reply in replies:
                if used := reply.get("usage"):
                    spent(self._model.lower(), Spent(used["prompt_tokens"], used.get("completion_tokens") or 0))
                yield reply


class Hearer:
    """The speech model."""

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    def hear(self, listening: Listening) -> AsyncIterator[Heard | Segment]:
        """What the recording is, then its segments."""
        return streamed("Whisper", self._handle, "hear", listening)

    async def language(self, samples: NDArray[np.float32]) -> Language:
        """The language that is spoken."""
        return await call("Whisper", lambda: self._handle.language.remote(samples))


async def streamed(
    model: str, handle: DeploymentHandle[Any], method: str, *arguments: Any
) -> AsyncGenerator[Any, None]:
    """What a method of a deployment yields; leaving it ends the work at the replica.

    Where the replica dies before its first word, another is asked.
    """
    with (
        telemetry.span(f"call {model}", kind=SpanKind.CLIENT, current=False, model=model) as span,
        our_errors(model),
    ):
        for attempt in (1, 2):
            with telemetry.within(span):
                response: Any = getattr(handle.options(stream=True), method).remote(*arguments)
            begun = False
            try:
                async for item in response:
                    begun = True
                    yield item
                return
            except (asyncio.CancelledError, GeneratorExit):
                response.cancel()
                raise
            except RayActorError:
                if begun or attempt == 2:
                    raise
                telemetry.note(span, retried=True)


class Grounder(Finder):
    """Grounded-SAM, asked for more than the dialogue asks."""

    async def locate(
        self,
        picture: Picture,
        phrases: Sequence[str],
        *,
        masks: bool = False,
        threshold: float | None = None,
        nms: float | None = None,
        most: int | None = None,
    ) -> list[Located]:
        query = Query(picture.pixels, tuple(phrases), masks, picture.digest, threshold, nms, most)
        found = await call("Grounded-SAM", lambda: self._handle.find.remote(query))
        return [Located(i["phrase"], i["score"], i["box"], _outlined(i) if masks else None) for i in found]

    async def outline(
        self, picture: Picture, prompts: Sequence[Prompt], *, several: bool = False
    ) -> list[list[Outlined]]:
        showing = Showing(picture.pixels, tuple(prompts), several, picture.digest)
        outlined = await call("Grounded-SAM", lambda: self._handle.outline.remote(showing))
        return [[_outlined(one) for one in outlines] for outlines in outlined]


def _outlined(one: Mapping[str, Any]) -> Outlined:
    return Outlined(Rle.model_validate(one["mask"]), one["iou"])


def backends_over(handles: Mapping[str, DeploymentHandle[Any]]) -> Backends:
    """The surfaces' models over the handles of `llama`, `idefics`, `grounded_sam`, `whisper` and `distilbert`."""
    return Backends(
        llama=Writer("Llama", handles["llama"]),
        idefics=Generator("IDEFICS", handles["idefics"]),
        whisper=Hearer(handles["whisper"]),
        looker=Looker(handles["idefics"]),
        finder=Grounder(handles["grounded_sam"]),
        sorter=Sorter(handles["distilbert"]),
    )
