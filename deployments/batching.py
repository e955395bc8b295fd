"""What a batched deployment tells about itself: which batch sizes have formed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any


class BatchSizes:
    """Counts batches by size, for `stats` and for Ray's metrics (`vlp_batch_size`)."""

    def __init__(self, model: str) -> None:
        from ray.util.metrics import Histogram

        self._sizes: Counter[int] = Counter()
        self._metric = Histogram(
            "vlp_batch_size",
            description="Requests that ran together in one batch",
            boundaries=[1, 2, 4, 8, 16, 32],
            tag_keys=("model",),
        )
        self._metric.set_default_tags({"model": model})

    def record(self, batch: Sequence[Any]) -> None:
        self._sizes[len(batch)] += 1
        self._metric.observe(len(batch))

    def stats(self) -> dict[str, int]:
        """Number of batches, of requests, and the largest batch so far."""
        return {
            "batches": self._sizes.total(),
            "requests": sum(size * n for size, n in self._sizes.items()),
            "largest": max(self._sizes, default=0),
        }
