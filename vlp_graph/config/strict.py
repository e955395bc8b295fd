"""What every part of a profile is: frozen, of known keys only, each explained where it stands.

The docstring under a key is its description in docs/profiles.md.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class ProfileError(ValueError):
    """The profile cannot be used; the message says where and what to change."""


class Misplaced(ValueError):
    """A contradiction between two keys, of which `location` (below the part that finds it) is the one to change."""

    def __init__(self, message: str, *location: str) -> None:
        super().__init__(message)
        self.location = location


class Strict(BaseModel):
    """A part of the tree."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
