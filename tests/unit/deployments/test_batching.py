"""Batches are put together when the engine is free, and nobody waits for who left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from deployments.batching import Batches

LONG = 30.0


class Engine:
    """Multiplies by ten; computes until it is let go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = asyncio.Event()
        self.free.set()

    async def work(self, items: list[int]) -> Sequence[int]:
        self.batches.append(items)
        await self.free.wait()
        return [item * 10 for item in items]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG):
        while not true():
            await asyncio.sleep(0.001)


async def test_calls_that_wait_together_are_one_batch() -> None:
    engine = Engine()
    batches = Batches(engine.work, 4, 0.0)
    assert await asyncio.gather(*(batches(i) for i in range(6))) == [0, 10, 20, 30, 40, 50]
    assert engine.batches == [[0, 1, 2, 3], [4, 5]]


async def test_what_comes_one_by_one_while_the_engine_computes_is_the_next_batch() -> None:
    engine = Engine()
    engine.free.clear()
    batches = Batches(engine.work, 8, 0.0)
    calls = []
    for i in range(4):
        calls.append(asyncio.create_task(batches(i)))
        await until(lambda: bool(engine.batches))
        await asyncio.sleep(0.005)  # longer than a batch waits: by itself it would be one of one
    engine.free.set()
    assert await asyncio.gather(*calls) == [0, 10, 20, 30]
    assert engine.batches == [[0], [1, 2, 3]]


async def test_the_first_waits_for_others_until_the_batch_is_full() -> None:
    engine = Engine()
    batches = Batches(engine.work, 2, LONG)
    first = asyncio.create_task(batches(1))
    await asyncio.sleep(0.01)
    assert not engine.batches
    async with asyncio.timeout(LONG / 2):
        assert await asyncio.gather(first, batches(2)) == [10, 20]
    assert engine.batches == [[1, 2]]


async def test_the_first_waits_no_longer_than_it_shall() -> None:
    engine = Engine()
    async with asyncio.timeout(LONG):
        assert await Batches(engine.work, 2, 0.01)(1) == 10


async def test_who_leaves_before_the_batch_begins_is_not_in_it() -> None:
    engine = Engine()
    engine.free.clear()
    batches = Batches(engine.work, 8, 0.0)
    calls = [asyncio.create_task(batches(0))]
    await until(lambda: bool(engine.batches))
    calls += [asyncio.create_task(batches(i)) for i in (1, 2)]
    await asyncio.sleep(0.005)
    calls[1].cancel()
    await asyncio.sleep(0)
    engine.free.set()
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert (done[0], type(done[1]), done[2]) == (0, asyncio.CancelledError, 20)
    assert engine.batches == [[0], [2]]


async def test_who_leaves_a_running_batch_does_not_end_it() -> None:
    engine = Engine()
    engine.free.clear()
    batches = Batches(engine.work, 8, 0.0)
    calls = [asyncio.create_task(batches(i)) for i in (1, 2)]
    await until(lambda: bool(engine.batches))
    calls[0].cancel()
    await asyncio.sleep(0)
    engine.free.set()
    assert await calls[1] == 20
    assert await batches(3) == 30


async def test_a_batch_that_fails_fails_for_all_in_it_and_the_next_one_runs() -> None:
    async def work(items: list[int]) -> Sequence[int]:
        if 0 in items:
            raise ValueError("broken")
        return items

    batches = Batches(work, 2, 0.0)
    done = await asyncio.gather(*(batches(i) for i in range(4)), return_exceptions=True)
    assert [type(one) for one in done] == [ValueError, ValueError, int, int]


async def test_too_few_results_are_an_error_and_leave_nobody_waiting() -> None:
    async def work(items: list[int]) -> Sequence[int]:
        return items[1:]

    batches = Batches(work, 2, 0.0)
    async with asyncio.timeout(LONG):
        with pytest.raises(ValueError, match="shorter"):
            await asyncio.gather(batches(1), batches(2))
