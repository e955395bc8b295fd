"""What "one", "it", "the others" and "both" stand for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vlp_graph.dialogue.references import LONGEST, resolve


@pytest.mark.parametrize(
    ("text", "named", "meant"),
    [
        ("the left one", "red circles", "the left red circle"),
        ("and the blue ones?", "red circles", "and the blue circles?"),
        ("what about the big red one", "small blue star", "what about the big red star"),
        ("the second one from the left", "star", "the second star from the left"),
        ("outline the one on the right", "stars", "outline the star on the right"),
        ("Which one is bigger?", "circles", "Which circle is bigger?"),
        ("Which one is bigger?", "circle", "Which thing is bigger?"),
        ("is this heart red?", "star", "is the heart red?"),
        ("is there one in the other picture too?", "green heart", "is there a green heart in the other picture too?"),
        ("do you see any here?", "star", "do you see any stars here?"),
        ("outline the biggest", "stars", "outline the biggest star"),
        ("no, second from the right", "yellow circles", "no, second yellow circle from the right"),
        ("now the third, and what colour is it?", "crosses", "now the third cross, and what colour is the crosses?"),
        ("the top one", "star left of the heart", "the top star"),
        ("the other one", "left star", "the star other than the left star"),
        ("the others", "left star", "the stars other than the left star"),
        ("the rest", "red circles", "the circles other than the red circles"),
        ("another star", "red star", "a star other than the red star"),
        ("any others?", "red star", "any stars other than the red star?"),
        ("outline it", "left star", "outline the left star"),
        ("is that one red?", "star", "is the star red?"),
        ("outline them", "red stars", "outline the red stars"),
        ("outline all of them", "stars", "outline the stars"),
        ("box its outline", "star", "box the outline of the star"),
        ("outline that heart", "red heart on the right", "outline the red heart on the right"),
        ("how many of them are red?", "circles", "how many red circles are there?"),
        ("how many of those are lying down?", "cows", "how many cows lying down are there?"),
        ("how many of them are broken?", "mugs", "how many broken mugs are there?"),
        ("and how many have a lid?", "saucepans", "and how many saucepans have a lid?"),
        ("only the larger of those", "orange object", "only the larger orange object"),
        ("find all blue things in it", "yellow circles", "find all blue things in it"),
        ("how many?", "crosses at the top", "how many crosses at the top are there?"),
        ("is its red star large?", "heart", "is the red star large?"),
        ("which side?", "orange circle", "which side is the orange circle on?"),
        ("same colour as the triangle?", "star", "is the star the same colour as the triangle?"),
        ("is the square larger than it?", "cross", "is the square larger than the cross?"),
        (
            "what colour is the remaining triangle?",
            "red triangle",
            "what colour is the triangle other than the red triangle?",
        ),
        ("what colour is the one underneath it?", "square", "what colour is the thing underneath the square?"),
        ("how many are there?", "red circle", "how many red circles are there?"),
        ("how many red?", "circles", "how many red circles are there?"),
        ("its colour?", "star", "what colour is the star?"),
        ("red or blue?", "star", "is the star red or blue?"),
        ("not the red one", "stars", "the stars other than the red one"),
        ("the two at the top", "stars", "the two stars at the top"),
        ("the biggest of them", "stars", "the biggest star"),
    ],
)
def test_the_thing_named_last(text: str, named: str, meant: str) -> None:
    assert resolve(text, [named]) == meant


@pytest.mark.parametrize(
    ("text", "named", "earlier", "meant"),
    [
        ("what colour are they?", ["star", "heart"], [], "what colour are the star and the heart?"),
        ("each of them", ["star", "heart"], [], "the star and the heart"),
        ("what about the red one?", ["star", "heart"], [], "what about the red thing?"),
        ("which one is on the left?", ["star", "heart"], [], "which thing is on the left?"),
        ("what colour is it?", ["star", "heart"], [], "what colour is the heart?"),
        ("which is bigger?", ["star"], ["heart"], "which is bigger, the heart or the star?"),
        ("are both red?", ["heart"], ["star"], "are the star and the heart red?"),
        ("are both red?", ["hearts"], ["star"], "are the hearts red?"),
        ("outline it", ["star"], ["heart"], "outline the star"),
        ("the other one", ["purple heart"], ["purple things"], "the purple thing other than the purple heart"),
        ("the other one", ["purple heart"], ["red things"], "the heart other than the purple heart"),
        ("what is that in the corner?", ["star"], [], "what is the thing in the corner?"),
        ("what colour is the big one?", ["blue hearts"], [], "what colour is the big heart?"),
        ("what shape are they?", ["triangles"], [], "what shape are the things?"),
        ("what other blue things are there?", ["blue star"], [], "what is the blue thing other than the blue star?"),
        ("is there another star that isn't red?", ["red stars"], [], "is there a star other than the red?"),
    ],
)
def test_several_things(text: str, named: Sequence[str], earlier: Sequence[str], meant: str) -> None:
    assert resolve(text, named, earlier) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("outline everything", "outline all the shapes"),
        ("everything that is red", "the red things"),
        ("find the one on the left", "find the thing on the left"),
        ("outline it", "outline it"),
        ("the others", "the others"),
        ("how many are there?", "how many are there?"),
    ],
)
def test_where_nothing_was_named(text: str, meant: str) -> None:
    assert resolve(text, []) == meant


@pytest.mark.parametrize(
    "text",
    [
        "no one cares",
        "one of the best",
        "are there any red hearts?",
        "find the stone",
        "is there one star?",
        "at first, yes",
        "and the heart",
        "is there another picture?",
        "on the other side",
    ],
)
def test_other_ones_are_left_alone(text: str) -> None:
    assert resolve(text, ["circle"]) == text


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize("text", ["the ", "the first ", "the-", "any ", "most", "it ", "how many of ", "not ", "red, "])
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    assert resolve(text * 40_000, ["circle"], ["star"]) == text * 40_000
    assert resolve(text * (LONGEST // len(text)), ["circle"], ["star"])


@pytest.mark.parametrize("name", [r"a\dx star", r"\1 star", r"\g<x> stars", "star\\"])
def test_a_name_with_a_backslash_is_a_name(name: str) -> None:
    for said in (
        "outline it",
        "outline all of them",
        "its colour?",
        "is it larger than it?",
        "the new thing",
        "the others",
    ):
        assert name.rstrip("s") in resolve(said, [name])
