"""The graph's own time: the longest model path of a turn, and what follows from measured times."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest

from benchmarks.graph_overhead import BOUND_MS, OURS, cheap_from, draw, share, tables, targets
from benchmarks.graph_overhead.flags import ONE_LOOP, RAYS, SIDES, environment
from benchmarks.graph_overhead.fused import _Lanes, _timed
from benchmarks.graph_overhead.path import Call, about, path_seconds
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record
from benchmarks.harness.run import BenchmarkError
from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.turn import Picture
from vlp_graph.engines.grounded_sam import Query
from vlp_graph.serving import FLAGS

PICTURE = Picture(np.zeros((4, 4, 3), np.uint8), "digest")
FIND = about("find", Query(PICTURE.pixels, ("star",), False))
LOOK = "what is it? (1)"


async def look(models: Models) -> None:
    await models.looker.answer([PICTURE], "what is it?")


async def find(models: Models) -> None:
    await models.finder.find(PICTURE, ["star"])


def test_a_path_of_calls_one_after_another_is_their_sum() -> None:
    async def turn(models: Models) -> None:
        await look(models)
        await find(models)

    calls = [Call("answer", LOOK, 3600.0, "a star"), Call("find", FIND, 1.5, [])]
    assert path_seconds(turn, calls) == pytest.approx(3601.5)


def test_of_calls_side_by_side_the_longest_counts() -> None:
    async def turn(models: Models) -> None:
        await asyncio.gather(look(models), find(models))
        await find(models)

    calls = [Call("answer", LOOK, 5.0, "a star"), Call("find", FIND, 2.0, []), Call("find", FIND, 1.0, [])]
    assert path_seconds(turn, calls) == pytest.approx(6.0)


def test_limits_that_are_not_reached_cost_nothing() -> None:
    async def turn(models: Models) -> None:
        async with asyncio.timeout(60):
            await look(models)
        await asyncio.wait_for(find(models), 30)

    calls = [Call("answer", LOOK, 0.25, ""), Call("find", FIND, 0.25, [])]
    assert path_seconds(turn, calls) == pytest.approx(0.5)


def test_what_was_not_noted_is_an_error() -> None:
    with pytest.raises(BenchmarkError, match="another thing"):
        path_seconds(look, [Call("find", FIND, 1.0, [])])


async def test_what_waits_for_an_engine_is_one_batch() -> None:
    batches: list[list[Any]] = []

    def work(pieces: list[Any]) -> list[Any]:
        batches.append(pieces)
        return [piece.upper() for piece in pieces]

    calls: list[Call] = []
    lanes = _Lanes({"read": (work, 2)}, calls)
    assert await asyncio.gather(*(lanes.ask("read", text) for text in "abc")) == ["A", "B", "C"]
    assert batches == [["a", "b"], ["c"]]
    assert [(call.about, call.result) for call in calls] == [("a", "A"), ("b", "B"), ("c", "C")]
    assert calls[0].seconds == calls[1].seconds


def test_share_and_the_model_time_from_which_it_is_small_agree() -> None:
    assert cheap_from(5.0) == pytest.approx(95.0)
    assert share(5.0, cheap_from(5.0)) == pytest.approx(0.05)


@pytest.mark.parametrize("side", list(SIDES))
def test_every_side_is_vlp_serve_with_flags_of_its_own(side: str) -> None:
    assert set(FLAGS) <= set(environment(side))


def test_sides_say_what_they_change() -> None:
    assert environment("one loop") == FLAGS | environment(RAYS) | ONE_LOOP
    assert environment(OURS) == FLAGS


def _samples() -> list[dict[str, Any]]:
    hops = [
        {"part": "hop", "side": OURS, "repeat": 0, "body": body, "children": children, "ms": 2.0 + children}
        for body in ("small", "10 MB")
        for children in (0, 1, 4)
    ]
    turns = [
        {"part": "turn", "side": OURS, "repeat": 0, "kind": "count", "body": body, "turn_ms": 50.0 + more}
        | {"dialogue_ms": 44.0, "fused_ms": 42.0, "path_ms": 40.0, "own_ms": 10.0 + more}
        for body, more in (("small", 0), ("10 MB", 60))
    ]
    return [*hops, *turns]


def test_the_target_looks_at_small_turns_with_our_flags() -> None:
    (target,) = targets(_samples())
    assert (target.value, target.bound, target.held) == (10.0, BOUND_MS, False)
    assert not targets([s | {"side": "Ray's own"} for s in _samples()])


def test_turns_that_are_quicker_than_their_models_say_nothing() -> None:
    with pytest.raises(BenchmarkError, match="other work"):
        targets([sample | {"own_ms": -3.0} for sample in _samples()])


def test_waiting_is_not_the_time_of_a_model_on_a_cpu() -> None:
    def work(pieces: list[Any]) -> list[Any]:
        time.sleep(0.2)
        return pieces

    assert _timed(work, [1], on_cpu=True)[0] < 0.1
    assert _timed(work, [1], on_cpu=False)[0] >= 0.2


def test_tables_and_picture_come_from_the_samples_alone() -> None:
    by_turn, cheap, hops = tables(_samples())
    assert by_turn.rows[0] == [OURS, "count, small", 1, 50.0, 40.0, 42.0, 10.0, 10.0, 4.0, 6.0]
    assert cheap.rows == [[OURS, 10.0, pytest.approx(0.19)]]
    assert hops.rows == [["small", OURS, 2.0, 3.0, 1.0, 6.0], ["10 MB", OURS, 2.0, 3.0, 1.0, 6.0]]
    method = Method(compares="", loop="", lengths="", warm_up="", repeats="")
    record = Record(
        name="graph_overhead",
        title="",
        method=method,
        settings={},
        tables=[],
        samples=_samples(),
        profile="embedded",
        machine=Machine.here(),
    )
    assert len(draw(record).axes) == 3
