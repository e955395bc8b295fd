"""Bodies of the Text Generation Inference routes, and the limits of a request with TGI's own messages.

The models say types only: what is out of range has a message of TGI's, which clients know. Source: TGI 1.0.3.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, model_validator

from vlp_graph.config import Tgi
from vlp_graph.errors import InvalidRequest
from vlp_graph.http.errors import from_validation


class _Body(BaseModel):
    """As a TGI client sends it: unknown fields are ignored, null is the default, numbers are no strings."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_default(cls, data: Any) -> Any:
        return {k: v for k, v in data.items() if v is not None} if isinstance(data, dict) else data


class TgiParameters(_Body):
    best_of: int | None = Field(default=None, description="Answers to choose the likeliest of")
    temperature: float | None = None
    repetition_penalty: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    typical_p: float | None = None
    do_sample: bool = False
    max_new_tokens: int = 20
    return_full_text: bool | None = Field(default=None, description="Put the prompt before the text")
    stop: list[str] = []
    truncate: int | None = Field(default=None, description="Keep the prompt's last so many tokens")
    watermark: bool = False
    details: bool = False
    decoder_input_details: bool = Field(
        default=False, description="With the prompt's tokens and their log-probabilities"
    )
    seed: int | None = None
    top_n_tokens: int | None = None


class TgiRequest(_Body):
    """The body of `/generate` and `/generate_stream`."""

    inputs: str = Field(description="The prompt; for IDEFICS with pictures as ![](URL)")
    parameters: TgiParameters = TgiParameters()


class TgiCompatRequest(TgiRequest):
    """The body of `/` and `/invocations`."""

    stream: bool = False


class TgiInputToken(BaseModel):
    id: int
    text: str
    logprob: float | None


class TgiToken(BaseModel):
    id: int
    text: str
    logprob: float
    special: bool


class _Made(BaseModel):
    finish_reason: Literal["length", "eos_token", "stop_sequence"]
    generated_tokens: int
    seed: int | None


class TgiStreamDetails(_Made):
    pass


class _Tokens(_Made):
    prefill: list[TgiInputToken]
    tokens: list[TgiToken]
    top_tokens: list[list[TgiToken]] | None = None


class TgiSequence(_Tokens):
    """One that was not the likeliest of `best_of`."""

    generated_text: str


class TgiDetails(_Tokens):
    best_of_sequences: list[TgiSequence] | None = None


class TgiReply(BaseModel):
    generated_text: str
    details: TgiDetails | None = None


class TgiReplies(RootModel[list[TgiReply]]):
    """A list of one reply, as `/` and `/invocations` have it."""


class TgiEvent(BaseModel):
    """One event of a stream; text and details come with the last."""

    token: TgiToken
    top_tokens: list[TgiToken] | None = None
    generated_text: str | None
    details: TgiStreamDetails | None


class TgiError(BaseModel):
    error: str
    error_type: str


class TgiInfo(BaseModel):
    """What is served. `waiting_served_ratio` and `max_waiting_tokens` steer TGI's own queue; here they say its
    defaults."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str
    model_sha: str | None
    model_dtype: str
    model_device_type: str
    model_pipeline_tag: str | None = "text-generation"
    max_concurrent_requests: int
    max_best_of: int
    max_stop_sequences: int
    max_input_length: int
    max_total_tokens: int
    waiting_served_ratio: float = 1.2
    max_batch_total_tokens: int
    max_waiting_tokens: int = 20
    validation_workers: int
    version: str
    sha: str | None = None
    docker_label: str | None = None


def parse(body: Any, model: type[TgiRequest]) -> TgiRequest:
    """
    Raises:
        InvalidRequest: not of the form that is asked for, naming the field.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise from_validation(error, body) from None


def check(request: TgiRequest, limits: Tgi, *, stream: bool) -> None:
    """
    Raises:
        InvalidRequest: a parameter that is out of range, or beside another that it cannot stand beside.
    """
    asked, best_of = request.parameters, request.parameters.best_of
    if stream and best_of not in (None, 1):
        _refuse("best_of", "`best_of` != 1 is not supported when streaming tokens")
    if stream and asked.decoder_input_details:
        _refuse("decoder_input_details", "`decoder_input_details` == true is not supported when streaming tokens")
    if best_of is not None and not 0 < best_of <= limits.max_best_of:
        _refuse("best_of", f"`best_of` must be > 0 and <= {limits.max_best_of}. Given: {best_of}")
    _check_sampling(asked)
    _check_sizes(asked, limits)
    if not request.inputs:
        raise InvalidRequest("`inputs` cannot be empty", param="inputs")


def _check_sampling(asked: TgiParameters) -> None:
    chosen = (asked.temperature, asked.top_k, asked.top_p, asked.typical_p)
    samples = asked.do_sample or any(value is not None for value in chosen)
    many = asked.best_of is not None and asked.best_of > 1
    if many and not samples:
        _refuse("best_of", "you must use sampling when `best_of` is > 1")
    for name in ("temperature", "repetition_penalty", "top_k"):
        if (value := getattr(asked, name)) is not None and value <= 0:
            _refuse(name, f"`{name}` must be strictly positive")
    for name in ("top_p", "typical_p"):
        if (value := getattr(asked, name)) is not None and not 0 < value < 1:
            _refuse(name, f"`{name}` must be > 0.0 and < 1.0")
    if many and asked.seed is not None:
        _refuse("seed", "`seed` must not be set when `best_of` > 1")
    if asked.seed is not None and not 0 <= asked.seed < 2**64:
        _refuse("seed", f"`seed` must be >= 0 and < 2^64. Given: {asked.seed}")


def _check_sizes(asked: TgiParameters, limits: Tgi) -> None:
    if asked.max_new_tokens <= 0:
        _refuse("max_new_tokens", "`max_new_tokens` must be strictly positive")
    if len(asked.stop) > limits.max_stop_sequences:
        given = len(asked.stop)
        _refuse("stop", f"`stop` supports up to {limits.max_stop_sequences} stop sequences. Given: {given}")
    if "" in asked.stop:
        _refuse("stop", "`stop` sequences cannot be empty")
    if asked.top_n_tokens is not None and not 0 <= asked.top_n_tokens <= limits.max_top_n_tokens:
        most, given = limits.max_top_n_tokens, asked.top_n_tokens
        _refuse("top_n_tokens", f"`top_n_tokens` must be >= 0 and <= {most}. Given: {given}")
    longest = limits.max_input_length
    if asked.truncate is not None and not 0 < asked.truncate <= longest:
        _refuse("truncate", f"`truncate` must be strictly positive and less than {longest}. Given: {asked.truncate}")


def _refuse(name: str, message: str) -> None:
    raise InvalidRequest(message, param=f"parameters.{name}")
