"""All engines in one process: each in a thread of its own, what waits for it taken together.

The plainest way to put several models behind one server without a framework for it; the neighbours that advise one
process per worker use it inside theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Generic, TypeVar

from benchmarks.neighbours.pipeline import Calls, dialogue_over, load_finder, load_looker, load_sorter
from vlp_graph.config import Profile
from vlp_graph.dialogue.dialogue import Dialogue

T = TypeVar("T")
R = TypeVar("R")


class Batched(Generic[T, R]):
    """Calls of one engine, `size` of those that wait together at most; the first waits `wait_s` for others."""

    def __init__(self, run: Callable[[Sequence[T]], Sequence[R]], size: int, wait_s: float, thread: Executor) -> None:
        self._run, self._size, self._wait_s, self._thread = run, size, wait_s, thread
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if self._size > len(self._waiting) and self._wait_s:
                await asyncio.sleep(self._wait_s)
            batch, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
            try:
                done = await loop.run_in_executor(self._thread, self._run, [item for item, _ in batch])
            except Exception as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), result in zip(batch, done, strict=True):
                if not answer.done():  # a turn that no longer wants it has cancelled it
                    answer.set_result(result)


def dialogue_inside(profile: Profile, *, size: int, wait_ms: float, torch_threads: int) -> Dialogue:
    """Load all three engines here. `size` 1: no batches."""
    import torch

    torch.set_num_threads(torch_threads)
    engines = (load_sorter(profile), load_finder(profile), load_looker(profile))
    read, find, answer = engines
    threads = [ThreadPoolExecutor(1) for _ in engines]
    wait_s = wait_ms / 1000 if size > 1 else 0.0
    calls = Calls(
        Batched(read, size, wait_s, threads[0]),
        Batched(find, size, wait_s, threads[1]),
        Batched(answer, size, wait_s, threads[2]),
    )
    return dialogue_over(calls, profile)
