"""The models as the surfaces call them one by one, past the dialogue, as small protocols.

The deployments offer these over Ray Serve handles; a test offers them as plain objects. Every call may raise
`vlp_graph.errors.ServingError`; leaving an iterator, or cancelling a call, ends the work at the replica.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.generation import Generation, Piece
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


@dataclass(frozen=True)
class Backends:
    """The five models."""

    llama: Writes
    idefics: Generates
    whisper: Hears
