"""Questions that boxes answer better than words: existence, number, position, colour.

A question of one of these forms is turned into phrases for the detector, and its instances into an answer that the
words cannot contradict. Any other question is the vision-language model's own.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vlp_graph.dialogue.referring import area, centre, read
from vlp_graph.dialogue.turn import Instance
from vlp_graph.dialogue.wording import NUMBERS, are, plain, singular

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "pink", "brown", "black", "white", "grey")
"""The basic colour terms of English; a detector that knows a colour scores "red car" above "blue car"."""

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "rectangle", "oval", "diamond", "hexagon", "arrow")
"""The plain shapes that people name."""

Direction = Literal["left", "right", "above", "below"]
LONGEST = 200
"""Characters of a question that is looked at; a longer one is no plain question."""

_LEAD = (
    r"^(?:(?:so|and|but|now|then|also|ok|okay|well|hey|hi|hello|please|tell me|(?:can|could) you tell me|do you know|"
    r"i wonder)[, ]+)*"
)
_WHERE = (
    r"(?:(?:to|on|at) the )?(?P<direction>left|right|above|below|over|under|underneath|beneath|higher than|lower than)"
    r"(?:[- ]hand)?(?: side)?(?: of| to| from)?"
)
_PICTURE = r"(?:(?:first|second|third|fourth|fifth|last) )?(?:picture|image|photo|photograph|scene|pic)"
_HERE = (
    rf"(?:,? (?:(?:visible |shown )?(?:in|on|at) (?:(?:the|this|that|my) )?{_PICTURE}|in it|in here|in there|here|"
    r"there|visible|shown|anywhere|at all|altogether|in total|overall|please|thanks|thank you))*"
)
_END = rf"{_HERE}\s*[?.!]*$"

_EXISTS = re.compile(
    rf"{_LEAD}(?:(?:if |whether )?(?:is|are) there|(?:do|can) (?:you|we|i) see|do we have|"
    rf"does (?:the|this|that|my) {_PICTURE} (?:have|contain|show)|have we got|(?:if |whether )there (?:is|are))"
    rf"(?: also| still| even)? (?P<thing>.+?){_END}",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    rf"{_LEAD}(?:count )?how many (?P<thing>.+?)(?: (?:are|is) (?:there|shown|visible)| there (?:are|is)|"
    r" (?:do|can|could|did) (?:you|we|i) (?:see|find|count|spot)| have you (?:found|counted)|"
    rf" does (?:the|this|that|my) {_PICTURE} (?:have|contain|show)| are| is)?{_END}",
    re.IGNORECASE,
)
_NUMBER_OF = re.compile(
    rf"{_LEAD}(?:count (?:up )?(?:all (?:of )?(?:the )?|the )|what(?:'s| is) the number of )(?P<thing>.+?){_END}",
    re.IGNORECASE,
)
_RELATION = re.compile(
    rf"{_LEAD}(?:is|does) the (?P<a>.+?)(?: lie| sit| located| placed)? {_WHERE} the (?P<b>.+?){_END}", re.IGNORECASE
)
_BESIDE = re.compile(
    rf"{_LEAD}(?:what|(?:which|what) (?:object|thing|shape))"
    r"(?:'s| is there| is| are| lies| sits| do you see| can you see)?"
    rf" {_WHERE} the (?P<b>.+?){_END}",
    re.IGNORECASE,
)
_COLOUR = re.compile(
    rf"{_LEAD}(?:of )?(?:what|which) colou?r (?:is|does|has) the (?P<thing>.+?)(?: have| got)?{_END}|"
    rf"{_LEAD}(?:what(?:'s| is) )?the colou?r of the (?P<other>.+?){_END}|"
    rf"{_LEAD}(?:what|which) colou?r the (?P<said>.+?) (?:is|has){_END}|"
    rf"{_LEAD}what(?:'s| is) the (?P<owner>.+?)'s colou?r{_END}",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    rf"{_LEAD}(?:what|which) shape (?:is|does|has) the (?P<thing>.+?)(?: have| got)?{_END}|"
    rf"{_LEAD}(?:what|which) shape is (?P<adjective>[a-z]+){_END}|"
    rf"{_LEAD}(?:what(?:'s| is) )?the shape of the (?P<other>.+?){_END}",
    re.IGNORECASE,
)
_WHAT = re.compile(rf"{_LEAD}what(?:'s| is) the (?P<thing>[a-z ]+ (?:object|thing|shape)){_END}", re.IGNORECASE)
_SIZE = re.compile(
    rf"{_LEAD}(?:what|which) size (?:is|does|has) the (?P<thing>.+?)(?: have| got)?{_END}|"
    rf"{_LEAD}how (?:big|large|small) is the (?P<other>.+?){_END}",
    re.IGNORECASE,
)
_OPTION = r"(?:an? |the )?[a-z]+"
_OPTIONS = rf"(?P<options>{_OPTION}(?:, {_OPTION})*,? or {_OPTION})"
_IS_IT = re.compile(
    rf"{_LEAD}(?:is|are|would you call) the (?P<thing>.+?),? {_OPTIONS}{_END}|"
    rf"{_LEAD}the (?P<said>.+?),? (?:is|would) (?:that|it|this)(?: be)? {_OPTIONS.replace('options', 'others')}{_END}",
    re.IGNORECASE,
)
_LARGER = re.compile(
    rf"{_LEAD}which (?:of (?:the|them|these|those) )?(?P<noun>[a-z ]+?) is (?:the )?(?P<how>bigger|larger|smaller)"
    rf"(?: one)?,? (?:the )?(?P<a>[a-z ]+?)(?: one)? or (?:the )?(?P<b>[a-z ]+?)(?: one)?{_END}",
    re.IGNORECASE,
)
_ANY = re.compile(rf"{_LEAD}(?:(?:is|are) there )?any(?:thing)? (?P<thing>.+?){_END}", re.IGNORECASE)
_SIDE_OR_SIDE = re.compile(
    rf"{_LEAD}is the (?P<a>.+?) (?:(?:to|on) the )?(?P<one>left|right|above|below)(?: of it)?,? or "
    rf"(?:(?:to|on) the )?(?P<other>left|right|above|below)(?: of)? the (?P<b>.+?){_END}",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    """
    about above across after all along and another any anyone anybody anything around as at background be because
    been before behind directly exactly below beneath beside besides between both bottom but by can center centre
    chance closer color colour column contain corner could couple deal did difference different do does dozen each
    edge eight either else enough error even everything everyone few fewer fifth first five for foreground four
    fourth from further had half has have he her here higher him his how i idea if image in inside into is are was
    were issue it its just kind last least left less like look lot lower many may me middle might more most much my
    name near nearer neither next nine no nobody none nor not nothing number on one only or other our out outside
    over pair part photo picture plan plus point possible problem question reason right row same scene second see
    seven several she should show side single six size sort someone somebody something such than that the their them
    then there these they third this those three time to too top total two type under underneath us way we what when
    where whether which while who whose why will with within without would you your zero bigger biggest smaller
    smallest larger largest taller tallest shorter shortest longer longest wider widest darker darkest lighter
    lightest brighter brightest better best worse worst older oldest younger youngest nearest closest leftmost
    rightmost topmost bottommost uppermost
    """.split()
)
"""Words that a plain name of a thing does not hold: with one of them, a question asks more than boxes can tell."""
_SIZES = ("small", "large", "big", "little", "tiny", "huge")
_THINGS = ("object", "thing", "shape", "item")


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
class Larger:
    """Which of two is larger (or, `smallest`, smaller)?"""

    a: str
    b: str
    smallest: bool = False


@dataclass(frozen=True)
class Side:
    """On which of two sides of `b` does `a` lie?"""

    a: str
    sides: tuple[Direction, Direction]
    b: str


Reading = Colour | Shape | Choice
"""Claims of which the detector decides between several readings of a phrase."""
Claim = Exists | HowMany | Relation | Side | Beside | Larger | Reading


def claim_of(question: str) -> Claim | None:
    """What a question asks that boxes can answer; None for any that is not surely of one of the forms."""
    text = " ".join(question.replace("’", "'").split())
    if len(text) > LONGEST:
        return None
    if found := _SIDE_OR_SIDE.match(text):
        a, b = _name(found["a"]), _name(found["b"])
        return Side(a, (_direction(found["one"]), _direction(found["other"])), b) if a and b else None
    if found := _LARGER.match(text):
        return _larger(found)
    if found := _RELATION.match(text):
        a, b = _name(found["a"]), _name(found["b"])
        return Relation(a, _direction(found["direction"]), b) if a and b else None
    if found := _BESIDE.match(text):
        b = _name(found["b"])
        return Beside(_direction(found["direction"]), b) if b else None
    if found := _COLOUR.match(text):
        name = _name(next(group for group in found.groups() if group))
        return (
            Colour(name) if name and singular(name) == name and not set(name.lower().split()) & set(COLOURS) else None
        )
    if found := _SHAPE.match(text):
        name = _name(next(group for group in found.groups() if group))
        return Shape(name) if name and singular(name) == name and not set(name.lower().split()) & set(SHAPES) else None
    if found := _WHAT.match(text):
        name = _name(found["thing"])
        return Shape(name, asked=False) if name else None
    if found := _SIZE.match(text):
        name = _name(next(group for group in found.groups() if group))
        return Choice(name, ("small", "large")) if name and singular(name) == name else None
    if found := _IS_IT.match(text):
        name = _name(found["thing"] or found["said"])
        options = tuple(re.findall(r"(?:an? |the )?([a-z]+)(?:,| or|$)", (found["options"] or found["others"]).lower()))
        known = any(set(options) <= set(kind) for kind in (_SIZES, COLOURS, SHAPES))
        return Choice(name, options) if name and singular(name) == name and known else None
    if found := _HOW_MANY.match(text) or _NUMBER_OF.match(text):
        placed = re.sub(r" (?:is|are) ", " ", found["thing"], flags=re.IGNORECASE)  # "stars are left of the heart"
        name = _name(placed if len(read(placed).names) > 1 else found["thing"])
        return HowMany(name) if name else None
    if found := _EXISTS.match(text):
        name, thing = _name(found["thing"]), found["thing"]
        if name and read(name).pick:  # "is there a star at the top?": the topmost star need not be there
            return None
        return Exists(name) if name and (name != thing or singular(name) != name) else None
    if (found := _ANY.match(text)) and (name := _name(found["thing"])) and not read(name).pick:
        return Exists(f"{name} thing" if name.lower() in COLOURS else name)
    return None


def _larger(found: re.Match[str]) -> Larger | None:
    """Two things by name or, of things of one kind, by colour: "which star is bigger, the red or the blue one?"."""
    noun = plain(found["noun"]).lower()
    names = [f"{said} {noun}" if said.lower() in COLOURS else said for said in (found["a"], found["b"])]
    a, b = (_name(name) for name in names)
    return Larger(a, b, found["how"].lower() == "smaller") if a and b else None


def _name(words: str) -> str | None:
    """A phrase that boxes can settle ("the red circle" -> "red circle", "the left star"), or None for other words."""
    return plain(words) if all(map(_is_bare, read(words).names)) else None


def _is_bare(name: str) -> bool:
    """Whether words are nothing but the name of a thing."""
    parts = name.lower().split()
    named = bool(re.fullmatch(r"[\w' -]+", name)) and "of" not in (parts[0], parts[-1])
    return named and not _NO_NAMES & {form for part in parts for form in (part, singular(part))}


def _direction(word: str) -> Direction:
    word = word.lower()
    if word in ("left", "right"):
        return "left" if word == "left" else "right"
    return "above" if word in ("above", "over", "higher than") else "below"


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
    before, noun = (f"{size} ", rest) if rest and size.lower() in _SIZES else ("", phrase)
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
