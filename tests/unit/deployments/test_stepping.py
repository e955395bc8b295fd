"""Blocking iterators as asynchronous ones: in order, by turns, and no step too many."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import pytest

from deployments.stepping import stepwise


def counted(steps: list[int], count: int = 10) -> Iterator[int]:
    for number in range(count):
        steps.append(number)
        yield number


async def test_all_items_come_from_the_thread() -> None:
    names: list[str] = []

    def named() -> Iterator[int]:
        for number in range(3):
            names.append(threading.current_thread().name)
            yield number

    with ThreadPoolExecutor(1, "steps") as thread:
        assert [item async for item in stepwise(thread, named)] == [0, 1, 2]
    assert {name.split("_")[0] for name in names} == {"steps"}


async def test_who_leaves_ends_the_work() -> None:
    steps: list[int] = []
    with ThreadPoolExecutor(1) as thread:
        items: Any = stepwise(thread, lambda: counted(steps))
        async with aclosing(items):
            async for item in items:
                if item == 2:
                    break
    assert steps == [0, 1, 2]


async def test_cancelling_ends_the_work_with_the_step_under_way() -> None:
    steps: list[int] = []
    go = threading.Event()

    def waiting() -> Iterator[int]:
        for number in counted(steps):
            go.wait(10)
            yield number

    async def read() -> None:
        async for _ in stepwise(thread, waiting):
            pass

    with ThreadPoolExecutor(1) as thread:
        task = asyncio.create_task(read())
        while not steps:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
    assert steps == [0]


async def test_errors_are_raised_where_it_is_read() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("late")

    with ThreadPoolExecutor(1) as thread:
        items = stepwise(thread, broken)
        assert await anext(items) == 1
        with pytest.raises(KeyError, match="late"):
            await anext(items)


async def test_iterators_take_turns_in_one_thread() -> None:
    order: list[str] = []

    async def read(name: str) -> None:
        async for _ in stepwise(thread, lambda: counted([], 3)):
            order.append(name)

    with ThreadPoolExecutor(1) as thread:
        await asyncio.gather(read("a"), read("b"))
    assert order == ["a", "b"] * 3
