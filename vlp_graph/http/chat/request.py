"""What chat completions take where a model is asked by itself, in OpenAI's form.

What OpenAI has and a model cannot do is refused by name, because an answer that ignores it would be a wrong one.
What only advises (`store`, `metadata`, `user`, `service_tier`, ...) is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Discriminator, Field, RootModel, ValidationError, model_validator

from vlp_graph.config import Limits
from vlp_graph.errors import InvalidRequest, UnsupportedParameter
from vlp_graph.http.errors import from_validation
from vlp_graph.http.schema import (
    ChatOptions,
    ChatRequest,
    Finite,
    Text,
    Wire,
    check_count,
    check_options,
    check_texts,
)

R = TypeVar("R", bound="ModelRequest")

Penalty = Annotated[Finite, Field(ge=-2, le=2)]


class ModelRequest(ChatOptions):
    """What every model that is asked by itself takes."""

    @property
    def tokens(self) -> int | None:
        """The most tokens that the caller wants."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def stop_words(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def wants_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


class PlainText(Wire):
    """Words in no form."""

    type: Literal["text"]


class JsonObject(Wire):
    """Any JSON object."""

    type: Literal["json_object"]


class NamedSchema(Wire):
    """A JSON schema; the answer follows it whether it is `strict` or not."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    description: Text | None = None
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None


class JsonBySchema(Wire):
    """JSON that follows a schema."""

    type: Literal["json_schema"]
    json_schema: NamedSchema


class LlamaRequest(ModelRequest):
    """The body of `POST /v1/chat/completions` for the model `llama`."""

    model: Literal["llama"]
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: dict[Annotated[str, Field(pattern=r"^\d{1,9}$")], Annotated[Finite, Field(ge=-100, le=100)]] | None = (
        None
    )
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: Annotated[PlainText | JsonObject | JsonBySchema, Discriminator("type")] | None = None

    @model_validator(mode="after")
    def _logprobs_first(self) -> LlamaRequest:
        if self.top_logprobs and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs: true")
        return self


class IdeficsRequest(ModelRequest):
    """The body of `POST /v1/chat/completions` for the model `idefics`."""

    model: Literal["idefics"]


class AnyChatRequest(RootModel[ChatRequest | LlamaRequest | IdeficsRequest]):
    """The body of `POST /v1/chat/completions`; `model` says whose."""


def parse(kind: type[R], body: Mapping[str, Any], limits: Limits) -> R:
    """A request to one model in a decoded JSON body.

    Raises:
        InvalidRequest: of another form; `param` names the field.
        TooLarge: more messages, or longer texts, than the profile takes.
    """
    check_count(body.get("messages"), limits)
    try:
        request = kind.model_validate(body)
    except ValidationError as error:
        raise from_validation(error, body) from None
    check_options(request, limits)
    names = [f"messages.{number}.content" for number in range(len(request.messages))]
    check_texts(request.messages, names, limits)
    if isinstance(request, LlamaRequest):
        _check_schema(request, limits)
    return request


def _check_schema(request: LlamaRequest, limits: Limits) -> None:
    """A schema is compiled into an automaton: its size is bounded like that of a text."""
    form = request.response_format
    if isinstance(form, JsonBySchema) and (size := len(json.dumps(form.json_schema.schema_))) > limits.text_chars:
        text = f"a schema of {size:,} characters is more than the {limits.text_chars:,} taken; shorten it"
        raise InvalidRequest(text, param="response_format.json_schema.schema")


@dataclass(frozen=True)
class _Rule:
    """A field, the values of it that mean no more than its absence, and the models that cannot do the others."""

    field: str
    harmless: Callable[[Any], bool]
    models: Sequence[str]
    instead: str


_ALL, _NOT_LLAMA = ("vlp", "llama", "idefics"), ("vlp", "idefics")
_RULES = (
    _Rule("tools", lambda value: value in (None, []), _ALL, "no tools are called: describe what you want in words"),
    _Rule("functions", lambda value: value in (None, []), _ALL, "no functions are called; leave it out"),
    _Rule("tool_choice", lambda value: value in (None, "none"), _ALL, "no tools are called; leave it out"),
    _Rule("function_call", lambda value: value in (None, "none"), _ALL, "no functions are called; leave it out"),
    _Rule("modalities", lambda value: value in (None, [], ["text"]), _ALL, 'answers are written: send ["text"]'),
    _Rule("audio", lambda value: value is None, _ALL, "answers are written, not spoken; leave it out"),
    _Rule("web_search_options", lambda value: value is None, _ALL, "nothing is looked up; leave it out"),
    _Rule("logprobs", lambda value: value in (None, False), _NOT_LLAMA, "ask llama for log-probabilities"),
    _Rule("top_logprobs", lambda value: value in (None, 0), _NOT_LLAMA, "ask llama for log-probabilities"),
    _Rule("logit_bias", lambda value: value in (None, {}), _NOT_LLAMA, "ask llama, or leave it out"),
    _Rule(
        "response_format",
        lambda value: value is None or (isinstance(value, dict) and value.get("type") == "text"),
        _NOT_LLAMA,
        'only {"type": "text"} here; ask llama for JSON',
    ),
    _Rule("frequency_penalty", lambda value: value in (None, 0), ("idefics",), "ask llama, or leave it out"),
    _Rule("presence_penalty", lambda value: value in (None, 0), ("idefics",), "ask llama, or leave it out"),
)


def refuse_unserved(body: Mapping[str, Any], model: str) -> None:
    """
    Raises:
        UnsupportedParameter: a field that OpenAI knows asks for what `model` cannot do.
    """
    for rule in _RULES:
        if model in rule.models and not rule.harmless(body.get(rule.field)):
            raise UnsupportedParameter(f"{rule.field}: {model} does not do this; {rule.instead}", param=rule.field)
