"""The models as the surfaces call them one by one, past the dialogue, as small protocols.

The deployments offer these over Ray Serve handles; a test offers them as plain objects. Every call may raise
`vlp_graph.errors.ServingError`; leaving an iterator, or cancelling a call, ends the work at the replica.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vlp_graph.dialogue.models import Finder, Sorter
from vlp_graph.dialogue.turn import Picture, Rle
from vlp_graph.engines.generation import Generation, Piece
from vlp_graph.engines.sam import Prompt
from vlp_graph.engines.transcript import Heard, Language, Listening, Segment


class Generates(Protocol):
    """Continues a prompt, token by token."""

    def generate(self, generation: Generation) -> AsyncIterator[Piece]:
        """The prompt's own tokens where they are asked for, then each new token, and what it came to, last.

        Raises:
            InvalidRequest: more tokens than the model takes.
        """
        ...


class Chats(Protocol):
    """Answers OpenAI messages."""

    def chat(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The chunks of the answer to an OpenAI chat body that asks for a `stream`, else the one completion.

        Raises:
            InvalidRequest: the body asks for what the model does not do.
        """
        ...


class Writes(Generates, Chats, Protocol):
    """The language model."""


class Hears(Protocol):
    """Writes down what is said."""

    def hear(self, listening: Listening) -> AsyncIterator[Heard | Segment]:
        """What the recording is, then its segments as they are heard.

        Raises:
            InvalidRequest: a language that the model does not know.
        """
        ...

    async def language(self, samples: NDArray[np.float32]) -> Language:
        """The language of mono float32 sound at 16 kHz."""
        ...


class Looks(Protocol):
    """Looks at pictures and answers in words."""

    async def answer(
        self,
        pictures: Sequence[Picture],
        question: str,
        examples: Sequence[tuple[Picture, str]] = (),
        max_tokens: int | None = None,
    ) -> str:
        """As the dialogue's `Looker`; with at most `max_tokens` new tokens."""
        ...


@dataclass(frozen=True)
class Outlined:
    """The mask of one object, and the IoU (0..1) that SAM predicts for it."""

    mask: Rle
    iou: float


@dataclass(frozen=True)
class Located:
    """What a phrase names: score (0..1), box x0, y0, x1, y1 in pixels, and its outline where that was asked for."""

    phrase: str
    score: float
    box: tuple[float, float, float, float]
    outline: Outlined | None = None


class Grounds(Finder, Protocol):
    """Finds what phrases name, and outlines what is shown."""

    async def locate(
        self,
        picture: Picture,
        phrases: Sequence[str],
        *,
        masks: bool = False,
        threshold: float | None = None,
        nms: float | None = None,
        most: int | None = None,
    ) -> list[Located]:
        """What the phrases name, best first within each, the `most` best of all; `threshold` and `nms` stand in the
        place of the profile's."""
        ...

    async def outline(
        self, picture: Picture, prompts: Sequence[Prompt], *, several: bool = False
    ) -> list[list[Outlined]]:
        """For each prompt its outline, or its `several`, best first."""
        ...


@dataclass(frozen=True)
class Backends:
    """The models. `idefics` continues prompts, `looker` is the same model asked questions; `finder` is Grounded-SAM,
    `sorter` DistilBERT."""

    llama: Writes
    idefics: Generates
    whisper: Hears
    looker: Looks
    finder: Grounds
    sorter: Sorter
