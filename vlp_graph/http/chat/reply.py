"""Completions and chunks of a model that is asked by itself, as OpenAI has them and with nothing more.

Whatever an engine adds of its own stays behind: these models pick the fields that are passed on.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, RootModel

from vlp_graph.http.schema import Chunk, Completion, Delta, ReplyMessage, Usage


def _reason(reason: Any) -> Any:
    return reason if reason in (None, "length") else "stop"


Reason = Annotated[Literal["stop", "length"], BeforeValidator(_reason)]


class Likely(BaseModel):
    """A token, its natural log-probability and its bytes."""

    token: str
    logprob: float
    bytes: list[int] | None = None


class LikelyToken(Likely):
    """A token that was written, and the likeliest ones in its place."""

    top_logprobs: list[Likely] = []


class Logprobs(BaseModel):
    """Log-probabilities of the answer's tokens."""

    content: list[LikelyToken] | None = None
    refusal: None = None


class ModelChoice(BaseModel):
    """The one answer."""

    index: Literal[0] = 0
    message: ReplyMessage
    finish_reason: Reason = "stop"
    logprobs: Logprobs | None = None


class ModelCompletion(BaseModel):
    """The whole answer of one model."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ModelChoice]
    usage: Usage


class ModelChunkChoice(BaseModel):
    """A piece of the one answer."""

    index: Literal[0] = 0
    delta: Delta
    finish_reason: Reason | None = None
    logprobs: Logprobs | None = None


class ModelChunk(BaseModel):
    """One event of a stream; an asked-for last one has `usage` and no choice."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ModelChunkChoice]
    usage: Usage | None = None


class AnyCompletion(RootModel[Completion | ModelCompletion]):
    """The reply of chat completions: of the dialogue with `vlp`, of a model without."""


class AnyChunk(RootModel[Chunk | ModelChunk]):
    """An event of a stream of chat completions."""


class Written:
    """What a model writes for one request, under one id; `usage` says whether chunks tell it."""

    def __init__(self, model: str, *, usage: bool = False) -> None:
        self._same = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}
        self._usage = usage

    def completion(self, engines: Mapping[str, Any]) -> dict[str, Any]:
        """An engine's completion as ours, valid as `ModelCompletion`."""
        return ModelCompletion.model_validate({**engines, **self._same}).model_dump()

    def chunk(self, engines: Mapping[str, Any]) -> dict[str, Any]:
        """An engine's chunk as ours, valid as `ModelChunk`: a delta names only what it adds."""
        chunk = ModelChunk.model_validate({**engines, **self._same})
        body = chunk.model_dump(exclude=set() if self._usage else {"usage"})
        body["choices"] = [c.model_dump() | {"delta": c.delta.model_dump(exclude_none=True)} for c in chunk.choices]
        return body

    def piece(self, text: str | None = None, *, role: bool = False, reason: str | None = None) -> dict[str, Any]:
        """A chunk with the next piece of the text."""
        delta = {"role": "assistant" if role else None, "content": text}
        return self.chunk({"choices": [{"delta": delta, "finish_reason": reason}]})
