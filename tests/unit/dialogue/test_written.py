"""Turns as they are typed, and what is read of them."""

from __future__ import annotations

import pytest

from vlp_graph.dialogue.spelling import mended
from vlp_graph.dialogue.written import LONGEST, written_out


def test_swapped_letters_of_known_words_are_mended_and_no_others() -> None:
    assert mended("Two sqaures and a trianlge") == "Two squares and a triangle"
    assert mended("the earth is a haert") == "the earth is a heart"
    assert mended("squares, hearts, squired") == "squares, hearts, squired"
    assert mended("outlin the bigest tringle, how meny?") == "outline the biggest triangle, how many?"
    assert mended("the larger half is circled") == "the larger half is circled"


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
        ("nothing purple in there, is there?", "is there anything purple ?"),
        ("one of these squares isnt blue, can you box it", "box the square other than the blue"),
        ("Besides the circle, is there another red shape?", "is there a red shape other than the circle?"),
        ("put a box on the cross and one on the square", "put a box on the cross and the square"),
        ("And right down at the bottom?", "And at the bottom?"),
        ("count the stars along the top", "count the stars at the top"),
        ("what is in the bottom left part of it?", "what is in the bottom left part?"),
        ("outline the sky, i want to swap it for another", "outline the sky"),
        ("outline the star, it's left of the heart", "outline the star, it is left of the heart"),
        ("list the shapes with their colours", "describe the picture"),
        ("unread emails: how many?", "how many unread emails are there?"),
        ("the square looks green to me, is it?", "is the square green?"),
        ("box the shapes that are purple", "box the purple shapes"),
        ("the other heart, the little one", "the little heart"),
        ("box the round one", "box the circle"),
        ("is that a cross i see in this picture", "is there a cross in this picture"),
        ("So two crosses in total, correct?", "are there two crosses?"),
        ("outline the large star for the folder icon", "outline the large star"),
        ("outline the star for me in the first picture", "outline the star for me in the first picture"),
        ("For the file name: what colour is it?", "what colour is it?"),
        ("find the cross on this pharmacy sign and count the stars", "find the cross and count the stars"),
        ("what is on this plate?", "what is on this plate?"),
        ("outline every small shape", "outline all the small shapes"),
        ("which shape is dead centre?", "which shape is in the centre?"),
        ("which shape have they put bottom right?", "which shape is at the bottom right?"),
        ("which of these two lies further to the right?", "which one is the rightmost?"),
        ("i'm looking for a wind turbine", "find a wind turbine"),
        ("restrict the boxes to the blue ones", "only the blue ones"),
        ("and bottom left, what shape is that", "what shape is the thing at the bottom left?"),
        ("is there anything else?", "is there anything else?"),
        ("is it true that there are more red crosses than blue ones?", "are there more red crosses than blue crosses?"),
        ("that's a heart, right?", "is that a heart?"),
        ("Everything looks red to me. Am I right?", "is Everything red?"),
        ("were there any in the first picture?", "are there any in the first picture?"),
        ("show me the green things with boxes", "box the green things"),
        ("of the yellow ones how many are squares", "how many of the yellow ones are squares"),
        ("how many red items are there?", "how many red things are there?"),
        ("is that a bit of bread?", "is that a bit of bread?"),
        ("how many heart stickers are there?", "how many hearts are there?"),
        ("no heart anywhere?", "is there a heart?"),
        ("what is at the top of my drawing?", "what is at the top?"),
        ("the square top left", "the square at the top left"),
        ("going back, please draw a box", "going back, draw a box"),
        ("Of the two hearts, which is bigger?", "which of the two hearts is bigger?"),
        ("box and outline the top star", "box the top star and outline the top star"),
        ("I want both stars outlined.", "outline both stars."),
        ("Sample 18: box everything red", "box everything red"),
        ("list all the objects please", "describe the picture"),
        ("and the heart in the first picture, large or small?", "and the heart, large or small in the first picture?"),
        ("anything green that I overlooked?", "anything green?"),
        ("put a box on it so the kids can see it", "put a box on it"),
        ("which one's bigger?", "which one is bigger?"),
        ("the red one's size", "the red one's size"),
    ],
)
def test_written_out(text: str, written: str) -> None:
    assert written_out(text) == written


@pytest.mark.timeout(60)  # a pattern that takes quadratic time would need minutes
@pytest.mark.parametrize(
    "text",
    [
        ", ",
        "somewhere ",
        "what is it ",
        "is it the ",
        "please, ",
        "so that i can ",
        "  ",
        "is it true that the ",
        "red items ",
        "no heart ",
    ],
)
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    assert written_out(text * 40_000) == text * 40_000
    assert isinstance(written_out(text * (LONGEST // len(text))), str)
