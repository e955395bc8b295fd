"""What "one" stands for."""

from __future__ import annotations

import pytest

from vlp_graph.dialogue.references import resolve_ones


@pytest.mark.parametrize(
    ("text", "named", "meant"),
    [
        ("the left one", "red circles", "the left red circle"),
        ("and the blue ones?", "red circles", "and the blue circles?"),
        ("what about the big red one", "small blue star", "what about the big red star"),
        ("the second one from the left", "star", "the second star from the left"),
        ("outline the one on the right", "stars", "outline the star on the right"),
        ("Which one is bigger?", "circle", "Which circle is bigger?"),
        ("is there one in the other picture too?", "green heart", "is there a green heart in the other picture too?"),
        ("do you see any here?", "star", "do you see any stars here?"),
        ("outline the biggest", "stars", "outline the biggest star"),
        ("no, second from the right", "yellow circles", "no, second yellow circle from the right"),
        ("now the third, and what colour is it?", "cross", "now the third cross, and what colour is it?"),
        ("the top one", "star left of the heart", "the top star"),
    ],
)
def test_the_thing_named_last(text: str, named: str, meant: str) -> None:
    assert resolve_ones(text, ["cross", named]) == meant
    assert resolve_ones(text, []) == text


@pytest.mark.parametrize(
    "text",
    [
        "no one cares",
        "one of them",
        "are there any red hearts?",
        "find the stone",
        "is there one star?",
        "at first, yes",
    ],
)
def test_other_ones_are_left_alone(text: str) -> None:
    assert resolve_ones(text, ["circle"]) == text


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize("text", ["the ", "the first ", "the-", "any ", "most"])
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    assert resolve_ones(text * 40_000, ["circle"]).startswith(text)
