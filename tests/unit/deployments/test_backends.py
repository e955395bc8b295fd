"""Streams over a handle: asked again while nothing has come, cancelled when left, errors in our own words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

import pytest
from ray.exceptions import RayActorError

from deployments.backends import Hearer, streamed
from vlp_graph.engines.transcript import Listening
from vlp_graph.errors import ModelUnavailable


class Response:
    def __init__(self, items: list[Any]) -> None:
        self.items, self.cancelled = items, False

    async def __aiter__(self) -> AsyncIterator[Any]:
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item

    def cancel(self) -> None:
        self.cancelled = True


class Handle:
    """Each call of any method gives the next of `answers`."""

    def __init__(self, *answers: list[Any]) -> None:
        self.answers = [Response(items) for items in answers]
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    def options(self, *, stream: bool) -> Handle:
        assert stream
        return self

    def __getattr__(self, name: str) -> Any:
        class Method:
            @staticmethod
            def remote(*arguments: Any) -> Response:
                self.asked.append((name, arguments))
                return self.answers[len(self.asked) - 1]

        return Method


async def test_a_replica_that_dies_before_its_first_word_is_replaced() -> None:
    handle: Any = Handle([RayActorError()], [1, 2])
    assert [item async for item in streamed("Llama", handle, "chat", {"a": 1})] == [1, 2]
    assert handle.asked == [("chat", ({"a": 1},))] * 2


async def test_one_that_dies_later_is_not() -> None:
    handle: Any = Handle([1, RayActorError()], [1, 2])
    stream = streamed("Llama", handle, "chat")
    assert await anext(stream) == 1
    with pytest.raises(ModelUnavailable, match="Llama"):
        await anext(stream)
    assert len(handle.asked) == 1


async def test_nor_is_the_second() -> None:
    handle: Any = Handle([RayActorError()], [RayActorError()])
    with pytest.raises(ModelUnavailable):
        [item async for item in streamed("Llama", handle, "chat")]
    assert len(handle.asked) == 2


async def test_who_leaves_cancels() -> None:
    handle: Any = Handle([1, 2, 3])
    stream = cast(AsyncGenerator[Any, None], Hearer(handle).hear(Listening(cast(Any, None))))
    assert await anext(stream) == 1
    await stream.aclose()
    assert handle.asked[0][0] == "hear"
    assert handle.answers[0].cancelled
