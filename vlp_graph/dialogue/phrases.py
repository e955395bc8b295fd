"""What a wish names, with all that says which of it is meant: "outline the second star from the left and the heart".

DistilBERT marks where names are; around its marks stand ordinals, places and relations, which belong to the phrase.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from collections.abc import Sequence

from vlp_graph.dialogue.plan import fold
from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.turn import Named
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SHAPES, SIZES, is_plural, plain, singular

_PLACE = r"(?:left|right|top|bottom|middle|centre|center|upper|lower)(?:[- ](?:left|right|hand))?"
_BEFORE = re.compile(
    rf"(?:\b(?:first|second|third|fourth|fifth|sixth|last|{_PLACE}|left-?most|right-?most|top-?most|bottom-?most|"
    r"upper-?most|"
    rf"biggest|largest|smallest|tiniest|bigger|larger|smaller|other|{'|'.join((*NUMBERS[2:9], *COLOURS, *SIZES))}|"
    r"(?:biggest|largest|smallest|bigger|larger|smaller) of(?: the)?(?: two| three| four)?)[ "
    r"-]+)+$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"^,? (?:(?:that|which)(?: is|'s| are)? |(?:that's|thats) )?(?:(?:over )?(?:closer |closest |nearer |nearest |"
    r"further |"
    rf"furthest )?(?:from|on|at|in|to|towards|near) the (?:very |far )?{_PLACE}(?:[- ]hand)?(?: side| half| corner| "
    r"end| part)?"
    r"(?! of\b)|with (?:an?|no) (?!(?:[a-z]+ )?(?:box|mask|outline|frame|line|border|rectangle|contour|edge|"
    r"colou?r)\b)[a-z]+|"
    r"(?:the )?(?:furthest|farthest) (?:to the )?(?:left|right|up|down)|in between|on (?:either|both) "
    r"sides?)\b",
    re.IGNORECASE,
)
_RELATES = re.compile(
    r"^,?(?: (?:that|which)(?: is|'s| are)?| is| are|'s)?(?: (?:just|directly|immediately|right|lying|"
    r"sitting|left|still|hidden|stuck|hanging|standing|parked|placed))*"
    r"(?: (?:(?:to|on) the )?(?:left|right)(?:[- ]hand)?(?: side)? (?:of|from)| (?:above|below|over|under|underneath|"
    r"beneath|"
    r"next to|beside|near|nearest(?: to)?|closest to|close to|on top of|between|other than|except(?: for)?|apart "
    r"from|but|"
    r"but not|not|on|with|among|on (?:either|both) sides? of|higher than|lower than)(?: the two| both)?)"
    r"(?: the| an?| any| that| those| this| these| my| our| his| her| their| all(?: these| those| the)?)? $",
    re.IGNORECASE,
)
_THE = r" (?:the |an? |his |her |their )?"
_GLUE = re.compile(r"^[ -]?$")
_JUNK = frozenset(
    """
    the a an of to in on at is are and or that which than other not left right above below under over beneath next
    beside near between from with one ones it its them those these this all any some far very upper lower
    """.split()
)


_ODD = re.compile(r"\b(?P<phrase>odd (?:one|thing|shape|object)(?: out)?)\b", re.IGNORECASE)
SURELY_NAMED = 0.8
"""Score of a mark from which it ends where the name does."""
_APART = re.compile(
    r"\b(?:separate|isolate|extract|cut(?: out)?|crop|lift|detach|pull|take|lift)\b[^,.?!]{2,60}? from (?=the\b|"
    r"its\b|all\b)",
    re.I,
)
_SAYS_WHICH = re.compile(
    r"(?:of|on|in|at|to|from|with|without|by|near|next|beside|above|below|over|under|underneath|beneath|behind|between|"
    r"left|right|that|which|other|except|apart|but|not|and|or|than|wearing|holding|higher|lower|closest|nearest)$",
    re.IGNORECASE,
)
LONGEST = 600
"""Characters of a text that is looked into; of a longer one, the marked words are the names."""


def phrases_in(text: str, named: Sequence[Named]) -> list[str]:
    """Names once each, in order. A bare colour or size is that of things.

    A mark is widened by what says which of its kind is meant; marks that a relation joins are one phrase.
    """
    if odd := _ODD.search(text):
        return [odd["phrase"]]
    marks = [mark for name in named if (mark := _bare(name))]
    if apart := _APART.search(text[:LONGEST]):  # "separate the leaf from the soil"
        marks = [mark for mark in marks if mark[0] < apart.end()] or marks
    if len(text) > LONGEST:
        return list({fold(text[start:end]): plain(text[start:end]) for start, end in marks}.values())
    spans: list[tuple[int, int]] = []
    for start, end in marks:
        if spans and start < spans[-1][1]:
            continue
        while before := _BEFORE.search(text[:start]):
            start = before.start()
        while after := _AFTER.match(text[end:]):
            end += after.end()
        if spans and start <= spans[-1][1]:
            start = spans[-1][1]
        if spans and _one_phrase(text, spans[-1], start):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    phrases: dict[tuple[str, ...], str] = {}
    pieces = [piece for start, end in spans if (piece := _told(text[start:end])).split()]
    for n, piece in enumerate(pieces):
        phrase = piece = re.sub(r"^both (?:of )?(?:the |my |these |those )?(?=\w)", "", piece, flags=re.IGNORECASE)
        if set(piece.lower().split()) <= {*COLOURS, *SIZES}:  # "red and blue circles"
            nouns = (p.split()[-1] for p in pieces[n + 1 :] if p.split()[-1].lower() not in COLOURS)
            phrase = f"{piece} {next(nouns, 'things')}"
        phrases.setdefault(fold(phrase), phrase)
    return list(phrases.values())


def counted_in(phrase: str, named: Sequence[Named]) -> str:
    """What is counted in the words between "how many" and the verb: "guests", of "guests turned up". `named` are the
    marks of the turn."""
    phrase = _told(phrase)
    for name in sorted(named, key=lambda name: -name.score):
        said, rest = plain(name.text), phrase[len(plain(name.text)) :].split()
        ends = bool(rest) and not _SAYS_WHICH.match(rest[0])
        if name.score >= SURELY_NAMED and is_plural(said) and phrase.lower().startswith(f"{said.lower()} ") and ends:
            return said
    return phrase


def _told(words: str) -> str:
    """A phrase without what does not tell things apart: whose it is ("its rungs"), how many are meant."""
    words = re.sub(r",? (?:that|which)(?: is|'s| are) ", " ", " ".join(words.split()), flags=re.IGNORECASE)
    phrase = re.sub(r"^.*'s? (?=\w)", "", plain(words))
    phrase = re.sub(r"^(?:left|put|lost|dropped|parked) (?:my|the|our|his|her) (?=\w)", "", phrase, flags=re.IGNORECASE)
    number = re.match(rf"(?:{'|'.join(NUMBERS[2:])}|\d{{1,2}}) (?=\w)", phrase, re.IGNORECASE)
    return phrase[number.end() :] if number and read(phrase).pick is None else phrase


def _bare(name: Named) -> tuple[int, int] | None:
    """Where a mark begins and ends without the small words at its ends; None where it is nothing else."""
    words = [m for m in re.finditer(r"[^\s,.?!;:]+", name.text) if m[0].lower() not in _JUNK]
    if not words:
        return None
    last = name.text[: words[-1].end()]
    return name.start + words[0].start(), name.start + len(last.removesuffix("'s").removesuffix("'"))


def _one_phrase(text: str, before: tuple[int, int], start: int) -> bool:
    """Whether a mark belongs to the phrase before it: "star | left of the | heart", "between the star | and the |
    heart"."""
    between = text[before[1] : start]
    if _GLUE.match(between) or _RELATES.match(between):
        return True
    if re.search(r"\b[a-z]{3,}ing$", text[before[0] : before[1]]) and re.fullmatch(_THE, between, re.IGNORECASE):
        return True  # "person holding | the | umbrella"
    open_pair = re.search(r"\bbetween\b(?!.*\band\b)", text[before[0] : before[1]], re.IGNORECASE)
    return bool(open_pair) and re.fullmatch(r" and(?: the| an?)? ", between, re.IGNORECASE) is not None


_LISTED = re.compile(
    r"\b(?:same question(?: [a-z ]{2,20})?:|(?:categor(?:y|ies)|options|choices|labels|classes|groups|buckets)(?:(?: "
    r"for [a-z ]{2,20})? are\b|"
    r"\b[^:.?!]{0,20}:)|(?:choose|"
    r"pick|select) "
    r"(?:an? |the |one )?(?:[a-z]+ )?(?:from|between|out of|among)(?: these)?:?|"
    r"(?:into|in) one of (?:these|the following)(?: [a-z]+)?(?::| -)) *(?P<labels>[^:.?!]{3,160})",
    re.IGNORECASE,
)


_SEPARATED = re.compile(r"\s*[,;|/]\s*(?:or |and )?|\s+(?:or|and|vs\.?)\s+", re.IGNORECASE)
_TAGGED = re.compile(
    r"^(?:(?:tag|label|choose|pick|classify|category|sort|verdict)(?: (?:one|it|this|that)(?: "
    r"[a-z]+){0,3})?\s*[:\u2013-]|"
    r"(?:out )?of (?=[^?]{3,120}\b(?:and|or)\b[^?]{1,40}, (?:what|which)(?: one)? (?:best|fits|is this|describes|"
    r"suits)))"
    r"\s*(?P<labels>[^:.?!]{3,160}?)(?=\W*$|[;.]|, (?:what|which)\b)",
    re.IGNORECASE,
)
""" "Tag: cat / dog / other", "of tea, coffee and cocoa, which best fits?"."""
_ITEM = (
    r"(?!(?:find|show|box|outline|mask|count|is|are|what|which|how|where|there|describe|the|and|but) )[a-z-]+"
    r"(?: [a-z-]+){0,2}?"
)
_THEN_PICK = re.compile(
    rf"^(?:[a-z]+ is )?(?P<labels>{_ITEM}(?:(?:, (?:or )?| ?/ ?| or | vs\.? "
    rf"){_ITEM})+)\s*[-\u2013:;,.?]+\s*(?:please )?"
    r"(?:pick|choose|select|(?:what|which)(?: one)?(?:'s| is| are| did| do| does| would| was| best| fits| category| "
    r"label| type| kind| "
    r"of)|no idea|not sure|can'?t tell|cannot tell|unsure|thinking|dunno|i (?:can'?t|"
    r"don'?t)|"
    r"help me)\b.*$",
    re.IGNORECASE,
)
""" "Day, night or dusk - pick one", "rose / tulip / dahlia? no idea what i planted"."""
_PLAIN_TRAITS = frozenset((*COLOURS, *SIZES, *SHAPES))
_WHAT_FOR = re.compile(
    r"\s+(?:for|as) (?:this|that|the|my|our|it|these)\b.*$|;\s*(?:where|which|what|pick|choose)\b.*$", re.I
)


def _chosen_among(text: str, listed: str, labels: Sequence[str]) -> bool:
    """Whether words before a closing question are labels: not "icons, draft two: what is on it?", and not "red or blue,
    which is it?", which is asked about a thing."""
    options = re.search(r"\bor\b|/|\bvs\b", listed, re.IGNORECASE) or re.search(
        r"\b(?:pick|choose|select)\b", text, re.I
    )
    return bool(options) and not {singular(plain(label).lower()) for label in labels} <= _PLAIN_TRAITS


_KINDS = re.compile(
    rf"(?P<labels>\b(?:{'|'.join(SHAPES)})e?s, "
    rf"(?:(?:{'|'.join(SHAPES)})e?s,? ){{1,8}}or (?:{'|'.join(SHAPES)})e?s)\W*$",
    re.IGNORECASE,
)
""" "Which folder: stars, hearts or crosses?"."""
_COMPARED = re.compile(
    r"\b(?:more|fewer|less|most|fewest|least|many|any|are there|do you see|are the)\b", re.IGNORECASE
)


def labels_in(text: str) -> list[str]:
    """Labels in quotes, brackets or a list: 'is it "day" or "night"?', "choose from [cat, dog]", "three classes: cat,
    dog, other"; fewer than two are none."""
    quoted = re.findall(r'["\u201c]([^"\u201c\u201d]{1,60})["\u201d]', text)
    quoted = quoted or re.findall(r"(?<!\w)['\u2018]([^'\u2018\u2019]{2,40})['\u2019](?!\w)", text)
    if len(quoted) < 2 and (listed := re.search(r"\[([^\[\]]{1,200})\]", text)):
        quoted = [label.strip() for label in re.split(r"[,;|/]", listed[1])]
    if len(quoted) < 2 and (listed := _LISTED.search(text)):
        quoted = _SEPARATED.split(_WHAT_FOR.sub("", listed["labels"]))
    if len(quoted) < 2 and (listed := _TAGGED.match(text) or _THEN_PICK.match(text)):
        quoted = _SEPARATED.split(listed["labels"])
        if listed.re is _THEN_PICK and not _chosen_among(text, listed["labels"], quoted):
            quoted = []
    if len(quoted) < 2 and (listed := _KINDS.search(text)) and not _COMPARED.search(text):
        quoted = _SEPARATED.split(listed["labels"])
    labels = list(dict.fromkeys(label.strip() for label in quoted if label.strip()))
    return labels if len(labels) > 1 else []
