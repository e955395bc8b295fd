"""BentoML: a service for each model with adaptive batching, and one that composes them by `bentoml.depends`.

`Composed` is its documentation's way for several models; `Whole` is all in one service, as many workers of it as there
are cores, which its documentation advises where no model needs hardware of its own. The environment says the sizes, for
BentoML imports this module anew in every process.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import bentoml

from benchmarks.neighbours.inside import dialogue_inside
from benchmarks.neighbours.pipeline import (
    Calls,
    Found,
    dialogue_over,
    load_finder,
    load_looker,
    load_sorter,
    reply_to,
    turn_of,
)
from vlp_graph.config import load
from vlp_graph.engines.distilbert import Form, Reading, Span
from vlp_graph.engines.grounded_sam import Query
from vlp_graph.engines.idefics import Look

PROFILE = os.environ.get("NEIGHBOURS_PROFILE", "embedded")
SIZE = int(os.environ.get("NEIGHBOURS_SIZE", "8"))
WORKERS = int(os.environ.get("NEIGHBOURS_WORKERS", "1"))
THREADS = int(os.environ.get("NEIGHBOURS_TORCH_THREADS", "1"))
WAIT_MS = float(os.environ.get("NEIGHBOURS_WAIT_MS", "2"))
TRAFFIC = {"timeout": 120}
TRIES = 16
"""Of a call whose connection is taken from it each time."""
MAX_LATENCY_MS = 60_000
"""BentoML refuses what would take longer; its dispatcher finds the waits below that by itself."""


def _one_torch_thread() -> None:
    import torch

    torch.set_num_threads(THREADS)


@bentoml.service(workers=1, traffic=TRAFFIC)
class Sorter:
    def __init__(self) -> None:
        _one_torch_thread()
        self.engine = load_sorter(load(PROFILE))

    @bentoml.api(batchable=True, max_batch_size=SIZE, max_latency_ms=MAX_LATENCY_MS)  # type: ignore[untyped-decorator]
    def read(self, texts: list[Any]) -> list[Any]:
        return [asdict(reading) for reading in self.engine(texts)]


@bentoml.service(workers=WORKERS, traffic=TRAFFIC)
class Finder:
    def __init__(self) -> None:
        _one_torch_thread()
        self.engine = load_finder(load(PROFILE))

    @bentoml.api(batchable=True, max_batch_size=SIZE, max_latency_ms=MAX_LATENCY_MS)  # type: ignore[untyped-decorator]
    def find(self, queries: list[Any]) -> list[Any]:
        return self.engine([pickle.loads(query) for query in queries])


@bentoml.service(workers=1, traffic=TRAFFIC)
class Looker:
    def __init__(self) -> None:
        _one_torch_thread()
        self.engine = load_looker(load(PROFILE))

    @bentoml.api(batchable=True, max_batch_size=SIZE, max_latency_ms=MAX_LATENCY_MS)  # type: ignore[untyped-decorator]
    def answer(self, looks: list[Any]) -> list[Any]:
        return list(self.engine([pickle.loads(look) for look in looks]))


@bentoml.service(workers=1, traffic=TRAFFIC)
class Composed:
    """Questions cross to the other services pickled by hand (BentoML pickles, too, but takes dataclasses apart before),
    answers as the JSON that it makes of them."""

    sorter = bentoml.depends(Sorter)
    finder = bentoml.depends(Finder)
    looker = bentoml.depends(Looker)

    def __init__(self) -> None:
        self.dialogue = dialogue_over(Calls(self._read, self._find, self._answer), load(PROFILE))

    async def _read(self, text: str) -> Reading:
        (read,) = await _again(lambda: self.sorter.to_async.read(texts=[text]))
        return _reading(read)

    async def _find(self, query: Query) -> Found:
        (found,) = await _again(lambda: self.finder.to_async.find(queries=[pickle.dumps(query)]))
        return list(found)

    async def _answer(self, look: Look) -> str:
        (answer,) = await _again(lambda: self.looker.to_async.answer(looks=[pickle.dumps(look)]))
        return str(answer)

    @bentoml.api  # type: ignore[untyped-decorator]
    async def predict(self, text: str, image: str) -> dict[str, Any]:
        return await reply_to(self.dialogue, turn_of({"text": text, "image": image}))


@bentoml.service(workers=WORKERS, traffic=TRAFFIC)
class Whole:
    def __init__(self) -> None:
        self.dialogue = dialogue_inside(load(PROFILE), size=SIZE, wait_ms=WAIT_MS, torch_threads=THREADS)

    @bentoml.api  # type: ignore[untyped-decorator]
    async def predict(self, text: str, image: str) -> dict[str, Any]:
        return await reply_to(self.dialogue, turn_of({"text": text, "image": image}))


async def _again(call: Callable[[], Awaitable[Any]]) -> Any:
    """The call, again where its connection was taken from it: BentoML 1.4 closes a service's whole session to another
    after 100 requests, with those that are under way, and keeps idle connections longer than their server does."""
    from aiohttp import ClientConnectionError

    for left in reversed(range(TRIES)):
        try:
            return await call()
        except (ClientConnectionError, RuntimeError) as error:
            taken = isinstance(error, ClientConnectionError) or str(error) == "Session is closed"
            if not taken or not left:
                raise
    raise AssertionError


def _reading(read: Mapping[str, Any]) -> Reading:
    """A reading out of its JSON."""
    form = read["form"]
    return Reading(
        read["intents"], _spans(read["spans"]), form and Form(form["name"], form["score"], _spans(form["roles"]))
    )


def _spans(spans: Sequence[Mapping[str, Any]]) -> list[Span]:
    return [Span(**span) for span in spans]
