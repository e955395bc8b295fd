"""The words of a turn: what comes in, what each task found, what goes out.

Coordinates are pixels of the picture as uploaded (after EXIF rotation), always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from vlp_graph.dialogue.plan import Plan


@dataclass(frozen=True)
class Picture:
    """RGB uint8 [H, W, 3], and the SHA-256 of its pixels by which embeddings are cached."""

    pixels: NDArray[np.uint8]
    digest: str


@dataclass(frozen=True)
class Message:
    """An earlier message of the dialogue, as text, and how many of the dialogue's pictures came with it."""

    role: Literal["user", "assistant"]
    text: str
    pictures: int = 0


@dataclass(frozen=True)
class Context:
    """What the dialogue is about: the last `request` in plain words (a line a wish), the things `named` last (the last
    at the end), those named `earlier`, and the index of the `picture` last looked at."""

    request: str = ""
    named: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    picture: int | None = None

    def naming(self, named: tuple[str, ...]) -> Context:
        """The context after these were named; after nothing, itself."""
        if not named or named == self.named:
            return self
        return replace(self, named=named, earlier=self.named)


@dataclass(frozen=True)
class Turn:
    """One user message with the dialogue so far.

    `pictures` holds every picture of the dialogue in order of appearance, the newest last. `speech` is mono float32
    at 16 kHz in -1..1, or None. `system` is the caller's own system message, used for chat, and `sampling` are the
    OpenAI options that the language model's chat takes (`max_tokens`, `temperature`, `top_p`, `stop`, `seed`): plans,
    boxes and looks do not vary. `session` names the memory to use, `caller` whose it is. What memory adds is in
    `history`, `pictures` and `context`; `shown` of the pictures came with this turn (None: nobody knows).
    """

    text: str
    pictures: tuple[Picture, ...] = ()
    speech: NDArray[np.float32] | None = None
    history: tuple[Message, ...] = ()
    system: str | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    session: str | None = None
    caller: str = ""
    context: Context | None = None
    shown: int | None = None


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rle(_Wire):
    """A mask in COCO run-length encoding; `pycocotools.mask.decode` reads it. `size` is [height, width]."""

    size: tuple[int, int]
    counts: str


class Instance(_Wire):
    """One found object. `box` is x0, y0, x1, y1 in pixels; `score` in 0..1."""

    phrase: str
    score: float
    box: tuple[float, float, float, float]
    mask: Rle | None = None


@dataclass(frozen=True)
class Named:
    """Words of a text that name what it is about, from `start` on, and how sure that is."""

    text: str
    start: int
    score: float
    role: str = "name"


@dataclass(frozen=True)
class Form:
    """The form of what is asked (`vlp_graph.dialogue.forms`), how sure it is, and the words in its roles."""

    name: str
    score: float
    roles: Sequence[Named] = ()


@dataclass(frozen=True)
class Understanding:
    """What DistilBERT makes of a text: the probability of every task, the things that it names, in order, and the form
    of what it asks."""

    scores: Mapping[str, float]
    named: Sequence[Named] = ()
    form: Form | None = None


class Intent(_Wire):
    """DistilBERT's label for a turn (one of the task names) and its probability."""

    label: str
    score: float


class Result(_Wire):
    """What one task of the plan gave. `image` is the index of the picture it looked at, `about` the things that it was
    about (what "it" will mean), `doubt` what the model that looks at whole pictures said instead, where boxes decided
    otherwise."""

    id: str
    task: str
    image: int | None = None
    status: Literal["ok", "failed", "skipped"]
    seconds: float
    text: str | None = None
    count: int | None = None
    label: str | None = None
    scores: dict[str, float] | None = None
    instances: list[Instance] | None = None
    about: list[str] | None = None
    doubt: str | None = None
    error: str | None = None


class Vlp(_Wire):
    """The extra field of a reply: everything that led to the words."""

    transcript: str | None = None
    intent: Intent | None = None
    plan: Plan | None = None
    results: list[Result] = []
    timings: dict[str, float] = {}


@dataclass(frozen=True)
class Transcribed:
    """Event: the speech as text."""

    text: str


@dataclass(frozen=True)
class Understood:
    """Event: the intent is known."""

    intent: Intent


@dataclass(frozen=True)
class Planned:
    """Event: the plan is made."""

    plan: Plan


@dataclass(frozen=True)
class Finished:
    """Event: one task has ended, whatever its status."""

    result: Result


@dataclass(frozen=True)
class Words:
    """Event: the next piece of the answer's text."""

    text: str


PlannedBy = Literal["reader", "planner", "stand_in"]


@dataclass(frozen=True)
class Answered:
    """Last event of a turn: the whole answer, what the dialogue is about after it, and who made the plan: the "reader"
    (DistilBERT alone), the "planner" (Llama), or the reader as "stand_in" for a planner that wrote none. `usage` counts
    tokens of the language model's calls by OpenAI's names; `finish` is "length" where the caller's `max_tokens`, or the
    profile's, cut what it said."""

    text: str
    vlp: Vlp
    planned: PlannedBy = "reader"
    context: Context = field(default_factory=Context)
    usage: Mapping[str, int] = field(default_factory=dict)
    finish: Literal["stop", "length"] = "stop"


Event = Transcribed | Understood | Planned | Finished | Words | Answered


def as_json(vlp: Vlp) -> dict[str, Any]:
    """The `vlp` field of a reply: top-level keys always there, empty ones of results and tasks left out."""
    body = vlp.model_dump(mode="json")
    body["results"] = [r.model_dump(mode="json", exclude_none=True) for r in vlp.results]
    if vlp.plan is not None:
        body["plan"] = vlp.plan.model_dump(mode="json", exclude_none=True)
    return body
