"""Which picture is meant."""

from __future__ import annotations

import pytest

from vlp_graph.dialogue.pictures import meant_picture, named_picture, with_pictures_named


@pytest.mark.parametrize(
    ("text", "count", "index"),
    [
        ("what is this?", 0, None),
        ("outline the star in the first picture", 0, None),
        ("what is this?", 1, 0),
        ("what is this?", 3, 2),
        ("outline the star in the first picture", 3, 0),
        ("And in the SECOND image?", 3, 1),
        ("the 3rd photo", 4, 2),
        ("and the last pic", 3, 2),
        ("in the previous picture", 3, 1),
        ("in the previous picture", 1, 0),
        ("in the fifth picture", 2, 1),
        ("is the second star red?", 3, 2),
        ("the second", 3, 2),
        ("in picture two", 3, 1),
        ("image #1", 3, 0),
        ("the picture i sent earlier", 3, 1),
        ("the original photo", 3, 0),
    ],
)
def test_meant_picture(text: str, count: int, index: int | None) -> None:
    assert meant_picture(text, count) == index


@pytest.mark.parametrize(
    ("text", "count", "focus", "meant"),
    [
        ("outline it", 3, 0, 0),
        ("outline it", 3, None, 2),
        ("outline it", 2, 7, 1),
        ("and in the second picture?", 3, 0, 1),
        ("is there one in the other picture?", 2, 1, 0),
        ("is there one in the other photo?", 2, 0, 1),
        ("the other picture", 1, 0, 0),
        ("the previous picture", 3, 1, 0),
        ("the previous picture", 3, 2, 1),
    ],
)
def test_the_picture_that_was_spoken_of_goes_on_to_be_meant(
    text: str, count: int, focus: int | None, meant: int
) -> None:
    assert meant_picture(text, count, focus) == meant


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("is there a star in the first one?", "is there a star in the first picture?"),
        ("is there a star in the other one?", "is there a star in the other picture?"),
        ("and in the one before?", "and in the previous picture?"),
        ("count them in this one", "count them in this picture"),
        ("which one has more stars?", "which picture has more stars?"),
        ("which of them has a heart?", "which picture has a heart?"),
        ("in the second?", "in the second picture?"),
        ("outline it for the previous one", "outline it for the previous picture"),
        ("in the earlier build, how many are there?", "in the earlier picture, how many are there?"),
        ("how many stars did the first card have?", "how many stars did the first picture have?"),
        ("draw a box on that one", "draw a box on that one"),
        ("second slide: describe it", "second picture: describe it"),
        ("in the first row", "in the first row"),
        ("the left one", "the left one"),
        ("which one is red?", "which one is red?"),
        ("the star in the first picture", "the star in the first picture"),
    ],
)
def test_a_one_that_is_a_picture(text: str, named: str) -> None:
    assert with_pictures_named(text, 2) == named
    assert with_pictures_named(text, 0) == text


def test_of_a_single_picture_only_this_one_is_a_picture() -> None:
    assert with_pictures_named("count them in this one", 1) == "count them in this picture"
    assert with_pictures_named("is it in the first one?", 1) == "is it in the first one?"


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("and in this build?", "and in this picture?"),
        ("and what about this one by another student?", "and what about this one?"),
        ("and for this card?", "and for this picture?"),
        ("what is in the top right hand corner of this?", "what is in the top right hand corner?"),
        ("and at the bottom of this one?", "and at the bottom?"),
    ],
)
def test_whatever_a_picture_is_called_that_came_with_the_turn(text: str, named: str) -> None:
    assert with_pictures_named(text, 2, shown=True) == named


@pytest.mark.parametrize("text", ["in the ", "in the first ", "which one ", "the one before ", "picture ", "this "])
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    assert with_pictures_named(text * 40_000, 2).startswith(text.split()[0])
    assert meant_picture(text * 40_000, 2) in (0, 1)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("on auntie's card, the first picture, how many hearts were there?", 0),
        ("first pic again: box the circles", 0),
        ("the last picture", 2),
        ("is the first picture like the second picture?", None),
        ("the previous picture", None),
        ("box the first circle", None),
    ],
)
def test_the_one_picture_that_a_text_names(text: str, index: int | None) -> None:
    assert named_picture(text, 3) == index


@pytest.mark.parametrize(
    ("text", "plainly"),
    [
        ("how many crosses are on it?", "how many crosses are?"),
        ("is there anything green on it?", "is there anything green?"),
        ("stick a box on it", "stick a box on it"),
    ],
)
def test_things_are_on_pictures_not_on_things(text: str, plainly: str) -> None:
    assert with_pictures_named(text, 1) == plainly
