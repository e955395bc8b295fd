"""What the routes that write down speech take and give, as OpenAI and whisper-asr-webservice have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from vlp_graph.errors import InvalidRequest, UnknownModel
from vlp_graph.http.errors import from_validation
from vlp_graph.http.schema import Finite

F = TypeVar("F", bound=BaseModel)

MODELS = ("whisper-1", "whisper")
"""The names under which transcriptions take the speech model."""
File = Annotated[str, Field(json_schema_extra={"format": "binary"})]
Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", description="ISO 639-1, as en")]
PlainFormat = Literal["json", "text", "srt", "verbose_json", "vtt"]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TranslationOptions(_Form):
    """The fields of a translation beside its file."""

    model: str
    prompt: str | None = None
    response_format: PlainFormat = "json"
    temperature: Annotated[Finite, Field(ge=0, le=1)] = 0


class TranscriptionOptions(TranslationOptions):
    """The fields of a transcription beside its file."""

    language: Code | None = None
    stream: bool = False
    granularities: list[Literal["word", "segment"]] = Field(default=[], alias="timestamp_granularities[]")
    chunking_strategy: Literal["auto"] | None = Field(
        default=None, description="ignored: recordings of any length are taken, pauses are cut out"
    )


class TranscriptionForm(TranscriptionOptions):
    """The multipart form of `POST /v1/audio/transcriptions`."""

    file: File


class TranslationForm(TranslationOptions):
    """The multipart form of `POST /v1/audio/translations`."""

    file: File


class AsrForm(_Form):
    """The multipart form of `POST /asr` and `POST /detect-language`."""

    audio_file: File


class Encoded(_Form):
    """`encode=false`: the file is bare samples, 16-bit little-endian mono at 16 kHz."""

    encode: bool = True


class AsrQuery(Encoded):
    """The query of `POST /asr`."""

    task: Literal["transcribe", "translate"] = "transcribe"
    language: Code | None = None
    initial_prompt: str | None = None
    vad_filter: bool = Field(default=True, description="cut out what is no speech first")
    word_timestamps: bool = False
    output: Literal["txt", "vtt", "srt", "tsv", "json"] = "txt"


def read_fields(kind: type[F], fields: Mapping[str, Any]) -> F:
    """
    Raises:
        InvalidRequest: a field of another type or value, one that is missing, or one that is not known.
    """
    given = dict(fields)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise from_validation(error, given) from None


def check(options: TranslationOptions) -> None:
    """What one field asks of another.

    Raises:
        UnknownModel: `model` is none that transcribes.
        InvalidRequest: times of words, or a stream, in a format that has none.
    """
    if options.model not in MODELS:
        text = f"there is no model {options.model[:100]!r} that transcribes; ask for {' or '.join(MODELS)}"
        raise UnknownModel(text, param="model")
    if not isinstance(options, TranscriptionOptions):
        return
    if options.granularities and options.response_format != "verbose_json":
        text = "timestamps come with response_format=verbose_json only"
        raise InvalidRequest(text, param="timestamp_granularities[]")
    if options.stream and options.response_format not in ("json", "text"):
        text = f"{options.response_format} is not streamed; leave stream or response_format out"
        raise InvalidRequest(text, param="stream")


# --- replies -------------------------------------------------------------------------------------------


class Seconds(BaseModel):
    """What a transcription is billed by: seconds of sound."""

    type: Literal["duration"] = "duration"
    seconds: float


class Transcription(BaseModel):
    """The reply in `json`."""

    text: str
    usage: Seconds


class TimedWord(BaseModel):
    """A word and its time in seconds."""

    word: str
    start: float
    end: float


class TimedSegment(BaseModel):
    """What was said without a pause, its time in seconds, and how sure the model was."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class VerboseTranscription(BaseModel):
    """The reply in `verbose_json`: segments, or words, or both, as the granularities say."""

    task: Literal["transcribe", "translate"]
    language: str
    duration: float
    text: str
    segments: list[TimedSegment] | None = None
    words: list[TimedWord] | None = None
    usage: Seconds


class AnyTranscription(RootModel[Transcription | VerboseTranscription]):
    """The reply in `json` or `verbose_json`."""


class TextDelta(BaseModel):
    """The next piece of a transcript."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str


class TextDone(BaseModel):
    """The whole transcript, at the end."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str
    usage: Seconds


class TranscriptEvent(RootModel[TextDelta | TextDone]):
    """An event of a streamed transcription."""


class AsrWord(TimedWord):
    """A word as `/asr` tells of it."""

    probability: float


class AsrSegment(TimedSegment):
    """A segment as `/asr` tells of it; `words` where `word_timestamps` asks for them."""

    words: list[AsrWord] | None = None


class AsrReply(BaseModel):
    """The reply of `/asr?output=json`."""

    text: str
    language: str
    segments: list[AsrSegment]


class DetectedLanguage(BaseModel):
    """The reply of `/detect-language`. Where the model knows but one language (`among` 1), that is no finding."""

    detected_language: str
    language_code: str
    confidence: float
    among: int
