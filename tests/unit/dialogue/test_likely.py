"""Plans from intent and names alone."""

from __future__ import annotations

from typing import Any

import pytest
from plain_models import Sorter

from vlp_graph.dialogue.likely import Likely, likely_plan
from vlp_graph.dialogue.pictures import meant_picture
from vlp_graph.dialogue.plan import MAX_TASKS
from vlp_graph.dialogue.reading import Reader
from vlp_graph.dialogue.turn import Context

FOUND = "find the red stars -> I found 2 red stars."
RED_STARS = Context("find the red stars", ("red stars",))


async def likely(
    text: str,
    intent: str,
    *named: str,
    context: Context | None = None,
    history: str | None = None,
    pictures: int = 1,
) -> Likely | None:
    reader = Reader(Sorter(intent, 0.93, named))
    said = await reader.read(text, context or Context(), history, pictures=pictures)
    return likely_plan(said, lambda words: meant_picture(words, pictures), pictures)


def tasks(likely: Likely | None) -> list[dict[str, Any]]:
    assert likely is not None
    return [task.model_dump(exclude_none=True, exclude_defaults=True) for task in likely.plan.tasks]


def task(likely: Likely | None) -> dict[str, Any]:
    (only,) = tasks(likely)
    return {name: value for name, value in only.items() if name not in ("id", "image")}


@pytest.mark.parametrize(
    ("text", "intent", "named", "wanted"),
    [
        ("hello", "chat", [], {"task": "chat"}),
        ("what do you see?", "describe", [], {"task": "describe"}),
        ("where are the red stars?", "detect", ["red stars"], {"task": "detect", "phrases": ["red stars"]}),
        ("cut out the dog and the cat", "segment", ["dog", "cat"], {"task": "segment", "phrases": ["dog", "cat"]}),
        (
            "is it day or night?",
            "classify",
            ["day", "night"],
            {"task": "classify", "labels": ["day", "night"], "question": "is it day or night?"},
        ),
        ("is the dog asleep?", "answer", [], {"task": "answer", "question": "is the dog asleep?"}),
    ],
)
async def test_one_task(text: str, intent: str, named: list[str], wanted: dict[str, Any]) -> None:
    plan = await likely(text, intent, *named)
    assert task(plan) == wanted
    assert plan is not None
    assert plan.sure == (1.0 if intent == "chat" else 0.93)


@pytest.mark.parametrize(
    ("text", "intent", "wanted"),
    [
        ("how many stars are there?", "chat", {"task": "count", "phrases": ["stars"]}),
        ("is there a star?", "chat", {"task": "answer", "question": "is there a star?"}),
        (
            "is the star small or large?",
            "classify",
            {"task": "classify", "labels": ["small", "large"], "question": "is the star small or large?"},
        ),
        ("is it big?", "answer", {"task": "answer", "question": "is the thing big?"}),
    ],
)
async def test_what_boxes_can_answer_is_sure(text: str, intent: str, wanted: dict[str, Any]) -> None:
    plan = await likely(text, intent)
    assert task(plan) == wanted
    assert plan is not None
    assert plan.sure == 1.0


async def test_it_is_what_was_named_before() -> None:
    them = await likely("outline them", "segment", "red stars", context=RED_STARS, history=FOUND)
    assert task(them)["phrases"] == ["red stars"]
    asked = await likely("which colour do they have?", "answer", context=RED_STARS, history=FOUND)
    assert task(asked)["question"] == "which colour do the red stars have?"
    several = Context("find them", ("heart", "cross"))
    asked = await likely("what colour is it?", "answer", context=several, history=FOUND)
    assert task(asked)["question"] == "what colour is the cross?"
    asked = await likely("are they green?", "answer", context=several, history=FOUND)
    assert task(asked)["question"] == "are the heart and the cross green?"


async def test_two_pieces_are_one_name() -> None:
    blue = await likely("now the blue ones", "detect", "blue stars", context=RED_STARS, history=FOUND)
    assert task(blue)["phrases"] == ["blue stars"]


async def test_a_bare_colour_takes_the_place_of_the_one_before() -> None:
    orange = Context("find the orange star", ("orange star",))
    blue = await likely("and the blue?", "detect", "blue star", context=orange, history=FOUND)
    assert task(blue)["phrases"] == ["blue star"]
    mixed = Context("find the red star and the green heart", ("red star", "green heart"))
    counted = await likely("how many are blue?", "count", context=mixed, history=FOUND)
    assert task(counted)["phrases"] == ["blue things"]


async def test_what_leans_on_something_that_nobody_named_is_not_sure() -> None:
    plan = await likely("and the other one?", "answer", history=FOUND)
    assert plan is not None
    assert plan.sure == 0.0
    alone = await likely("is the dog over by the fence asleep?", "answer", history=FOUND)
    assert alone is not None
    assert alone.sure == 0.93
    moving = await likely("cut out whatever moves", "segment", context=RED_STARS, history=FOUND)
    assert moving is not None
    assert moving.sure == 0.0
    again = await likely("just outline now", "segment", context=RED_STARS, history=FOUND)
    assert task(again)["phrases"] == ["red stars"]
    assert again is not None
    assert again.sure == 0.93


async def test_nothing_named_is_no_plan() -> None:
    assert await likely("cut out whatever moves", "segment", history=FOUND) is None
    assert await likely("outline it", "segment", history=FOUND) is None
    assert await likely("find", "detect") is None
    assert await likely("is it a cat or what?", "classify", "cat") is None


async def test_every_wish_is_a_task_and_the_same_wish_is_one() -> None:
    text = "how many circles are there, and outline the yellow one"
    both = await likely(text, "segment", "yellow circle")
    assert tasks(both) == [
        {"id": "t1", "task": "count", "image": 0, "phrases": ["circles"]},
        {"id": "t2", "task": "segment", "image": 0, "phrases": ["yellow circle"]},
    ]
    assert both is not None
    assert both.plan.thought == "user wants me to count circles, then to outline yellow circle"
    assert both.sure == 0.93
    twice = await likely("how many circles are there? how many circles are there?", "count")
    assert len(tasks(twice)) == 1


async def test_more_wishes_than_a_plan_holds_are_the_planner_s() -> None:
    text = " ".join(f"is there a {thing}?" for thing in ("dog", "cat", "star", "heart", "cross"))
    assert await likely(text, "answer") is None
    assert len(tasks(await likely(text.rsplit(" is", 1)[0], "answer"))) == MAX_TASKS


async def test_counts_in_one_picture_are_one_task() -> None:
    both = await likely("how many knives are there and how many forks are there?", "count")
    assert [(t["task"], t["phrases"]) for t in tasks(both)] == [("count", ["knives", "forks"])]


async def test_which_of_two_pictures_has_more() -> None:
    question = "which picture has more stars?"
    assert tasks(await likely(question, "chat", pictures=2)) == [
        {"id": "t1", "task": "count", "image": 0, "phrases": ["stars"]},
        {"id": "t2", "task": "count", "image": 1, "phrases": ["stars"]},
        {"id": "t3", "task": "answer", "image": 1, "question": question, "needs": ["t1", "t2"]},
    ]
    assert task(await likely(question, "answer", pictures=1)) == {"task": "answer", "question": question}


async def test_what_one_picture_has_and_another_has_not() -> None:
    question = "what is in the second picture but not in the first picture?"
    assert tasks(await likely(question, "describe", pictures=3)) == [
        {"id": "t1", "task": "describe", "image": 1},
        {"id": "t2", "task": "describe", "image": 0},
        {"id": "t3", "task": "answer", "image": 1, "question": question, "needs": ["t1", "t2"]},
    ]


async def test_of_many_pictures_the_newest_are_compared() -> None:
    compared = tasks(await likely("compare the pictures", "describe", pictures=6))
    assert [(t["task"], t["image"]) for t in compared] == [
        ("describe", 3),
        ("describe", 4),
        ("describe", 5),
        ("answer", 5),
    ]
    assert compared[-1]["needs"] == ["t1", "t2", "t3"]


async def test_a_wish_before_a_comparison_keeps_its_own_number() -> None:
    plan = await likely("outline the dog. which picture has more stars?", "segment", "dog", pictures=2)
    assert [(t["id"], t["task"], t.get("needs", [])) for t in tasks(plan)] == [
        ("t1", "segment", []),
        ("t2", "count", []),
        ("t3", "count", []),
        ("t4", "answer", ["t2", "t3"]),
    ]
