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


def meant_picture(text: str, count: int) -> int | None:
    """Index of the picture that the text means among `count`; None where there is none at all.

    An ordinal beyond the last picture means the newest one.
    """
    if count == 0:
        return None
    named = _NAMED.search(text)
    index = _ORDINALS[named[1].lower()] if named else -1
    index = index if index >= 0 else count + index
    return index if 0 <= index < count else count - 1
