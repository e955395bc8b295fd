"""Questions that boxes answer better than words: existence, number, position, colour.

A question of one of these forms is turned into phrases for the detector, and its instances into an answer that the
words cannot contradict. Any other question is the vision-language model's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vlp_graph.dialogue.turn import Instance
from vlp_graph.dialogue.wording import are, plain

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "pink", "brown", "black", "white", "grey")
"""The basic colour terms of English; a detector that knows a colour scores "red car" above "blue car"."""

Direction = Literal["left", "right", "above", "below"]
_WHERE = r"(?:to the |on the )?(?P<direction>left|right|above|below|over|under|underneath|beneath)(?: of)?"
_HERE = r"(?:\s+(?:in|on|visible in|shown in|at) (?:the|this|that|my)?\s*(?:picture|image|photo|scene|pic)|\s+here|\s+there)*"
_END = rf"{_HERE}\s*(?:please)?\s*[?.!]*$"

_EXISTS = re.compile(
    r"^(?:(?:so|and|ok|okay|well|hey|hi|please|tell me|can you tell me|do you know)[, ]+)*"
    r"(?:(?:if |whether )?(?:is|are) there|do you see|can you see|do we have|does (?:the|this) (?:picture|image|photo) "
    r"(?:have|contain|show)|have we got|(?:if |whether )there (?:is|are))"
    rf"(?: also| still| even)? (?P<thing>(?:a|an|any|some)\b.+?|[a-z]+s\b.*?){_END}",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"^(?:and |so )?how many (?P<thing>.+?)(?: (?:are|is) (?:there|shown|visible|in)\b.*| (?:do|can) (?:you|we|i) (?:see|find|count).*|"
    rf" does .*|){_END}",
    re.IGNORECASE,
)
_RELATION = re.compile(rf"^(?:and |so )?(?:is|are) the (?P<a>.+?) {_WHERE} the (?P<b>.+?){_END}", re.IGNORECASE)
_BESIDE = re.compile(
    rf"^(?:and |so )?(?:what|which (?:object|thing|shape))(?:'s| is|s| are| lies| sits)? {_WHERE} the (?P<b>.+?){_END}",
    re.IGNORECASE,
)
_COLOUR = re.compile(
    r"^(?:and |so )?(?:what|which) colou?r (?:is|are|does|do|has) the (?P<thing>.+?)(?: have| got)?"
    rf"{_END}|^(?:what|which|tell me|what's)\b(?: is| are)? the colou?r of the (?P<other>.+?){_END}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Exists:
    """Is there a `phrase`?"""

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


Claim = Exists | HowMany | Relation | Beside | Colour


def claim_of(question: str) -> Claim | None:
    """What a question asks that boxes can answer, or None."""
    text = " ".join(question.split())
    if found := _RELATION.match(text):
        return Relation(plain(found["a"]), _direction(found["direction"]), plain(found["b"]))
    if found := _BESIDE.match(text):
        return Beside(_direction(found["direction"]), plain(found["b"]))
    if found := _COLOUR.match(text):
        return Colour(plain(found["thing"] or found["other"]))
    if found := _HOW_MANY.match(text):
        return HowMany(plain(found["thing"]))
    if found := _EXISTS.match(text):
        return Exists(plain(found["thing"]))
    return None


def _direction(word: str) -> Direction:
    word = word.lower()
    if word in ("left", "right"):
        return "left" if word == "left" else "right"
    return "above" if word in ("above", "over") else "below"


def phrases_of(claim: Claim) -> list[str]:
    """What the detector has to look for."""
    match claim:
        case Exists(phrase) | HowMany(phrase):
            return [phrase]
        case Relation(a, _, b):
            return [a, b]
        case Beside(_, b):
            return [b]
        case Colour(phrase):
            return [phrase, *(f"{colour} {phrase}" for colour in COLOURS)]


def _centre(box: Sequence[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def lies(a: Instance, direction: Direction, b: Instance) -> bool:
    """Whether the centre of `a` lies in that direction of the centre of `b`."""
    (ax, ay), (bx, by) = _centre(a.box), _centre(b.box)
    return {"left": ax < bx, "right": ax > bx, "above": ay < by, "below": ay > by}[direction]


def best(instances: Sequence[Instance], phrase: str) -> Instance | None:
    named = [i for i in instances if i.phrase == phrase]
    return max(named, key=lambda i: i.score, default=None)


def beside(claim: Beside, phrase: str, instances: Sequence[Instance]) -> list[Instance]:
    """The instances of `phrase` that lie where the claim asks."""
    reference = best(instances, claim.b)
    if reference is None:
        return []
    return [i for i in instances if i.phrase == phrase and lies(i, claim.direction, reference)]


def decide(claim: Claim, instances: Sequence[Instance]) -> str | None:
    """The answer that the instances give, as a short text; None where they leave it to the other model."""
    match claim:
        case Exists(phrase):
            count = sum(i.phrase == phrase for i in instances)
            return f"Yes, there {are(count, phrase)}." if count else f"No, there is no {phrase} in this picture."
        case HowMany(phrase):
            return f"There {are(sum(i.phrase == phrase for i in instances), phrase)} in this picture."
        case Relation(a, direction, b):
            first, second = best(instances, a), best(instances, b)
            if first is None or second is None:
                missing = " and no ".join(p for p, i in ((a, first), (b, second)) if i is None)
                return f"No, there is no {missing} in this picture."
            return "Yes." if lies(first, direction, second) else "No."
        case Beside(_, b):
            return None if best(instances, b) else f"There is no {b} in this picture."
        case Colour(phrase):
            coloured = [i for i in instances if i.phrase != phrase]
            if not coloured:
                return None if best(instances, phrase) else f"I find no {phrase} in this picture."
            return max(coloured, key=lambda i: i.score).phrase.removesuffix(phrase).strip()
