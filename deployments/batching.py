"""Dynamic batching: what waits for an engine is worked on together.

`serve.batch` (Ray 2.60) puts a batch together before it waits for its turn, so that what comes while the engine
computes runs one by one afterwards unless it came within the same few milliseconds. Here a batch is put together when
the engine is free.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from vlp_graph import telemetry

if TYPE_CHECKING:
    from deployments.metrics import BatchesCounted

T = TypeVar("T")
R = TypeVar("R")


@dataclass(eq=False)
class _Place(Generic[T, R]):
    """One that waits. `together`: the size of the batch that it is in."""

    item: T
    answer: asyncio.Future[R]
    since: float
    together: int = 0


class Batches(Generic[T, R]):
    """Calls of one engine: `await batches(item)` is the item's result.

    A batch begins when the last one is done, with all that wait, `size` at most, in the order in which they came. While
    there are fewer, the first waits `wait_s` for others. Who leaves before a batch begins is not in it; what `work`
    raises is raised for all in the batch.
    """

    def __init__(
        self,
        work: Callable[[list[T]], Awaitable[Sequence[R]]],
        size: int,
        wait_s: float,
        counted: BatchesCounted | None = None,
    ) -> None:
        self._run, self._size, self._wait_s, self._counted = work, size, wait_s, counted
        self._waiting: deque[_Place[T, R]] = deque()
        self._came = asyncio.Event()
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        place: _Place[T, R] = _Place(item, asyncio.get_running_loop().create_future(), time.monotonic())
        self._waiting.append(place)
        self._came.set()
        if self._working is None or self._working.done():
            # a context of its own: the first caller's request is not the one that later batches belong to
            self._working = asyncio.get_running_loop().create_task(self._work(), context=Context())
        try:
            return await place.answer
        finally:
            telemetry.note(batch_size=place.together or None)

    async def _work(self) -> None:
        while await self._enough():
            batch = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
            began = time.monotonic()
            for place in batch:
                place.together = len(batch)
            try:
                results = await self._run([place.item for place in batch])
                answered = list(zip(batch, results, strict=True))
            except Exception as error:
                for place in batch:
                    if not place.answer.done():
                        place.answer.set_exception(error)
            else:
                for place, result in answered:
                    if not place.answer.done():
                        place.answer.set_result(result)
            if self._counted:
                self._counted.ran([began - place.since for place in batch], time.monotonic() - began)

    async def _enough(self) -> bool:
        """When the next batch may begin: True; False where nobody waits any more."""
        while True:
            self._waiting = deque(place for place in self._waiting if not place.answer.done())
            if not self._waiting:
                return False
            left = self._waiting[0].since + self._wait_s - time.monotonic()
            if len(self._waiting) >= self._size or left <= 0:
                return True
            self._came.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), left)
