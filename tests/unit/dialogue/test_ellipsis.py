"""Fragments made whole by the request before them."""

from __future__ import annotations

import pytest

from vlp_graph.dialogue.ellipsis import LONGEST, complete


@pytest.mark.parametrize(
    ("fragment", "request_before", "named", "whole"),
    [
        ("and squares?", "how many circles are there?", "circles", "how many squares are there?"),
        ("and the hearts?", "how many stars are there?", "stars", "how many hearts are there?"),
        ("squares too, please", "count the circles", "circles", "count the squares"),
        ("what about the hearts", "outline the stars", "stars", "outline the hearts"),
        ("same for the heart", "outline the star", "star", "outline the heart"),
        ("and a heart?", "is there a star?", "star", "is there a heart?"),
        ("hearts?", "is there a star?", "star", "are there any hearts?"),
        ("blue?", "is there a red star?", "red star", "is there a blue star?"),
        ("and the heart?", "what colour is the star?", "star", "what colour is the heart?"),
        ("and is the heart?", "is the star red?", "star", "is the heart red?"),
        ("and the dog?", "is the cat asleep?", "cat", "is the dog asleep?"),
        ("the biggest circle", "outline the smallest circle", "smallest circle", "outline the biggest circle"),
        ("big red star", "outline the small blue heart", "small blue heart", "outline the big red star"),
        ("just the heart", "outline the red things", "red things", "outline the red heart"),
        ("at the bottom?", "outline the star at the top", "star at the top", "outline the star at the bottom"),
        ("and on the left?", "how many stars are on the right?", "stars", "how many stars are on the left?"),
        ("in the other picture", "outline the star", "star", "outline the star in the other picture"),
        (
            "and in the first picture?",
            "how many stars are there?",
            "stars",
            "how many stars are there in the first picture?",
        ),
        (
            "and triangles in the second picture?",
            "how many circles are there?",
            "circles",
            "how many triangles are there in the second picture?",
        ),
        ("and here?", "is there a star?", "star", "is there a star in this picture?"),
        ("again", "outline the star", "star", "outline the star"),
    ],
)
def test_a_fragment(fragment: str, request_before: str, named: str, whole: str) -> None:
    assert complete(fragment, request_before, [named]) == whole


def test_one_of_several_names_takes_the_place_of_them_all() -> None:
    assert complete("or the heart?", "is the star or the cross big?", ["star", "cross"]) == "is the heart big?"


def test_a_picture_that_came_with_the_fragment_is_meant() -> None:
    asked = ("and this one?", "how many stars are there?", ["stars"])
    assert complete(*asked, other_picture=True) == "how many stars are there in this picture?"
    assert complete("same again", "is there a star?", ["star"], other_picture=True) == (
        "is there a star in this picture?"
    )


@pytest.mark.parametrize(
    "text",
    [
        "how are you?",
        "is it red?",
        "is the dog hungry?",
        "and does the dog bark?",
        "nothing",
        "great",
        "thanks",
        "the dog?",
        "outline the heart",
        "what do you see?",
        f"and {'x' * LONGEST}",
        "",
    ],
)
def test_any_other_text_stays(text: str) -> None:
    assert complete(text, "is the cat asleep?", ["cat"]) == text


def test_after_nothing_there_is_nothing_to_complete() -> None:
    assert complete("and hearts?", "", []) == "and hearts?"
    assert complete("and hearts?", "tell me a joke", ["stars"]) == "and hearts?"


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize("text", ["and ", "the ", "in the picture ", "same again ", "of the stars ", ", "])
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    assert complete(text * 40_000, "outline the star", ["star"]) == text * 40_000
    assert isinstance(complete(text * (LONGEST // len(text)), "outline the star", ["star"]), str)
    assert complete("the heart", text * 10_000 + "star", ["star"]).endswith("heart")
