"""Which of the found things a phrase means."""

from __future__ import annotations

import pytest
from plain_models import instance

from vlp_graph.dialogue.referring import LONGEST, Pick, Referring, choose, read

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
        ("the large things", Referring("things", Pick("large"))),
        ("small red shape", Referring("red shape", Pick("small"))),
        ("smaller of the two stars", Referring("stars", Pick("smallest"))),
        ("the heart in between", Referring("heart", Pick("middle"))),
        ("star nearer the bottom", Referring("star", Pick("below"))),
        ("the blue square left of the star", Referring("blue square", relation=("left", (Referring("star"),)))),
        ("star that is on the right of a heart", Referring("star", relation=("right", (Referring("heart"),)))),
        ("circle under the biggest star", Referring("circle", relation=("below", (read("biggest star"),)))),
        ("star to the left of the heart", Referring("star", relation=("left", (Referring("heart"),)))),
        (
            "star between the heart and the cross",
            Referring("star", relation=("between", (Referring("heart"), Referring("cross")))),
        ),
        ("stars on either side of the heart", Referring("stars", relation=("either", (Referring("heart"),)))),
        ("stars other than the left star", Referring("stars", relation=("other", (read("left star"),)))),
        ("hearts other than the green", Referring("hearts", relation=("other", (Referring("green heart"),)))),
        ("star that is not red", Referring("star", relation=("other", (Referring("red star"),)))),
        ("the first two stars", Referring("stars", Pick("left", count=2))),
        ("last two stars", Referring("stars", Pick("right", count=2))),
        ("the two stars on the left", Referring("stars", Pick("left", count=2))),
        ("the three biggest stars", Referring("stars", Pick("biggest", count=3))),
        ("the two leftmost stars", Referring("stars", Pick("left", count=2))),
        ("two of the stars", Referring("stars")),
        ("highest star", Referring("star", Pick("above"))),
        ("stars other than the red one", Referring("stars", relation=("other", (Referring("red star"),)))),
        ("star furthest to the left", Referring("star", Pick("left"))),
        ("cross next to the heart", Referring("cross", relation=("near", (Referring("heart"),)))),
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
        ("star right of the heart", [1]),
        ("star above the heart", [1]),
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


PLURALS = [s.model_copy(update={"phrase": "stars"}) for s in STARS]


@pytest.mark.parametrize(
    ("phrase", "chosen"),
    [
        ("stars right of the heart", [1, 2]),
        ("stars above the heart", [1, 0]),
        ("first two stars", [0, 1]),
        ("last two stars", [2, 1]),
        ("the two stars on the right", [2, 1]),
        ("the two biggest stars", [1, 2]),
        ("the three biggest stars", [1, 2, 0]),
        ("stars other than the left star", [1, 2]),
        ("stars other than the cross", [0, 1, 2]),
        ("stars on either side of the heart", [0, 1]),
        ("stars between the star at the top left and the heart", [1]),
        ("stars between the left star and the bottom right star", [1]),
        ("stars between the heart and the cross", []),
    ],
)
def test_boxes_decide_which_several(phrase: str, chosen: list[int]) -> None:
    assert choose(read(phrase), [*PLURALS, *STARS, HEART], SIZE) == [PLURALS[i] for i in chosen]


def test_between_two_things_lies_what_is_near_the_line_from_one_to_the_other() -> None:
    heart, cross = instance("heart", (0, 40, 10, 50)), instance("cross", (90, 40, 100, 50))
    inside, aside = instance("star", (40, 60, 50, 70)), instance("star", (40, 90, 50, 100))
    beyond = instance("star", (2, 0, 12, 10))
    assert choose(read("star between the heart and the cross"), [heart, cross, inside, aside, beyond], SIZE) == [inside]


def test_the_middle_of_things_one_above_the_other() -> None:
    column = [instance("star", (10, y, 20, y + 10)) for y in (60, 0, 30)]
    assert choose(read("the middle star"), column, SIZE) == [column[2]]


def test_a_phrase_that_is_too_long_names_no_place() -> None:
    phrase = "star left of " * 20 + "heart"
    assert read(phrase) == Referring(phrase)


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize("text", ["star left of ", "two of the ", "first ", "between and ", "not "])
def test_a_hostile_phrase_takes_no_longer_than_its_length(text: str) -> None:
    assert read(text * 40_000).names == [read(text * 40_000).name]
    assert read(text * (LONGEST // len(text))).name


def test_everything_that_has_to_be_found() -> None:
    assert read("star above the circle left of the heart").names == ["star", "circle", "heart"]
    assert read("star between the left heart and the cross").names == ["star", "heart", "cross"]


@pytest.mark.parametrize(
    ("sides", "large"),
    [
        ([10, 11, 30, 32], [30, 32]),
        ([30, 31], [30, 31]),  # all alike: large for this picture
        ([8, 9], []),
        ([], []),
    ],
)
def test_large_and_small_are_told_apart_by_the_widest_gap(sides: list[int], large: list[int]) -> None:
    things = [instance("things", (0, 0, side, side)) for side in sides]
    chosen = {phrase: choose(read(phrase), things, SIZE) for phrase in ("large things", "small things")}
    assert [i.box[2] for i in chosen["large things"]] == large
    assert [i.box[2] for i in chosen["small things"]] == [side for side in sides if side not in large]
