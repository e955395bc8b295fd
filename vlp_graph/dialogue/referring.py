"""Phrases that name a thing by its place among others: "the left star", "the second circle", "the square above it".

A detector knows what things look like, not which of them is meant. So it is asked for the bare name, and boxes
decide the rest: superlatives and ordinals by order, relations by the centres of the boxes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from vlp_graph.dialogue.turn import Instance
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SMALL, is_plural, plain, singular
from vlp_graph.dialogue.wording import SIZES as ALL_SIZES

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
_GENERIC = ("thing", "object", "shape", "item")
_SIZED = re.compile(
    rf"^(?:the )?(?P<size>{'|'.join(ALL_SIZES)}) (?P<name>(?:[a-z]+ )?(?:{'|'.join(_GENERIC)})s?)$", re.IGNORECASE
)
OF_ANOTHER_SIZE = 1.7
"""How many times the area of another a thing of another size has; cameras and hands make smaller differences."""
LARGE_SHARE = 0.22
"""Side of a large thing as a share of the picture's shorter side, where things of only one size are there."""
_ENDS = _SIDES | {"up": "above", "down": "below"}
_OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
LONGEST = 200
"""Characters of a phrase that is looked into; a longer one names no place."""
_ABOVE = {"above": "above", "over": "above", "below": "below", "under": "below", "underneath": "below"}
_ABOVE |= {"beneath": "below", "on top of": "above", "higher than": "above", "lower than": "below"}


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_RELATION = re.compile(
    r"^(?P<a>.+?)(?:,? (?:that|which)(?:'s| is| are| lies| sits)?| is| are| lying| located| sitting| kept| placed| "
    r"drawn| put| positioned| standing| hidden)?"
    r" (?:just |directly |immediately |right )?(?:(?:(?:to|on) the )?(?P<side>left|right)(?:[- ]hand)?(?: side)? "
    rf"(?:of|from)|to (?P<its>.+?)(?:'s?) (?P<hand>left|right)$|(?P<level>{_any([*_ABOVE])})|"
    r"(?P<not>other than|except(?: for)?|but(?: not)?|apart from|besides|(?:that|which)(?: is|'s)?(?:n't| not)|not)|"
    r"(?P<either>on (?:either|both) sides? of)|between (?:(?:the )?(?:two|both|2) (?P<pair>.+)|(?:the "
    r")?(?P<those>(?:(?!and )[a-z]+ ){0,3}[a-z]+s))$|between (?P<one>.+?) and|"
    r"(?P<near>next to|beside|near(?:est)?\b(?: to)?|close(?:st)? to)) ?(?P<b>.+)?$",
    re.IGNORECASE,
)
_COUNTS = "|".join(NUMBERS[2:9])
_NUMBER = re.compile(rf"^(?P<count>{_COUNTS}|[2-8]) (?:of the )?(?P<rest>.+)$", re.IGNORECASE)
_FROM = rf"(?: from (?:the )?(?P<end>{_any([*_SIDES])}))?"
_FRONT = re.compile(
    rf"^(?:(?P<ordinal>{_any([*_ORDINALS])})|(?P<side>{_any([*_SIDES])})|(?P<size>{_any([*_SIZES])}))"
    rf"(?: (?P<count>{_COUNTS}|[2-8]))?(?: of(?: (?:the|all|those|these|two|three|four|both))*)? (?P<name>.+?){_FROM}$",
    re.IGNORECASE,
)
_BACK = re.compile(
    rf"^(?:(?P<count>{_COUNTS}|[2-8]) )?(?P<name>.+?),? (?:(?:(?:that|which)(?: is| are|'s)?|is|are|'s) )?(?:"
    r"(?:(?:furthest |farthest |nearest |closest |nearer |closer |further )?(?:over )?(?:on|at|to|in|towards|near)|"
    r"(?:nearest|closest|nearer|closer)) the (?:far |very )?"
    rf"(?P<side>{_any([*_SIDES])})(?:[- ]hand)?(?: side| part| half| end| corner| edge| row| column)?|"
    r"(?P<between>in between)(?: them| the (?:others|other two|two))?|"
    r"(?:the )?(?:furthest|farthest) (?:to the )?(?P<far>left|right|up|down)|(?P<up>highest|lowest)(?: up| down)?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Pick:
    """The `index`-th from one end: "left", "right", "above" (the top), "below", "above left" …; or "middle" (from left
    to right), "biggest", "smallest"; "large", "small" (all of that size). `count` of them, one after the other; None:
    as many as the name's number says."""

    end: str
    index: int = 0
    count: int | None = None


@dataclass(frozen=True)
class Referring:
    """`name` is what a detector can look for. At most one of `pick` and `relation` (where, of what: two things for
    "between", one for all else) is given."""

    name: str
    pick: Pick | None = None
    relation: tuple[str, tuple[Referring, ...]] | None = None

    @property
    def names(self) -> list[str]:
        """Everything that has to be found."""
        return [self.name, *(name for other in (self.relation or ("", ()))[1] for name in other.names)]


def read(phrase: str) -> Referring:
    """What a phrase means; a plain name is just itself."""
    words = plain(phrase)
    if len(words) > LONGEST:
        return Referring(words)
    before = None
    if (number := _NUMBER.match(words)) and is_plural(number["rest"]) and not _BACK.match(words):
        words, before = number["rest"], _number(number["count"])
    if (found := _RELATION.match(words)) and (relation := _relation(found)):
        return Referring(plain(found["a"]), relation=relation)
    if sized := _SIZED.match(words):  # no kind of thing, whose size a detector could know
        size = "small" if sized["size"].lower() in SMALL else "large"
        return Referring(sized["name"], Pick(size, count=before))
    if found := _FRONT.match(words):
        name = plain(found["name"])
        count = _number(found["count"]) or before  # "the two biggest stars"
        if found["ordinal"] and not count:
            index = _ORDINALS[found["ordinal"].lower()]
            return Referring(singular(name), Pick(_SIDES[found["end"].lower()] if found["end"] else "left", index))
        if found["ordinal"]:  # "the first two stars"
            end = _SIDES[found["end"].lower()] if found["end"] else "left"
            last = found["ordinal"].lower() == "last"
            return Referring(name, Pick(_OPPOSITE.get(end, end) if last else end, count=count))
        if not found["end"]:
            end = _SIDES[found["side"].lower()] if found["side"] else _SIZES[found["size"].lower()]
            return Referring(name, Pick(end, count=count))
    if found := _BACK.match(words):
        said = found["side"] or found["far"] or found["up"] or "middle"
        return Referring(plain(found["name"]), Pick(_ENDS[said.lower()], count=_number(found["count"])))
    return Referring(words)


def _relation(found: re.Match[str]) -> tuple[str, tuple[Referring, ...]] | None:
    if pair := found["pair"] or found["those"]:
        return "between", (read(pair),)
    if found["hand"]:
        return found["hand"].lower(), (read(found["its"]),)
    if not found["b"]:
        return None
    if found["one"]:
        return "between", (read(found["one"]), read(found["b"]))
    if found["either"]:
        return "either", (read(found["b"]),)
    bare = re.sub(r" ones?$", "", plain(found["b"]).lower())
    if found["not"] and set(bare.split()) <= {*COLOURS, *ALL_SIZES}:  # "hearts other than the green one"
        return "other", (read(f"{bare} {singular(plain(found['a']))}"),)
    where = found["side"] or (_ABOVE[found["level"].lower()] if found["level"] else "")
    return where.lower() or ("other" if found["not"] else "near"), (read(found["b"]),)


def _number(word: str | None) -> int | None:
    if not word:
        return None
    return int(word) if word.isdecimal() else NUMBERS.index(word.lower())


def choose(meant: Referring, instances: Sequence[Instance], size: tuple[int, int]) -> list[Instance]:
    """Those of the instances that are meant. `size` is the picture's width and height.

    A plural with a side ("the stars on the left") means those in that half of the picture, a singular the outermost.
    """
    named = [i for i in instances if i.phrase == meant.name]
    if meant.relation:
        where, others = meant.relation
        anchors = [choose(other, instances, size) for other in others]
        if where == "other":
            return [i for i in named if not any(same_place(i, not_it) for not_it in anchors[0])]
        if not all(anchors):
            return []
        return _related(named, where, _anchors(where, anchors), meant.name)
    if not meant.pick:
        return named
    pick = meant.pick
    if pick.end in ("large", "small"):
        those = of_size(named, pick.end, size)
        return (
            those
            if is_plural(meant.name)
            else sorted(those, key=lambda i: area(i) if pick.end == "small" else -area(i))[:1]
        )
    if pick.end == "middle" and singular(meant.name).split()[-1].lower() in ("thing", "object", "shape"):
        (x, y) = size[0] / 2, size[1] / 2
        return sorted(named, key=lambda i: (centre(i)[0] - x) ** 2 + (centre(i)[1] - y) ** 2)[:1]
    if pick.end == "middle":
        across = sorted(named, key=lambda i: centre(i)[0] if _wide(named) else centre(i)[1])
        return across[(len(across) - 1) // 2 :][:1]
    if is_plural(meant.name) and pick.count is None and pick.end not in _SIZES.values():
        return [i for i in named if all(in_half(i, side, size) for side in pick.end.split())]
    ordered = sorted(named, key=lambda i: sum(rank(i, end) for end in pick.end.split()))
    return ordered[pick.index :][: pick.count or 1]


def _anchors(where: str, found: Sequence[Sequence[Instance]]) -> list[Instance]:
    """The surest of each; for "between the two stars", the two surest."""
    if where == "between" and len(found) == 1:
        return sorted(found[0], key=lambda i: -i.score)[:2]
    return [max(one, key=lambda i: i.score) for one in found]


def _wide(instances: Sequence[Instance]) -> bool:
    """Whether things lie side by side rather than one above the other."""
    xs, ys = zip(*map(centre, instances), strict=True) if instances else ((0.0,), (0.0,))
    return bool(max(xs) - min(xs) >= max(ys) - min(ys))


def of_size(instances: Sequence[Instance], word: str, size: tuple[int, int]) -> list[Instance]:
    """The "large" or the "small" ones: those on one side of the widest gap between areas; where all are alike, all or
    none, by their share of the picture."""
    ordered = sorted(instances, key=area)
    gaps = [(area(b) / max(area(a), 1e-9), n + 1) for n, (a, b) in enumerate(pairwise(ordered))]
    widest, cut = max(gaps, default=(1.0, 0))
    if widest < OF_ANOTHER_SIZE:
        cut = sum(area(i) < (LARGE_SHARE * min(size)) ** 2 for i in ordered)
        cut = len(ordered) if 2 * cut >= len(ordered) else 0
    return ordered[cut:] if word == "large" else ordered[:cut]


def same_place(a: Instance, b: Instance) -> bool:
    """Whether two instances are boxes around the same thing: each centre lies in the inner half of the other."""
    return covers(a, centre(b)) and covers(b, centre(a))


def covers(i: Instance, point: tuple[float, float]) -> bool:
    """Whether a point lies in the inner half of a box: it is the centre of the same thing."""
    (x, y), width, height = centre(i), i.box[2] - i.box[0], i.box[3] - i.box[1]
    return abs(point[0] - x) < width / 4 and abs(point[1] - y) < height / 4


def centre(i: Instance) -> tuple[float, float]:
    """Of its box."""
    return (i.box[0] + i.box[2]) / 2, (i.box[1] + i.box[3]) / 2


def area(i: Instance) -> float:
    """Of its box."""
    return (i.box[2] - i.box[0]) * (i.box[3] - i.box[1])


def rank(i: Instance, end: str) -> float:
    """The smaller, the further it is at that end."""
    x, y = centre(i)
    return {"left": x, "right": -x, "above": y, "below": -y, "biggest": -area(i), "smallest": area(i)}[end]


def in_half(i: Instance, end: str, size: tuple[int, int]) -> bool:
    """Whether its centre lies in that half of a picture of this width and height."""
    (x, y), (width, height) = centre(i), size
    return {"left": x < width / 2, "right": x > width / 2, "above": y < height / 2, "below": y > height / 2}[end]


def _related(named: Sequence[Instance], where: str, anchors: Sequence[Instance], name: str) -> list[Instance]:
    others = [i for i in named if not any(same_place(i, anchor) for anchor in anchors)]
    anchor = anchors[0]
    nearest = sorted(others, key=lambda i: (aslant(i, anchor, where), offset(i, anchor, where)))
    if where == "near":
        return nearest[:1]
    if where == "either":
        sides = [[i for i in nearest if rank(i, side) < rank(anchor, side)][:1] for side in ("left", "right")]
        return [i for side in sides for i in side]
    if where == "between" and len(anchors) < 2:
        return []
    if where == "between":
        return [i for i in others if _lies_between(centre(i), centre(anchor), centre(anchors[1]))]
    there = [i for i in nearest if rank(i, where) < rank(anchor, where)]
    return there if is_plural(name) else there[:1]


def aslant(i: Instance, anchor: Instance, where: str) -> bool:
    """Whether an instance lies more beside that direction than in it: what is right of something is not far below."""
    (x, y), (ax, ay) = centre(i), centre(anchor)
    across, down = abs(x - ax), abs(y - ay)
    return bool(
        across < down if where in ("left", "right") else down < across if where in ("above", "below") else False
    )


def offset(i: Instance, anchor: Instance, where: str) -> float:
    """How far an instance lies from another; to its left, what lies level with it is nearer."""
    (x, y), (ax, ay) = centre(i), centre(anchor)
    across, down = abs(x - ax), abs(y - ay)
    wide, high = (2 if where in ("above", "below") else 1), (2 if where in ("left", "right") else 1)
    return (wide * across) ** 2 + (high * down) ** 2


def _lies_between(point: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> bool:
    """Whether a point lies beside the middle part of the line from `a` to `b`, not further off than a half of it."""
    (px, py), (ax, ay), (bx, by) = point, a, b
    length = (bx - ax) ** 2 + (by - ay) ** 2 or 1.0
    along = ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length
    off = abs((px - ax) * (by - ay) - (py - ay) * (bx - ax)) / length
    return bool(0.1 < along < 0.9 and off < 0.5)
