"""What speaks against a profile, with the key of the profile that would have to change."""

from __future__ import annotations

from dataclasses import dataclass

from vlp_graph.config.loading import place
from vlp_graph.config.strict import ProfileError


@dataclass(frozen=True)
class Problem:
    """`location`: the keys that lead to the place in the profile. `message`: by how much, and what would do."""

    location: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(self.location)}: {self.message}" if self.location else self.message


class DoesNotFit(ProfileError):
    """The profile is well formed, and the machines are too small for it, or a model cannot be split as it says."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class UnknownArchitecture(ProfileError):
    """Nothing here says how large a model is."""


def placed(profile: str, error: ProfileError) -> str:
    """The error with the file and line of each key that is at fault."""
    if not isinstance(error, DoesNotFit):
        return str(error)
    return "\n".join(f"{place(profile, problem.location)}: {problem}" for problem in error.problems)
