"""What the vision services take and give: the models that validate requests and make their part of `/openapi.json`.

A request is the same in JSON and as a form: a form's texts become the JSON that they stand for, and one model judges
both. Coordinates are pixels of the picture as uploaded (after EXIF rotation), always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from vlp_graph.dialogue.prompt import neutral
from vlp_graph.dialogue.turn import Rle
from vlp_graph.dialogue.wording import plain
from vlp_graph.engines.grounding_dino import LEAST
from vlp_graph.http.schema import Finite, Text

Box = tuple[float, float, float, float]


def bare(phrase: str) -> str:
    """A phrase as the detector is asked for it: without articles and closing marks."""
    return plain(neutral(phrase))


def _names_something(phrase: str) -> str:
    if not bare(phrase):
        raise ValueError("names nothing; send a phrase such as 'red star'")
    return phrase


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; say something or leave it out")
    return text


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def _form_of_points(value: Any) -> str:
    return "objects" if _is_nested(value) and _is_nested(value[0]) else "object"


def _form_of_labels(value: Any) -> str:
    return "objects" if _is_nested(value) else "object"


Phrase = Annotated[Text, AfterValidator(_names_something)]
Phrases = Annotated[list[Phrase], Field(fail_fast=True)]
Words = Annotated[Text, AfterValidator(_says_something)]
Picture64 = Annotated[Text, Field(description="JPEG, PNG or WebP in base64, or as a data: URL")]
File = Annotated[str, Field(json_schema_extra={"format": "binary"}, description="JPEG, PNG or WebP")]
Corners = Annotated[list[Finite], Field(min_length=4, max_length=4, description="x0, y0, x1, y1")]
Point = Annotated[list[Finite], Field(min_length=2, max_length=2, description="x, y")]
Points = Annotated[list[Point], Field(min_length=1, fail_fast=True)]
Sign = Annotated[int, Field(ge=0, le=1, description="1: on the object, 0: beside it")]
Signs = Annotated[list[Sign], Field(fail_fast=True)]


class Asked(BaseModel):
    """What a request says beside its picture. A form's `REPEATED` fields may stand in it several times, `WORDS` are
    taken as they are, and all others are written in JSON. `MOST` has for each list the limit on its length."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    REPEATED: ClassVar[tuple[str, ...]] = ()
    WORDS: ClassVar[tuple[str, ...]] = ()
    MOST: ClassVar[Mapping[str, str]] = {}


A = TypeVar("A", bound=Asked)


@dataclass(frozen=True)
class Ways(Generic[A]):
    """The ways to ask a service: as JSON (`body`) or as a `form`; `asked` is what both say beside the picture."""

    asked: type[A]
    body: type[A]
    form: type[A]


# --- detect --------------------------------------------------------------------------------------------


class Thresholds(Asked):
    """How sure the detector must be, where the profile's thresholds are not wanted."""

    box_threshold: Annotated[Finite, Field(ge=LEAST, lt=1)] | None = Field(
        default=None, description="score that every box must reach"
    )
    nms: Annotated[Finite, Field(gt=0, le=1)] | None = Field(
        default=None, description="overlap (IoU) above which the lesser of two boxes of a phrase goes"
    )


class Detect(Thresholds):
    """Phrases to find."""

    REPEATED = ("prompts",)
    MOST: ClassVar[Mapping[str, str]] = {"prompts": "phrases"}
    prompts: Phrases = Field(min_length=1, description="phrases such as 'red star'")


class DetectRequest(Detect):
    """The JSON body of `POST /v1/detect`."""

    image: Picture64


class DetectForm(Detect):
    """The form of `POST /v1/detect`; `prompts` is repeatable."""

    image: File


DETECT: Ways[Detect] = Ways(Detect, DetectRequest, DetectForm)


# --- segment -------------------------------------------------------------------------------------------


class Segment(Thresholds):
    """Objects to outline: named by phrases, framed by boxes, or shown by points. At least one of the three."""

    REPEATED = ("prompts",)
    WORDS = ("format",)
    MOST: ClassVar[Mapping[str, str]] = {
        "prompts": "phrases",
        "boxes": "prompts",
        "points": "points",
        "labels": "points",
    }
    prompts: Phrases = Field(default=[], description="phrases such as 'red star'")
    boxes: Annotated[list[Corners], Field(fail_fast=True)] = Field(
        default=[], description="a box for each object; parts beyond the picture are cut off"
    )
    points: (
        Annotated[
            Annotated[Points, Tag("object")] | Annotated[list[Points], Field(fail_fast=True), Tag("objects")],
            Discriminator(_form_of_points),
        ]
        | None
    ) = Field(default=None, description="points of one object, or a list of such lists, one for each object")
    labels: (
        Annotated[
            Annotated[Signs, Tag("object")] | Annotated[list[Signs], Field(fail_fast=True), Tag("objects")],
            Discriminator(_form_of_labels),
        ]
        | None
    ) = Field(default=None, description="for each point 1 (on the object) or 0 (beside it); without it all are 1")
    format: Literal["rle", "polygon", "png"] = "rle"
    tolerance: Annotated[Finite, Field(ge=0, le=16)] = Field(
        default=0.0, description="polygons: pixels by which a line may be off; 0 is exact"
    )
    multimask: bool = Field(default=False, description="three masks for each box and each object shown by points")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Segment:
        if not (self.prompts or self.boxes or self.points):
            raise ValueError("send prompts (phrases), boxes or points: what is to be outlined?")
        return self

    @property
    def one_object(self) -> bool:
        """Whether `points` and `labels` are those of one object, not a list for each."""
        return _form_of_points(self.points) == "object"


class SegmentRequest(Segment):
    """The JSON body of `POST /v1/segment`."""

    image: Picture64


class SegmentForm(Segment):
    """The form of `POST /v1/segment`; `prompts` is repeatable, boxes, points and labels are JSON."""

    image: File


SEGMENT: Ways[Segment] = Ways(Segment, SegmentRequest, SegmentForm)


# --- classify ------------------------------------------------------------------------------------------


class Classify(Asked):
    """Labels to sort a picture, a text, or both into."""

    REPEATED = ("labels",)
    WORDS = ("text", "question")
    MOST: ClassVar[Mapping[str, str]] = {"labels": "labels"}
    labels: Annotated[list[Words], Field(fail_fast=True)] = Field(
        min_length=2, description="what it may be; the scores of all together are 1"
    )
    text: Words | None = Field(default=None, description="a text to sort; beside a picture each of them counts half")
    question: Words | None = Field(
        default=None, description="what to look for in the picture; without it, what the whole picture shows"
    )

    @model_validator(mode="after")
    def _labels_differ(self) -> Classify:
        if len({label.strip() for label in self.labels}) < len(self.labels):
            raise ValueError("labels hold the same twice; send each once")
        return self


class ClassifyRequest(Classify):
    """The JSON body of `POST /v1/classify`: `image`, `text` or both."""

    image: Picture64 | None = None


class ClassifyForm(Classify):
    """The form of `POST /v1/classify`: `image`, `text` or both; `labels` is repeatable."""

    image: File | None = None


CLASSIFY: Ways[Classify] = Ways(Classify, ClassifyRequest, ClassifyForm)


# --- describe ------------------------------------------------------------------------------------------


class Describe(Asked):
    """What to say about pictures."""

    WORDS = ("question",)
    question: Words | None = Field(default=None, description="a question about the picture instead of a caption")
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(default=None, description="the longest description")


class DescribeRequest(Describe):
    """The JSON body of `POST /v1/describe`: `image`, or several `images`, each described for itself."""

    MOST: ClassVar[Mapping[str, str]] = {"images": "pictures"}
    image: Picture64 | None = None
    images: Annotated[list[Picture64], Field(fail_fast=True)] = []


class DescribeForm(Describe):
    """The form of `POST /v1/describe`; `image` is repeatable, each is described for itself."""

    REPEATED = ("image",)
    image: list[File] = Field(min_length=1)


DESCRIBE: Ways[Describe] = Ways(Describe, DescribeRequest, DescribeForm)


# --- replies -------------------------------------------------------------------------------------------


class Size(BaseModel):
    """Width and height in pixels of a picture as uploaded, after EXIF rotation."""

    width: int
    height: int


class Detected(BaseModel):
    """What a phrase names. `box` is x0, y0, x1, y1."""

    phrase: str
    score: float
    box: Box


class Detection(BaseModel):
    """The reply of `POST /v1/detect`: instances by phrase, best first; `not_found` are the phrases without one."""

    image: Size
    instances: list[Detected]
    not_found: list[str]


class Segmented(BaseModel):
    """The outline of one object, in the form that was asked for.

    `kind` and `index` say which prompt, box or object (by points) of the request it belongs to. `score` is the
    detector's for a phrase; else it is, like `predicted_iou` always, what SAM expects the mask's IoU with the true one
    to be. `box` is the detector's for a phrase, else the box around the mask, left out where that is empty. `polygons`
    are closed lines along the edges of pixels, to be filled by the even-odd rule: holes are lines, too.
    """

    kind: Literal["prompt", "box", "points"]
    index: int
    phrase: str | None = None
    score: float
    predicted_iou: float
    box: Box | None
    area: int = Field(description="pixels of the mask")
    mask: Rle | None = None
    polygons: list[list[tuple[int, int]]] | None = None
    png: str | None = Field(default=None, description="the mask as a PNG in base64, white on black")


class Segmentation(BaseModel):
    """The reply of `POST /v1/segment`: prompts, then boxes, then points, each in the order of the request."""

    image: Size
    instances: list[Segmented]
    not_found: list[str]


class Classification(BaseModel):
    """The reply of `POST /v1/classify`; `seen` are the words about the picture that were compared with the labels."""

    label: str
    scores: dict[str, float]
    seen: str | None = None


class Described(BaseModel):
    """What is said about one picture."""

    image: Size
    text: str


class Descriptions(BaseModel):
    """The reply of `POST /v1/describe`, in the order of the pictures."""

    descriptions: list[Described]
