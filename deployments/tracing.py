"""Traces: where spans go, and one span for each turn and each of its stages.

Ray Serve carries the trace from deployment to deployment in its own requests; it asks `processors` where spans go.
The dialogue knows nothing of traces: its stages are read off its events.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from typing import TYPE_CHECKING, Any, cast

from opentelemetry.sdk.trace import Event as SpanEvent
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, StatusCode
from opentelemetry.trace.status import Status

from vlp_graph import telemetry
from vlp_graph.config import Telemetry
from vlp_graph.dialogue.turn import Answered, Event, Finished, Planned, Transcribed, Turn, Understood

if TYPE_CHECKING:
    from vlp_graph.dialogue.memory import Runs

PROCESSORS = "deployments.tracing:processors"


def environment(config: Telemetry) -> dict[str, str]:
    """The variables by which every process of Ray Serve traces; empty where nothing is to be traced.

    Ray's own `tracing_config` does not reach its HTTP proxies (2.60), these variables do.
    """
    return variables(config.endpoint(), config.sampled)


def variables(endpoint: str, sampled: float) -> dict[str, str]:
    """As `environment`, whatever this process's own says."""
    if not endpoint:
        return {}
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_SERVICE_NAME": "vlp-graph",
        "RAY_SERVE_TRACING_EXPORTER_IMPORT_PATH": PROCESSORS,
        "RAY_SERVE_TRACING_SAMPLING_RATIO": str(sampled),
    }


def processors() -> list[SpanProcessor]:
    """Spans go to $OTEL_EXPORTER_OTLP_ENDPOINT in batches, over HTTP; the other OTEL_* variables work, too."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return [BatchSpanProcessor(Wordless(OTLPSpanExporter()))]


class Wordless(SpanExporter):
    """Exports spans without the texts of exceptions, which Ray Serve records and which may quote a prompt."""

    def __init__(self, inner: SpanExporter) -> None:
        self.inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.inner.export([_wordless(span) for span in spans])

    def shutdown(self) -> None:
        self.inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self.inner.force_flush(timeout_millis)


def _wordless(span: ReadableSpan) -> ReadableSpan:
    status = span.status
    if status.status_code is StatusCode.ERROR:  # only words of the code are kept
        status = Status(StatusCode.ERROR, str((span.attributes or {}).get("error.type", "")) or None)
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=[SpanEvent(e.name, _kind_only(e.attributes), e.timestamp) for e in span.events],
        links=span.links,
        kind=span.kind,
        status=status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kind_only(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    worded = ("exception.message", "exception.stacktrace")
    return {name: value for name, value in (attributes or {}).items() if name not in worded}


class Traced:
    """A dialogue whose turns are spans, each with one child a stage: transcribe, intent, plan, tasks, compose.

    Tasks begin under the stage in which they are begun (those begun ahead, under plan), calls of models under theirs.
    """

    def __init__(self, dialogue: Runs) -> None:
        self.dialogue = dialogue

    async def ready(self) -> dict[str, bool]:
        return await self.dialogue.ready()

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        """The events of the dialogue, as they are."""
        with telemetry.span("turn", current=False, pictures=len(turn.pictures), history=len(turn.history)) as span:
            stages = _Stages(span, "intent" if turn.speech is None else "transcribe")
            async with aclosing(cast(AsyncGenerator[Event, None], self.dialogue.run(turn))) as events:
                with stages:
                    while (event := await stages.next(events)) is not None:
                        if isinstance(event, Answered):
                            _describe(span, event)
                        yield event


class _Stages:
    """The stage that a turn is in: a span that is current while the dialogue works, and never while others do."""

    def __init__(self, turn: Span, first: str) -> None:
        self._turn, self._first, self._left = turn, first, 0
        self._open = ExitStack()
        self._span = turn

    def __enter__(self) -> None:
        self._begin(self._first)

    def __exit__(self, *why: Any) -> None:
        self._open.__exit__(*why)

    async def next(self, events: AsyncGenerator[Event, None]) -> Event | None:
        with telemetry.within(self._span):
            event = await anext(events, None)
        self._after(event)
        return event

    def _after(self, event: Event | None) -> None:
        match event:
            case Transcribed():
                self._begin("intent")
            case Understood():
                self._begin("plan")
            case Planned(plan):
                self._left = len(plan.tasks)
                self._begin("tasks")
                if [task.task for task in plan.tasks] == ["chat"]:  # its words are the work: no executor runs it
                    self._enter("task chat", self._span, task="chat")
            case Finished():
                self._left -= 1
                if self._left == 0:
                    self._begin("compose")

    def _begin(self, stage: str) -> None:
        self._open.close()
        self._enter(stage, self._turn, stage=stage)

    def _enter(self, name: str, parent: Span, **attributes: Any) -> None:
        with telemetry.within(parent):
            self._span = self._open.enter_context(telemetry.span(name, current=False, **attributes))


def _describe(span: Span, answered: Answered) -> None:
    vlp = answered.vlp
    ahead = {name: int(vlp.timings[name]) for name in ("adopted", "cancelled", "wasted") if name in vlp.timings}
    telemetry.note(span, planned=answered.planned, intent=vlp.intent.label if vlp.intent else None, **ahead)
