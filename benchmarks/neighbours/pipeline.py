"""The product's own dialogue over engines that somebody else serves.

What all sides of the comparison share: the same weights and engine options (the profile's), the same dialogue, the same
reply. How an engine is called (a thread, a batch, another process) is what differs, and is handed in.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from numpy.typing import NDArray
from PIL import Image

from deployments import distilbert, grounded_sam, idefics
from vlp_graph.config import Profile
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.models import Models, understood
from vlp_graph.dialogue.turn import Answered, Instance, Picture, Turn, Understanding, as_json
from vlp_graph.engines.distilbert import Reading
from vlp_graph.engines.grounded_sam import Query
from vlp_graph.engines.idefics import Look
from vlp_graph.errors import ModelUnavailable

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForLLMRun

Found = list[dict[str, Any]]
"""Instances as they cross a process border: as `deployments.grounded_sam.instance` makes them."""


def load_sorter(profile: Profile) -> Callable[[Sequence[str]], list[Reading]]:
    """DistilBERT's batch call, warmed."""
    return distilbert.warmed(profile.models.distilbert).read


def load_finder(profile: Profile) -> Callable[[Sequence[Query]], list[Found]]:
    """Grounded-SAM's batch call, warmed; masks leave it run-length encoded, as they leave the graph's replica."""
    engine = grounded_sam.warmed(profile.models.grounded_sam)
    return lambda queries: [[grounded_sam.instance(f) for f in found] for found in engine.find(queries)]


def load_looker(profile: Profile) -> Callable[[Sequence[Look]], list[str]]:
    """IDEFICS' batch call, warmed."""
    return idefics.warmed(profile.models.idefics).answer


@dataclass(frozen=True)
class Calls:
    """One request each, however it is served."""

    read: Callable[[str], Awaitable[Reading]]
    find: Callable[[Query], Awaitable[Found]]
    answer: Callable[[Look], Awaitable[str]]


class _Sorter:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def read(self, text: str) -> Understanding:
        return understood(await self._calls.read(text))

    async def nearest(self, text: str, labels: Sequence[str]) -> dict[str, float]:
        raise ModelUnavailable("no turn of this benchmark sorts")


class _Finder:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def find(self, picture: Picture, phrases: Sequence[str], *, masks: bool = False) -> list[Instance]:
        found = await self._calls.find(Query(picture.pixels, tuple(phrases), masks, picture.digest))
        return [Instance(phrase=i["phrase"], score=i["score"], box=i["box"], mask=i["mask"]) for i in found]

    async def prepare(self, picture: Picture) -> None:
        await self._calls.find(Query(picture.pixels, (), masks=True, digest=picture.digest))


class _Looker:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def answer(
        self, pictures: Sequence[Picture], question: str, examples: Sequence[tuple[Picture, str]] = ()
    ) -> str:
        shots = tuple((picture.pixels, answer) for picture, answer in examples)
        return await self._calls.answer(Look(tuple(p.pixels for p in pictures), question, shots))


class _Deaf:
    async def transcribe(self, speech: NDArray[np.float32]) -> str:
        raise ModelUnavailable("no turn of this benchmark is spoken")


class _LeftOut(BaseChatModel):
    """In the place of Llama, which the turns of this benchmark do not need: a turn that asks for it ends the run."""

    @property
    def _llm_type(self) -> str:
        return "left-out"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise RuntimeError("a turn asked for Llama, which this side does not have")


async def _ready() -> dict[str, bool]:
    return {}


def dialogue_over(calls: Calls, profile: Profile) -> Dialogue:
    """The product's dialogue, its models those of `calls`."""
    left_out = _LeftOut()
    models = Models(left_out, left_out, _Looker(calls), _Finder(calls), _Deaf(), _Sorter(calls), _ready)
    return Dialogue(models, profile.dialogue)


def turn_of(body: Mapping[str, str]) -> Turn:
    """Of a request: `text`, and `image` (a PNG) in base64."""
    with Image.open(io.BytesIO(base64.b64decode(body["image"]))) as image:
        pixels = np.asarray(image.convert("RGB"))
    return Turn(text=body["text"], pictures=(Picture(pixels, hashlib.sha256(pixels.tobytes()).hexdigest()),))


async def reply_to(dialogue: Dialogue, turn: Turn) -> dict[str, Any]:
    """What a turn comes to: the answer's text, and its `vlp` as our own ingress writes it."""
    async for event in dialogue.run(turn):
        if isinstance(event, Answered):
            return {"text": event.text, "vlp": as_json(event.vlp), "planned": event.planned}
    raise RuntimeError("the dialogue ended without an answer")
