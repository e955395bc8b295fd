"""A dialogue of plain Python behind the real application: no model, every path of the routes."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable

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


@pytest.fixture
def backends() -> Backends:
    return Backends(
        llama=PlainGenerator(),
        idefics=PlainGenerator(),
        looker=PlainLooker(),
        finder=PlainFinder(),
        sorter=PlainSorter(),
    )


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
