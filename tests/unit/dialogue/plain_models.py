"""The five models as plain objects: what they answer is written in the test, what they were asked is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.plan import TASKS
from vlp_graph.dialogue.turn import Form, Instance, Named, Picture, Understanding

Box = tuple[float, float, float, float]
FOREVER = 3600.0


def picture(width: int = 90, height: int = 90, digest: str = "p") -> Picture:
    return Picture(np.zeros((height, width, 3), np.uint8), digest)


def instance(phrase: str, box: Box = (0, 0, 10, 10), score: float = 0.9) -> Instance:
    return Instance(phrase=phrase, score=score, box=box)


class Writer(BaseChatModel):
    """Says `text` in pieces of a word; `error` is raised and `wait` slept through first."""

    text: str = ""
    error: Any = None
    wait: float = 0.0
    pause: float = 0.0
    asked: list[Any] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "plain"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        raise TypeError("ask it asynchronously")

    async def _agenerate(self, messages: list[BaseMessage], *_: Any, **options: Any) -> ChatResult:
        self.asked.append((messages, options))
        await asyncio.sleep(self.wait)
        if self.error is not None:
            raise self.error
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.text))])

    async def _astream(
        self, messages: list[BaseMessage], *_: Any, **options: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.asked.append((messages, options))
        await asyncio.sleep(self.wait)
        if self.error is not None:
            raise self.error
        for word in self.text.split(" "):
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))
            await asyncio.sleep(self.pause)


@dataclass
class Looker:
    """Answers by question; `wait` seconds late."""

    answers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    error: Exception | None = None
    asked: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    shots: list[tuple[str, str]] = field(default_factory=list)

    async def answer(
        self, pictures: Sequence[Picture], question: str, examples: Sequence[tuple[Picture, str]] = ()
    ) -> str:
        self.asked.append((tuple(p.digest for p in pictures), question))
        self.shots += [(picture.digest, answer) for picture, answer in examples]
        await asyncio.sleep(self.wait)
        if self.error is not None:
            raise self.error
        return self.answers[question]


@dataclass
class Finder:
    """Finds the `things` whose phrase is asked for; a plural also finds its singular."""

    things: Sequence[Instance] = ()
    wait: float = 0.0
    error: Exception | None = None
    asked: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)

    async def prepare(self, picture: Picture) -> None:
        self.prepared.append(picture.digest)
        if self.error is not None:
            raise self.error

    async def find(self, picture: Picture, phrases: Sequence[str], *, masks: bool = False) -> list[Instance]:
        self.asked.append((picture.digest, tuple(phrases), masks))
        await asyncio.sleep(self.wait)
        if self.error is not None:
            raise self.error
        return [
            thing.model_copy(update={"phrase": phrase})
            for phrase in phrases
            for thing in self.things
            if phrase in (thing.phrase, f"{thing.phrase}s")
        ]


@dataclass
class Listener:
    text: str = ""

    async def transcribe(self, speech: Any) -> str:
        return self.text


@dataclass
class Sorter:
    """`label` with that probability, the rest shared by the others; the `named` that a text has; labels by `likes`; the
    `forms` of texts."""

    label: str = "answer"
    score: float = 0.8
    named: Sequence[str] = ()
    likes: Mapping[str, float] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def read(self, text: str) -> Understanding:
        self.asked.append(text)
        rest = (1 - self.score) / (len(TASKS) - 1)
        scores = {task: self.score if task == self.label else rest for task in TASKS}
        found = [Named(name, text.rindex(name), 0.95) for name in self.named if name in text]
        return Understanding(scores, sorted(found, key=lambda name: name.start), self.forms.get(text))

    async def nearest(self, text: str, labels: Sequence[str]) -> dict[str, float]:
        return {label: self.likes.get(label, 1 / len(labels)) for label in labels}


async def _ready() -> dict[str, bool]:
    return {"llama": True}


def models(
    *,
    planner: BaseChatModel | None = None,
    talker: BaseChatModel | None = None,
    looker: Looker | None = None,
    finder: Finder | None = None,
    listener: Listener | None = None,
    sorter: Sorter | None = None,
    ready: Callable[[], Any] = _ready,
) -> Models:
    return Models(
        planner=planner or Writer(text="no plan"),
        talker=talker or Writer(text="hello"),
        looker=looker or Looker(),
        finder=finder or Finder(),
        listener=listener or Listener(),
        sorter=sorter or Sorter(),
        ready=ready,
    )
