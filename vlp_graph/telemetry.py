"""Spans of a trace, in the words of this project: what was done, how long it took, how it ended.

Stands on the OpenTelemetry API alone, which does nothing until a process has an SDK set up (`deployments.tracing`).
Spans never hold what people said or showed, nor the text of an exception, which may quote it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, StatusCode

CANCELLED = "cancelled"


@contextmanager
def span(name: str, *, kind: SpanKind = SpanKind.INTERNAL, current: bool = True, **attributes: Any) -> Iterator[Span]:
    """A span around a block, and the parent of what the block begins. Attributes are named `vlp.NAME`.

    A block that is left by an exception, or cancelled, ends its span with an error status that names the kind of
    exception. Generators say `current=False`, as who reads them runs in between, and `within` where they call.
    """
    begun = trace.get_tracer("vlp_graph").start_span(name, kind=kind)
    note(begun, **attributes)
    try:
        with within(begun) if current else nullcontext():
            yield begun
    except (asyncio.CancelledError, GeneratorExit):
        ended(begun, CANCELLED)
        raise
    except Exception as error:
        ended(begun, type(error).__name__)
        raise
    finally:
        begun.end()


def within(parent: Span) -> AbstractContextManager[Any]:
    """A block in which `parent` is the parent of new spans; its end is not the span's."""
    return trace.use_span(parent, end_on_exit=False, record_exception=False, set_status_on_exception=False)


def note(about: Span | None = None, **attributes: Any) -> None:
    """Adds attributes `vlp.NAME` to a span (None: the current one); those that are None are left out."""
    named = {f"vlp.{name}": value for name, value in attributes.items() if value is not None}
    (about or trace.get_current_span()).set_attributes(named)


def ended(about: Span, why: str) -> None:
    """Marks a span as one that ended badly: `why` is a word of the code, never text of a caller."""
    about.set_attribute("error.type", why)
    about.set_status(StatusCode.ERROR, why)


def traceparent() -> str | None:
    """The current span as a W3C `traceparent`; None where nothing is traced."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")
