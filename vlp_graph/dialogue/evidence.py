"""What boxes say to a claim: the phrases that the detector has to look for, and the answer that its instances give.

The words cannot contradict such an answer; where they say something else, that is a doubt, and told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlp_graph.dialogue.claims import (
    Beside,
    Choice,
    Claim,
    Colour,
    Direction,
    Exists,
    HowMany,
    Larger,
    Reading,
    Relation,
    Shape,
    Side,
)
from vlp_graph.dialogue.referring import area, centre, read
from vlp_graph.dialogue.turn import Instance
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SHAPES, SIZES, are, plain, singular

_THINGS = ("object", "thing", "shape", "item")


def phrases_of(claim: Claim) -> list[str]:
    """What the detector has to look for."""
    match claim:
        case Exists(phrase) | HowMany(phrase):
            return [phrase]
        case Relation(a, _, b) | Side(a, _, b) | Larger(a, b):
            return [a, b]
        case Beside(_, b):
            return [b]
        case Colour() | Shape() | Choice():
            return [claim.phrase, *readings(claim)]


def readings(claim: Reading) -> dict[str, str]:
    """The phrases among which the detector decides, to the answer that each stands for."""
    phrase = read(claim.phrase).name
    match claim:
        case Colour():
            return painted(phrase)
        case Shape():
            words = [word for word in phrase.lower().split() if word not in _THINGS]
            return {" ".join([*words, shape]): shape for shape in SHAPES}
        case Choice(options=options) if set(options) <= set(SHAPES):
            words = [word for word in phrase.lower().split() if word not in _THINGS]
            return {" ".join([*words, shape]): shape for shape in options}
        case Choice(options=options):
            return {f"{option} {phrase}": option for option in options}


def painted(phrase: str) -> dict[str, str]:
    """The phrase in every colour, to the colour: "small red star" -> "red"; a size stays in front."""
    size, _, rest = phrase.partition(" ")
    before, noun = (f"{size} ", rest) if rest and size.lower() in SIZES else ("", phrase)
    return {f"{before}{colour} {noun}": colour for colour in COLOURS}


def lies(a: Instance, direction: Direction, b: Instance) -> bool:
    """Whether the centre of `a` lies in that direction of the centre of `b`."""
    (ax, ay), (bx, by) = centre(a), centre(b)
    return {"left": ax < bx, "right": ax > bx, "above": ay < by, "below": ay > by}[direction]


def best(instances: Sequence[Instance], phrase: str) -> Instance | None:
    named = [i for i in instances if i.phrase == phrase]
    return max(named, key=lambda i: i.score, default=None)


def beside(claim: Beside, phrases: Sequence[str], instances: Sequence[Instance]) -> list[Instance]:
    """The instances of `phrases` that lie where the claim asks, nearest first."""
    reference = best(instances, claim.b)
    if reference is None:
        return []

    def distance(i: Instance) -> float:
        (x, y), (rx, ry) = centre(i), centre(reference)
        return (x - rx) ** 2 + (y - ry) ** 2

    there = [i for i in instances if i.phrase in phrases and lies(i, claim.direction, reference)]
    apart = [i for i in there if not _covers(reference, centre(i))]
    return sorted(apart, key=distance)


def same_thing(a: Instance, b: Instance) -> bool:
    """Whether two instances are boxes around the same thing: each centre lies in the inner half of the other."""
    return _covers(a, centre(b)) and _covers(b, centre(a))


def _covers(i: Instance, point: tuple[float, float]) -> bool:
    """Whether a point lies in the inner half of a box: it is the centre of the same thing."""
    (x, y), width, height = centre(i), i.box[2] - i.box[0], i.box[3] - i.box[1]
    return abs(point[0] - x) < width / 4 and abs(point[1] - y) < height / 4


def decide(claim: Claim, instances: Sequence[Instance]) -> str | None:
    """The answer that the instances give, as a short text; None where they leave it to the other model."""
    match claim:
        case Exists(phrase):
            count = sum(i.phrase == phrase for i in instances)
            return (
                f"Yes, there {are(count, phrase)}." if count else f"No, there is no {singular(phrase)} in this picture."
            )
        case HowMany(phrase):
            return f"There {are(sum(i.phrase == phrase for i in instances), phrase)} in this picture."
        case Relation(a, direction, b):
            first, second = best(instances, a), best(instances, b)
            if first is None or second is None:
                missing = " and no ".join(p for p, i in ((a, first), (b, second)) if i is None)
                return f"No, there is no {missing} in this picture."
            return "Yes." if lies(first, direction, second) else "No."
        case Side(a, sides, b):
            first, second = best(instances, a), best(instances, b)
            if first is None or second is None:
                return f"There is no {b if first else a} in this picture."
            side = next((side for side in sides if lies(first, side, second)), None)
            return side and f"{_WHERE_IT_LIES[side]} the {b}."
        case Larger(a, b, smallest):
            first, second = best(instances, a), best(instances, b)
            if first is None or second is None:
                return f"There is no {b if first else a} in this picture."
            return f"The {a if (area(first) < area(second)) == smallest else b}."
        case Beside(_, b):
            return None if best(instances, b) else f"There is no {b} in this picture."
        case Colour() | Shape() | Choice():
            if found := read_off(claim, instances):
                return readings(claim)[max(found, key=lambda i: i.score).phrase]
            return None if best(instances, claim.phrase) else f"I find no {claim.phrase} in this picture."


_WHERE_IT_LIES: dict[Direction, str] = {
    "left": "To the left of",
    "right": "To the right of",
    "above": "Above",
    "below": "Below",
}


def doubt(claim: Claim, verdict: str, words: str) -> str | None:
    """What the words say, where they are an answer to the claim and another one than the boxes' verdict."""
    said = plain(words).lower()
    match claim:
        case Exists() | Relation():
            first = said.split()[:1]
            other = first in (["yes"], ["no"]) and first[0] != re.split(r"\W", verdict.lower())[0]
        case HowMany():
            number = NUMBERS.index(said) if said in NUMBERS else int(said) if said.isdecimal() else None
            counted = re.search(r"\d+", verdict)
            other = number is not None and number != (int(counted[0]) if counted else 0)
        case Colour() | Shape() | Choice():
            answers = set(readings(claim).values())
            other = said in answers and verdict in answers and said != verdict
        case _:
            other = False
    return said if other else None


def read_off(claim: Reading, instances: Sequence[Instance]) -> list[Instance]:
    """The instances of a claim's readings; of a thing that is named by its place, those that lie on it."""
    found = [i for i in instances if i.phrase in readings(claim)]
    if read(claim.phrase).name == claim.phrase:
        return found
    meant = best(instances, claim.phrase)
    return [i for i in found if meant is not None and same_thing(i, meant)]
