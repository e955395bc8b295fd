"""The trace of a turn: stages, tasks and model calls of a dialogue over plain handles, and no word in any of them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import ValidationError
from starlette.testclient import TestClient

from deployments.handles import models_over
from deployments.tracing import Traced, Wordless, environment, processors
from tests.unit.http.conftest import plain_backends
from vlp_graph import telemetry
from vlp_graph.config import Dialogue as Config
from vlp_graph.config import Telemetry, load
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.plan import wire_text
from vlp_graph.dialogue.turn import Event, Picture, Turn
from vlp_graph.engines.distilbert import Reading
from vlp_graph.errors import Overloaded
from vlp_graph.http.app import build_app

SECRET = "zebra"
"""Stands in everything that people say here and that models answer."""
TASKS = ("chat", "describe", "answer", "detect", "segment", "count", "classify")
FOUND = {"phrase": f"{SECRET} star", "score": 0.9, "box": (0.0, 0.0, 9.0, 9.0), "mask": None}


class PlainHandle:
    """A deployment whose methods are the given coroutine functions and generators."""

    def __init__(self, **methods: Callable[..., Any]) -> None:
        for name, method in methods.items():
            setattr(self, name, _Method(method))

    def options(self, **_: Any) -> PlainHandle:
        return self


class _Method:
    def __init__(self, work: Callable[..., Any]) -> None:
        self.work = work

    def remote(self, *args: Any) -> Any:
        made = self.work(*args)
        return asyncio.ensure_future(made) if asyncio.iscoroutine(made) else _Stream(made)


class _Stream:
    def __init__(self, pieces: AsyncIterator[Any]) -> None:
        self.pieces, self.cancelled = pieces, False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self.pieces

    def cancel(self) -> None:
        self.cancelled = True


class PlainGraph:
    """The five deployments. `intent` has that probability; finding waits `wait` seconds or raises `error`."""

    def __init__(self, intent: str = "count", score: float = 0.6) -> None:
        self.intent, self.score = intent, score
        self.wait, self.error = 0.0, None
        self.plan = wire_text(f"the {SECRET}", [{"task": "count", "phrases": [f"{SECRET} stars"]}])

    def dialogue(self, router: Any = "cot") -> Traced:
        handles: dict[str, Any] = {
            "llama": PlainHandle(chat=self.chat),
            "idefics": PlainHandle(answer=self.answer),
            "grounded_sam": PlainHandle(find=self.find),
            "whisper": PlainHandle(transcribe=self.transcribe),
            "distilbert": PlainHandle(read=self.read),
        }

        async def ready() -> dict[str, bool]:
            return {}

        return Traced(Dialogue(models_over(handles, planner=True, ready=ready), Config(router=router)))

    async def read(self, text: str) -> Reading:
        rest = (1 - self.score) / (len(TASKS) - 1)
        return Reading({task: self.score if task == self.intent else rest for task in TASKS}, [])

    async def transcribe(self, _: Any) -> str:
        return f"how many {SECRET} stars are there?"

    async def answer(self, _: Any) -> str:
        return f"a {SECRET}"

    async def find(self, query: Any) -> list[dict[str, Any]]:
        await asyncio.sleep(self.wait)
        if self.error is not None:
            raise self.error
        return [{**FOUND, "phrase": phrase} for phrase in query.phrases]

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        await asyncio.sleep(0.01)
        text, usage = self.plan if body["model"] == "planner" else f"hello, {SECRET}", {"prompt_tokens": 12}
        usage["completion_tokens"] = 3
        if body.get("stream"):
            yield {"choices": [{"delta": {"content": text}}]}
            yield {"choices": [], "usage": usage}
        else:
            yield {"choices": [{"message": {"content": text}}], "usage": usage}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What the process traces meanwhile."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Wordless(kept)))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield kept
    provider.shutdown()


PICTURE = Picture(np.zeros((90, 90, 3), np.uint8), f"{SECRET} digest")


async def run(dialogue: Traced, text: str, **turn: Any) -> list[Event]:
    return [event async for event in dialogue.run(Turn(text=text, **turn))]


def tree(spans: tuple[ReadableSpan, ...]) -> dict[str, Any]:
    """Names of spans by those of their parents; several of one name are one."""
    children: dict[int | None, list[ReadableSpan]] = {}
    for span in spans:
        children.setdefault(span.parent.span_id if span.parent else None, []).append(span)

    def below(parent: int | None) -> dict[str, Any]:
        return {s.name: below(s.context.span_id) for s in sorted(children.get(parent, []), key=lambda s: s.start_time)}

    return below(None)


def named(spans: tuple[ReadableSpan, ...], name: str) -> ReadableSpan:
    (span,) = (span for span in spans if span.name == name)
    return span


async def test_one_turn_is_one_trace_with_its_stages_tasks_and_calls(exported: InMemorySpanExporter) -> None:
    speech = np.zeros(16_000, np.float32)
    await run(PlainGraph().dialogue(), "", pictures=(PICTURE,), speech=speech)
    spans = exported.get_finished_spans()
    assert len({span.context.trace_id for span in spans}) == 1
    assert tree(spans) == {
        "turn": {
            "transcribe": {"call Whisper": {}},
            "intent": {"call DistilBERT": {}},
            "plan": {"call Llama": {}},
            "tasks": {"task count": {"call Grounded-SAM": {}}},
            "compose": {},
        }
    }
    turn = named(spans, "turn")
    assert turn.attributes == {"vlp.pictures": 1, "vlp.history": 0, "vlp.planned": "planner", "vlp.intent": "count"}
    assert named(spans, "call Llama").kind is SpanKind.CLIENT
    assert all(span.status.status_code is StatusCode.UNSET for span in spans)


async def test_no_word_of_anyone_is_in_a_span(exported: InMemorySpanExporter) -> None:
    graph = PlainGraph()
    await run(graph.dialogue(), f"how many {SECRET} stars are there?", pictures=(PICTURE,))
    graph.error = ValueError(f"cannot find {SECRET}")
    await run(graph.dialogue(), f"how many {SECRET} stars are there?", pictures=(PICTURE,))
    await run(PlainGraph("chat", 0.95).dialogue("fast"), f"hello {SECRET}")
    texts = [span.to_json() for span in exported.get_finished_spans()]
    assert len(texts) > 15
    assert not [text for text in texts if SECRET in text]


async def test_chat_is_a_task_that_calls_the_language_model(exported: InMemorySpanExporter) -> None:
    graph = PlainGraph("chat", 0.95)
    graph.plan = wire_text("talk", [{"task": "chat"}])
    await run(graph.dialogue(), "hello, how are you?")
    assert tree(exported.get_finished_spans())["turn"]["tasks"] == {"task chat": {"call Llama": {}}}


async def test_tasks_ahead_of_the_plan_stand_under_it_and_a_cancelled_one_says_so(
    exported: InMemorySpanExporter,
) -> None:
    graph = PlainGraph("describe", 0.6)
    graph.plan = wire_text("count", [{"task": "count", "phrases": ["stars"]}])

    async def slow(_: Any) -> str:
        await asyncio.sleep(3600)
        return ""

    graph.answer = slow  # type: ignore[method-assign]
    await run(graph.dialogue("speculative"), "stars please", pictures=(PICTURE,))
    spans = exported.get_finished_spans()
    assert "task describe" in tree(spans)["turn"]["plan"]
    for name in ("task describe", "call IDEFICS"):
        assert named(spans, name).status.status_code is StatusCode.ERROR
        assert named(spans, name).status.description == "cancelled"
    turn = named(spans, "turn")
    assert (turn.attributes or {})["vlp.cancelled"] == 1
    assert turn.status.status_code is StatusCode.UNSET


async def test_a_failed_task_and_its_call_end_with_an_error(exported: InMemorySpanExporter) -> None:
    graph = PlainGraph()
    graph.error = Overloaded("full")
    await run(graph.dialogue(), "how many stars are there?", pictures=(PICTURE,))
    spans = exported.get_finished_spans()
    assert named(spans, "call Grounded-SAM").status.description == "Overloaded"
    assert named(spans, "task count").status.description == "failed"


async def test_a_turn_that_its_reader_leaves_ends_its_spans(exported: InMemorySpanExporter) -> None:
    graph = PlainGraph()
    graph.wait = 3600
    reading = asyncio.create_task(run(graph.dialogue(), "how many stars are there?", pictures=(PICTURE,)))
    await asyncio.sleep(0.2)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    spans = exported.get_finished_spans()
    for name in ("turn", "tasks", "task count", "call Grounded-SAM"):
        assert named(spans, name).status.description == "cancelled", name


async def test_texts_of_exceptions_are_left_out_of_what_is_exported(exported: InMemorySpanExporter) -> None:
    with trace.get_tracer("ray").start_as_current_span("replica") as span:
        span.record_exception(ValueError(SECRET))
        span.set_status(trace.Status(StatusCode.ERROR, SECRET))
    (out,) = exported.get_finished_spans()
    assert dict(out.events[0].attributes or {}) == {"exception.type": "ValueError", "exception.escaped": "False"}
    assert SECRET not in out.to_json()
    assert out.status.status_code is StatusCode.ERROR


def test_spans_go_nowhere_until_a_collector_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert environment(Telemetry()) == {}
    assert telemetry.traceparent() is None
    told = environment(Telemetry(otlp_endpoint="http://collector:4318", sampled=0.5))
    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector:4318"
    assert told["RAY_SERVE_TRACING_SAMPLING_RATIO"] == "0.5"
    assert told["RAY_SERVE_TRACING_EXPORTER_IMPORT_PATH"] == f"{processors.__module__}:{processors.__qualname__}"


@pytest.mark.parametrize("wrong", ["collector:4318", "http://", "http://a b"])
def test_what_is_no_url_is_no_collector(wrong: str) -> None:
    with pytest.raises(ValidationError, match="otlp_endpoint"):
        Telemetry(otlp_endpoint=wrong)


def test_the_environment_names_the_collector_before_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://other:4318")
    assert Telemetry(otlp_endpoint="http://collector:4318").endpoint() == "http://other:4318"


def test_a_log_line_and_a_reply_of_a_traced_request(
    exported: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    profile, graph = load("embedded"), PlainGraph("chat", 0.95)
    app = build_app(graph.dialogue("fast"), plain_backends(), profile)
    body = {"model": "vlp", "messages": [{"role": "user", "content": f"hello {SECRET}"}]}
    headers = {"x-request-id": "abc-1", "authorization": f"Bearer {SECRET}-key"}
    with caplog.at_level(logging.INFO, "vlp_graph.http.watch"):
        reply = TestClient(app).post("/v1/chat/completions", json=body, headers=headers)
    assert SECRET in reply.json()["choices"][0]["message"]["content"]
    (record,) = caplog.records
    line = {name: value for name, value in vars(record).items() if name not in vars(logging.makeLogRecord({}))}
    assert (line["request_id"], line["http_route"], line["status"]) == ("abc-1", "/v1/chat/completions", 200)
    assert (line["planned"], line["intent"]) == ("reader", "chat")
    assert [(t["task"], t["status"]) for t in line["tasks"]] == [("chat", "ok")]
    assert line["tokens"] == {"llama": {"prompt": 12, "completion": 3}}
    assert len(line["caller"]) == 12
    assert SECRET not in json.dumps(line) + record.getMessage()
