"""What a question claims or asks that boxes can settle.

"Is there a dog?", "how many cups are left of the plate?", "what colour is the second star?": `questions` reads them out
of words, `evidence` looks at the boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["left", "right", "above", "below"]
Trait = Literal["colour", "size", "shape"]


@dataclass(frozen=True)
class Exists:
    """Is there a `phrase`?"""

    phrase: str


@dataclass(frozen=True)
class AnyOf:
    """Is there any of the `phrases`, or, `every`, each of them?"""

    phrases: tuple[str, ...]
    every: bool = False


@dataclass(frozen=True)
class Counted:
    """Are there exactly `number` of `phrase`, `more`, `fewer`, at `least` or at `most` so many?"""

    phrase: str
    number: int
    how: Literal["exactly", "more", "fewer", "least", "most"] = "exactly"


@dataclass(frozen=True)
class Traits:
    """Which colours or shapes do the `phrase` have, or, `counted`, how many different ones?"""

    phrase: str
    trait: Trait
    counted: bool = False


@dataclass(frozen=True)
class Place:
    """In which part of the picture does `phrase` lie?"""

    phrase: str


@dataclass(frozen=True)
class HowMany:
    """How many `phrase` are there?"""

    phrase: str


@dataclass(frozen=True)
class Relation:
    """Does `a` lie in that direction of `b`?"""

    a: str
    direction: Direction
    b: str


@dataclass(frozen=True)
class Beside:
    """What lies in that direction of `b`?"""

    direction: Direction
    b: str


@dataclass(frozen=True)
class Colour:
    """Which colour does `phrase` have?"""

    phrase: str


@dataclass(frozen=True)
class Shape:
    """Which shape does `phrase` ("red object", or only "red") have? `asked` in so many words, or only "what is …?"."""

    phrase: str
    asked: bool = True


@dataclass(frozen=True)
class Choice:
    """Which of the `options` is `phrase`: small or large, red or blue, a star or a heart?"""

    phrase: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Rank:
    """Which of two lies furthest at an `end` ("left", "above" …), or is the "biggest" or "smallest"?"""

    a: str
    b: str
    end: str


@dataclass(frozen=True)
class Than:
    """Is `a` bigger than `b`, or, `smaller`, smaller? None: which of the two?"""

    a: str
    b: str
    smaller: bool | None = False


@dataclass(frozen=True)
class What:
    """What is the thing that `phrase` means by its place or size ("biggest thing", "thing on the left")?"""

    phrase: str


@dataclass(frozen=True)
class Is:
    """Is `phrase` (a) `said`: a colour, a size or a shape?"""

    phrase: str
    said: str


@dataclass(frozen=True)
class At:
    """Does `phrase` lie in that half of the picture ("left", "above" …), or in the corner of two?"""

    phrase: str
    sides: tuple[Direction, ...]


@dataclass(frozen=True)
class All:
    """Are all `phrase` `said`?"""

    phrase: str
    said: str


@dataclass(frozen=True)
class WhichHalf:
    """In which of two halves of the picture does `phrase` lie?"""

    phrase: str
    sides: tuple[Direction, Direction]


@dataclass(frozen=True)
class Same:
    """Have all `phrase` (or the two of "star and heart") the same trait, or, `differ`, different ones?"""

    phrase: str
    trait: Trait
    differ: bool = False


@dataclass(frozen=True)
class MoreOf:
    """Are there more `a` or more `b`? `than`: is it so that there are more `a`; `by`: how many more?"""

    a: str
    b: str
    fewer: bool = False
    than: bool = False
    by: bool = False


Most = Literal["most", "fewest", "any", "biggest", "smallest", "same", "total", "by", "each", "more", "less"]


@dataclass(frozen=True)
class MorePictures:
    """Which picture has the most `phrase`, the fewest, any at all, the biggest or the smallest?

    Or have they the `same` number, how many are there in `total`, `by` how many more has one, has `each` any, has the
    newest `more` or `less`?
    """

    phrase: str
    how: Most = "most"


@dataclass(frozen=True)
class Across:
    """Is `phrase` of the `same` trait in two pictures; in the newest of them, is it `bigger`, `smaller`, or `which`?"""

    phrase: str
    trait: Trait
    how: Literal["same", "bigger", "smaller", "which"] = "same"


@dataclass(frozen=True)
class Side:
    """On which of two sides of `b` does `a` lie?"""

    a: str
    sides: tuple[Direction, Direction]
    b: str


Reading = Colour | Shape | Choice
"""Claims of which the detector decides between several readings of a phrase."""


@dataclass(frozen=True)
class Differences:
    """What do two pictures have, or what has one (`there`) that the other (`missing`) has not? By the words for them,
    "first" or "previous"; None where none are said. `alike`: are they the same?"""

    there: str | None = None
    missing: str | None = None
    alike: bool = False


Claim = (
    Exists
    | AnyOf
    | Counted
    | Traits
    | Place
    | HowMany
    | Relation
    | Side
    | Beside
    | Rank
    | Than
    | What
    | Is
    | At
    | WhichHalf
    | All
    | Same
    | MoreOf
    | MorePictures
    | Across
    | Differences
    | Reading
)


def asks_for_a_name(claim: Claim) -> bool:
    """Whether the answer names a thing that the question did not: "it" will be that thing."""
    return isinstance(claim, Beside | Rank | What)
