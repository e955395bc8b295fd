"""Work begun before the plan is there: tasks that are likely run at once, and the plan takes what it wants of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from vlp_graph.dialogue.execute import Run, run_one
from vlp_graph.dialogue.plan import PHRASE_TASKS, Plan, Task, fold
from vlp_graph.dialogue.turn import Result
from vlp_graph.dialogue.wording import plain
from vlp_graph.errors import ServingError


class Speculation:
    """Runs tasks ahead of their plan. `deadline` is a time of the running event loop."""

    def __init__(self, run: Run, *, task_s: float, deadline: float) -> None:
        self._run, self._task_s, self._deadline = run, task_s, deadline
        self._ahead: list[tuple[Task, asyncio.Task[Result]]] = []
        self._warming: list[asyncio.Task[None]] = []
        self.counts = {"adopted": 0, "cancelled": 0, "wasted": 0}

    def start(self, plan: Plan) -> None:
        """Begin every task that looks at a picture and waits for no other."""
        for task in plan.tasks:
            if task.task != "chat" and not task.needs:
                self._ahead.append((task, asyncio.create_task(self._begun(task, ()))))

    def warm(self, work: Awaitable[None]) -> None:
        """Do something that may help and gives no result; it ends with the turn, and its failure is nobody's."""

        async def quietly() -> None:
            with suppress(ServingError):
                await work

        self._warming.append(asyncio.create_task(quietly()))

    async def result(self, task: Task, needed: Sequence[Result] = ()) -> Result:
        """The result of a task of the plan: of the work begun where that is the same, else of new work. `needed` are
        the results of the tasks that it needs."""
        for begun in self._ahead:
            if _serves(begun[0], task):
                self._ahead.remove(begun)
                self.counts["adopted"] += 1
                return _as(task, begun[0], await _owned(begun[1]))
        return await self._begun(task, needed)

    def _begun(self, task: Task, needed: Sequence[Result]) -> Coroutine[Any, Any, Result]:
        return run_one(task, self._run, needed, task_s=self._task_s, deadline=self._deadline)

    def settle(self, plan: Plan | None) -> None:
        """Drop what the plan has no use for (None: everything)."""
        wanted = plan.tasks if plan else []
        for warming in self._warming if plan is None else ():
            warming.cancel()
        for begun, work in list(self._ahead):
            if not any(_serves(begun, task) for task in wanted):
                self._ahead.remove((begun, work))
                self.counts["wasted" if work.done() else "cancelled"] += 1
                work.cancel()


async def _owned(work: asyncio.Task[Result]) -> Result:
    """The outcome of work; whoever stops waiting stops the work."""
    try:
        return await work
    except asyncio.CancelledError:
        work.cancel()
        raise


def _serves(begun: Task, wanted: Task) -> bool:
    """Whether the work begun gives all that the wanted task needs: masks come with boxes, boxes with their count."""
    if begun.image != wanted.image:
        return False
    if begun.task in PHRASE_TASKS and wanted.task in PHRASE_TASKS:
        enough = begun.task == "segment" or wanted.task != "segment"
        return enough and [fold(p) for p in begun.phrases or []] == [fold(p) for p in wanted.phrases or []]
    return begun.task == wanted.task and _asked(begun) == _asked(wanted)


def _asked(task: Task) -> Any:
    return fold(task.question or ""), sorted(map(fold, task.labels or []))


def _as(task: Task, begun: Task, result: Result) -> Result:
    """The result in the words of the task that adopts it, without masks that it did not want."""
    update: dict[str, Any] = {"id": task.id, "task": task.task}
    if result.instances is not None and task.task in PHRASE_TASKS:
        words = dict(zip(map(plain, begun.phrases or []), map(plain, task.phrases or []), strict=True))
        mask = {} if task.task == "segment" else {"mask": None}
        update["instances"] = [i.model_copy(update={"phrase": words[i.phrase], **mask}) for i in result.instances]
    return result.model_copy(update=update)
