"""The longest model path of a turn: what it would take if nothing but its models took time.

A turn is run once with its engines' seconds noted, and once more with those notes in the engines' place, on a clock
that only they move. So tasks side by side count as long as the longest, whatever the dialogue does with them.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from numpy.typing import NDArray

from benchmarks.harness.run import BenchmarkError
from vlp_graph.dialogue.models import Models, understood
from vlp_graph.dialogue.turn import Instance, Picture, Understanding
from vlp_graph.engines.grounded_sam import Query
from vlp_graph.engines.idefics import Look

T = TypeVar("T")
Ask = Callable[[str, Any], Awaitable[Any]]
"""A lane (`transcribe`, `read`, `nearest`, `answer`, `find`) and one piece of work, to what comes of it."""


@dataclass(frozen=True)
class Call:
    """One piece of an engine's work: its lane, what it was about, the seconds of the batch that it was in, and what
    came of it."""

    lane: str
    about: str
    seconds: float
    result: Any


def about(lane: str, work: Any) -> str:
    """What a piece of work is known by within a turn."""
    match work:
        case Look(pictures, question):
            return f"{question} ({len(pictures)})"
        case Query(_, phrases, masks):
            return f"{phrases} {masks}"
        case str() | tuple():
            return str(work)
    return f"{len(work)} samples" if lane == "transcribe" else repr(work)


def path_seconds(turn: Callable[[Models], Awaitable[object]], calls: Iterable[Call]) -> float:
    """The seconds that `turn` takes where its models take as long as noted, and nothing else takes any.

    Raises:
        BenchmarkError: it asks for something that was not noted.
    """
    noted: dict[tuple[str, str], deque[Call]] = defaultdict(deque)
    for call in calls:
        noted[call.lane, call.about].append(call)

    async def ask(lane: str, work: Any) -> Any:
        waiting = noted[lane, about(lane, work)]
        if not waiting:
            raise BenchmarkError(f"a turn asked its models for another thing the second time: {about(lane, work)}")
        call = waiting.popleft()
        await asyncio.sleep(call.seconds)
        return call.result

    async def timed() -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await turn(models_over(ask))
        return loop.time() - start

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(timed())


class _Leaping(selectors.DefaultSelector):
    """Waits for nothing: the clock leaps to the end of each wait."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose time is that of its waits."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


def models_over(ask: Ask) -> Models:
    """The dialogue's models, all of whose work goes through `ask`. There is no Llama: the turns here need none, as
    DistilBERT's reading of them leaves no doubt."""

    async def ready() -> dict[str, bool]:
        return {}

    llama = _NoLlama()
    return Models(llama, llama, _Looker(ask), _Finder(ask), _Listener(ask), _Sorter(ask), ready)


class _NoLlama(BaseChatModel):
    @property
    def _llm_type(self) -> str:
        return "none"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        raise BenchmarkError("a turn wants Llama, which is not held here: take a plainer one")


class _Listener:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def transcribe(self, speech: NDArray[Any]) -> str:
        return str(await self._ask("transcribe", speech))


class _Looker:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def answer(
        self,
        pictures: Sequence[Picture],
        question: str,
        examples: Sequence[tuple[Picture, str]] = (),
        max_tokens: int | None = None,
    ) -> str:
        shots = tuple((picture.pixels, answer) for picture, answer in examples)
        look = Look(tuple(p.pixels for p in pictures), question, shots, max_tokens)
        return str(await self._ask("answer", look))


class _Finder:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def find(self, picture: Picture, phrases: Sequence[str], *, masks: bool = False) -> list[Instance]:
        found = await self._ask("find", Query(picture.pixels, tuple(phrases), masks, picture.digest))
        return [Instance(phrase=i["phrase"], score=i["score"], box=i["box"], mask=i["mask"]) for i in found]

    async def prepare(self, picture: Picture) -> None:
        await self._ask("find", Query(picture.pixels, (), masks=True, digest=picture.digest))


class _Sorter:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def read(self, text: str) -> Understanding:
        return understood(await self._ask("read", text))

    async def nearest(self, text: str, labels: Sequence[str]) -> dict[str, float]:
        return dict(await self._ask("nearest", (text, tuple(labels))))
