"""What is known of a request once it has ended, for logs and metrics.

Whoever learns something on the way says so with `noted` and `spent`, wherever in the process that is: the facts travel
with the asyncio context. No word of a prompt or an answer is among them, no media and no key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from vlp_graph.engines.spent import Spent

_FACTS: ContextVar[dict[str, Any] | None] = ContextVar("facts of the request", default=None)


@dataclass(frozen=True)
class Handled:
    """A request that has ended. `route` is one of the application's paths, or "unmatched"; `key` the name of the API
    key, `caller` the start of a digest where it has no name; `error` the code of an error reply; `facts` what was noted
    on the way."""

    request_id: str
    method: str
    route: str
    status: int
    seconds: float
    key: str = ""
    caller: str = ""
    error: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


Watcher = Callable[[Handled], None]


@contextmanager
def collecting() -> Iterator[dict[str, Any]]:
    """The facts that are noted while it is open, in tasks that are begun meanwhile, too."""
    facts: dict[str, Any] = {}
    token = _FACTS.set(facts)
    try:
        yield facts
    finally:
        _FACTS.reset(token)


def noted(**facts: Any) -> None:
    """Adds facts to the request that is being handled; outside of one, nothing happens. `request_id` and `caller` (an
    API key as `key:NAME`, or a digest) are told as such."""
    if (known := _FACTS.get()) is not None:
        known.update(facts)


def spent(model: str, tokens: Spent) -> None:
    """Adds the tokens of a model's call to the facts of the request."""
    if (known := _FACTS.get()) is not None:
        known.setdefault("tokens", {}).setdefault(model, Spent()).add(tokens.prompt, tokens.completion)
