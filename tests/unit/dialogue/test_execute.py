"""A plan's tasks: needs first, each with its own time and status, nothing left running."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from plain_models import FOREVER

from vlp_graph.dialogue.execute import Run, execute
from vlp_graph.dialogue.plan import Plan, Task
from vlp_graph.dialogue.speculation import Speculation
from vlp_graph.dialogue.turn import Result
from vlp_graph.errors import Overloaded


def plan(**needs: list[str]) -> Plan:
    return Plan(thought="", tasks=[Task(id=name, task="describe", image=0, needs=n) for name, n in needs.items()])


async def results(plan: Plan, run: Run, *, task_s: float = 5.0, turn_s: float = 5.0) -> list[Result]:
    deadline = asyncio.get_running_loop().time() + turn_s
    return [r async for r in execute(plan, Speculation(run, task_s=task_s, deadline=deadline).result)]


async def test_tasks_run_side_by_side_and_come_as_they_end() -> None:
    both = asyncio.Barrier(2)

    async def run(task: Task, needed: Sequence[Result]) -> dict[str, Any]:
        await both.wait()
        await asyncio.sleep(0.02 if task.id == "a" else 0)
        return {"text": task.id}

    ended = await results(plan(a=[], b=[]), run)
    assert [(r.id, r.status, r.text, r.image) for r in ended] == [("b", "ok", "b", 0), ("a", "ok", "a", 0)]
    assert ended[1].seconds >= 0.02


async def test_needs_come_first() -> None:
    order: list[str] = []

    async def run(task: Task, needed: Sequence[Result]) -> dict[str, Any]:
        order.append(f"{task.id} starts")
        await asyncio.sleep(0.01)
        order.append(f"{task.id} ends")
        read[task.id] = [result.text for result in needed]
        return {"text": task.id.upper()}

    read: dict[str, list[str | None]] = {}
    await results(plan(a=[], b=[], c=["a", "b"]), run)
    assert read == {"a": [], "b": [], "c": ["A", "B"]}
    assert order == ["a starts", "b starts", "a ends", "b ends", "c starts", "c ends"]


async def test_a_late_task_fails_and_the_others_are_answered() -> None:
    async def run(task: Task, needed: Sequence[Result]) -> dict[str, Any]:
        await asyncio.sleep(FOREVER if task.id == "slow" else 0)
        return {"text": "done"}

    ended = await results(plan(slow=[], quick=[]), run, task_s=0.3)
    assert [(r.id, r.status) for r in ended] == [("quick", "ok"), ("slow", "failed")]
    assert "not ready within" in (ended[1].error or "")


async def test_the_turn_s_deadline_ends_every_task() -> None:
    async def run(task: Task, needed: Sequence[Result]) -> dict[str, Any]:
        await asyncio.sleep(FOREVER)
        return {}

    async with asyncio.timeout(2):
        ended = await results(plan(a=[], b=["a"]), run, turn_s=0.05)
        assert [r.status for r in ended] == ["failed", "skipped"]
        assert [r.status for r in await results(plan(a=[]), run, turn_s=-1)] == ["failed"]


async def test_errors_become_results() -> None:
    async def run(task: Task, needed: Sequence[Result]) -> dict[str, Any]:
        raise Overloaded("IDEFICS has a full queue") if task.id == "known" else KeyError("secret")

    ended = {r.id: r for r in await results(plan(known=[], unknown=[], after=["known"], last=["after"]), run)}
    assert ended["known"].error == "IDEFICS has a full queue"
    assert ended["unknown"].error == "internal error"
    assert [ended[i].status for i in ("known", "unknown", "after", "last")] == [
        "failed",
        "failed",
        "skipped",
        "skipped",
    ]
    assert ended["after"].error == "needs known, which gave no result"


async def test_whoever_stops_reading_stops_the_work() -> None:
    stopped: list[str] = []

    async def run(task: Task, needed: Sequence[Result]) -> dict[str, Any]:
        try:
            await asyncio.sleep(0 if task.id == "first" else FOREVER)
        except asyncio.CancelledError:
            stopped.append(task.id)
            raise
        return {}

    begun = Speculation(run, task_s=9, deadline=asyncio.get_running_loop().time() + 9)
    events = execute(plan(first=[], a=[], b=[]), begun.result)
    assert (await anext(events)).id == "first"
    await events.aclose()
    assert stopped == ["a", "b"]

    reader = asyncio.create_task(results(plan(a=[], b=[]), run))
    await asyncio.sleep(0.01)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert stopped == ["a", "b", "a", "b"]


async def test_a_turn_ends_even_where_a_result_cannot_be_made() -> None:
    async def perform(task: Task, needed: Sequence[Result]) -> Result:
        raise KeyError(task.id)

    ended = [r async for r in execute(plan(a=[], b=["a"]), perform)]
    assert [(r.id, r.status) for r in ended] == [("a", "failed"), ("b", "skipped")]
    assert ended[0].error == "internal error"
