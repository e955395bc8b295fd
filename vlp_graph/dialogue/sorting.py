"""Sorting a picture into labels that the caller gives: IDEFICS looks, DistilBERT decides, the detector bears witness.

A turn of the dialogue and the classification service sort alike, so it is here once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from vlp_graph.dialogue.models import Finder, Looker, Sorter
from vlp_graph.dialogue.turn import Picture
from vlp_graph.dialogue.wording import is_plural, plain
from vlp_graph.errors import ServingError

A = TypeVar("A")
B = TypeVar("B")

DESCRIBE = "Describe the image."
_NO = re.compile(r"^(?:has |with |contains |shows )?(?:no|not|without|lacks)(?: an?| any)? (?P<thing>.+)$")
_YES = re.compile(r"^(?:has|with|contains|shows|there is) (?:an?|some|the)? ?(?P<thing>.+)$")


class Sorting(Protocol):
    """The models that sort a picture."""

    @property
    def looker(self) -> Looker: ...

    @property
    def finder(self) -> Finder: ...

    @property
    def sorter(self) -> Sorter: ...


@dataclass(frozen=True)
class Sorted:
    """The label, the score of every label (together 1), the caption that was compared (None: the model that looks was
    not there), and what the label names where that was seen."""

    label: str
    scores: Mapping[str, float]
    caption: str | None
    thing: str | None


async def sort_picture(models: Sorting, picture: Picture, labels: Sequence[str]) -> Sorted:
    """The vision model looks and the sentence encoder compares; labels that the detector can see, or that say that
    something is there or not, are settled by its evidence.

    Raises:
        ServingError: neither of the two that look is there, or the encoder is not.
    """
    caption, instances = await either(
        models.looker.answer([picture], DESCRIBE),
        models.finder.find(picture, list(dict.fromkeys(_thing(label) for label in labels))),
    )
    even = {label: 1 / len(labels) for label in labels}
    scores = even if caption is None else await models.sorter.nearest(caption, labels)
    there = {label: [i.score for i in instances or [] if i.phrase == _thing(label)] for label in labels}
    # "stars" fit better, the more stars there are
    seen = {label: sum(s) if is_plural(label) else max(s, default=0.0) for label, s in there.items()}
    if any(_denies(label) for label in labels):
        scores = {label: max(0.0, 1 - seen[label]) if _denies(label) else seen[label] for label in labels}
    elif any(seen.values()):
        scores = {label: scores[label] * (0.05 + seen[label]) for label in labels}
    total = sum(scores.values())
    scores = {label: score / total for label, score in scores.items()} if total else even
    label = max(scores, key=lambda label: scores[label])
    return Sorted(label, scores, caption, _thing(label) if there[label] and not _denies(label) else None)


async def either(a: Awaitable[A], b: Awaitable[B]) -> tuple[A | None, B | None]:
    """Both at once; None for one that fails, so that the other can still answer.

    Raises:
        ServingError: both failed; the first one's.
    """
    first, second = await asyncio.gather(a, b, return_exceptions=True)
    for result in (first, second):
        if isinstance(result, BaseException) and not isinstance(result, ServingError):
            raise result
    if isinstance(first, BaseException) and isinstance(second, BaseException):
        raise first
    return (None if isinstance(first, BaseException) else first, None if isinstance(second, BaseException) else second)


def _denies(label: str) -> bool:
    return _NO.match(label.lower()) is not None


def _thing(label: str) -> str:
    """What a label names: "has no star" -> "star"."""
    text = label.lower().strip()
    for form in (_NO, _YES):
        if found := form.match(text):
            return plain(next(group for group in found.groups() if group))
    return plain(text)
