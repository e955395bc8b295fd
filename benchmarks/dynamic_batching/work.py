"""What is asked of every side: the same prompts, the same numbers of new tokens, in the same order."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

SHORT, LONG, MIXED = "short", "long", "mixed"
RANGES = {SHORT: (16, 16), LONG: (64, 64), MIXED: (8, 128)}
"""New tokens of an answer, drawn evenly."""
WORDS = 48
NOUNS = """apple river stone window garden letter market winter summer music doctor teacher bridge castle forest island
mountain ocean paper pencil planet rabbit school silver soldier spring station street student table temple
thunder ticket tiger tower train valley village water weather wheel yellow animal basket bottle butter
camera candle corner cotton desert dinner dragon engine farmer father finger flower friend guitar hammer
honey horse"""


@dataclass(frozen=True)
class Request:
    """A prompt, and how many tokens are to be written: no more, no fewer."""

    prompt: str
    tokens: int


def requests(lengths: str, count: int, seed: int, side: str = "") -> list[Request]:
    """As many, no two prompts alike from their first words on: a cached prefix of one would help another. Two sides of
    one engine name themselves: they get the same numbers of tokens, and prompts of their own."""
    drawn, words = random.Random(f"{lengths} {seed}"), random.Random(f"{lengths} {seed} {side} words")
    low, high = RANGES[lengths]
    return [Request(_prompt(words), drawn.randint(low, high)) for _ in range(count)]


def _prompt(rng: random.Random) -> str:
    return f"Tell a story with {', '.join(rng.sample(NOUNS.split(), WORDS))}."


def grouped(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """In order, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def scheduling_bound(tokens: Sequence[int], batch: int) -> float:
    """The most that continuous batching can gain over batches of that size, in which all wait for the longest: mean of
    the batches' maxima over the mean length. What exceeds it compares more than the scheduling.

    Raises:
        ValueError: nothing is asked.
    """
    if not tokens:
        raise ValueError("a bound of no requests")
    return statistics.mean(max(group) for group in grouped(tokens, batch)) / statistics.mean(tokens)
