"""From the events of a dialogue to a reply: one JSON object, or a stream of server-sent events.

A turn runs in a task of its own, so that whoever reads its events may change (the route, then the response)
and a client that leaves cancels it, whatever the server does about disconnects.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from vlp_graph.dialogue.turn import Answered, Event, Finished, Planned, Transcribed, Understood, Words, as_json
from vlp_graph.errors import DeadlineExceeded, ServingError
from vlp_graph.http.errors import error_body, unexpected
from vlp_graph.http.schema import Choice, Chunk, ChunkChoice, Delta, ReplyMessage, StreamEvent, Usage

T = TypeVar("T")


class Running(Generic[T]):
    """What an iterator yields, made in a task of its own; `aclose` cancels the work and waits until it is undone.

    Where it has not ended `within_s` seconds after its start, it raises DeadlineExceeded, naming `what`.
    """

    def __init__(self, events: AsyncIterator[T], within_s: float | None = None, what: str = "the answer") -> None:
        self._queue: asyncio.Queue[tuple[T] | Exception | None] = asyncio.Queue(maxsize=64)
        self._within_s, self._what = within_s, what
        self._task = asyncio.create_task(self._pump(events))

    async def _pump(self, events: AsyncIterator[T]) -> None:
        try:
            async with asyncio.timeout(self._within_s) as limit:
                async for event in events:
                    await self._queue.put((event,))
            await self._queue.put(None)
        except Exception as error:
            late = f"{self._what} was not there within {self._within_s} s: ask for less, or raise http.answer_s"
            await self._queue.put(DeadlineExceeded(late) if limit.expired() else error)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        item = await self._queue.get()
        if isinstance(item, Exception):
            raise item
        if item is None:
            raise StopAsyncIteration
        return item[0]

    async def aclose(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Stamp:
    """What all chunks of one reply share."""

    def __init__(self) -> None:
        self.id, self.created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())

    def completion(self, answer: Answered) -> dict[str, Any]:
        """The whole reply, valid as `schema.Completion`."""
        choice = Choice(message=ReplyMessage(content=answer.text), finish_reason=answer.finish)
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": "vlp",
            "choices": [choice.model_dump()],
            "usage": usage_of(answer.usage).model_dump(),
            "vlp": as_json(answer.vlp),
        }

    def chunk(self, *choices: ChunkChoice, **more: Any) -> dict[str, Any]:
        """One chunk, valid as `schema.Chunk`; a delta names only what it adds."""
        chunk = Chunk(id=self.id, created=self.created, choices=list(choices))
        body = chunk.model_dump(exclude={"choices", "usage", "vlp", "vlp_event"})
        body["choices"] = [c.model_dump() | {"delta": c.delta.model_dump(exclude_none=True)} for c in choices]
        return {**body, **more}


async def whole_answer(turn: AsyncIterator[Event]) -> Answered:
    """The last event of a turn."""
    async for event in turn:
        if isinstance(event, Answered):
            return event
    raise RuntimeError("the dialogue ended without an answer")


async def first_events(turn: AsyncIterator[Event]) -> list[Event]:
    """The events with which a stream can begin: up to a plan that looks at pictures, or the first words. Until then an
    error still gets its own HTTP status."""
    events: list[Event] = []
    async for event in turn:
        events.append(event)
        looks = isinstance(event, Planned) and any(task.task != "chat" for task in event.plan.tasks)
        if looks or isinstance(event, Words | Answered):
            return events
    raise RuntimeError("the dialogue ended without an answer")


class EventStream(StreamingResponse):
    """Server-sent events made of what `running` yields; their end, or the client's leaving, closes it."""

    def __init__(self, events: AsyncIterator[str], running: Running[Any]) -> None:
        self.running = running
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await until_gone(receive, self.stream_response(send))
        except OSError:
            raise ClientDisconnect from None
        finally:
            await self.running.aclose()


async def until_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Does `work`, whose request body has been read, and cancels it when the client leaves.

    Raises:
        ClientDisconnect: the client left first.
    """
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnect(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def turn_events(first: Sequence[Event], turn: AsyncIterator[Event], *, include_usage: bool) -> AsyncIterator[str]:
    """A turn as server-sent events, the `first` of which have been read."""
    stamp, spoken = Stamp(), False
    rest: dict[str, Any] = {"usage": None} if include_usage else {}  # as OpenAI has it: null until the last chunk
    yield sse(stamp.chunk(ChunkChoice(delta=Delta(role="assistant", content="")), **rest))
    try:
        async for event in chained(first, turn):
            if isinstance(event, Answered):
                break
            if isinstance(event, Words):
                spoken = True
                yield sse(stamp.chunk(ChunkChoice(delta=Delta(content=event.text)), **rest))
            else:
                told = _told(event).model_dump(mode="json", exclude_none=True)
                yield sse(stamp.chunk(ChunkChoice(delta=Delta()), **rest, vlp_event=told))
        else:
            raise RuntimeError("the dialogue ended without an answer")
        if not spoken and event.text:
            yield sse(stamp.chunk(ChunkChoice(delta=Delta(content=event.text)), **rest))
        last = ChunkChoice(delta=Delta(), finish_reason=event.finish)
        yield sse(stamp.chunk(last, **rest, vlp=as_json(event.vlp)))
        if include_usage:
            yield sse(stamp.chunk(usage=usage_of(event.usage).model_dump()))
    except ServingError as error:
        yield sse(error_body(error))
    except Exception as error:
        yield sse(error_body(unexpected(error)))
    yield "data: [DONE]\n\n"


async def chained(first: Sequence[T], rest: AsyncIterator[T]) -> AsyncIterator[T]:
    for event in first:
        yield event
    async for event in rest:
        yield event


def _told(event: Transcribed | Understood | Planned | Finished) -> StreamEvent:
    match event:
        case Transcribed(text):
            return StreamEvent(type="transcript", transcript=text)
        case Understood(intent):
            return StreamEvent(type="intent", intent=intent)
        case Planned(plan):
            return StreamEvent(type="plan", plan=plan)
        case Finished(result):
            return StreamEvent(type="result", result=result)


def sse(body: dict[str, Any]) -> str:
    """One server-sent event."""
    # ASCII only: some clients also split lines at U+2028 and U+0085.
    return f"data: {json.dumps(body, separators=(',', ':'), allow_nan=False)}\n\n"


def usage_of(counts: Mapping[str, int]) -> Usage:
    """Token counts by OpenAI's names; what is missing counts as none."""
    prompt, completion = counts.get("prompt_tokens", 0), counts.get("completion_tokens", 0)
    total = counts.get("total_tokens", prompt + completion)
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=total)
