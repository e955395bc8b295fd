"""The models one by one, for the surfaces that pass the dialogue by, over Ray Serve handles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from ray.serve.handle import DeploymentHandle

from deployments.handles import Finder, Looker, Sorter, call, our_errors
from vlp_graph.dialogue.turn import Picture, Rle
from vlp_graph.engines.generation import Generation, Piece
from vlp_graph.engines.grounded_sam import Query, Showing
from vlp_graph.engines.sam import Prompt
from vlp_graph.http.backends import Backends, Located, Outlined


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
        llama=Generator("Llama", handles["llama"]),
        idefics=Generator("IDEFICS", handles["idefics"]),
        looker=Looker(handles["idefics"]),
        finder=Grounder(handles["grounded_sam"]),
        sorter=Sorter(handles["distilbert"]),
    )
