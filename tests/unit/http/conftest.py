"""A dialogue of plain Python behind the real application: no model, every path of the routes."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from PIL import Image
from plain_vision import PlainFinder, PlainLooker, PlainSorter
from starlette.testclient import TestClient

from vlp_graph.config import Limits, Profile, load
from vlp_graph.dialogue.plan import Plan, Task
from vlp_graph.dialogue.turn import (
    Answered,
    Event,
    Finished,
    Instance,
    Intent,
    Planned,
    Result,
    Turn,
    Understood,
    Vlp,
    Words,
)
from vlp_graph.engines.generation import Finish, Generation, Piece, Token
from vlp_graph.engines.transcript import Heard, Language, Listening, Segment, Word
from vlp_graph.errors import InvalidRequest
from vlp_graph.http.app import build_app
from vlp_graph.http.backends import Backends


class PlainDialogue:
    """Answers "I see N." in three words; raises `error` after `after` pieces, or waits for ever."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.models = {"llama": True, "whisper": True}
        self.error: Exception | None = None
        self.after = 0
        self.hang = False
        self.closed = asyncio.Event()
        self.silent = False

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        self.turns.append(turn)
        pieces = ["I ", "see ", f"{len(turn.pictures)}\u2028."]
        intent, plan = (
            Intent(label="count", score=0.9),
            Plan(thought="look", tasks=[Task(id="t1", task="chat")]),
        )
        result = Result(
            id="t1",
            task="chat",
            status="ok",
            seconds=0.1,
            instances=[Instance(phrase="x", score=1, box=(0, 0, 1, 1))],
        )
        try:
            yield Understood(intent)
            yield Planned(plan)
            yield Finished(result)
            for number, piece in enumerate([] if self.silent else pieces):
                if self.error is not None and number == self.after:
                    raise self.error
                yield Words(piece)
                if self.hang:
                    await asyncio.sleep(3600)
            vlp = Vlp(intent=intent, plan=plan, results=[result], timings={"total": 0.2})
            yield Answered("".join(pieces), vlp, usage={"prompt_tokens": 3, "completion_tokens": 4})
        finally:
            self.closed.set()

    async def ready(self) -> dict[str, bool]:
        return self.models


class PlainGenerator:
    """Answers "one two three", a token a word, cut at `max_new_tokens`; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Generation] = []

    async def generate(self, generation: Generation) -> AsyncIterator[Piece]:
        self.asked.append(generation)
        words = ["one", " two", " three"][: generation.max_new_tokens]
        for number, word in enumerate(words):
            yield Token(number, word, -0.5)
        reason = "length" if len(words) == generation.max_new_tokens else "eos_token"
        yield Finish(reason, "".join(words), prompt_tokens=4, generated_tokens=len(words))


class PlainWriter(PlainGenerator):
    """Chats as vLLM does, whose replies hold more than OpenAI's: answers "one two", or raises `error` after `after`
    chunks, or waits for ever after the first."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[dict[str, Any]] = []
        self.error: Exception | None = None
        self.after = 0
        self.hang = False
        self.closed = asyncio.Event()

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        self.bodies.append(body)
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "prompt_tokens_details": None}
        likely = {"token": "one", "logprob": -0.1, "bytes": [111, 110, 101]}
        logprobs = {"content": [likely | {"top_logprobs": [likely]}]} if body.get("logprobs") else None
        base = {"id": "theirs", "created": 1, "model": "theirs", "usage": None}
        last = {"finish_reason": "length", "stop_reason": None, "token_ids": None}
        try:
            if not body.get("stream"):
                if self.error:
                    raise self.error
                if self.hang:
                    await asyncio.sleep(3600)
                message = {"role": "assistant", "content": "one two", "reasoning": None}
                choice = {"index": 0, "message": message, "logprobs": logprobs, **last}
                yield base | {"choices": [choice], "usage": usage, "prompt_token_ids": None}
                return
            deltas: list[dict[str, Any]] = [
                {"role": "assistant", "content": ""},
                {"content": "one"},
                {"content": " two"},
            ]
            for number, delta in enumerate(deltas):
                if self.error and number == self.after:
                    raise self.error
                ending = last if number == 2 else {"finish_reason": None}
                choice = {"index": 0, "delta": delta, "logprobs": logprobs if number else None, **ending}
                yield base | {"choices": [choice]}
                if self.hang:
                    await asyncio.sleep(3600)
            if body["stream_options"]["include_usage"]:
                yield base | {"choices": [], "usage": usage}
        finally:
            self.closed.set()


class PlainHearer:
    """Hears three segments in recordings of any length; raises `error` after the first, or waits for ever."""

    def __init__(self) -> None:
        self.asked: list[Listening] = []
        self.error: Exception | None = None
        self.hang = False
        self.closed = asyncio.Event()

    async def hear(self, listening: Listening) -> AsyncIterator[Heard | Segment]:
        self.asked.append(listening)
        try:
            if listening.language == "xx":
                raise InvalidRequest("this model does not know the language 'xx'; it knows en", param="language")
            english = Language("en", "english", 1.0, 1)
            yield Heard(english, len(listening.samples) / 16_000)
            said = [(" One <two>.", 0.5, 1.25), (" Three --> four.", 61.5, 62.0), (" Five.", 3_600.0, 3_601.5)]
            for number, (text, start, end) in enumerate(said):
                if number and self.error:
                    raise self.error
                words = tuple(Word(start, end, f" {word}", 0.75) for word in text.split())
                yield Segment(
                    number, 0, start, end, text, (1, 2), 0.0, -0.25, 1.5, 0.125, words if listening.words else None
                )
                if self.hang:
                    await asyncio.sleep(3600)
        finally:
            self.closed.set()

    async def language(self, samples: Any) -> Language:
        return Language("de", "german", 0.75, 99)


def plain_backends() -> Backends:
    return Backends(
        llama=PlainWriter(),
        idefics=PlainGenerator(),
        whisper=PlainHearer(),
        looker=PlainLooker(),
        finder=PlainFinder(),
        sorter=PlainSorter(),
    )


@pytest.fixture
def backends() -> Backends:
    return plain_backends()


@pytest.fixture
def dialogue() -> PlainDialogue:
    return PlainDialogue()


@pytest.fixture
def profile() -> Profile:
    """The embedded profile with limits that are quick to reach."""
    embedded = load("embedded")
    limits = Limits(body_mib=1, text_chars=200, messages=5, pictures=3)
    return embedded.model_copy(update={"http": embedded.http.model_copy(update={"limits": limits})})


@pytest.fixture
def client(dialogue: PlainDialogue, backends: Backends, profile: Profile) -> TestClient:
    return TestClient(build_app(dialogue, backends, profile))


@pytest.fixture
def make_png() -> Callable[..., bytes]:
    def make(colour: str = "red", size: tuple[int, int] = (3, 2)) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", size, colour).save(file, "PNG")
        return file.getvalue()

    return make
