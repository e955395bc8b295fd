"""Small English."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vlp_graph.dialogue.wording import (
    IRREGULAR,
    are,
    listed,
    place,
    plain,
    plural,
    sentence,
    singular,
    with_article,
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
