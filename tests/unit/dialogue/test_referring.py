"""Which of the found things a phrase means."""

from __future__ import annotations

import pytest
from plain_models import instance

from vlp_graph.dialogue.referring import Pick, Referring, choose, read

SIZE = (100, 100)
STARS = [
    instance("star", (10, 10, 20, 20)),
    instance("star", (40, 40, 70, 70)),
    instance("star", (80, 70, 95, 85)),
]
HEART = instance("heart", (30, 70, 40, 80))


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("the red circle", Referring("red circle")),
        ("a large star", Referring("large star")),
        ("the left star", Referring("star", Pick("left"))),
        ("leftmost star", Referring("star", Pick("left"))),
        ("the star on the right-hand side", Referring("star", Pick("right"))),
        ("second star", Referring("star", Pick("left", 1))),
        ("the third red star from the right", Referring("red star", Pick("right", 2))),
        ("first of the stars", Referring("star", Pick("left"))),
        ("top left star", Referring("star", Pick("above left"))),
        ("the biggest star", Referring("star", Pick("biggest"))),
        ("the blue square left of the star", Referring("blue square", relation=("left", Referring("star")))),
        ("star that is on the right of a heart", Referring("star", relation=("right", Referring("heart")))),
        ("circle under the biggest star", Referring("circle", relation=("below", read("biggest star")))),
        ("cross next to the heart", Referring("cross", relation=("near", Referring("heart")))),
    ],
)
def test_what_a_phrase_means(phrase: str, meant: Referring) -> None:
    assert read(phrase) == meant


@pytest.mark.parametrize(
    ("phrase", "chosen"),
    [
        ("star", [0, 1, 2]),
        ("left star", [0]),
        ("rightmost star", [2]),
        ("top star", [0]),
        ("bottom star", [2]),
        ("bottom right star", [2]),
        ("biggest star", [1]),
        ("smallest star", [0]),
        ("second star", [1]),
        ("second star from the right", [1]),
        ("fourth star", []),
        ("last star", [2]),
        ("middle star", [1]),
        ("star left of the heart", [0]),
        ("star right of the heart", [1, 2]),
        ("star above the heart", [0, 1]),
        ("star nearest to the heart", [1]),
        ("star below the cross", []),
    ],
)
def test_boxes_decide_which(phrase: str, chosen: list[int]) -> None:
    assert choose(read(phrase), [*STARS, HEART], SIZE) == [STARS[i] for i in chosen]


def test_several_on_one_side_are_those_in_that_half() -> None:
    named = [s.model_copy(update={"phrase": "stars"}) for s in STARS]
    assert choose(read("the stars on the right"), named, SIZE) == named[1:]
    assert choose(read("stars at the top"), named, SIZE) == named[:1]


def test_everything_that_has_to_be_found() -> None:
    assert read("star above the circle left of the heart").names == ["star", "circle", "heart"]
