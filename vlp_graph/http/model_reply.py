"""Replies of a model that is asked by itself: in time, ended when the client leaves, refused before a stream begins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from vlp_graph.errors import DeadlineExceeded, ServingError
from vlp_graph.http.errors import error_body, unexpected
from vlp_graph.http.reply import EventStream, Running, chained, sse, until_gone

T = TypeVar("T")
Json = dict[str, Any]


async def whole_reply(request: Request, work: Awaitable[T], within_s: float) -> T:
    """What `work` comes to.

    Raises:
        DeadlineExceeded: it took longer than `within_s` seconds.
        ClientDisconnect: the client left first.
    """

    async def in_time() -> T:
        try:
            async with asyncio.timeout(within_s) as limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
            late = f"the answer was not there within {within_s:g} s: ask for less, or raise http.answer_s"
            raise DeadlineExceeded(late) from None

    return await until_gone(request.receive, in_time())


async def stream_reply(
    request: Request, events: AsyncIterator[Json], within_s: float, *, done: bool = True
) -> Response:
    """The events as a stream, which begins with the first of them: until then an error keeps its own status.
    `done`: whether `[DONE]` ends it.

    Raises:
        DeadlineExceeded: there was no event within `within_s` seconds. A stream that has begun tells of it.
        ClientDisconnect: the client left first.
    """
    running = Running(events, within_s)
    handed_over = False
    try:
        first = await until_gone(request.receive, anext(running))
        handed_over = True
        return EventStream(_lines([first], running, done), running)
    finally:
        if not handed_over:
            await running.aclose()


async def _lines(first: Sequence[Json], rest: AsyncIterator[Json], done: bool) -> AsyncIterator[str]:
    try:
        async for event in chained(first, rest):
            yield sse(event)
    except ServingError as error:
        yield sse(error_body(error))
    except Exception as error:
        yield sse(error_body(unexpected(error)))
    if done:
        yield "data: [DONE]\n\n"
