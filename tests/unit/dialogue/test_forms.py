"""Turns of every form in standard words."""

from __future__ import annotations

import pytest

from vlp_graph.dialogue.forms import FORMS, LONGEST, ROLES, fragment, points_only, standard
from vlp_graph.dialogue.questions import claim_of
from vlp_graph.dialogue.turn import Form, Named


def form(name: str, text: str, **roles: str) -> Form:
    return Form(name, 0.9, [Named(words, text.index(words), 0.9, role) for role, words in roles.items()])


SAID = [
    ("exists", "spot me a star in this, can you", {"a": "star"}, "is there a star?"),
    ("exists", "any hearts or stars to be seen", {"a": "hearts or stars"}, "are there any hearts or stars?"),
    ("number", "stars: number?", {"a": "stars"}, "how many stars are there?"),
    ("number", "the count of those that are red", {"a": "those"}, "how many red ones are there?"),
    ("atleast", "it has more than two stars, no?", {"a": "stars"}, "are there more than two stars?"),
    ("colour", "cross colour?", {"a": "cross"}, "what colour is the cross?"),
    ("colour", "and its colour", {"a": "its"}, "what colour is it?"),
    ("shape", "the blue one is what", {"a": "blue one"}, "what shape is the blue one?"),
    ("size", "the heart, is that large or small", {"a": "heart"}, "is the heart large or small?"),
    ("choice", "red or blue, the star?", {"a": "star"}, "is the star red or blue?"),
    ("is", "the star looks red to me, no?", {"a": "star"}, "is the star red?"),
    ("every", "nothing but stars here, they are all of them stars?", {"a": "they"}, "are they all star?"),
    ("same", "star and heart: one size?", {"a": "star", "b": "heart"}, "is the star the same size as the heart?"),
    ("differ", "stars come in different colours?", {"a": "stars"}, "are the stars different colours?"),
    (
        "relation",
        "star sits left of the heart, yes?",
        {"a": "star", "b": "heart"},
        "is the star to the left of the heart?",
    ),
    ("side", "star over or under the heart", {"a": "star", "b": "heart"}, "is the star above or below the heart?"),
    ("beside", "to the right of the heart there is what", {"b": "heart"}, "what is to the right of the heart?"),
    ("at", "the star would be at the top left?", {"a": "star"}, "is the star at the top left?"),
    ("place", "left half or right half for the star", {"a": "star"}, "is the star on the left or on the right?"),
    ("place", "corner of the star?", {"a": "star"}, "in which part is the star?"),
    ("rank", "star, heart, the bigger is?", {"a": "star", "b": "heart"}, "which is bigger, the star or the heart?"),
    ("than", "star beats the heart in being small", {"a": "star", "b": "heart"}, "is the star smaller than the heart?"),
    (
        "biggersmaller",
        "star next to heart: larger?",
        {"a": "star", "b": "heart"},
        "is the star bigger or smaller than the heart?",
    ),
    ("extreme", "the star that is biggest?", {"a": "star"}, "which star is the biggest?"),
    ("extreme", "furthest left sits?", {}, "which thing is the leftmost?"),
    ("what", "in the middle, what do i see", {"a": "in the middle"}, "what is in the middle?"),
    ("more", "stars beat hearts in number?", {"a": "stars", "b": "hearts"}, "are there more stars or hearts?"),
    (
        "howmanymore",
        "stars over hearts, by what number",
        {"a": "stars", "b": "hearts"},
        "how many more stars than hearts are there?",
    ),
    ("colours", "list the colours", {}, "which colours are there?"),
    ("distinct", "colours in all?", {}, "how many different colours are there?"),
    ("odd", "who is the stranger here", {}, "which is the odd one out?"),
    ("find", "pop boxes on those", {"a": "those"}, "box those"),
    ("find", "a frame for each star", {"a": "star"}, "box the star"),
    ("outline", "an outline for em", {"a": "em"}, "outline them"),
]


@pytest.mark.parametrize(("name", "text", "roles", "plain"), SAID)
def test_standard_words(name: str, text: str, roles: dict[str, str], plain: str) -> None:
    assert standard(text, form(name, text, **roles)) == plain


@pytest.mark.parametrize(("name", "plain"), [(name, plain) for name, _, _, plain in SAID])
def test_boxes_answer_standard_questions_about_named_things(name: str, plain: str) -> None:
    leans = any(word in f" {plain}" for word in (" it?", " one?", " ones ", " they "))
    assert name in ("find", "outline") or leans or claim_of(plain) is not None


@pytest.mark.parametrize("name", FORMS)
def test_a_form_without_its_roles_has_no_standard_words_or_needs_none(name: str) -> None:
    text = "please would you tell me about that"
    said = standard(text, form(name, text))
    assert said is None or name in ("number", "howmanymore", "colours", "shapes", "distinct", "odd", "describe")


@pytest.mark.parametrize(
    ("name", "text", "plain"),
    [
        ("colour", "which colour?", "what colour is it?"),
        ("find", "give me a box", "box it"),
        ("outline", "mask please", "outline it"),
        ("size", "big or small?", "is it small or large?"),
    ],
)
def test_a_short_turn_leaves_out_what_it_is_about(name: str, text: str, plain: str) -> None:
    assert standard(text, form(name, text)) in (plain, "is it big or small?")


@pytest.mark.parametrize(
    ("text", "roles", "shown", "said"),
    [
        ("Very good. Also for the triangle, please", {"a": "triangle"}, False, "and the triangle"),
        ("how about at the bottom", {"a": "at the bottom"}, False, "and at the bottom"),
        ("she would like this one as well", {"a": "this one"}, True, "same for this picture"),
        ("same again", {}, True, "same for this picture"),
        ("same again", {}, False, None),
    ],
)
def test_a_fragment_in_plain_words(text: str, roles: dict[str, str], shown: bool, said: str | None) -> None:
    assert fragment(form("ellipsis", text, **roles), shown=shown) == said


def test_a_pronoun_alone_says_nothing() -> None:
    assert points_only(form("find", "box those ones", a="those ones"))
    assert not points_only(form("find", "box the star", a="star"))
    assert ROLES == ("a", "b")


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize("text", ["star ", "red or ", "left right ", "more than one "])
@pytest.mark.parametrize("name", FORMS)
def test_a_hostile_text_takes_no_longer_than_its_length(name: str, text: str) -> None:
    said = Form(name, 0.9, [Named(text * 30_000, 0, 0.9, "a"), Named(text, 0, 0.9, "b")])
    assert standard(text * 30_000, said) is None
    short = (text * LONGEST)[:LONGEST]
    standard(short, Form(name, 0.9, [Named(short, 0, 0.9, "a"), Named(text, 0, 0.9, "b")]))
