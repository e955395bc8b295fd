"""What the dialogue needs of each model, as small protocols.

The deployments offer these over Ray Serve handles; a test offers them as plain objects. Every call may raise
`vlp_graph.errors.ServingError`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from langchain_core.language_models.chat_models import BaseChatModel
from numpy.typing import NDArray

from vlp_graph.dialogue.turn import Form, Instance, Named, Picture, Understanding

if TYPE_CHECKING:
    from vlp_graph.engines.distilbert import Reading


class Listener(Protocol):
    """Speech to text."""

    async def transcribe(self, speech: NDArray[np.float32]) -> str:
        """The words of mono float32 sound at 16 kHz; empty for silence."""
        ...


class Looker(Protocol):
    """Looks at pictures and answers in words."""

    async def answer(
        self, pictures: Sequence[Picture], question: str, examples: Sequence[tuple[Picture, str]] = ()
    ) -> str:
        """`examples` are pictures with the answers that the question has for them: a few-shot prompt."""
        ...


class Finder(Protocol):
    """Finds what phrases name."""

    async def find(self, picture: Picture, phrases: Sequence[str], *, masks: bool = False) -> list[Instance]:
        """Instances in pixels of the picture, best first within each phrase."""
        ...

    async def prepare(self, picture: Picture) -> None:
        """Make ready for masks of a picture: its embedding is made and kept."""
        ...


class Sorter(Protocol):
    """Sorts texts."""

    async def read(self, text: str) -> Understanding:
        """What a turn asks for and what it is about."""
        ...

    async def nearest(self, text: str, labels: Sequence[str]) -> dict[str, float]:
        """The probability of each label."""
        ...


@dataclass(frozen=True)
class Models:
    """The five models of the graph. `planner` writes plans, `talker` chats: one language model, with and without
    its planning adapter, as LangChain chat models. `ready` tells for each model whether it is loaded and warmed."""

    planner: BaseChatModel
    talker: BaseChatModel
    looker: Looker
    finder: Finder
    listener: Listener
    sorter: Sorter
    ready: Callable[[], Awaitable[dict[str, bool]]]


def understood(reading: Reading) -> Understanding:
    """What the dialogue takes from DistilBERT's reading of a text."""
    names = [Named(span.text, span.start, span.score) for span in reading.spans]
    form = reading.form
    roles = [Named(span.text, span.start, span.score, span.role) for span in form.roles] if form else []
    return Understanding(reading.intents, names, Form(form.name, form.score, roles) if form else None)
