"""Work ahead of the plan: adopted, cancelled or wasted, and what the routes of a turn make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from plain_models import FOREVER, Finder, Looker, Sorter, Writer, instance, models, picture

from vlp_graph.config import Dialogue as Config
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.plan import Plan, Task, wire_text
from vlp_graph.dialogue.speculation import Speculation
from vlp_graph.dialogue.turn import Answered, Instance, Result, Rle, Turn
from vlp_graph.dialogue.wording import plain
from vlp_graph.errors import ModelUnavailable

STAR = instance("star", (0, 0, 10, 10)).model_copy(update={"mask": Rle(size=(1, 1), counts="0")})


def plan(**task: Any) -> Plan:
    return Plan(thought="", tasks=[Task(id="t1", image=0, **task)])


class Work:
    """Finds a star for each task; counts how often it was begun and stopped."""

    def __init__(self, wait: float = 0.0) -> None:
        self.wait, self.begun, self.stopped = wait, 0, 0

    async def __call__(self, task: Task, needed: Sequence[Result]) -> dict[str, Any]:
        self.begun += 1
        try:
            await asyncio.sleep(self.wait)
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        named: list[Instance] = [STAR.model_copy(update={"phrase": plain(p)}) for p in task.phrases or []]
        return {"instances": named, "count": len(named)}


def ahead(work: Work) -> Speculation:
    return Speculation(work, task_s=5, deadline=asyncio.get_running_loop().time() + 5)


@pytest.mark.parametrize(
    ("begun", "wanted", "adopted"),
    [
        ("segment", "segment", True),
        ("segment", "count", True),
        ("count", "detect", True),
        ("detect", "segment", False),
    ],
)
async def test_work_that_gives_enough_is_adopted(begun: str, wanted: str, adopted: bool) -> None:
    work = Work()
    speculation = ahead(work)
    speculation.start(plan(task=begun, phrases=["Stars"]))
    await asyncio.sleep(0.01)
    chosen = plan(task=wanted, phrases=["the star"])
    speculation.settle(chosen)
    result = await speculation.result(chosen.tasks[0])
    assert (result.id, result.task, result.count) == ("t1", wanted, 1)
    assert [(i.phrase, i.mask is not None) for i in result.instances or []] == [("star", wanted == "segment")]
    assert work.begun == (1 if adopted else 2)
    assert speculation.counts == {"adopted": int(adopted), "cancelled": 0, "wasted": int(not adopted)}


async def test_work_that_no_plan_wants_is_stopped() -> None:
    work = Work(FOREVER)
    speculation = ahead(work)
    speculation.start(plan(task="count", phrases=["stars"]))
    await asyncio.sleep(0.01)
    speculation.settle(plan(task="count", phrases=["hearts"]))
    await asyncio.sleep(0.01)
    assert (work.begun, work.stopped) == (1, 1)
    assert speculation.counts["cancelled"] == 1


async def test_another_picture_is_another_task() -> None:
    work = Work()
    speculation = ahead(work)
    speculation.start(plan(task="describe"))
    await speculation.result(Task(id="t1", task="describe", image=1))
    assert work.begun == 2


def graph(planner: Writer, sorter: Sorter, finder: Finder) -> Any:
    return models(planner=planner, sorter=sorter, finder=finder, looker=Looker())


async def answered(graph: Any, router: str, text: str = "tally the stars") -> Answered:
    turn = Turn(text=text, pictures=(picture(),))
    config = Config(router=router, sure=0.9)  # type: ignore[arg-type]
    *_, last = [event async for event in Dialogue(graph, config).run(turn)]
    assert isinstance(last, Answered)
    return last


def counts(**options: Any) -> Writer:
    return Writer(text=wire_text("because", [{"task": "count", "phrases": ["stars"]}]), **options)


@pytest.mark.parametrize(("router", "asked"), [("cot", 1), ("fast", 0), ("speculative", 0)])
async def test_who_is_sure_asks_no_planner(router: str, asked: int) -> None:
    planner = counts()
    last = await answered(graph(planner, Sorter("count", 0.95, ["stars"]), Finder([STAR])), router)
    assert last.text == "There is 1 star in this picture."
    assert len(planner.asked) == asked


async def test_a_question_that_boxes_answer_is_sure_whatever_it_sounds_like() -> None:
    planner = counts()
    last = await answered(graph(planner, Sorter("chat", 0.4), Finder([STAR])), "fast", "how many stars are there?")
    assert last.text == "There is 1 star in this picture."
    assert (last.planned, planner.asked) == ("reader", [])


@pytest.mark.parametrize(("router", "looked"), [("fast", 1), ("speculative", 1), ("cot", 1)])
async def test_who_is_not_sure_waits_for_the_plan_and_looks_once(router: str, looked: int) -> None:
    planner, finder = counts(wait=0.05), Finder([STAR])
    last = await answered(graph(planner, Sorter("count", 0.7, ["stars"]), finder), router)
    assert last.vlp.plan is not None
    assert last.vlp.plan.thought == "because"
    assert (len(planner.asked), len(finder.asked)) == (1, looked)
    assert last.vlp.timings.get("adopted") == (1.0 if router == "speculative" else None)


async def test_the_plan_may_decide_otherwise() -> None:
    planner, finder = counts(wait=0.05), Finder([STAR])
    last = await answered(graph(planner, Sorter("segment", 0.6, ["stars"]), finder), "speculative")
    assert [r.task for r in last.vlp.results] == ["count"]
    assert [r.instances[0].mask for r in last.vlp.results if r.instances] == [None]
    assert last.vlp.timings["adopted"] == 1.0
    other = await answered(
        graph(counts(wait=0.05), Sorter("detect", 0.6, ["hearts"]), Finder()), "speculative", "hearts, stars"
    )
    assert other.vlp.timings["wasted"] == 1.0
    assert "adopted" not in other.vlp.timings


async def test_the_likely_plan_stands_in_for_a_planner_that_is_down() -> None:
    planner, finder = Writer(error=ModelUnavailable("down")), Finder([STAR])
    last = await answered(graph(planner, Sorter("count", 0.5, ["stars"]), finder), "speculative")
    assert last.text == "There is 1 star in this picture."
    assert last.vlp.timings["adopted"] == 1.0


async def test_work_that_only_helps_ends_with_the_turn_and_fails_for_nobody() -> None:
    stopped = []

    async def endless() -> None:
        try:
            await asyncio.sleep(FOREVER)
        except asyncio.CancelledError:
            stopped.append("warm")
            raise

    async def broken() -> None:
        raise ModelUnavailable("down")

    speculation = ahead(Work())
    speculation.warm(endless())
    speculation.warm(broken())
    await asyncio.sleep(0.01)
    speculation.settle(plan(task="describe"))
    await asyncio.sleep(0.01)
    assert stopped == []
    speculation.settle(None)
    await asyncio.sleep(0.01)
    assert stopped == ["warm"]


@pytest.mark.parametrize(("router", "prepared"), [("speculative", ["p"]), ("cot", []), ("fast", [])])
async def test_a_picture_is_prepared_while_a_plan_that_may_want_masks_is_written(
    router: str, prepared: list[str]
) -> None:
    finder = Finder([STAR])
    await answered(graph(counts(wait=0.05), Sorter("segment", 0.5, ["stars"]), finder), router)
    assert finder.prepared == prepared
    other = Finder([STAR])
    await answered(graph(counts(wait=0.05), Sorter("count", 0.7, ["stars"]), other), router)
    assert other.prepared == []
