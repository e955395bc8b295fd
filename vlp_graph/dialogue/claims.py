"""Questions of a form that boxes can answer, and what each of them claims or asks.

"Is there a dog?", "how many cups are left of the plate?", "what colour is the second star?": words are read here, boxes
are looked at in `evidence`. A question that is not surely of one of these forms is none.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.wording import COLOURS, SHAPES, SIZES, plain, singular

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
        known = any(set(options) <= set(kind) for kind in (SIZES, COLOURS, SHAPES))
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
