"""A blocking iterator as an asynchronous one, a step at a time.

Nothing runs ahead of whoever listens: who leaves ends the work with the step that is under way, and many iterators
share one thread by turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from typing import TypeVar

T = TypeVar("T")


async def stepwise(threads: Executor, start: Callable[[], Iterator[T]]) -> AsyncIterator[T]:
    """The items of `start()`, which is called in the threads, too; what it raises is raised here."""
    loop = asyncio.get_running_loop()
    iterator = await loop.run_in_executor(threads, start)
    while (item := await loop.run_in_executor(threads, _step, iterator)) is not None:
        yield item[0]


def _step(iterator: Iterator[T]) -> tuple[T] | None:
    """The next item; None at the end, as `StopIteration` cannot leave a future."""
    for item in iterator:
        return (item,)
    return None
