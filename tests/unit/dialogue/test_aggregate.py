"""The words agree with the results."""

from __future__ import annotations

from typing import Any

import pytest
from plain_models import instance, picture

from vlp_graph.dialogue.aggregate import NOTHING_KNOWN, compose
from vlp_graph.dialogue.plan import Plan, Task
from vlp_graph.dialogue.turn import Instance, Result

PICTURE = picture(90, 90)
TOP_LEFT, BOTTOM, RIGHT = (0, 0, 10, 10), (40, 80, 50, 90), (80, 40, 90, 50)


def said(*parts: tuple[dict[str, Any], dict[str, Any]]) -> str:
    tasks = [Task(id=f"t{n}", image=None if t["task"] == "chat" else 0, **t) for n, (t, _) in enumerate(parts)]
    results = [
        Result(**{"id": t.id, "task": t.task, "image": t.image, "status": "ok", "seconds": 0.1, **fields})
        for t, (_, fields) in zip(tasks, parts, strict=True)
    ]
    return compose(Plan(thought="", tasks=tasks), results[::-1], [PICTURE])


def found(*instances: Instance) -> dict[str, Any]:
    return {"instances": list(instances), "count": len(instances)}


STAR = instance("star", TOP_LEFT)


@pytest.mark.parametrize(
    ("task", "fields", "text"),
    [
        ({"task": "count", "phrases": ["stars"]}, found(), "There are no stars in this picture."),
        ({"task": "count", "phrases": ["the star"]}, found(STAR), "There is 1 star in this picture."),
        ({"task": "count", "phrases": ["star"]}, found(STAR, STAR), "There are 2 stars in this picture."),
        (
            {"task": "count", "phrases": ["star", "crosses"]},
            found(STAR, STAR),
            "There are 2 stars in this picture. There are no crosses in this picture.",
        ),
        ({"task": "detect", "phrases": ["the football"]}, found(), "There is no football in this picture."),
        ({"task": "segment", "phrases": ["red stars"]}, found(), "There is no red star in this picture."),
        ({"task": "detect", "phrases": ["star"]}, found(STAR), "I found the star at the top left."),
        ({"task": "segment", "phrases": ["a star"]}, found(STAR), "I outlined the star at the top left."),
        (
            {"task": "segment", "phrases": ["star"]},
            found(STAR, instance("star", BOTTOM), instance("star", RIGHT)),
            "I outlined 3 stars: at the top left, at the bottom and on the right.",
        ),
        (
            {"task": "detect", "phrases": ["star", "heart", "cross"]},
            found(STAR, instance("cross", RIGHT)),
            "I found the star at the top left. There is no heart in this picture. I found the cross on the right.",
        ),
        ({"task": "classify", "labels": ["a", "b"]}, {"label": "a"}, "It looks like a."),
        ({"task": "answer", "question": "?"}, {"text": "a dog"}, "A dog."),
        ({"task": "describe"}, {"text": "A dog."}, "A dog."),
        ({"task": "describe"}, {"instances": []}, NOTHING_KNOWN),
        (
            {"task": "describe"},
            found(instance("red star"), instance("red star"), instance("blue cross")),
            "I can make out 2 red stars and 1 blue cross.",
        ),
        ({"task": "chat"}, {"text": "hello"}, "Hello."),
    ],
)
def test_one_task(task: dict[str, Any], fields: dict[str, Any], text: str) -> None:
    assert said((task, fields)) == text


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ({"task": "segment", "phrases": ["star", "heart"]}, "I could not outline star and heart: too late."),
        ({"task": "detect", "phrases": ["star"]}, "I could not locate star: too late."),
        ({"task": "count", "phrases": ["stars"]}, "I could not count stars: too late."),
        ({"task": "classify", "labels": ["a", "b"]}, "I could not choose between a and b: too late."),
        ({"task": "answer", "question": "?"}, "I could not look for an answer in the picture: too late."),
        ({"task": "describe"}, "I could not describe the picture: too late."),
        ({"task": "chat"}, "I could not answer in words: too late."),
    ],
)
def test_a_failed_branch_is_named_beside_the_good_ones(task: dict[str, Any], text: str) -> None:
    good = ({"task": "count", "phrases": ["crosses"]}, found())
    late = (task, {"status": "failed", "error": "too late"})
    assert said(late, good) == f"{text} There are no crosses in this picture."


def test_the_order_is_the_plan_s_and_nothing_is_said_twice() -> None:
    count = ({"task": "count", "phrases": ["stars"]}, found())
    answer = ({"task": "answer", "question": "?"}, {"text": "red"})
    assert said(answer, count, answer) == "Red. There are no stars in this picture."


def test_doubt_stands_in_brackets_behind_what_boxes_decided() -> None:
    text = said(({"task": "answer", "question": "how many?"}, {"text": "There are 2 stars.", "doubt": "three"}))
    assert text == 'There are 2 stars. (A look at the picture as a whole says "three".)'
