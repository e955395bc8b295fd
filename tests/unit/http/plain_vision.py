"""The models that see as plain objects: squares where they are said to be, and a memory of what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vlp_graph.dialogue.turn import Instance, Picture, Rle, Understanding
from vlp_graph.engines.sam import Prompt
from vlp_graph.http.backends import Located, Outlined
from vlp_graph.masks import encode

Box = tuple[float, float, float, float]


def rle(picture: Picture, box: Box, hole: Box | None = None) -> Rle:
    """The mask of the pixels in a box, less those of a hole."""
    mask = np.zeros(picture.pixels.shape[:2], bool)
    mask[int(box[1]) : int(box[3]), int(box[0]) : int(box[2])] = True
    if hole:
        mask[int(hole[1]) : int(hole[3]), int(hole[0]) : int(hole[2])] = False
    return Rle.model_validate(encode(mask))


@dataclass
class PlainFinder:
    """Finds the `things` by phrase; a box has its own pixels for a mask, a point the 3 x 3 around it. `wait` is slept
    through, and `error` raised first."""

    things: dict[str, list[tuple[float, Box]]] = field(default_factory=dict)
    hole: Box | None = None
    wait: float = 0.0
    error: Exception | None = None
    located: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    cancelled: bool = False

    async def find(self, picture: Picture, phrases: Sequence[str], *, masks: bool = False) -> list[Instance]:
        return [Instance(phrase=p, score=s, box=b) for p in phrases for s, b in self.things.get(p, [])]

    async def prepare(self, picture: Picture) -> None:
        raise AssertionError("nobody asks for this")

    async def locate(self, picture: Picture, phrases: Sequence[str], **options: Any) -> list[Located]:
        self.located.append({"size": picture.pixels.shape, "phrases": list(phrases), **options})
        await self._work()
        return [
            Located(p, s, b, Outlined(rle(picture, b, self.hole), 0.875) if options["masks"] else None)
            for p in phrases
            for s, b in self.things.get(p, [])
        ]

    async def outline(
        self, picture: Picture, prompts: Sequence[Prompt], *, several: bool = False
    ) -> list[list[Outlined]]:
        self.prompts += prompts
        await self._work()
        outlined = []
        for prompt in prompts:
            x, y = prompt.points[0] if prompt.points else (0, 0)
            one = Outlined(rle(picture, prompt.box or (x - 1, y - 1, x + 2, y + 2), self.hole), 0.75)
            outlined.append([one] * (3 if several else 1))
        return outlined

    async def _work(self) -> None:
        try:
            await asyncio.sleep(self.wait)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error:
            raise self.error


@dataclass
class PlainLooker:
    """Says `answer` to everything."""

    answer_: str = "a red star."
    asked: list[tuple[tuple[int, ...], str, int | None]] = field(default_factory=list)

    async def answer(
        self,
        pictures: Sequence[Picture],
        question: str,
        examples: Sequence[tuple[Picture, str]] = (),
        max_tokens: int | None = None,
    ) -> str:
        self.asked.append((pictures[0].pixels.shape, question, max_tokens))
        return self.answer_


@dataclass
class PlainSorter:
    """A label is as near to a text as it has of its words."""

    asked: list[str] = field(default_factory=list)

    async def read(self, text: str) -> Understanding:
        raise AssertionError("nobody asks for this")

    async def nearest(self, text: str, labels: Sequence[str]) -> dict[str, float]:
        self.asked.append(text)
        shared = [1 + 9 * sum(word in text for word in label.split()) for label in labels]
        return {label: n / sum(shared) for label, n in zip(labels, shared, strict=True)}
