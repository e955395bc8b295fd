"""What a batched deployment tells about itself: which batch sizes have formed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from deployments.metrics import counter, histogram
from vlp_graph import telemetry


class BatchSizes:
    """Counts batches by size, for `stats`, for Ray's metrics (`vlp_batch_size`) and for the spans of requests."""

    def __init__(self, model: str) -> None:
        self._sizes: Counter[int] = Counter()
        self._waiting: dict[int, int] = {}
        self._metric, self._batched = histogram("vlp_batch_size"), counter("vlp_batched")
        for metric in (self._metric, self._batched):
            metric.set_default_tags({"model": model})

    def record(self, batch: Sequence[Any]) -> None:
        self._sizes[len(batch)] += 1
        self._metric.observe(len(batch))
        self._batched.inc(len(batch))
        for item in batch:
            if id(item) in self._waiting:
                self._waiting[id(item)] = len(batch)

    @contextmanager
    def part(self, item: Any) -> Iterator[None]:
        """While it is open, `item` waits for its batch; the request's span is then told how large that was."""
        self._waiting[id(item)] = 0
        try:
            yield
        finally:
            telemetry.note(batch_size=self._waiting.pop(id(item), 0) or None)

    def stats(self) -> dict[str, int]:
        """Number of batches, of requests, and the largest batch so far."""
        return {
            "batches": self._sizes.total(),
            "requests": sum(size * n for size, n in self._sizes.items()),
            "largest": max(self._sizes, default=0),
        }
