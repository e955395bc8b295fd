"""Chat completions by the language model alone: OpenAI's body goes to vLLM, field by field, and its answer comes back.

Only fields that are known here are passed on: vLLM takes others (a chat template, for one) that are no caller's
business.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request

from vlp_graph.config import Llama
from vlp_graph.dialogue.prompt import neutral
from vlp_graph.errors import InvalidRequest
from vlp_graph.http.backends import Chats
from vlp_graph.http.chat.reply import Written
from vlp_graph.http.chat.request import JsonBySchema, LlamaRequest, parse
from vlp_graph.http.intake import Intake
from vlp_graph.http.schema import AnyMessage, TextPart, parts_of, text_of

Replies = AsyncGenerator[dict[str, Any], None]
_SAMPLING = (
    "temperature",
    "top_p",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
)


@dataclass(frozen=True)
class LlamaChat:
    """The model `llama`."""

    model: Chats
    config: Llama
    intake: Intake

    async def read(self, request: Request, body: dict[str, Any]) -> LlamaRequest:
        """What a decoded body asks for.

        Raises:
            InvalidRequest: of another form, or with pictures or sound.
            TooLarge: more or longer messages than the profile takes.
        """
        return await self.intake.run(self._parsed, body)

    def _parsed(self, body: dict[str, Any]) -> LlamaRequest:
        request = parse(LlamaRequest, body, self.intake.limits)
        for number, message in enumerate(request.messages):
            for place, part in enumerate(parts_of(message)):
                if not isinstance(part, TextPart):
                    text = f"llama reads text only, no {part.type}; ask vlp, or idefics about pictures"
                    raise InvalidRequest(text, param=f"messages.{number}.content.{place}.type")
        return request

    async def completion(self, request: LlamaRequest) -> dict[str, Any]:
        """The whole answer, valid as `ModelCompletion`."""
        with _named(request):
            async with aclosing(cast(Replies, self.model.chat(self._body(request)))) as replies:
                async for whole in replies:
                    return Written(request.model).completion(whole)
        raise RuntimeError("the language model ended without an answer")

    async def chunks(self, request: LlamaRequest) -> AsyncIterator[dict[str, Any]]:
        """The answer as it is written, each chunk valid as `ModelChunk`."""
        written = Written(request.model, usage=request.wants_usage)
        body = self._body(request) | {"stream": True, "stream_options": {"include_usage": request.wants_usage}}
        with _named(request):
            async with aclosing(cast(Replies, self.model.chat(body))) as replies:
                async for chunk in replies:
                    yield written.chunk(chunk)

    def _body(self, request: LlamaRequest) -> dict[str, Any]:
        """What vLLM is asked. It cuts `max_tokens` to what the model's context leaves."""
        chosen = {name: getattr(request, name) for name in _SAMPLING}
        form = request.response_format
        chosen["response_format"] = None if form is None else form.model_dump(by_alias=True, exclude_none=True)
        return {
            "model": request.model,
            "messages": [_plain(message) for message in request.messages],
            "max_completion_tokens": request.tokens or min(self.intake.limits.max_tokens, self.config.max_model_len),
            "stop": list(request.stop_words),
            **{name: value for name, value in chosen.items() if value is not None},
        }


@contextmanager
def _named(request: LlamaRequest) -> Iterator[None]:
    """vLLM's own names of what it refuses, as the caller's."""
    try:
        yield
    except InvalidRequest as error:
        if error.param == "input_tokens":
            error.param = "messages"
        elif error.param == "max_completion_tokens" and request.max_completion_tokens is None:
            error.param = "max_tokens"
        elif error.param is None and isinstance(request.response_format, JsonBySchema):
            error.param = "response_format"
        raise


def _plain(message: AnyMessage) -> dict[str, str]:
    role = "system" if message.role == "developer" else message.role
    return {"role": role, "content": neutral(text_of(message))}
