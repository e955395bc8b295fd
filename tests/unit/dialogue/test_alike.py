"""Questions after something of the same colour."""

from __future__ import annotations

import pytest
from plain_models import Finder, Looker, instance, models, picture

from vlp_graph.dialogue.alike import Alike, alike_of, made_whole
from vlp_graph.dialogue.plan import Task
from vlp_graph.dialogue.tasks import Tasks
from vlp_graph.dialogue.turn import Turn
from vlp_graph.dialogue.wording import plural


@pytest.mark.parametrize(
    ("question", "alike"),
    [
        ("is there a cross the same colour as the circle?", Alike("crosses", "circle")),
        ("Is there another object with the same color as the red triangle?", Alike("things", "red triangle")),
        ("are there any stars of the same colour as the circle?", Alike("stars", "circle")),
        ("is the cross the same colour as the circle?", None),
        ("is there a cross?", None),
        ("", None),
    ],
)
def test_alike_of(question: str, alike: Alike | None) -> None:
    assert alike_of(question) == alike


@pytest.mark.parametrize(
    ("clause", "whole"),
    [
        ("Is there a star in that colour as well?", "is there another star the same colour as the red heart?"),
        ("anything else that color?", "is there another thing the same colour as the red heart?"),
        ("does anything else have the same colour?", "is there another thing the same colour as the red heart?"),
        ("are they the same colour?", "are they the same colour?"),
        ("what is that colour?", "what is that colour?"),
    ],
)
def test_that_colour_is_that_of_what_was_named_last(clause: str, whole: str) -> None:
    assert made_whole(clause, ["star", "red heart"]) == whole
    assert made_whole(clause, []) == clause


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("square", "Yes, there is 1 red square."),
        ("heart", "No, there is no red heart in this picture."),
    ],
)
async def test_the_colour_is_looked_up_in_the_picture(kind: str, text: str) -> None:
    things = [
        instance(name, box)
        for name, box in (
            ("star", (10, 10, 20, 20)),
            ("red star", (10, 10, 20, 20)),
            ("red square", (40, 40, 50, 50)),
            ("blue heart", (70, 70, 80, 80)),
        )
    ]
    question = f"is there a {kind} the same colour as the star?"
    shown = picture()
    looker = Looker({f"are there any red {plural(kind)} other than the star?": "no"})
    tasks = Tasks(models(finder=Finder(things), looker=looker), Turn(text=question, pictures=(shown,)), question, 50)
    fields = await tasks.run(Task(id="t1", task="answer", image=0, question=question), shown)
    assert fields["text"].replace(" other than the star", "") == text
