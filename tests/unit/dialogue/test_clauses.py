"""A turn as the clauses that each ask for one thing."""

from __future__ import annotations

import pytest

from vlp_graph.dialogue.clauses import LONGEST, Clause, split, without_interjections


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("count the stars", ["count the stars"]),
        (
            "how many circles are there, and outline the yellow one",
            ["how many circles are there", "outline the yellow one"],
        ),
        ("outline the red star and tell me its colour", ["outline the red star", "tell me its colour"]),
        ("describe it; then count the circles", ["describe it", "count the circles"]),
        (
            "count the stars then outline the biggest, and is it red?",
            ["count the stars", "outline the biggest", "is it red?"],
        ),
        ("is there a star? if so, box it", ["is there a star?", "box it"]),
        ("find the star, outline it", ["find the star", "outline it"]),
        ("how many stars are there, outline them", ["how many stars are there", "outline them"]),
        ("find the dog and the cat", ["find the dog and the cat"]),
        ("is there a circle and a star?", ["is there a circle and a star?"]),
        ("how many circles and squares are there?", ["how many circles and squares are there?"]),
        ("what is between the star and the heart?", ["what is between the star and the heart?"]),
        ("outline the star but not the heart", ["outline the star but not the heart"]),
        ("is the star red or blue?", ["is the star red or blue?"]),
        ("box the star, please", ["box the star, please"]),
        ("hello! what colour is the heart?", ["what colour is the heart?"]),
        ("ok, box it", ["box it"]),
        ("left square: box it", ["box the left square"]),
        ("the yellow star, outline it please", ["outline the yellow star"]),
        ("stars - count", ["count the stars"]),
        ("how many triangles & can you box them", ["how many triangles", "can you box them"]),
        ("an overview of the room plus a count of the sockets", ["an overview of the room", "a count of the sockets"]),
        ("the black & white cat", ["the black & white cat"]),
        ("in the first picture could you also box the star", ["in the first picture could you also box the star"]),
        ("one more about the earlier picture: is it red?", ["is it red in the earlier picture?"]),
        ("orange circle, which side?", ["orange circle", "which side?"]),
        ("in the first picture, is there a heart?", ["is there a heart in the first picture?"]),
        ("back to the first picture. how many stars are there?", ["how many stars are in the first picture?"]),
        ("here's another picture. is there a star?", ["is there a star?"]),
        ("sound. cheers mate", ["sound. cheers mate"]),
        ("picture two: how many stars are there?", ["how many stars are in picture two?"]),
        (
            "There was one in the previous image though. What colour is it?",
            ["What colour is it in the previous image?"],
        ),
        ("quick one: anything blue?", ["quick one", "anything blue?"]),
        ("find the stars and mark each of them", ["find the stars", "mark each of them"]),
        ("ok cool", ["ok cool"]),
    ],
)
def test_split(text: str, clauses: list[str]) -> None:
    assert [clause.text for clause in split(text)] == clauses


def test_a_bare_name_before_a_question_is_its_topic() -> None:
    assert split("the blue one, is it big?") == [Clause("the blue one", topic=True), Clause("is it big?")]


def test_a_turn_that_is_no_plain_request_stays_whole() -> None:
    text = "count the stars and outline the heart. " * (LONGEST // 30)
    assert split(text) == [Clause(text)]


@pytest.mark.parametrize(
    ("text", "rest"),
    [("Hello there, count them", "count them"), ("ok, great, thanks!", ""), ("okra is green", "okra is green")],
)
def test_interjections(text: str, rest: str) -> None:
    assert without_interjections(text) == rest


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize("text", ["and ", "please also ", "? ", ", ", "the red one, ", "how many are there and "])
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    assert split(text * 40_000) == [Clause(text * 40_000)]
    assert split(text * (LONGEST // len(text)))
    assert len(without_interjections("ok " * 40_000 + "x")) == 1


def test_right_is_a_side_unless_it_stands_alone() -> None:
    assert [c.text for c in split("right circle?")] == ["right circle?"]
    assert [c.text for c in split("right, outline the star")] == ["outline the star"]
