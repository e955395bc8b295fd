"""Which picture of the dialogue a turn means: "the first picture", "the second image", by default the newest."""

from __future__ import annotations

import re

_ORDINALS = {
    "first": 0,
    "1st": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "fifth": 4,
    "5th": 4,
    "last": -1,
    "latest": -1,
    "newest": -1,
    "previous": -2,
}
_NAMED = re.compile(rf"\b({'|'.join(_ORDINALS)})\s+(?:picture|image|photo|pic|one)\b", re.IGNORECASE)


_OTHER = re.compile(r"\bother\s+(?:picture|image|photo|pic)\b", re.IGNORECASE)


def meant_picture(text: str, count: int, focus: int | None = None) -> int | None:
    """Index of the picture that the text means among `count`; None where there is none at all.

    An ordinal beyond the last picture means the newest one. `focus` is the picture that was last spoken of: it goes on
    to be meant until another is named, and "the other picture" is the newest but it.
    """
    if count == 0:
        return None
    named = _NAMED.search(text)
    spoken_of = count - 1 if focus is None or focus >= count else focus
    if not named and _OTHER.search(text) and count > 1:
        return count - 1 if spoken_of != count - 1 else count - 2
    index = _ORDINALS[named[1].lower()] if named else spoken_of
    index = index if index >= 0 else count + index
    return index if 0 <= index < count else count - 1
