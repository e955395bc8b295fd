"""Turns of a dialogue over HTTP: of chat completions those with the model `vlp`, and a form for curl."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any, Protocol

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vlp_graph.config import Limits
from vlp_graph.dialogue.turn import Event, Turn
from vlp_graph.http import bodies, schema
from vlp_graph.http.auth import caller_of
from vlp_graph.http.endpoint import EVENTS, FORM, JSON, Endpoint
from vlp_graph.http.intake import Intake
from vlp_graph.http.reply import EventStream, Running, Stamp, first_events, turn_events, until_gone, whole_answer


class Dialogue(Protocol):
    """What the routes need of the dialogue."""

    def run(self, turn: Turn) -> AsyncIterator[Event]:
        """The events of a turn, `Answered` last; raises `ServingError`."""
        ...

    async def ready(self) -> dict[str, bool]:
        """Each model by name: loaded and warmed?"""
        ...


class Turns:
    """The endpoints that run a dialogue."""

    def __init__(self, dialogue: Dialogue, intake: Intake) -> None:
        self.dialogue, self.intake, self.limits = dialogue, intake, intake.limits

    def endpoints(self) -> list[Endpoint]:
        gives: dict[str, type[BaseModel] | None] = {JSON: schema.Completion, EVENTS: schema.Chunk}
        ask = Endpoint(
            "POST",
            "/v1/ask",
            self.ask,
            "A turn as a form, for curl",
            takes={FORM: schema.AskForm},
            gives=gives,
            errors=schema.ErrorReply,
        )
        return [ask]

    async def chat(self, request: Request, body: dict[str, Any]) -> Response:
        """A turn in OpenAI's form, whose body has been read."""
        asked, links = await self.intake.run(_read_chat, body, self.limits)
        fetched = await self.intake.fetched(request, links)
        turn = await self.intake.run(schema.to_turn, asked, self.limits, fetched)
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        return await self._answer(request, turn, stream=bool(asked.stream), include_usage=usage)

    async def ask(self, request: Request) -> Response:
        fields = tuple(schema.AskForm.model_fields)
        async with bodies.read_form(request, self.limits, fields, repeatable=("image",)) as form:
            stream = bodies.flag(form, "stream")
            history = bodies.text(form, "history")
            recordings = await bodies.files(form, "audio")
            ask = schema.Ask(
                text=bodies.text(form, "text") or "",
                images=tuple(await bodies.files(form, "image")),
                audio=recordings[0] if recordings else None,
                history=None if not history else bodies.read_json(history, "history", self.limits),
                session=bodies.text(form, "session"),
            )
        links = await self.intake.run(schema.form_links, ask, self.limits)
        fetched = await self.intake.fetched(request, links)
        turn = await self.intake.run(schema.form_to_turn, ask, self.limits, fetched)
        return await self._answer(request, turn, stream=stream, include_usage=False)

    async def _answer(self, request: Request, turn: Turn, *, stream: bool, include_usage: bool) -> Response:
        running = Running(self.dialogue.run(dataclasses.replace(turn, caller=caller_of(request))))
        handed_over = False
        try:
            if stream:
                first = await until_gone(request.receive, first_events(running))
                handed_over = True
                return EventStream(turn_events(first, running, include_usage=include_usage), running)
            answer = await until_gone(request.receive, whole_answer(running))
            return JSONResponse(Stamp().completion(answer))
        finally:
            if not handed_over:
                await running.aclose()


def _read_chat(body: dict[str, Any], limits: Limits) -> tuple[schema.ChatRequest, list[tuple[str, str]]]:
    """The request, and the URLs behind which its pictures stand."""
    asked = schema.parse_chat(body, limits)
    return asked, schema.links(asked, limits)
