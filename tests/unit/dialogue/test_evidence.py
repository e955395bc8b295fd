"""What boxes say to the questions that they answer."""

from __future__ import annotations

import pytest
from plain_models import instance

from vlp_graph.dialogue.claims import (
    All,
    AnyOf,
    At,
    Beside,
    Choice,
    Claim,
    Colour,
    Counted,
    Differences,
    Exists,
    HowMany,
    Is,
    MoreOf,
    MorePictures,
    Place,
    Rank,
    Relation,
    Same,
    Shape,
    Side,
    Than,
    Traits,
    What,
    WhichHalf,
)
from vlp_graph.dialogue.evidence import beside, decide, doubt, odd_one_out, phrases_of, subjects
from vlp_graph.dialogue.turn import Instance
from vlp_graph.dialogue.wording import COLOURS, SHAPES


def test_a_shape_and_a_choice_are_the_reading_that_scores_best() -> None:
    shape = Shape("red object")
    assert phrases_of(shape) == ["red object", *(f"red {s}" for s in SHAPES)]
    found = [instance("red object"), instance("red circle", score=0.4), instance("red heart", score=0.7)]
    assert decide(shape, found) == "heart"
    assert decide(shape, found[:1]) is None
    assert decide(shape, []) == "I find no red object in this picture."
    found = [instance("star"), instance("large star", score=0.6), instance("small star", score=0.3)]
    assert decide(Choice("star", ("small", "large")), found) == "large"


def test_phrases_of() -> None:
    assert phrases_of(Exists("star")) == phrases_of(HowMany("star")) == phrases_of(Beside("left", "star")) == ["star"]
    assert phrases_of(Relation("star", "above", "heart")) == ["star", "heart"]
    asked = phrases_of(Colour("star"))
    assert asked[0] == "star"
    assert asked[1:] == [f"{colour} star" for colour in COLOURS]
    assert "small red star" in phrases_of(Colour("small star"))


STAR, HEART = instance("star", (0, 0, 10, 10)), instance("heart", (50, 5, 60, 15))


@pytest.mark.parametrize(
    ("claim", "answer"),
    [
        (Exists("star"), "Yes, there is 1 star."),
        (Exists("stars"), "No, there is no star in this picture."),
        (Exists("cross"), "No, there is no cross in this picture."),
        (HowMany("star"), "There is 1 star in this picture."),
        (HowMany("red crosses"), "There are no red crosses in this picture."),
        (Relation("star", "left", "heart"), "Yes."),
        (Relation("star", "right", "heart"), "No."),
        (Relation("star", "above", "heart"), "Yes."),
        (Relation("heart", "below", "star"), "Yes."),
        (Relation("cross", "left", "heart"), "No, there is no cross in this picture."),
        (Relation("cross", "left", "square"), "No, there is no cross and no square in this picture."),
        (Beside("left", "star"), None),
        (Beside("left", "cross"), "There is no cross in this picture."),
        (Colour("star"), None),
        (Colour("cross"), "I find no cross in this picture."),
    ],
)
def test_decide(claim: Claim, answer: str | None) -> None:
    assert decide(claim, [STAR, HEART]) == answer


def test_the_surest_colour_and_the_surest_instance_count() -> None:
    found = [STAR, instance("red star", score=0.6), instance("green star", score=0.8)]
    assert decide(Colour("star"), found) == "green"
    assert decide(Colour("small star"), [instance("small blue star")]) == "blue"
    far = instance("star", (80, 0, 90, 10), score=0.95)
    assert decide(Relation("star", "left", "heart"), [STAR, far, HEART]) == "No."


def test_three_are_counted() -> None:
    assert decide(HowMany("stars"), [instance("stars")] * 3) == "There are 3 stars in this picture."
    assert decide(Exists("stars"), [instance("stars")] * 3) == "Yes, there are 3 stars."


def test_beside() -> None:
    found = [STAR, HEART, instance("heart", (0, 50, 10, 60))]
    assert beside(Beside("right", "star"), ["heart"], found) == [HEART]
    assert beside(Beside("left", "star"), ["heart"], found) == []
    assert beside(Beside("left", "cross"), ["heart"], found) == []


def test_sides_and_sizes_of_two_things() -> None:
    star, heart = instance("star", (0, 0, 10, 10)), instance("heart", (50, 40, 90, 80))
    assert decide(Side("star", ("left", "right"), "heart"), [star, heart]) == "To the left of the heart."
    assert decide(Side("heart", ("above", "below"), "star"), [star, heart]) == "Below the star."
    assert decide(Side("star", ("left", "right"), "cross"), [star, heart]) == "There is no cross in this picture."
    assert decide(Rank("star", "heart", "biggest"), [star, heart]) == "The heart."
    assert decide(Rank("star", "heart", "smallest"), [star, heart]) == "The star."
    assert decide(Rank("cross", "heart", "biggest"), [star, heart]) == "There is no cross in this picture."


SIZE = (100, 100)
STARS = [instance("stars", (0, 0, 10, 10)), instance("stars", (50, 0, 60, 10))]
SMALL, LARGE = instance("star", (0, 0, 10, 10)), instance("heart", (60, 60, 90, 90))


@pytest.mark.parametrize(
    ("claim", "instances", "answer"),
    [
        (Same("stars", "colour"), [*STARS, instance("red stars", (0, 0, 10, 10))], None),
        (
            Same("stars", "colour"),
            [*STARS, instance("red stars", (0, 0, 10, 10)), instance("red stars", (50, 0, 60, 10))],
            "Yes, red.",
        ),
        (
            Same("stars", "colour"),
            [*STARS, instance("red stars", (0, 0, 10, 10)), instance("blue stars", (50, 0, 60, 10))],
            "No: red and blue.",
        ),
        (Same("stars", "colour"), STARS[:1], None),
        (Same("stars", "size"), STARS, "Yes."),
        (Same("star and the heart", "size"), [SMALL, LARGE], "No, some are larger."),
        (MoreOf("stars", "hearts"), [*STARS, instance("hearts")], "Stars: there are 2 stars and 1 heart."),
        (MoreOf("stars", "hearts", fewer=True), [*STARS, instance("hearts")], "Hearts: there are 2 stars and 1 heart."),
        (MoreOf("stars", "hearts"), [*STARS, *[instance("hearts")] * 2], "As many: there are 2 stars and 2 hearts."),
        (MoreOf("stars", "hearts", than=True), STARS, "Yes, there are 2 stars and 0 hearts."),
        (MoreOf("stars", "hearts", fewer=True, than=True), STARS, "No, there are 2 stars and 0 hearts."),
        (WhichHalf("star", ("left", "right")), [SMALL], "On the left."),
        (WhichHalf("heart", ("above", "below")), [LARGE], "At the bottom."),
        (WhichHalf("heart", ("left", "right")), [SMALL], "There is no heart in this picture."),
        (At("star", ("left",)), [SMALL], "Yes."),
        (At("star", ("below",)), [SMALL], "No, it is at the top left."),
        (At("heart", ("left",)), [SMALL], "No, there is no heart in this picture."),
        (Is("star", "red"), [SMALL, instance("red star")], "Yes."),
        (Is("star", "blue"), [SMALL, instance("red star")], "No, it is red."),
        (Is("thing", "heart"), [instance("thing"), instance("star")], "No, it is a star."),
        (Is("star", "big"), [SMALL, instance("large star")], "Yes."),
        (Is("star", "tiny"), [SMALL, instance("large star")], "No, it is large."),
        (Is("star", "red"), [], "No, there is no star in this picture."),
        (Is("star", "red"), [SMALL], None),
        (All("stars", "red"), [*STARS, *[instance("red stars")] * 2], "Yes."),
        (All("stars", "red"), [*STARS, instance("red stars")], "No, 1 of the 2 is."),
        (All("stars", "red"), STARS, "No, none of the 2 are."),
        (All("stars", "red"), [], "There are no stars in this picture."),
        (All("things", "star"), [instance("things"), instance("stars")], "Yes."),
        (Than("heart", "star"), [SMALL, LARGE], "Yes."),
        (Than("heart", "star", smaller=True), [SMALL, LARGE], "No."),
        (Than("star", "cross"), [SMALL], "No, there is no cross in this picture."),
        (Rank("star", "heart", "left"), [SMALL, LARGE], "The star."),
        (Rank("star", "heart", "right"), [SMALL, LARGE], "The heart."),
        (Rank("star", "heart", "above"), [SMALL, LARGE], "The star."),
        (Rank("star", "heart", "below"), [SMALL, LARGE], "The heart."),
        (Rank("star", "cross", "left"), [SMALL], "There is no cross in this picture."),
        (What("biggest thing"), [SMALL, LARGE], None),
        (MorePictures("stars"), STARS, None),
        (Differences(), STARS, None),
    ],
)
def test_decide_in_a_picture(claim: Claim, instances: list[Instance], answer: str | None) -> None:
    assert decide(claim, instances, SIZE) == answer


@pytest.mark.parametrize(
    ("claim", "phrases"),
    [
        (At("star", ("left",)), ["star"]),
        (WhichHalf("star", ("left", "right")), ["star"]),
        (MoreOf("stars", "hearts"), ["stars", "hearts"]),
        (Same("star and the heart", "size"), ["star", "heart"]),
        (Same("star", "colour"), ["star", *(f"{colour} star" for colour in COLOURS)]),
        (Is("star", "red"), ["star", *(f"{colour} star" for colour in COLOURS)]),
        (Is("star", "big"), ["star", "small star", "large star"]),
        (All("stars", "red"), ["stars", "red stars"]),
        (All("things", "star"), ["things", "stars"]),
        (Colour("red star"), ["red star", "red star"]),
        (What("biggest thing"), []),
        (MorePictures("stars"), []),
        (Differences(), []),
    ],
)
def test_what_has_to_be_looked_for(claim: Claim, phrases: list[str]) -> None:
    assert phrases_of(claim) == phrases


@pytest.mark.parametrize(
    ("claim", "verdict", "about"),
    [
        (Rank("star", "heart", "left"), "The star.", ["heart", "star"]),
        (Rank("star", "heart", "left"), "The heart.", ["star", "heart"]),
        (Relation("star", "left", "heart"), "Yes.", ["heart", "star"]),
        (Than("star", "heart"), "No.", ["heart", "star"]),
        (Beside("left", "star"), "", ["star"]),
        (MoreOf("stars", "hearts"), "", ["stars", "hearts"]),
        (What("biggest thing"), "", ["biggest thing"]),
        (MorePictures("stars"), "", ["stars"]),
        (Differences(), "", []),
        (Colour("star"), "red", ["star"]),
    ],
)
def test_what_a_question_was_about(claim: Claim, verdict: str, about: list[str]) -> None:
    assert subjects(claim, verdict) == about


@pytest.mark.parametrize(
    ("claim", "verdict", "words", "other"),
    [
        (Is("star", "red"), "No, it is blue.", "yes", "yes"),
        (Is("star", "red"), "Yes.", "yes", None),
        (At("star", ("left",)), "Yes.", "No.", "no"),
        (All("stars", "red"), "No, 1 of the 2 is.", "no", None),
        (Same("stars", "colour"), "No: red and blue.", "Yes.", "yes"),
        (Than("star", "heart"), "Yes.", "the star", None),
        (WhichHalf("star", ("left", "right")), "On the left.", "right", None),
    ],
)
def test_doubt(claim: Claim, verdict: str, words: str, other: str | None) -> None:
    assert doubt(claim, verdict, words) == other


STARS = [instance("stars", (x, 0, x + 10, 10)) for x in (0, 20, 40)]
RED_AND_BLUE = [instance("red stars", STARS[0].box), *(instance("blue stars", star.box) for star in STARS[1:])]


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (AnyOf(("stars", "hearts")), "Yes, there are 3 stars."),
        (AnyOf(("stars", "hearts"), every=True), "No, there is no heart in this picture."),
        (AnyOf(("crosses", "hearts")), "No, there is no cross or heart in this picture."),
        (Counted("stars", 3), "Yes, there are 3 stars."),
        (Counted("stars", 1, "more"), "Yes, there are 3 stars."),
        (Counted("stars", 3, "fewer"), "No, there are 3 stars."),
        (Counted("stars", 4, "least"), "No, there are 3 stars."),
        (Counted("stars", 2, "most"), "No, there are 3 stars."),
        (Traits("stars", "colour"), "Red and blue."),
        (Traits("stars", "colour", counted=True), "2 colours: red and blue."),
        (Traits("hearts", "colour"), "There are no hearts in this picture."),
        (Same("stars", "colour", differ=True), "Yes: red and blue."),
        (Same("stars", "size", differ=True), "No."),
        (Choice("stars", ("red", "blue")), "1 red and 2 blue."),
        (Than("stars", "red stars", None), "About the same size."),
        (Place("stars"), "At the top left."),
        (At("stars", ("above", "left")), "Yes."),
        (At("stars", ("below", "left")), "No, it is at the top left."),
        (MoreOf("stars", "red stars", by=True), "2 more: there are 3 stars and 1 red star."),
    ],
)
def test_what_boxes_say_to_more_claims(claim: Claim, verdict: str) -> None:
    assert decide(claim, [*STARS, *RED_AND_BLUE], (100, 100)) == verdict


@pytest.mark.parametrize(
    ("things", "odd"),
    [
        (["red star", "red star", "red heart"], ["red heart"]),
        (["red star", "red star", "blue star"], ["blue star"]),
        (["red star", "blue heart", "green cross"], []),
        (["red star", "red heart"], []),
    ],
)
def test_odd_one_out(things: list[str], odd: list[str]) -> None:
    found = [instance(name, (20 * n, 0, 20 * n + 10, 10)) for n, name in enumerate(things)]
    assert [i.phrase for i in odd_one_out(found)] == odd


def test_the_odd_one_may_be_the_large_one() -> None:
    small = [instance("red star", (20 * n, 0, 20 * n + 10, 10)) for n in range(3)]
    large = instance("red star", (0, 40, 40, 80))
    assert odd_one_out([*small, large]) == [large]
    assert odd_one_out([small[0], large, large.model_copy(update={"box": (50, 40, 90, 80)})]) == [small[0]]
