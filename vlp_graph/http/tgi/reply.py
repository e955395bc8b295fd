"""From the pieces of a generation to TGI's replies: one object, or a stream of server-sent events.

TGI puts the text and the details of a stream into the event of its last token. So a token waits for what comes after
it, unless it is known already that another token does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from vlp_graph.engines.generation import Finish, Piece, Prefill, Token
from vlp_graph.http.endpoint import EVENTS
from vlp_graph.http.reply import until_gone
from vlp_graph.http.tgi import schema
from vlp_graph.http.tgi.errors import IncompleteGeneration


@dataclass(frozen=True)
class Made:
    """All that a generation came to."""

    prefill: tuple[Token, ...]
    tokens: tuple[Token, ...]
    finish: Finish

    @property
    def likelihood(self) -> float:
        """Mean log-probability of a token."""
        return sum(token.logprob or 0.0 for token in self.tokens) / max(len(self.tokens), 1)


async def collect(pieces: AsyncIterator[Piece]) -> Made:
    """
    Raises:
        IncompleteGeneration: the pieces ended without saying why.
    """
    prefill: tuple[Token, ...] = ()
    tokens: list[Token] = []
    async for piece in pieces:
        if isinstance(piece, Prefill):
            prefill = piece.tokens
        elif isinstance(piece, Token):
            tokens.append(piece)
        else:
            return Made(prefill, tuple(tokens), piece)
    raise IncompleteGeneration("the model stopped without saying why")


def reply(made: Sequence[Made], prefix: str, *, details: bool) -> dict[str, Any]:
    """The reply of the likeliest of `made`, valid as `schema.TgiReply`. `prefix` goes before every text."""
    best = max(made, key=lambda one: one.likelihood)
    text = prefix + best.finish.text
    if not details:
        return _json(schema.TgiReply(generated_text=text))
    told = _details(best)
    if len(made) > 1:
        told["best_of_sequences"] = [_sequence(one, prefix) for one in made if one is not best]
    return _json(schema.TgiReply(generated_text=text, details=schema.TgiDetails(**told)))


def _sequence(made: Made, prefix: str) -> schema.TgiSequence:
    return schema.TgiSequence(generated_text=prefix + made.finish.text, **_details(made))


def _details(made: Made) -> dict[str, Any]:
    top = [[_token(likely) for likely in token.top] for token in made.tokens]
    return {
        **_why(made.finish),
        "prefill": [schema.TgiInputToken(id=t.id, text=t.text, logprob=t.logprob) for t in made.prefill],
        "tokens": [_token(token) for token in made.tokens],
        **({"top_tokens": top} if any(top) else {}),
    }


def _why(finish: Finish) -> dict[str, Any]:
    return {"finish_reason": finish.reason, "generated_tokens": finish.generated_tokens, "seed": finish.seed}


def _token(token: Token) -> schema.TgiToken:
    return schema.TgiToken(id=token.id, text=token.text, logprob=token.logprob or 0.0, special=token.special)


def _json(model: BaseModel) -> dict[str, Any]:
    """What was said, null or not; what was not said is left out."""
    return model.model_dump(exclude_unset=True)


async def events(pieces: AsyncIterator[Piece], prefix: str) -> AsyncGenerator[dict[str, Any] | Finish, None]:
    """The events of a stream, each valid as `schema.TgiEvent`, then the end itself.

    Raises:
        IncompleteGeneration: the pieces ended without saying why.
    """
    held: Token | None = None
    async for piece in pieces:
        if isinstance(piece, Prefill):
            continue
        if held is not None:
            finish = piece if isinstance(piece, Finish) else None
            yield _event(held, finish, prefix)
            held = None
        if isinstance(piece, Finish):
            yield piece
            return
        if piece.more:
            yield _event(piece, None, prefix)
        else:
            held = piece
    raise IncompleteGeneration("the model stopped without saying why")


def _event(token: Token, finish: Finish | None, prefix: str) -> dict[str, Any]:
    top = {"top_tokens": [_token(likely) for likely in token.top]} if token.top else {}
    text = None if finish is None else prefix + finish.text
    details = None if finish is None else schema.TgiStreamDetails(**_why(finish))
    return _json(schema.TgiEvent(token=_token(token), generated_text=text, details=details, **top))


def sse(body: dict[str, Any]) -> str:
    """An event as TGI writes it: no space after the colon. ASCII only, as some clients split lines at U+2028, too."""
    return f"data:{json.dumps(body, separators=(',', ':'), allow_nan=False)}\n\n"


class Stream(StreamingResponse):
    """Events for as long as the client listens; its leaving ends the generation."""

    def __init__(self, lines: AsyncGenerator[str, None], headers: dict[str, str]) -> None:
        self._lines = lines
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no", **headers}
        super().__init__(lines, media_type=EVENTS, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await until_gone(receive, self.stream_response(send))
        except OSError:
            raise ClientDisconnect from None
        finally:
            await self._lines.aclose()
