"""Small English: articles, numbers, lists, places. Everything the answer says about data is worded here."""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from collections.abc import Sequence

_DETERMINER = re.compile(
    r"^(?:(?:the|a|an|any|some|all|every|each|this|that|these|those|my|his|her|our|your)\s+)+", re.IGNORECASE
)


NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "pink", "brown", "black", "white", "grey")
"""The basic colour terms of English; a detector that knows a colour scores "red car" above "blue car"."""

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "rectangle", "oval", "diamond", "hexagon", "arrow")
"""The plain shapes that people name."""

SIZES = ("small", "large", "big", "little", "tiny", "huge")
SMALL = ("small", "little", "tiny")

_SAYS_MORE = frozenset(
    """
    of on in at to from with without by near next beside above below over under underneath beneath behind between
    left right than that which nearest closest closer higher lower
    """.split()
)
"""Words that end the name of a thing and begin what is said about it."""

IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "mice": "mouse",
    "feet": "foot",
    "teeth": "tooth",
    "geese": "goose",
    "sheep": "sheep",
    "knives": "knife",
    "leaves": "leaf",
    "shelves": "shelf",
    "scarves": "scarf",
    "buses": "bus",
    "tomatoes": "tomato",
    "potatoes": "potato",
    "cookies": "cookie",
}
"""Plurals that no rule makes, to their singulars."""


def plain(phrase: str) -> str:
    """A phrase without leading determiners and closing marks: "the red circle?" -> "red circle"."""
    return _DETERMINER.sub("", phrase.strip().strip("?.!,;:\"'").strip())


def with_article(phrase: str) -> str:
    """ "a red circle", "an orange star"; a plural stands alone."""
    if is_plural(phrase):
        return phrase
    return f"an {phrase}" if phrase[:1].lower() in "aeiou" else f"a {phrase}"


def is_plural(phrase: str) -> bool:
    """Whether a phrase names several: "red circles", "stars on the left"."""
    return singular(phrase) != phrase


def singular(phrase: str) -> str:
    """ "red circles" -> "red circle", "stars on the left" -> "star on the left"."""
    before, noun, after = _parts(phrase)
    return " ".join([*before, IRREGULAR.get(noun.lower()) or _without_s(noun), *after])


def plural(phrase: str) -> str:
    """ "red circle" -> "red circles", "cross" -> "crosses"."""
    before, noun, after = _parts(singular(phrase))
    irregular = next((many for many, one in IRREGULAR.items() if one == noun.lower()), None)
    if irregular is None and noun.endswith(("s", "x", "z", "ch", "sh")):
        irregular = f"{noun}es"
    elif irregular is None and noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        irregular = f"{noun[:-1]}ies"
    return " ".join([*before, irregular or f"{noun}s", *after])


def _parts(phrase: str) -> tuple[list[str], str, list[str]]:
    """What stands before the noun that is counted, the noun, and what says more about it: "pieces | of bread"."""
    words = phrase.split() or [""]
    more = next((i for i, word in enumerate(words) if i and word.lower() in _SAYS_MORE), len(words))
    if 1 < more < len(words) and [w.lower() for w in words[more - 1 : more + 1]] == ["other", "than"]:
        more -= 1
    if more < len(words) and words[more].lower() in ("left", "right") and more + 1 == len(words):
        more = len(words)
    return words[: more - 1], words[more - 1], words[more:]


def _without_s(noun: str) -> str:
    low = noun.lower()
    if low.endswith("ies") and len(low) > 4:
        return noun[:-3] + "y"
    if low.endswith(("sses", "xes", "zes", "ches", "shes")):
        return noun[:-2]
    return noun[:-1] if low.endswith("s") and not low.endswith(("ss", "us", "is")) and len(low) > 3 else noun


def are(count: int, phrase: str) -> str:
    """ "is 1 red circle", "are 3 red circles", "are no red circles"."""
    if count == 1:
        return f"is 1 {singular(phrase)}"
    return f"are {count or 'no'} {plural(phrase)}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def sentence(text: str) -> str:
    """Capital letter first, a closing mark last."""
    text = " ".join(text.split())
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…\"'" else f"{text}."


def place(box: Sequence[float], width: int, height: int) -> str:
    """Where in the picture the centre of a box lies: "at the top left", "in the middle"."""
    x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
    column = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    row = "top" if y < 1 / 3 else "bottom" if y > 2 / 3 else ""
    if not column and not row:
        return "in the middle"
    return f"at the {row} {column}".strip() if row and column else f"at the {row}" if row else f"on the {column}"
