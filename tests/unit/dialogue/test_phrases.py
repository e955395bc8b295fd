"""What a wish names, around the words that are marked in it."""

from __future__ import annotations

import re

import pytest

from vlp_graph.dialogue.phrases import labels_in, phrases_in
from vlp_graph.dialogue.turn import Named


def marked(text: str, *names: str) -> list[Named]:
    """The names where they stand in the text, one after the other."""
    found, start = [], 0
    for name in names:
        start = text.index(name, start)
        found.append(Named(name, start, 0.9))
        start += len(name)
    return found


@pytest.mark.parametrize(
    ("text", "names", "phrases"),
    [
        ("find the dog and the cat, please", ["dog", "cat"], ["dog", "cat"]),
        (
            "outline the second star from the left and the heart",
            ["star", "heart"],
            ["second star from the left", "heart"],
        ),
        ("box the star that is left of the heart", ["star", "heart"], ["star left of the heart"]),
        (
            "box the star between the heart and the cross",
            ["star", "heart", "cross"],
            ["star between the heart and the cross"],
        ),
        ("outline the star, the heart and the cross", ["star", "heart", "cross"], ["star", "heart", "cross"]),
        ("outline the star and the star", ["star", "star"], ["star"]),
        ("count the red", ["red"], ["red things"]),
        ("where is the red circle in the picture?", ["red circle"], ["red circle"]),
        ("trace the left-most square's outline", ["square"], ["left-most square"]),
        ("find the three biggest stars", ["stars"], ["three biggest stars"]),
        ("the first two stars and the heart", ["stars", "heart"], ["first two stars", "heart"]),
        ("outline the star with a mask", ["star"], ["star"]),
        ("find the dog because i need it", ["dog"], ["dog"]),
        ("mark the leftmost circle in red ink", ["circle"], ["leftmost circle"]),
        ("outline the small star or the heart", ["small star", "heart"], ["small star", "heart"]),
        ("find it", ["it"], []),
        ("nothing at all", [], []),
    ],
)
def test_phrases_in(text: str, names: list[str], phrases: list[str]) -> None:
    assert phrases_in(text, marked(text, *names)) == phrases


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('is it "day" or "night"?', ["day", "night"]),
        ("choose from [cat, dog]", ["cat", "dog"]),
        ("one of [a|b;c]", ["a", "b", "c"]),
        ("\u201cred\u201d, \u201cblue\u201d or \u201cred\u201d", ["red", "blue"]),
        ('a "cat"', []),
        ("[cat]", []),
        ("day or night?", []),
        ("tag: circle / square / triangle", ["circle", "square", "triangle"]),
        ("of tea, coffee and cocoa, which fits this mug?", ["tea", "coffee", "cocoa"]),
        ("road is dry, wet or icy - choose the best fit", ["dry", "wet", "icy"]),
        ("rose / tulip / dahlia? no idea what i planted", ["rose", "tulip", "dahlia"]),
        ("the choices are Family, Work, Pets; where should it go?", ["Family", "Work", "Pets"]),
        ("choose between positive and negative for this strip", ["positive", "negative"]),
        ("red or blue, which is it?", []),
        ("icon set, draft two. what is on it?", []),
        ("on the bus, tiny screen - which shape is at the top?", []),
    ],
)
def test_labels_in(text: str, labels: list[str]) -> None:
    assert labels_in(text) == labels


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize("text", ["red ", "and ", ", ", "\n", "a or b ", "red, ", "please, ", "[", '"'])
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    long = f"{text * 40_000}star{text * 40_000}heart"
    assert phrases_in(long, marked(long, "star", "heart")) == ["star", "heart"]
    assert re.search("star", " ".join(phrases_in(f"{text * 50}star", marked(f"{text * 50}star", "star"))))
    assert labels_in(text * 40_000) == []


def test_a_colour_before_words_that_name_nothing_is_that_of_things() -> None:
    text = "the red, and '"
    assert phrases_in(text, [Named("red", 4, 0.9), Named("'", 13, 0.9)]) == ["red things"]
