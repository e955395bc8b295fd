"""Phrases that name a thing by its place among others: "the left star", "the second circle", "the square above it".

A detector knows what things look like, not which of them is meant. So it is asked for the bare name, and boxes
decide the rest: superlatives and ordinals by order, relations by the centres of the boxes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vlp_graph.dialogue.turn import Instance
from vlp_graph.dialogue.wording import plain, singular

_SIDES = {
    **dict.fromkeys(("left", "leftmost", "left-most", "left-hand", "lefthand", "far left", "furthest left"), "left"),
    **dict.fromkeys(("right", "rightmost", "right-most", "right-hand", "righthand", "far right"), "right"),
    **dict.fromkeys(("top", "topmost", "upper", "uppermost", "highest"), "above"),
    **dict.fromkeys(("bottom", "bottommost", "lower", "lowermost", "lowest"), "below"),
    **{f"{a} {b}": f"{where} {b}" for a, where in (("top", "above"), ("upper", "above")) for b in ("left", "right")},
    **{f"{a} {b}": f"{where} {b}" for a, where in (("bottom", "below"), ("lower", "below")) for b in ("left", "right")},
}
_SIDES |= {"middle": "middle", "centre": "middle", "center": "middle", "central": "middle"}
_SIZES = {
    **dict.fromkeys(("biggest", "largest", "bigger", "larger"), "biggest"),
    **dict.fromkeys(("smallest", "tiniest", "littlest", "smaller"), "smallest"),
}
_ORDINALS = {
    **{word: i for i, word in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"))},
    **{word: i for i, word in enumerate(("1st", "2nd", "3rd", "4th", "5th", "6th"))},
    "last": -1,
}
_ABOVE = {"above": "above", "over": "above", "below": "below", "under": "below", "underneath": "below"}
_ABOVE |= {"beneath": "below", "on top of": "above", "higher than": "above", "lower than": "below"}


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_RELATION = re.compile(
    r"^(?P<a>.+?)(?:,? (?:that|which)(?:'s| is| are| lies| sits)?| is| are| lying| located| sitting)?"
    r" (?:just |directly |right )?(?:(?:(?:to|on) the )?(?P<side>left|right)(?:[- ]hand)?(?: side)? of|"
    rf"(?P<level>{_any([*_ABOVE])})|"
    r"(?P<near>next to|beside|near(?:est)?(?: to)?|close(?:st)? to)) (?P<b>.+)$",
    re.IGNORECASE,
)
_FROM = rf"(?: from (?:the )?(?P<end>{_any([*_SIDES])}))?"
_FRONT = re.compile(
    rf"^(?:(?P<ordinal>{_any([*_ORDINALS])})|(?P<side>{_any([*_SIDES])})|(?P<size>{_any([*_SIZES])}))"
    rf"(?: of)? (?P<name>.+?){_FROM}$",
    re.IGNORECASE,
)
_BACK = re.compile(
    rf"^(?P<name>.+?),? (?:(?:(?:that|which) )?(?:is|are) )?(?:furthest )?(?:on|at|to|in) the (?:far |very )?"
    rf"(?P<side>{_any([*_SIDES])})(?: side| part| half| end)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Pick:
    """The `index`-th from one end: "left", "right", "above" (the top), "below", "above left" …; or "middle" (from left
    to right), "biggest", "smallest"."""

    end: str
    index: int = 0


@dataclass(frozen=True)
class Referring:
    """`name` is what a detector can look for. At most one of `pick` and `relation` (where, of what) is given."""

    name: str
    pick: Pick | None = None
    relation: tuple[str, Referring] | None = None

    @property
    def names(self) -> list[str]:
        """Everything that has to be found."""
        return [self.name, *(self.relation[1].names if self.relation else [])]


def read(phrase: str) -> Referring:
    """What a phrase means; a plain name is just itself."""
    words = plain(phrase)
    if found := _RELATION.match(words):
        where = found["side"] or (_ABOVE[found["level"].lower()] if found["level"] else "near")
        return Referring(plain(found["a"]), relation=(where.lower(), read(found["b"])))
    if found := _FRONT.match(words):
        name = plain(found["name"])
        if found["ordinal"]:
            index = _ORDINALS[found["ordinal"].lower()]
            return Referring(singular(name), Pick(_SIDES[found["end"].lower()] if found["end"] else "left", index))
        if not found["end"]:
            end = _SIDES[found["side"].lower()] if found["side"] else _SIZES[found["size"].lower()]
            return Referring(name, Pick(end))
    if found := _BACK.match(words):
        return Referring(plain(found["name"]), Pick(_SIDES[found["side"].lower()]))
    return Referring(words)


def choose(meant: Referring, instances: Sequence[Instance], size: tuple[int, int]) -> list[Instance]:
    """Those of the instances that are meant. `size` is the picture's width and height.

    A plural with a side ("the stars on the left") means those in that half of the picture, a singular the outermost.
    """
    named = [i for i in instances if i.phrase == meant.name]
    if meant.relation:
        where, other = meant.relation
        anchors = choose(other, instances, size)
        return _related(meant.name, named, where, max(anchors, key=lambda i: i.score)) if anchors else []
    if not meant.pick:
        return named
    pick = meant.pick
    if pick.end == "middle":
        across = sorted(named, key=lambda i: centre(i)[0])
        return across[(len(across) - 1) // 2 :][:1]
    if singular(meant.name) != meant.name and pick.end not in _SIZES.values():
        return [i for i in named if all(_in_half(i, side, size) for side in pick.end.split())]
    ordered = sorted(named, key=lambda i: sum(_rank(i, end) for end in pick.end.split()))
    return ordered[pick.index :][:1]


def centre(i: Instance) -> tuple[float, float]:
    """Of its box."""
    return (i.box[0] + i.box[2]) / 2, (i.box[1] + i.box[3]) / 2


def area(i: Instance) -> float:
    """Of its box."""
    return (i.box[2] - i.box[0]) * (i.box[3] - i.box[1])


def _rank(i: Instance, end: str) -> float:
    x, y = centre(i)
    return {"left": x, "right": -x, "above": y, "below": -y, "biggest": -area(i), "smallest": area(i)}[end]


def _in_half(i: Instance, end: str, size: tuple[int, int]) -> bool:
    (x, y), (width, height) = centre(i), size
    return {"left": x < width / 2, "right": x > width / 2, "above": y < height / 2, "below": y > height / 2}[end]


def _related(name: str, named: Sequence[Instance], where: str, anchor: Instance) -> list[Instance]:
    others = [i for i in named if centre(i) != centre(anchor)]
    if where == "near":
        (ax, ay) = centre(anchor)
        nearest = sorted(others, key=lambda i: (centre(i)[0] - ax) ** 2 + (centre(i)[1] - ay) ** 2)
        return nearest[:1]
    return [i for i in others if _rank(i, where) < _rank(anchor, where)]
