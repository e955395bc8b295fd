"""What goes over the wire: OpenAI's chat completions, strictly typed, and one field more.

The models validate requests and generate `/openapi.json`. Fields that OpenAI has and this system does not
need are accepted and ignored; a wrong type or value of a known one is refused with its name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
)

from vlp_graph.config import Limits
from vlp_graph.dialogue.plan import Plan
from vlp_graph.dialogue.turn import Intent, Message, Picture, Result, Turn, Vlp
from vlp_graph.errors import InvalidRequest, ServingError, TooLarge, UnknownModel
from vlp_graph.http.errors import from_validation
from vlp_graph.http.fetch import is_link
from vlp_graph.http.media import decode_base64, decode_data_url, decode_picture, decode_speech

MODEL = "vlp"
P = TypeVar("P", bound=BaseModel)


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is no text; send whole characters") from None
    if "\0" in text:  # databases that keep sessions do not take it
        raise ValueError("U+0000 is no text; leave it out")
    return text


def just_one(n: int) -> int:
    if n != 1:
        raise ValueError("only one answer per turn is made: leave n out or send 1")
    return n


Text = Annotated[str, AfterValidator(_encodable)]
SessionName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._:-]{1,128}$",
        description="remembers turns, pictures and results under this name, for follow-ups without a second upload",
    ),
]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Wire(BaseModel):
    """Part of a request: types as they are written, values that never change, what is not known ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


# --- the request ---------------------------------------------------------------------------------------


class TextPart(Wire):
    """Words of a message."""

    type: Literal["text"]
    text: Text


class ImageUrl(Wire):
    """`data:image/jpeg;base64,...` (or png, webp), or https://... of a host that the profile lists. `detail` is
    ignored."""

    url: Text
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(Wire):
    """A picture of a message."""

    type: Literal["image_url"]
    image_url: ImageUrl


class InputAudio(Wire):
    """A recording in base64. What it is is read from its bytes; `format` is what the caller believes."""

    data: Text
    format: Literal["wav", "mp3", "flac", "ogg", "opus", "webm", "m4a", "aac"]


class AudioPart(Wire):
    """A spoken message; only the last message may hold one."""

    type: Literal["input_audio"]
    input_audio: InputAudio


def form_of_content(content: Any) -> str:
    return "parts" if isinstance(content, list) else "words"


UserPart = Annotated[TextPart | ImagePart | AudioPart, Discriminator("type")]
UserContent = Annotated[
    Annotated[Text, Tag("words")] | Annotated[list[UserPart], Tag("parts")], Discriminator(form_of_content)
]
TextContent = Annotated[
    Annotated[Text, Tag("words")] | Annotated[list[TextPart], Tag("parts")], Discriminator(form_of_content)
]


class SystemMessage(Wire):
    """The caller's own instructions, used where the language model chats."""

    role: Literal["system", "developer"]
    content: TextContent


class UserMessage(Wire):
    """What a person says and shows."""

    role: Literal["user"]
    content: UserContent


class AssistantMessage(Wire):
    """An earlier answer."""

    role: Literal["assistant"]
    content: TextContent | None = None


AnyMessage = Annotated[SystemMessage | UserMessage | AssistantMessage, Discriminator("role")]


class StreamOptions(Wire):
    """`include_usage` asks for a last chunk with the tokens used."""

    include_usage: bool | None = None


StopWord = Annotated[Text, Field(min_length=1)]


class ChatOptions(Wire):
    """What every model that chats takes."""

    messages: list[AnyMessage] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[Finite, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Finite, Field(gt=0, le=1)] | None = None
    n: Annotated[int, AfterValidator(just_one)] | None = None
    stop: (
        Annotated[
            Annotated[StopWord, Tag("words")] | Annotated[list[StopWord], Field(max_length=4), Tag("parts")],
            Discriminator(form_of_content),
        ]
        | None
    ) = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None


class ChatRequest(ChatOptions):
    """The body of `POST /v1/chat/completions` that asks the dialogue."""

    model: Text = Field(description="always vlp")
    user: Text | None = None
    session: SessionName | None = None


class AskForm(BaseModel):
    """The multipart form of `POST /v1/ask`; at least `text` or `audio`."""

    text: str | None = None
    image: list[Annotated[str, Field(json_schema_extra={"format": "binary"})]] = Field(
        default=[], description="JPEG, PNG or WebP; repeatable, the newest last"
    )
    audio: Annotated[str, Field(json_schema_extra={"format": "binary"})] | None = None
    history: str | None = Field(default=None, description="JSON list of earlier messages: role and content")
    session: SessionName | None = None
    stream: bool = False


@dataclass(frozen=True)
class Ask:
    """The fields of a form as they came."""

    text: str
    images: tuple[bytes, ...]
    audio: bytes | None
    history: Any
    session: str | None = None


_SESSION: TypeAdapter[str | None] = TypeAdapter(SessionName | None)
_MESSAGES: TypeAdapter[list[AnyMessage]] = TypeAdapter(list[AnyMessage])


def parse_chat(body: Any, limits: Limits) -> ChatRequest:
    """The request in a decoded JSON body.

    Raises:
        InvalidRequest: of another form; `param` names the field.
        UnknownModel: `model` is not vlp.
        TooLarge: more messages than the profile takes.
    """
    if not isinstance(body, dict):
        raise InvalidRequest("the body is a JSON object with model and messages")
    check_count(body.get("messages"), limits)
    try:
        request = ChatRequest.model_validate(body)
    except ValidationError as error:
        raise from_validation(error, body) from None
    if request.model != MODEL:
        raise UnknownModel(f"there is no model {request.model[:100]!r}; ask for {MODEL!r}", param="model")
    check_options(request, limits)
    return request


def check_options(request: ChatOptions, limits: Limits) -> None:
    """
    Raises:
        InvalidRequest: more tokens are asked for than the profile takes.
        TooLarge: a longer name or stop word.
    """
    for name in ("max_tokens", "max_completion_tokens"):
        if (getattr(request, name) or 0) > limits.max_tokens:
            raise InvalidRequest(f"{name} is at most {limits.max_tokens} here", param=name)
    for name in ("user", "stop"):
        given = getattr(request, name, None) or ()
        if any(len(text) > limits.name_chars for text in ([given] if isinstance(given, str) else given)):
            raise TooLarge(f"{name} has at most {limits.name_chars} characters here", param=name)


def to_turn(request: ChatRequest, limits: Limits, fetched: Mapping[str, bytes] | None = None) -> Turn:
    """The turn that a request asks for; decodes its media, which is CPU work. `fetched` has what was behind `links`.

    Raises:
        InvalidRequest: the last message is not the user's, says nothing, or speech stands in an earlier one.
        TooLarge, UnsupportedMedia, Unprocessable: a picture or recording; `param` says which.
    """
    turn = _turn(request.messages, _names(request), limits, fetched=fetched)
    return dataclasses.replace(turn, sampling=_sampling(request), session=request.session)


def links(request: ChatRequest, limits: Limits) -> list[tuple[str, str]]:
    """The URLs in a request behind which its pictures stand, each with its dotted place. Errors as `to_turn`, as far
    as they can be known before anything is fetched or decoded."""
    names = _names(request)
    _check(request.messages, names, limits)
    return links_in(request.messages, names)


def _names(request: ChatRequest) -> list[str]:
    return [f"messages.{number}.content" for number in range(len(request.messages))]


def links_in(messages: Sequence[AnyMessage], names: Sequence[str]) -> list[tuple[str, str]]:
    """The URLs behind which pictures stand, each with its dotted place."""
    shown = placed(messages, names, ImagePart)
    return [(f"{place}.image_url.url", part.image_url.url) for place, part in shown if is_link(part.image_url.url)]


def _sampling(request: ChatRequest) -> dict[str, Any]:
    """The options of the language model that the request sets."""
    chosen = {name: getattr(request, name) for name in ("temperature", "top_p", "stop", "seed")}
    chosen["max_tokens"] = request.max_completion_tokens or request.max_tokens
    return {name: value for name, value in chosen.items() if value is not None}


def form_to_turn(ask: Ask, limits: Limits, fetched: Mapping[str, bytes] | None = None) -> Turn:
    """The turn that a form asks for: `history`, then the new message with its files. Errors as `to_turn`."""
    messages, names, session = _form_messages(ask, limits)
    turn = _turn(messages, names, limits, ask.images, ask.audio, fetched)
    return dataclasses.replace(turn, session=session)


def form_links(ask: Ask, limits: Limits) -> list[tuple[str, str]]:
    """As `links`, of a form's history."""
    messages, names, _ = _form_messages(ask, limits)
    _check(messages, names, limits, ask.images, ask.audio)
    return links_in(messages, names)


def _form_messages(ask: Ask, limits: Limits) -> tuple[list[AnyMessage], list[str], str | None]:
    """All messages of a form, what the caller calls the content of each, and the session's name."""
    history = [] if ask.history is None else ask.history
    check_count(history, limits, "history")
    try:
        earlier = _MESSAGES.validate_python(history)
    except ValidationError as error:
        raise from_validation(error, history, "history") from None
    try:
        new = UserMessage(role="user", content=ask.text)
    except ValidationError as error:
        raise from_validation(error, {}, "text") from None
    try:
        session = _SESSION.validate_python(ask.session or None)
    except ValidationError as error:
        raise from_validation(error, ask.session, "session") from None
    names = [f"history.{number}.content" for number in range(len(earlier))]
    return [*earlier, new], [*names, "text"], session


def check_count(messages: Any, limits: Limits, param: str = "messages") -> None:
    """
    Raises:
        TooLarge: more messages than the profile takes.
    """
    if isinstance(messages, list) and len(messages) > limits.messages:
        text = f"{len(messages):,} messages are more than the {limits.messages} taken; drop the oldest"
        raise TooLarge(text, param=param)


def _turn(
    messages: Sequence[AnyMessage],
    names: Sequence[str],
    limits: Limits,
    images: Sequence[bytes] = (),
    audio: bytes | None = None,
    fetched: Mapping[str, bytes] | None = None,
) -> Turn:
    """`names`: what the caller calls the content of each message. `images` and `audio` belong to the last."""
    last = messages[-1]
    spoken = _check(messages, names, limits, images, audio)
    shown = placed(messages, names, ImagePart)
    return Turn(
        text=text_of(last),
        pictures=(*shown_pictures(shown, limits, fetched or {}), *_sent_pictures(images, limits)),
        speech=_speech(spoken, audio, limits),
        history=tuple(_history(messages[:-1])),
        system="\n\n".join(text_of(m) for m in messages if isinstance(m, SystemMessage)) or None,
    )


def _check(
    messages: Sequence[AnyMessage],
    names: Sequence[str],
    limits: Limits,
    images: Sequence[bytes] = (),
    audio: bytes | None = None,
) -> tuple[str, AudioPart] | None:
    """What can be refused before any media are decoded; the recording with its place, where there is one."""
    last = messages[-1]
    if not isinstance(last, UserMessage):
        param = names[-1].removesuffix(".content") + ".role"
        raise InvalidRequest("the last message must have the role user", param=param)
    check_texts(messages, names, limits)
    shown = placed(messages, names, ImagePart)
    if (count := len(shown) + len(images)) > limits.pictures:
        text = f"{count} pictures are more than the {limits.pictures} taken; send fewer"
        raise TooLarge(text, param="image" if images else "messages")
    spoken = _recording(placed(messages, names, AudioPart), names[-1])
    if not text_of(last).strip() and spoken is None and audio is None:
        raise InvalidRequest("the turn says nothing: send a text or a recording", param=names[-1])
    return spoken


def _history(messages: Sequence[AnyMessage]) -> Iterator[Message]:
    """The messages that say something; pictures of one that says nothing count with the next."""
    pictures = 0
    for m in messages:
        if isinstance(m, SystemMessage):
            continue
        if isinstance(m, UserMessage) and not isinstance(m.content, str):
            pictures += sum(isinstance(part, ImagePart) for part in m.content)
        if text_of(m).strip():
            yield Message(role=m.role, text=text_of(m), pictures=pictures if m.role == "user" else 0)
            pictures = 0 if m.role == "user" else pictures


def shown_pictures(
    shown: Sequence[tuple[str, ImagePart]], limits: Limits, fetched: Mapping[str, bytes]
) -> Iterator[Picture]:
    """Pictures of parts, each named by its place in errors, which are those of `decode_data_url`. `fetched` has what
    was behind their URLs."""
    for place, part in shown:
        url = part.image_url.url
        with _named(f"{place}.image_url.url"):
            yield decode_picture(fetched[url], limits) if url in fetched else decode_data_url(url, limits)


def _sent_pictures(images: Sequence[bytes], limits: Limits) -> Iterator[Picture]:
    for data in images:
        with _named("image"):
            yield decode_picture(data, limits)


def _speech(spoken: tuple[str, AudioPart] | None, audio: bytes | None, limits: Limits) -> NDArray[np.float32] | None:
    if spoken is not None:
        place, part = spoken
        with _named(f"{place}.input_audio.data"):
            return decode_speech(decode_base64(part.input_audio.data), limits)
    if audio is not None:
        with _named("audio"):
            return decode_speech(audio, limits)
    return None


@contextmanager
def _named(param: str) -> Iterator[None]:
    """Gives the errors of a part of the request the name of that part."""
    try:
        yield
    except ServingError as error:
        error.param = error.param or param
        raise


def parts_of(message: AnyMessage) -> Sequence[TextPart | ImagePart | AudioPart]:
    """The parts of a message; none where its content is a text."""
    return message.content if isinstance(message.content, list) else ()


def text_of(message: AnyMessage) -> str:
    """The words of a message, a line for each part."""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text for part in parts_of(message) if isinstance(part, TextPart))


def placed(messages: Sequence[AnyMessage], names: Sequence[str], kind: type[P]) -> list[tuple[str, P]]:
    """All parts of a kind in order, each with its dotted place."""
    return [
        (f"{name}.{number}", part)
        for name, message in zip(names, messages, strict=True)
        for number, part in enumerate(parts_of(message))
        if isinstance(part, kind)
    ]


def check_texts(messages: Sequence[AnyMessage], names: Sequence[str], limits: Limits) -> None:
    """
    Raises:
        TooLarge: more characters, in one message or in all, or more parts than the profile takes; errors call the
            content of each by its one of `names`.
    """
    total = parts = 0
    for name, message in zip(names, messages, strict=True):
        if (length := len(text_of(message))) > limits.text_chars:
            text = f"a text of {length:,} characters is more than the {limits.text_chars:,} taken; shorten it"
            raise TooLarge(text, param=name)
        total, parts = total + length, parts + len(parts_of(message))
    whole = names[0].partition(".")[0]
    if total > limits.total_chars:
        text = f"{total:,} characters in all messages are more than the {limits.total_chars:,} taken; drop the oldest"
        raise TooLarge(text, param=whole)
    if parts > limits.parts:
        raise TooLarge(f"{parts:,} content parts are more than the {limits.parts} taken; send fewer", param=whole)


def _recording(spoken: Sequence[tuple[str, AudioPart]], last: str) -> tuple[str, AudioPart] | None:
    for place, _ in spoken:
        if not place.startswith(f"{last}."):
            text = "only the last message may be spoken; of earlier ones send the transcript as text"
            raise InvalidRequest(text, param=f"{place}.input_audio.data")
    if len(spoken) > 1:
        text = "a message holds one recording; join them into one"
        raise InvalidRequest(text, param=f"{spoken[1][0]}.input_audio.data")
    return spoken[0] if spoken else None


# --- the reply -----------------------------------------------------------------------------------------


class Usage(BaseModel):
    """Tokens of the language model's calls for this turn."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class ReplyMessage(BaseModel):
    """The answer in words."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: str | None = None


class Choice(BaseModel):
    """The one answer of a turn."""

    index: Literal[0] = 0
    message: ReplyMessage
    finish_reason: Literal["stop", "length"] = "stop"
    logprobs: None = None


class Completion(BaseModel):
    """The reply of chat completions and of ask; `vlp` is what led to the words."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: Literal["vlp"] = "vlp"
    choices: list[Choice]
    usage: Usage
    vlp: Vlp


class Delta(BaseModel):
    """What a chunk adds to the answer."""

    role: Literal["assistant"] | None = None
    content: str | None = None


class ChunkChoice(BaseModel):
    """The one answer of a turn, a piece of it."""

    index: Literal[0] = 0
    delta: Delta
    finish_reason: Literal["stop", "length"] | None = None
    logprobs: None = None


class StreamEvent(BaseModel):
    """What happened before the words: `type` names the field that holds it."""

    type: Literal["transcript", "intent", "plan", "result"]
    transcript: str | None = None
    intent: Intent | None = None
    plan: Plan | None = None
    result: Result | None = None


class Chunk(BaseModel):
    """One event of a stream; the one that says `stop` carries `vlp`, an asked-for last one `usage`. Before the words
    come transcript, intent, plan and results as they are there, each as `vlp_event` beside an empty delta."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: Literal["vlp"] = "vlp"
    choices: list[ChunkChoice]
    usage: Usage | None = None
    vlp: Vlp | None = None
    vlp_event: StreamEvent | None = None


class ModelCard(BaseModel):
    """A model that can be asked for by name."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "vlp-graph"


class ModelList(BaseModel):
    """The reply of `GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class Readiness(BaseModel):
    """The reply of `GET /health/ready`: each model, and whether it is loaded and warmed."""

    status: Literal["ready", "not ready"]
    models: dict[str, bool]
    missing: list[str] = []


class ErrorFields(BaseModel):
    """What went wrong, what to change, and where."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorReply(BaseModel):
    """The body of every reply with a status of 400 and above."""

    error: ErrorFields
