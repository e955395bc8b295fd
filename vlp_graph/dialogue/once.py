"""Each text of a turn is read once, however many of its readers ask for it.

The words that a turn was given in are read for its intent, and what is made of them for its wishes; most stand alone
and are the same. A call saved is a hop between processes saved, which costs more than reading a short text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from vlp_graph.dialogue.models import Sorter
from vlp_graph.dialogue.turn import Understanding


class Once:
    """A `Sorter` for one turn. Whoever leaves takes those along who wait for the same text: they are of one turn."""

    def __init__(self, sorter: Sorter) -> None:
        self._sorter = sorter
        self._read: dict[str, asyncio.Task[Understanding]] = {}

    async def read(self, text: str) -> Understanding:
        if text not in self._read:
            self._read[text] = asyncio.create_task(self._sorter.read(text))
        return await self._read[text]

    async def nearest(self, text: str, labels: Sequence[str]) -> dict[str, float]:
        return await self._sorter.nearest(text, labels)
