"""Slips of the fingers in the words that requests about pictures are made of, spelled right.

Everything behind this looks for whole words, so that "sqaures" would name nothing; other words are left alone.
"""

# ruff: noqa: SIM905 (a word list reads better as text)

from __future__ import annotations

import re

from vlp_graph.dialogue.wording import SHAPES, plural

_OFTEN_MISTYPED = (
    "circle square triangle rectangle purple yellow orange picture outline colour bottom middle biggest smallest "
    "largest "
    "bigger smaller number altogether describe"
).split()
"""Words that turns about pictures are made of, long enough that a word one slip away from them is one of them."""
SHORT = 6
"""Letters from which a word with one letter more or less is still taken for it."""
_NO_SLIPS = frozenset(("squire", "numbed", "bigged", "lumber"))


def mended(text: str) -> str:
    """The text with the words of plain requests spelled right where one letter is missing, doubled, another or swapped
    ("sqaure", "circel", "how meny")."""
    text = re.sub(r"\bhow m(?!any\b)(?:[aei]n[iey]|nay|any{2})\b", "how many", text, flags=re.IGNORECASE)
    forms = {form for word in (*_OFTEN_MISTYPED, *SHAPES) for form in (word, plural(word)) if len(form) > 4}

    def mend(found: re.Match[str]) -> str:
        typed = found[0].lower()
        if typed in _NO_SLIPS or typed in forms:
            return found[0]
        longer = (f for f in forms if len(typed) >= len(f) and typed.startswith(f[:-1]))  # "circled"
        if any(longer):
            return found[0]
        near = (f for f in forms if f[0] == typed[0] and _one_slip(typed, f, swapped=len(f) < SHORT))
        return next(near, found[0])

    return re.sub(r"[a-zA-Z]{5,12}", mend, text)


def _one_slip(a: str, b: str, *, swapped: bool = False) -> bool:
    """Whether one letter more, less or other, or two swapped, part the words; `swapped`: only the last."""
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[same:], b[same:]
    if a[:2] == b[1::-1] and a[2:] == b[2:]:
        return True
    return not swapped and (a[1:] == b or b[1:] == a or a[1:] == b[1:])
