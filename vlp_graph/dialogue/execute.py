"""Runs a plan: tasks side by side, needs first, each with its own deadline and its own status.

A task that fails or is late becomes a `failed` result inside a good answer; what needed it is `skipped`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from vlp_graph import telemetry
from vlp_graph.dialogue.plan import Plan, Task
from vlp_graph.dialogue.turn import Result
from vlp_graph.errors import ServingError

log = logging.getLogger(__name__)

Run = Callable[[Task, Sequence[Result]], Awaitable[dict[str, Any]]]
"""A task and the results of those that it needs, to the fields of its own."""
Perform = Callable[[Task, Sequence[Result]], Awaitable[Result]]


async def execute(plan: Plan, perform: Perform) -> AsyncGenerator[Result, None]:
    """Yield the result of every task of the plan as it ends. What `perform` raises is a failed result, too."""
    ended: asyncio.Queue[Result] = asyncio.Queue()
    done: dict[str, asyncio.Future[Result]] = {t.id: asyncio.get_running_loop().create_future() for t in plan.tasks}

    async def go(task: Task) -> None:
        needed = [await done[need] for need in task.needs]
        if all(result.status == "ok" for result in needed):
            try:
                result = await perform(task, needed)
            except Exception:  # a turn must end whatever happens
                log.exception("task %s failed", task.task)
                result = _result(task, "failed", 0.0, error="internal error")
        else:
            result = _result(task, "skipped", 0.0, error=f"needs {', '.join(task.needs)}, which gave no result")
        done[task.id].set_result(result)
        ended.put_nowait(result)

    running = [asyncio.create_task(go(task)) for task in plan.tasks]
    try:
        for _ in running:
            yield await ended.get()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def run_one(task: Task, run: Run, needed: Sequence[Result] = (), *, task_s: float, deadline: float) -> Result:
    """One task within its own time and what is left of the turn's, as a span of the turn's trace."""
    with telemetry.span(f"task {task.task}", task=task.task, task_id=task.id, image=task.image) as span:
        result = await _timed(task, run, needed, task_s, deadline)
        if result.status != "ok":
            telemetry.ended(span, result.status)
        return result


async def _timed(task: Task, run: Run, needed: Sequence[Result], task_s: float, deadline: float) -> Result:
    start = time.perf_counter()
    left = min(task_s, deadline - asyncio.get_running_loop().time())
    try:
        async with asyncio.timeout(max(left, 0.0)):
            fields = await run(task, needed)
    except TimeoutError:
        return _result(task, "failed", time.perf_counter() - start, error=f"not ready within {left:.0f} s")
    except ServingError as error:
        return _result(task, "failed", time.perf_counter() - start, error=error.message)
    except Exception:
        log.exception("task %s failed", task.task)
        return _result(task, "failed", time.perf_counter() - start, error="internal error")
    return _result(task, "ok", time.perf_counter() - start, **fields)


def _result(task: Task, status: Any, seconds: float, **fields: Any) -> Result:
    looked = {"image": task.image, **fields}
    return Result(id=task.id, task=task.task, status=status, seconds=round(seconds, 4), **looked)
