"""A cache that knows how often it helped."""

from __future__ import annotations

from typing import Generic, TypeVar

from cachetools import LRUCache

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The last `size` values by key. `hits` and `misses` count what `get` found."""

    def __init__(self, size: int) -> None:
        self._kept: LRUCache[K, V] = LRUCache(size)
        self.hits = self.misses = 0

    def get(self, key: K) -> V | None:
        value = self._kept.get(key)
        if value is None:
            self.misses += 1
        else:
            self.hits += 1
        return value

    def __setitem__(self, key: K, value: V) -> None:
        self._kept[key] = value

    def __contains__(self, key: object) -> bool:
        return key in self._kept
