"""What a wish names, with all that says which of it is meant: "outline the second star from the left and the heart".

DistilBERT marks where names are; around its marks stand ordinals, places and relations, which belong to the phrase.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlp_graph.dialogue.plan import fold
from vlp_graph.dialogue.turn import Named
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SIZES, plain

_PLACE = r"(?:left|right|top|bottom|middle|centre|center|upper|lower)(?:[- ](?:left|right|hand))?"
_BEFORE = re.compile(
    rf"(?:\b(?:first|second|third|fourth|fifth|sixth|last|{_PLACE}|left-?most|right-?most|top-?most|bottom-?most|"
    r"upper-?most|"
    rf"biggest|largest|smallest|tiniest|bigger|larger|smaller|other|{'|'.join((*NUMBERS[2:9], *COLOURS, *SIZES))})[ "
    r"-]+)+$",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"(?:^|(?<=[\w'])\b)[ ,]*(?:\b(?:is|are|was|were|do|does|did|can|could|would|you|i|we|me|us|for (?:me|us|now)|"
    r"using|if|because|"
    r"so|please|pls|plz|then|too|also|as well|instead|again|now|thanks|thank you|thx|cheers|mate|will you|would you|"
    r"tho|"
    r"though|here|there|visible|shown|altogether|in total|in it|in here|in there|(?:in|on|from|of|for) (?:(?:the|"
    r"this|that|my|both) )?"
    r"(?:(?:very )?\w+ )?(?:picture|image|photo|photograph|pic|scene)s?\w*|with (?:a|an|the|some)? ?(?:mask|box|"
    r"outline|frame|label)\w*|"
    r"in (?:boxes|masks|a box|a mask|red ink)|(?:out|up|off)(?=\W*$))\b.*)?[?.!,;: ]*$",
    re.IGNORECASE | re.DOTALL,
)
_RELATIVE = re.compile(r" (?:that|which)(?: is|'s| are|s) ", re.IGNORECASE)
_JOINT = re.compile(r"\s*,\s*(?:and |or |plus )?|\s+(?:and also|and|or|plus|as well as|&)\s+", re.IGNORECASE)
_JUNK = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "to",
        "in",
        "on",
        "at",
        "is",
        "are",
        "and",
        "or",
        "that",
        "which",
        "than",
        "other",
        "not",
        "left",
        "right",
        "above",
        "below",
        "next",
        "between",
        "from",
        "with",
        "one",
        "ones",
        "it",
        "its",
        "them",
        "those",
        "these",
        "this",
        "all",
        "any",
        "some",
    ]
)


LONGEST = 600
"""Characters of a text that is looked into; of a longer one, the marked words are the names."""


def phrases_in(text: str, named: Sequence[Named]) -> list[str]:
    """Names once each, in order. A bare colour or size is that of things.

    Each goes from the words before the first mark that belong to it to the last that says which one is meant.
    """
    marks = [(n.start, n.start + len(n.text)) for n in named if set(re.findall(r"\w+", n.text.lower())) - _JUNK]
    if not marks:
        return []
    if len(text) > LONGEST:
        return list({fold(n): n for n in (plain(text[start:end]) for start, end in marks)}.values())
    start = marks[0][0]
    while before := _BEFORE.search(text[:start]):
        start = before.start()
    rest = _RELATIVE.sub(lambda m: " " * len(m[0]), text[marks[-1][1] :])
    over = _OVER.search(rest)
    end = marks[-1][1] + (over.start() if over else len(rest))
    phrases: dict[tuple[str, ...], str] = {}
    pieces = _apart(text, start, end, marks)
    for n, piece in enumerate(pieces):
        bare = plain(
            re.sub(r"'s? (?:outline|shape|edges?|border|mask|box)$", "", " ".join(_RELATIVE.sub(" ", piece).split()))
        )
        if not bare or not set(re.findall(r"\w+", bare.lower())) - _JUNK:
            continue
        adjective = set(bare.lower().split()) <= {*COLOURS, *SIZES}
        if adjective:  # "red and blue circles"
            noun = next(
                (p.split()[-1] for p in pieces[n + 1 :] if p.split() and p.split()[-1].lower() not in COLOURS), ""
            )
            bare = f"{bare} {noun.rstrip('?.!,') or 'things'}"
        phrases.setdefault(fold(bare), bare)
    return list(phrases.values())


def labels_in(text: str) -> list[str]:
    """Labels in quotes or brackets: 'is it "day" or "night"?', "choose from [cat, dog]"; fewer than two are none."""
    quoted = re.findall(r'["\u201c]([^"\u201c\u201d]{1,60})["\u201d]', text)
    if len(quoted) < 2 and (listed := re.search(r"\[([^\[\]]{1,200})\]", text)):
        quoted = [label.strip() for label in re.split(r"[,;|/]", listed[1])]
    labels = list(dict.fromkeys(label.strip() for label in quoted if label.strip()))
    return labels if len(labels) > 1 else []


def _apart(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> list[str]:
    """The words from `start` to `end`, parted at every joint with a mark on both sides, but for "between a and b"."""
    pieces = []
    for joint in _JOINT.finditer(text, start, end):
        piece = text[start : joint.start()]
        there = any(start <= begin and stop <= joint.start() for begin, stop in marks)
        follows = any(begin >= joint.end() - 1 for begin, _ in marks)
        between = re.search(r"\bbetween\b(?!.*\band\b)", piece, re.IGNORECASE)
        if there and follows and not between:
            pieces.append(piece)
            start = joint.end()
    return [*pieces, text[start:end]]
