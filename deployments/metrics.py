"""What the graph measures of itself, in Ray's metrics, beside those of Ray Serve and of vLLM.

Ray exports each with the prefix `ray_` (counters also with the suffix `_total`) on the metrics port of its node.
Every value of a label comes from code or from the profile, never from a request: their number is bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from vlp_graph.dialogue.turn import Answered, Event, Turn
from vlp_graph.engines.spent import Spent
from vlp_graph.errors import ServingError
from vlp_graph.handled import Handled

if TYPE_CHECKING:
    from ray.util.metrics import Counter, Histogram

    from vlp_graph.dialogue.memory import Runs

OUTCOMES = ("adopted", "cancelled", "wasted")
SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)
SIZES = (1, 2, 4, 8, 16, 32)
OF_BATCHES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


@dataclass(frozen=True)
class Measure:
    """What a metric says, and by what. With `buckets` it is a histogram, without a counter."""

    says: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()


MEASURES: Mapping[str, Measure] = {
    "vlp_turns": Measure("Turns that were answered, by who made the plan", ("planned",)),
    "vlp_turns_failed": Measure("Turns that ended without an answer, by the error's code", ("code",)),
    "vlp_tasks": Measure("Tasks that ended", ("task", "status")),
    "vlp_speculation": Measure("Tasks begun before their plan, by what became of them", ("outcome",)),
    "vlp_stage_seconds": Measure("Time of a turn by stage", ("stage",), SECONDS),
    "vlp_http_requests": Measure("HTTP requests that ended", ("method", "route", "status", "key")),
    "vlp_http_request_seconds": Measure("Time of an HTTP request, its stream included", ("route",), SECONDS),
    "vlp_http_errors": Measure("HTTP requests that were answered with an error", ("route", "code")),
    "vlp_http_refused": Measure("HTTP requests that a proxy refused because the graph was full", ()),
    "vlp_tokens": Measure("Tokens that language models read (prompt) and wrote (completion)", ("model", "kind")),
    "vlp_batch_size": Measure("Requests that ran together in one batch", ("model",), SIZES),
    "vlp_batched": Measure("Requests that ran in batches: by the batches' number, their mean size", ("model",)),
    "vlp_batch_wait_seconds": Measure("Time that a request waited for its batch", ("model",), OF_BATCHES),
    "vlp_batch_seconds": Measure("Time that a batch ran", ("model",), OF_BATCHES),
    "vlp_cache_lookups": Measure("Look-ups of what was computed before, by cache", ("cache", "result")),
}
"""Every metric of our own by name, as the code calls it."""


def counter(name: str) -> Counter:
    from ray.util.metrics import Counter

    return Counter(name, description=MEASURES[name].says, tag_keys=MEASURES[name].labels)


def histogram(name: str) -> Histogram:
    from ray.util.metrics import Histogram

    measure = MEASURES[name]
    return Histogram(name, measure.says, list(measure.buckets), measure.labels)


class Counted:
    """A dialogue whose turns are counted."""

    def __init__(self, dialogue: Runs) -> None:
        self.dialogue = dialogue
        self._turns, self._failed = counter("vlp_turns"), counter("vlp_turns_failed")
        self._tasks, self._ahead = counter("vlp_tasks"), counter("vlp_speculation")
        self._seconds = histogram("vlp_stage_seconds")

    async def ready(self) -> dict[str, bool]:
        return await self.dialogue.ready()

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        """The events of the dialogue, as they are."""
        answered = False
        async with aclosing(cast(AsyncGenerator[Event, None], self.dialogue.run(turn))) as events:
            try:
                async for event in events:
                    if isinstance(event, Answered):
                        self._count(event)
                        answered = True
                    yield event
            except (asyncio.CancelledError, GeneratorExit):
                if not answered:
                    self._failed.inc(tags={"code": "cancelled"})
                raise
            except Exception as error:
                self._failed.inc(tags={"code": code(error)})
                raise

    def _count(self, answered: Answered) -> None:
        vlp = answered.vlp
        self._turns.inc(tags={"planned": answered.planned})
        for result in vlp.results:
            self._tasks.inc(tags={"task": result.task, "status": result.status})
        for stage, value in vlp.timings.items():
            if stage in OUTCOMES:
                self._ahead.inc(value, tags={"outcome": stage})
            else:
                self._seconds.observe(value, tags={"stage": stage})


class RequestsCounted:
    """Counts HTTP requests as they end."""

    def __init__(self) -> None:
        self._requests, self._errors = counter("vlp_http_requests"), counter("vlp_http_errors")
        self._seconds = histogram("vlp_http_request_seconds")

    def __call__(self, handled: Handled) -> None:
        route, key = handled.route, handled.key
        tags = {"method": handled.method, "route": route, "status": str(handled.status), "key": key}
        self._requests.inc(tags=tags)
        self._seconds.observe(handled.seconds, tags={"route": route})
        if handled.error:
            self._errors.inc(tags={"route": route, "code": handled.error})


class TokensCounted:
    """Counts the tokens of a model."""

    def __init__(self, model: str) -> None:
        self._model, self._tokens, self._known = model, counter("vlp_tokens"), Spent()

    def count(self, spent: Spent) -> None:
        """The tokens of one call."""
        for kind, number in asdict(spent).items():
            if number:
                self._tokens.inc(number, tags={"model": self._model, "kind": kind})

    def up_to(self, total: Spent) -> None:
        """The tokens of all calls so far, of which those that are known are not counted again."""
        new = Spent(total.prompt - self._known.prompt, total.completion - self._known.completion)
        self._known.add(new.prompt, new.completion)
        self.count(new)


class LookupsCounted:
    """Counts hits and misses of caches that count for themselves: each call adds what is new since the last."""

    def __init__(self) -> None:
        self._lookups = counter("vlp_cache_lookups")
        self._known: dict[tuple[str, str], int] = {}

    def count(self, caches: Mapping[str, Any]) -> None:
        """`caches` by name, each with its numbers of `hits` and `misses` so far."""
        for name, cache in caches.items():
            for result, total in (("hit", cache.hits), ("miss", cache.misses)):
                if new := total - self._known.get((name, result), 0):
                    self._lookups.inc(new, tags={"cache": name, "result": result})
                    self._known[name, result] = total


class BatchesCounted:
    """Counts batches by size, and how long requests waited for them and they ran, for `stats` as well."""

    def __init__(self, model: str) -> None:
        self._sizes: dict[int, int] = {}
        self._size, self._batched = histogram("vlp_batch_size"), counter("vlp_batched")
        self._waited, self._took = histogram("vlp_batch_wait_seconds"), histogram("vlp_batch_seconds")
        for metric in (self._size, self._batched, self._waited, self._took):
            metric.set_default_tags({"model": model})

    def ran(self, waited: Sequence[float], took: float) -> None:
        """One batch: the seconds that each of its requests waited, and those that it ran."""
        self._sizes[len(waited)] = self._sizes.get(len(waited), 0) + 1
        self._size.observe(len(waited))
        self._batched.inc(len(waited))
        for seconds in waited:
            self._waited.observe(seconds)
        self._took.observe(took)

    def stats(self) -> dict[str, int]:
        """Number of batches, of requests, and the largest batch so far."""
        return {
            "batches": sum(self._sizes.values()),
            "requests": sum(size * n for size, n in self._sizes.items()),
            "largest": max(self._sizes, default=0),
        }


def code(error: Exception) -> str:
    """The code of an error, as the reply has it."""
    if isinstance(error, ServingError):
        return error.code or error.type
    return "internal_error"
