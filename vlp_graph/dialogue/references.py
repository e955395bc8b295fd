"""What "the left one" stands for: "one", "ones" and bare ordinals become the thing that was named last.

Done before anything else reads the turn, so that intent, plan and detector all see a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.wording import COLOURS, SIZES, plain, plural, singular, with_article

_SIZES = {*SIZES, "bigger", "smaller"}
_LEAD = r"the|that|this|those|these|any|which|what|other|another|first|second|third|fourth|fifth|last|only|just|every"
_SAID = r"left|right|top|bottom|upper|lower|middle|big|bigger|biggest|small|smaller|smallest|large|larger|largest|tiny"
_ONE = re.compile(
    rf"\b(?P<before>(?:(?:{_LEAD}|{_SAID}|{'|'.join(COLOURS)}|[a-z]{3, 9}most)[ -]+){{1,5}})(?P<one>ones?)\b(?! of\b)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\b(?P<verb>is there|are there|see|find|spot|have) (?P<one>one|any)(?= (?:in|on|here|there|too|as well)\b|\W*$)",
    re.I,
)


_BARE = re.compile(
    r"(?<!\bat )\b(?P<word>biggest|smallest|largest|leftmost|rightmost|topmost|bottommost|"
    r"(?:first|second|third|fourth|fifth|last)(?P<from> from the (?:left|right|top|bottom))?)(?=\s*(?:[,.?!;]|$))",
    re.IGNORECASE,
)


def resolve_ones(text: str, named: Sequence[str]) -> str:
    """The text with the thing named last in the place of "one": "the red one" after "find the blue star" means the red
    star, "the left one" and "the leftmost" the left blue star."""
    if not named:
        return text
    noun = read(plain(named[-1])).name

    def name(found: re.Match[str]) -> str:
        before = found["before"].lower().split()
        words = noun.split()
        if set(before) & set(COLOURS):
            words = [w for w in words[:-1] if w.lower() not in COLOURS] + words[-1:]
        if set(before) & _SIZES:
            words = [w for w in words[:-1] if w.lower() not in _SIZES] + words[-1:]
        kept = " ".join(words)
        return found["before"] + (plural(kept) if found["one"].lower() == "ones" else singular(kept))

    def bare(found: re.Match[str]) -> str:
        after = found["from"] or ""
        return f"{found['word'].removesuffix(after)} {singular(noun)}{after}"

    text = _BARE.sub(bare, _ONE.sub(name, text))
    return _ALONE.sub(
        lambda m: f"{m['verb']} {with_article(singular(noun)) if m['one'].lower() == 'one' else 'any ' + plural(noun)}",
        text,
    )
