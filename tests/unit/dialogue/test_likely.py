"""Plans from intent and names alone."""

from __future__ import annotations

from typing import Any

import pytest
from plain_models import Sorter

from vlp_graph.dialogue.likely import Likely, likely_plan
from vlp_graph.dialogue.prompt import intent_text

FOUND = "find the red stars -> I found 2 red stars."


async def likely(text: str, intent: str, *named: str, history: str | None = None, **more: Any) -> Likely | None:
    understanding = await Sorter(intent, 0.93, named).read(intent_text(text, history))
    return likely_plan(understanding, text, history, **more)


def task(likely: Likely | None) -> dict[str, Any]:
    assert likely is not None
    (only,) = likely.plan.tasks
    return only.model_dump(exclude_none=True, exclude={"id", "needs"})


@pytest.mark.parametrize(
    ("text", "intent", "named", "wanted"),
    [
        ("hello", "chat", [], {"task": "chat"}),
        ("what do you see?", "describe", [], {"task": "describe"}),
        ("where are the red stars?", "detect", ["red stars"], {"task": "detect", "phrases": ["red stars"]}),
        ("cut out the dog and the cat", "segment", ["dog", "cat"], {"task": "segment", "phrases": ["dog", "cat"]}),
        ("is it day or night?", "classify", ["day", "night"], {"task": "classify", "labels": ["day", "night"]}),
        ("is it big?", "answer", [], {"task": "answer", "question": "is it big?"}),
    ],
)
async def test_one_task(text: str, intent: str, named: list[str], wanted: dict[str, Any]) -> None:
    plan = await likely(text, intent, *named)
    assert task(plan) == wanted
    assert plan is not None
    assert plan.sure == 0.93


async def test_it_is_what_was_named_before() -> None:
    assert task(await likely("outline them", "segment", "red stars", history=FOUND))["phrases"] == ["red stars"]
    answered = await likely("which colour do they have?", "answer", "red stars", history=FOUND)
    assert task(answered)["question"] == "which colour do the red stars have?"


async def test_two_pieces_are_one_name() -> None:
    assert task(await likely("now the blue ones", "detect", "stars", "blue", history=FOUND))["phrases"] == [
        "blue stars"
    ]


async def test_a_question_that_leans_on_what_nobody_named_is_not_sure() -> None:
    plan = await likely("and the other one?", "answer", history=FOUND)
    assert plan is not None
    assert plan.sure == 0.0
    alone = await likely("is the dog asleep?", "answer", history=FOUND)
    assert alone is not None
    assert alone.sure == 0.93


async def test_nothing_named_is_no_plan() -> None:
    assert await likely("cut out whatever moves", "segment", history=FOUND, spoken_of=["star"]) is None
    assert await likely("find", "detect") is None
    assert await likely("is it a cat or what?", "classify", "cat") is None


async def test_what_memory_knows_goes_before_what_the_history_line_says() -> None:
    outlined = await likely("outline it", "segment", "red stars", history=FOUND, spoken_of=["heart"])
    assert task(outlined)["phrases"] == ["heart"]
    several = ["heart", "cross"]
    asked = await likely("what colour is it?", "answer", history=FOUND, spoken_of=several)
    assert task(asked)["question"] == "what colour is the cross?"
    asked = await likely("are they green?", "answer", history=FOUND, spoken_of=several)
    assert task(asked)["question"] == "are the heart and cross green?"
    alone = await likely("what colour is it?", "answer", spoken_of=several)
    assert task(alone)["question"] == "what colour is it?"


async def test_a_bare_colour_takes_the_place_of_the_one_before() -> None:
    blue = await likely("and the blue?", "detect", "blue", history=FOUND, spoken_of=["orange star"])
    assert task(blue)["phrases"] == ["blue star"]
    mixed = await likely("how many are blue?", "count", "blue", history=FOUND, spoken_of=["red star", "green heart"])
    assert task(mixed)["phrases"] == ["blue things"]
