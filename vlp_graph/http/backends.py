"""The models as the surfaces call them one by one, past the dialogue, as small protocols.

The deployments offer these over Ray Serve handles; a test offers them as plain objects. Every call may raise
`vlp_graph.errors.ServingError`; leaving an iterator, or cancelling a call, ends the work at the replica.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from vlp_graph.engines.generation import Generation, Piece


class Generates(Protocol):
    """Continues a prompt, token by token."""

    def generate(self, generation: Generation) -> AsyncIterator[Piece]:
        """The prompt's own tokens where they are asked for, then each new token, and what it came to, last.

        Raises:
            InvalidRequest: more tokens than the model takes.
        """
        ...


@dataclass(frozen=True)
class Backends:
    """The five models."""

    llama: Generates
    idefics: Generates
