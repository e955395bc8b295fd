"""What is counted of turns, requests, tokens, batches and caches: by name, label and value."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from ray.util.metrics import Metric

from deployments.logs import WithoutWords
from deployments.metrics import MEASURES, BatchesCounted, Counted, LookupsCounted, RequestsCounted, TokensCounted
from vlp_graph.dialogue.plan import Plan, Task
from vlp_graph.dialogue.turn import Answered, Event, Planned, Result, Turn, Vlp
from vlp_graph.engines.remembered import Remembered
from vlp_graph.engines.spent import Spent
from vlp_graph.errors import ModelUnavailable
from vlp_graph.handled import Handled

Recorded = list[tuple[str, dict[str, str], float]]


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """What is recorded, as name, labels and value; each with the labels that the metric has."""
    kept: Recorded = []

    def record(metric: Any, value: float, tags: dict[str, str] | None = None) -> None:
        labels = metric._get_final_tags(tags)
        assert sorted(labels) == sorted(metric.info["tag_keys"])
        kept.append((metric.info["name"], labels, value))

    monkeypatch.setattr(Metric, "_record", record)
    return kept


class PlainRuns:
    """A dialogue with one answer; `error` is raised instead, `wait` slept through first."""

    def __init__(self, error: Exception | None = None, wait: float = 0.0) -> None:
        self.error, self.wait = error, wait

    async def ready(self) -> dict[str, bool]:
        return {}

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        yield Planned(Plan(thought="", tasks=[Task(id="t1", task="chat")]))
        await asyncio.sleep(self.wait)
        if self.error:
            raise self.error
        results = [Result(id="t1", task="chat", status="ok", seconds=0.5)]
        timings = {"plan": 0.25, "total": 0.75, "adopted": 1.0, "wasted": 2.0}
        yield Answered("hi", Vlp(results=results, timings=timings), "planner")


async def test_an_answered_turn(recorded: Recorded) -> None:
    assert [type(e).__name__ async for e in Counted(PlainRuns()).run(Turn("hi"))] == ["Planned", "Answered"]
    assert recorded == [
        ("vlp_turns", {"planned": "planner"}, 1.0),
        ("vlp_tasks", {"task": "chat", "status": "ok"}, 1.0),
        ("vlp_stage_seconds", {"stage": "plan"}, 0.25),
        ("vlp_stage_seconds", {"stage": "total"}, 0.75),
        ("vlp_speculation", {"outcome": "adopted"}, 1.0),
        ("vlp_speculation", {"outcome": "wasted"}, 2.0),
    ]


@pytest.mark.parametrize(
    ("error", "code"), [(ModelUnavailable("down"), "model_unavailable"), (ValueError("a secret"), "internal_error")]
)
async def test_a_failed_turn(recorded: Recorded, error: Exception, code: str) -> None:
    with pytest.raises(type(error)):
        _ = [event async for event in Counted(PlainRuns(error)).run(Turn("hi"))]
    assert recorded == [("vlp_turns_failed", {"code": code}, 1.0)]


async def test_a_turn_whose_reader_leaves(recorded: Recorded) -> None:
    async def read() -> None:
        _ = [event async for event in Counted(PlainRuns(wait=60)).run(Turn("hi"))]

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert recorded == [("vlp_turns_failed", {"code": "cancelled"}, 1.0)]


def test_a_request(recorded: Recorded) -> None:
    RequestsCounted()(Handled("id", "POST", "/v1/ask", 429, 0.5, key="team", error="overloaded"))
    assert recorded == [
        ("vlp_http_requests", {"method": "POST", "route": "/v1/ask", "status": "429", "key": "team"}, 1.0),
        ("vlp_http_request_seconds", {"route": "/v1/ask"}, 0.5),
        ("vlp_http_errors", {"route": "/v1/ask", "code": "overloaded"}, 1.0),
    ]


def test_a_request_that_went_well_is_no_error(recorded: Recorded) -> None:
    RequestsCounted()(Handled("id", "GET", "/v1/models", 200, 0.5))
    assert [name for name, _, _ in recorded] == ["vlp_http_requests", "vlp_http_request_seconds"]


def test_tokens_so_far_are_counted_once(recorded: Recorded) -> None:
    tokens = TokensCounted("idefics")
    tokens.up_to(Spent(10, 2))
    tokens.up_to(Spent(10, 5))
    assert recorded == [
        ("vlp_tokens", {"model": "idefics", "kind": "prompt"}, 10),
        ("vlp_tokens", {"model": "idefics", "kind": "completion"}, 2),
        ("vlp_tokens", {"model": "idefics", "kind": "completion"}, 3),
    ]


def test_cache_lookups_are_counted_once(recorded: Recorded) -> None:
    cache, lookups = Remembered[str, list[int]](1), LookupsCounted()
    assert cache.get("a") is None
    cache["a"] = []
    assert cache.get("a") == []
    lookups.count({"found_phrases": cache})
    cache["b"] = [1]
    assert "a" not in cache
    assert cache.get("b") == [1]
    lookups.count({"found_phrases": cache})
    seen = Counter[str]()
    for name, labels, value in recorded:
        assert (name, labels["cache"]) == ("vlp_cache_lookups", "found_phrases")
        seen[labels["result"]] += int(value)
    assert seen == {"hit": 2, "miss": 1}


def test_batches_by_size_and_time(recorded: Recorded) -> None:
    batches = BatchesCounted("idefics")
    batches.ran([0.002], 0.1)
    batches.ran([0.03, 0.02, 0.01], 0.2)
    one = {"model": "idefics"}
    assert recorded == [
        ("vlp_batch_size", one, 1),
        ("vlp_batched", one, 1),
        ("vlp_batch_wait_seconds", one, 0.002),
        ("vlp_batch_seconds", one, 0.1),
        ("vlp_batch_size", one, 3),
        ("vlp_batched", one, 3),
        *(("vlp_batch_wait_seconds", one, waited) for waited in (0.03, 0.02, 0.01)),
        ("vlp_batch_seconds", one, 0.2),
    ]
    assert batches.stats() == {"batches": 2, "requests": 4, "largest": 3}


@pytest.mark.parametrize("name", MEASURES)
def test_names_are_as_prometheus_has_them(name: str) -> None:
    measure = MEASURES[name]
    assert re.fullmatch(r"vlp_[a-z]+(_[a-z]+)*", name)
    assert not name.endswith(("_total", "_count", "_sum", "_bucket"))  # exporters add these
    assert measure.says
    assert list(measure.buckets) == sorted(set(measure.buckets))


def test_logs_keep_of_an_exception_its_kind_and_place_only() -> None:
    try:
        raise ValueError("a secret")
    except ValueError as error:
        record = logging.makeLogRecord(
            {"msg": "task %s failed", "args": ("chat",), "exc_info": (ValueError, error, error.__traceback__)}
        )
    assert WithoutWords().filter(record)
    line = logging.Formatter().format(record)
    assert "ValueError" in line
    assert "test_deployment_metrics.py" in line
    assert "a secret" not in line.replace('raise ValueError("a secret")', "")
