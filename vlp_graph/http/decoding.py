"""Media are decoded beside the event loop, few at a time: a picture of 25 megapixels takes some 200 MiB meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import anyio.to_thread

P = ParamSpec("P")
T = TypeVar("T")


class Decoding:
    """Runs what reads bodies and media in threads, `at_once` of them; the others wait without a thread."""

    def __init__(self, at_once: int) -> None:
        self._limiter = anyio.CapacityLimiter(at_once)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns or raises. It ends even where its caller has left: a thread cannot be stopped."""
        return await anyio.to_thread.run_sync(lambda: work(*args, **kwargs), limiter=self._limiter)
