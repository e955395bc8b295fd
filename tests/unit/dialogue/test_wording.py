"""Small English."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vlp_graph.dialogue.wording import (
    IRREGULAR,
    LONGEST,
    are,
    listed,
    mended,
    place,
    plain,
    plural,
    sentence,
    singular,
    with_article,
    written_out,
)
from vlp_graph.nano.world import PLURAL


@pytest.mark.parametrize(
    ("phrase", "bare"),
    [
        ("the red circle?", "red circle"),
        ("  All the stars. ", "stars"),
        ("any of", "of"),
        ("a theatre", "theatre"),
        ("these small hearts", "small hearts"),
        ("another", "another"),
        ('"my dog"', "dog"),
        ("the", "the"),
        ("", ""),
    ],
)
def test_plain(phrase: str, bare: str) -> None:
    assert plain(phrase) == bare


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("red circle", "red circles"),
        ("cross", "crosses"),
        ("box", "boxes"),
        ("glass", "glasses"),
        ("berry", "berries"),
        ("boy", "boys"),
        ("vase", "vases"),
        ("house", "houses"),
        ("church", "churches"),
        ("bus", "buses"),
        ("old man", "old men"),
        ("person", "people"),
        ("sheep", "sheep"),
        ("tomato", "tomatoes"),
        *PLURAL.items(),
    ],
)
def test_number(one: str, many: str) -> None:
    assert plural(one) == plural(many) == many
    assert singular(many) == singular(one) == one
    assert are(0, one) == f"are no {many}"
    assert are(1, many) == f"is 1 {one}"
    assert are(3, one) == f"are 3 {many}"


def test_irregular_plurals_are_those_of_their_singulars() -> None:
    assert all(plural(one) == many for many, one in IRREGULAR.items())


def test_with_article() -> None:
    assert [with_article(p) for p in ("red star", "orange star", "stars", "glass")] == [
        "a red star",
        "an orange star",
        "stars",
        "a glass",
    ]


@pytest.mark.parametrize(("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b and c")])
def test_listed(items: Sequence[str], text: str) -> None:
    assert listed(items) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [("", ""), ("a red\n star", "A red star."), ("Why?", "Why?"), ("so…", "So…"), ("2 stars", "2 stars.")],
)
def test_sentence(text: str, said: str) -> None:
    assert sentence(text) == said


@pytest.mark.parametrize(
    ("centre", "words"),
    [
        ((10, 10), "at the top left"),
        ((100, 10), "at the top"),
        ((190, 10), "at the top right"),
        ((10, 50), "on the left"),
        ((100, 50), "in the middle"),
        ((190, 50), "on the right"),
        ((10, 90), "at the bottom left"),
        ((100, 90), "at the bottom"),
        ((190, 90), "at the bottom right"),
    ],
)
def test_place(centre: tuple[int, int], words: str) -> None:
    x, y = centre
    assert place((x - 5, y - 5, x + 5, y + 5), 200, 100) == words


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("star on the left", "stars on the left"),
        ("circle left of the star", "circles left of the star"),
        ("piece of bread", "pieces of bread"),
        ("person that waves", "people that waves"),
    ],
)
def test_only_the_thing_itself_is_counted(one: str, many: str) -> None:
    assert plural(one) == plural(many) == many
    assert singular(many) == singular(one) == one


def test_swapped_letters_of_known_words_are_mended_and_no_others() -> None:
    words = ("square", "triangle", "heart")
    assert mended("Two sqaures and a trianlge", words) == "Two squares and a triangle"
    assert mended("the earth is a haert", words) == "the earth is a heart"
    assert mended("squares, hearts", words) == "squares, hearts"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("whats in the picture", "what is in the picture"),
        ("wheres teh star", "where is the star"),
        ("what's the colour?", "what is the colour?"),
        ("the star\u2019s colour", "the star's colour"),
        ("r there stars", "are there stars"),
        ("pls find hearts", "find hearts"),
        ("outline the star please", "outline the star"),
        ("could you outline the star, please?", "could you outline the star?"),
        ("outline the star for me", "outline the star"),
        ("is there a star at all?", "is there a star?"),
        ("count the stars so that i can check", "count the stars"),
        ("outline the star because i need it", "outline the star"),
        ("is it red, the star?", "is the star red?"),
        ("is it red or is it blue?", "is it red or blue?"),
        ("the left side of the picture", "the left side"),
        ("at the top of the image", "at the top"),
        ("top left of the first picture", "top left of the first picture"),
        ("two\n stars", "two stars"),
        ("is there anything else?", "is there anything else?"),
    ],
)
def test_written_out(text: str, written: str) -> None:
    assert written_out(text) == written


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize("text", [", ", "somewhere ", "what is it ", "is it the ", "please, ", "so that i can ", "  "])
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    assert written_out(text * 40_000) == text * 40_000
    assert isinstance(written_out(text * (LONGEST // len(text))), str)
