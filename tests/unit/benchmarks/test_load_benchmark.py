"""Load: what counts as goodput, where the graph is saturated, and the profile without limits."""

from __future__ import annotations

import argparse
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rich.console import Console

from benchmarks.harness.graph import NO_LIMIT, unlimited
from benchmarks.harness.load import poisson
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record
from benchmarks.harness.run import BenchmarkError
from benchmarks.harness.turns import KINDS, clear_scenes, known_turn
from benchmarks.load import (
    MIX,
    SEED,
    WITH,
    WITHOUT,
    Stage,
    _Client,
    _rates,
    draw,
    in_flight,
    limits,
    saturation,
    summaries,
    tables,
    targets,
)
from vlp_graph.config import load
from vlp_graph.spawn import free_port

SLO = 3.0


def sample(what: str = "rising", rate: float = 1.0, side: str = WITH, **more: Any) -> dict[str, Any]:
    one = {"side": side, "what": what, "rate": rate, "stage_s": 10.0, "kind": "count", "due": 0.0, "seconds": 1.0}
    return one | {"status": 200, "right": True} | more


def test_only_right_answers_in_time_count() -> None:
    fates = [{}, {"seconds": 3.5}, {"right": False}, {"status": 429, "right": False}, {"status": 503, "right": False}]
    fates += [{"status": 0, "right": False}, {"status": 500, "right": False}, {"status": -1, "right": False}]
    (stage,) = summaries([sample(**fate) for fate in fates], SLO)
    assert (stage.turns, stage.good, stage.late, stage.refused, stage.wrong) == (8, 1, 2, 2, 3)
    assert stage.goodput == pytest.approx(0.1)
    assert stage.p99 == 3.5  # of those that were answered


@contextmanager
def server(statuses: Iterator[int], text: str, slow_s: float = 0.0) -> Iterator[str]:
    """Answers each request with the next status, the first three after `slow_s`; its URL."""
    import asyncio

    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    number = itertools.count()

    async def ask(request: Request) -> JSONResponse:
        await request.body()
        status = next(statuses)
        if next(number) < 3:
            await asyncio.sleep(slow_s)
        body = {"choices": [{"message": {"content": text}}], "vlp": {"results": [{"task": "describe", "status": "ok"}]}}
        return JSONResponse(body, status)

    port = free_port()
    app = Starlette(routes=[Route("/v1/ask", ask, methods=["POST"])])
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        thread.join()


def client(slo: float = 1.0) -> tuple[_Client, str]:
    scene = clear_scenes(1, 1)[0]
    return _Client(slo, Console(quiet=True), [known_turn("caption", scene)]), f"A {scene.objects[0].name}."


def test_refused_turns_are_not_tried_again() -> None:
    asking, right = client()
    with server(itertools.cycle([429, 200, 200]), right) as url:
        samples = asking.stage(url, Stage(WITH, "rising", 60.0, 0.5))
    (stage,) = summaries(samples, 1.0)
    assert stage.turns == len(poisson(60.0, 0.5, SEED))
    assert stage.refused in (stage.turns // 3, stage.turns // 3 + 1)
    assert stage.good == stage.turns - stage.refused


def test_who_waits_longer_than_an_answer_can_count_leaves() -> None:
    asking, right = client(slo=0.3)
    with server(itertools.repeat(200), right, slow_s=3.0) as url:
        samples = asking.stage(url, Stage(WITH, "rising", 30.0, 0.4))
    assert [s["status"] for s in samples[:3]] == [0, 0, 0]
    assert all(s["seconds"] < 1.0 for s in samples)
    assert {s["status"] for s in samples[3:]} == {200}


def test_a_closed_loop_tells_turns_a_second_and_takes_no_wrong_answers() -> None:
    asking, right = client()
    with server(itertools.repeat(200), right) as url:
        assert asking.closed(url, 0.3) > 10
    with server(itertools.repeat(200), "A dog.") as url, pytest.raises(BenchmarkError, match="answered wrongly"):
        asking.closed(url, 0.2)


def test_nothing_that_listens_is_a_turn_that_failed() -> None:
    asking, _ = client()
    with pytest.raises(BenchmarkError, match="failed"):
        asking.closed(f"http://127.0.0.1:{free_port()}", 0.1)


def test_a_stage_without_answers_has_no_percentiles() -> None:
    turns, waits = tables([sample(status=429, right=False)], SLO)
    assert turns.rows[0][-3:] == [0, 1, 0]
    assert waits.rows[0][-4:] == [None, None, None, 1]


def test_turns_in_flight_over_time() -> None:
    samples = [sample(due=0.0, seconds=2.0), sample(due=1.0, seconds=0.5), sample(due=1.2, seconds=5.0)]
    assert in_flight(samples) == [(0.0, 1), (1.0, 2), (1.2, 3), (1.5, 2), (2.0, 1), (6.2, 0)]


def test_saturation_is_the_last_rate_before_the_first_that_is_too_much() -> None:
    late = {"seconds": 9.0}
    samples = [sample(rate=1.0), sample(rate=2.0), sample(rate=3.0, **late), sample(rate=4.0)]
    assert saturation(summaries(samples, SLO)) == 2.0
    assert saturation(summaries([sample(rate=1.0, **late)], SLO)) is None


def test_the_target_is_goodput_at_four_times_of_the_peak() -> None:
    peak = [sample(rate=2.0) for _ in range(4)]
    over = [sample("4x", 8.0), sample("4x", 8.0), sample("4x", 8.0), sample("4x", 8.0, status=429, right=False)]
    without = [sample("4x", 8.0, WITHOUT) for _ in range(9)]
    (target,) = targets([*peak, *over, *without], SLO)
    assert (target.value, target.held) == (0.75, False)


def test_without_limits_nothing_else_differs() -> None:
    profile = load("embedded")
    with unlimited("embedded") as path:
        other = load(str(path))
    assert set(map(tuple, limits(other).values())) == {(NO_LIMIT, NO_LIMIT)}
    assert other.models.idefics.batch == profile.models.idefics.batch
    assert other.dialogue == profile.dialogue
    assert set(limits(profile)) == {"ingress", "llama", "idefics", "grounded_sam", "whisper", "distilbert"}


def test_parts_of_the_mix_are_kinds_and_add_up() -> None:
    assert set(MIX) <= set(KINDS)
    assert sum(MIX.values()) == pytest.approx(1.0)


def test_known_turns_know_right_from_wrong() -> None:
    scene = clear_scenes(1, 1)[0]
    turn = known_turn("question", scene)
    result = {"task": "answer", "status": "ok"}

    def reply(text: str, **more: Any) -> dict[str, Any]:
        return {"choices": [{"message": {"content": text}}], "vlp": {"results": [result | more]}}

    assert turn.is_right(reply("Yes, there is."))
    assert not turn.is_right(reply("No."))
    assert not turn.is_right(reply("Yes.", status="failed"))
    thing = scene.objects[0]
    assert known_turn("caption", scene).is_right(reply(f"A {thing.name}."))
    assert not known_turn("caption", scene).is_right(reply("A dog."))


def test_padding_makes_the_body_larger_and_nothing_else() -> None:
    turn = known_turn("count", clear_scenes(1, 1)[0])
    small, large = turn.body(), turn.body(100_000)
    assert len(large.content) - len(small.content) == 100_000
    assert turn.png in small.content
    assert small.headers["content-type"].startswith("multipart/form-data; boundary=")


def test_the_picture_comes_from_the_samples_alone() -> None:
    record = Record(
        name="load",
        title="",
        method=Method(compares="", loop="", lengths="", warm_up="", repeats=""),
        settings={"slo_s": SLO},
        tables=[],
        samples=[sample(), sample("4x", 4.0), sample("4x", 4.0, WITHOUT)],
        profile="embedded",
        machine=Machine.here(),
    )
    assert len(draw(record).axes) == 3


def test_rates_rise_beyond_those_of_a_closed_loop_unless_they_are_given() -> None:
    rates = _rates(argparse.Namespace(rates=None, quick=False), 10.0)
    assert list(itertools.islice(rates, 7)) == pytest.approx([4, 6, 8, 10, 12, 14.4, 17.28])
    assert list(_rates(argparse.Namespace(rates=[5.0, 3.0], quick=False), 10.0)) == [3, 5]
    assert list(_rates(argparse.Namespace(rates=None, quick=True), 10.0)) == [5, 10]
