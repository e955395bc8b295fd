"""A turn as wishes that stand alone."""

from __future__ import annotations

from typing import Any

import pytest
from plain_models import Sorter

from vlp_graph.dialogue.reading import Reader, Said, leans, points_back
from vlp_graph.dialogue.turn import Context, Form, Message, Named

RED_STAR = Context("outline the red star", ("red star",), ("heart",), 0)
BEFORE = "outline the red star -> I outlined the red star."


async def read(
    text: str,
    label: str = "segment",
    *named: str,
    context: Context = RED_STAR,
    exchange: str | None = BEFORE,
    **more: Any,
) -> Said:
    return await Reader(Sorter(label, 0.9, named)).read(text, context, exchange, **more)


@pytest.mark.parametrize(
    ("text", "label", "named", "wishes"),
    [
        ("hello", "chat", [], [("hello", "chat")]),
        ("outline it", "segment", ["red star"], [("outline the red star", "segment")]),
        ("what about the heart?", "segment", ["heart"], [("outline the heart", "segment")]),
        ("the blue one, is it big?", "answer", [], [("is the blue star big?", "answer")]),
        (
            "how many circles are there, and outline the yellow one",
            "segment",
            ["circles", "yellow circle"],
            [("how many circles are there", "count"), ("outline the yellow circle", "segment")],
        ),
        ("thanks! now outline the heart", "segment", ["heart"], [("now outline the heart", "segment")]),
        ("whats its colour pls", "describe", [], [("what is the red star's colour", "answer")]),
        ("how many sqaures are there", "answer", [], [("how many squares are there", "count")]),
        ("which picture has more stars?", "chat", [], [("which picture has more stars?", "answer")]),
        ("is the star small or large?", "classify", [], [("is the star small or large?", "classify")]),
        ("is the star small or large?", "describe", [], [("is the star small or large?", "answer")]),
        ("is the dog hungry?", "answer", ["dog"], [("is the dog hungry?", "answer")]),
        ("are both red?", "answer", [], [("are the heart and the red star red?", "answer")]),
        ("which shape is the largest?", "answer", [], [("which shape is the largest?", "answer")]),
        (
            "are there other stars in the same color?",
            "answer",
            [],
            [("is there another star the same colour as the red star?", "answer")],
        ),
        ("All are red?", "answer", [], [("are the heart and the red star all red?", "answer")]),
        (
            "box whatever's in the middle",
            "detect",
            ["thing in the middle"],
            [("box the thing in the middle", "detect")],
        ),
        ("which pic has more stars, 1st or 2nd", "chat", [], [("which pic has more stars", "answer")]),
        ("now look at this. is the heart red?", "answer", [], [("is the heart red?", "answer")]),
        ("what shape might that be?", "answer", [], [("what shape is the red star?", "answer")]),
        ("is the heart one of the red things?", "answer", [], [("is the heart red?", "answer")]),
        (
            "any cross in that colour too?",
            "answer",
            [],
            [("is there another cross the same colour as the red star?", "answer")],
        ),
        (
            "mask the heart + tell me how many stars there are",
            "segment",
            ["heart"],
            [("mask the heart", "segment"), ("tell me how many stars there are", "count")],
        ),
    ],
)
async def test_wishes(text: str, label: str, named: list[str], wishes: list[tuple[str, str]]) -> None:
    said = await read(text, label, *named)
    assert [(wish.text, wish.intent) for wish in said.wishes] == wishes


@pytest.mark.parametrize(
    ("text", "label", "named", "names", "earlier"),
    [
        ("outline the blue heart", "segment", ["blue heart"], ("blue heart",), ("red star",)),
        ("find the dog and the cat", "detect", ["dog", "cat"], ("dog", "cat"), ("red star",)),
        ("hello", "chat", [], ("red star",), ("heart",)),
        ("is the star above the cross?", "answer", [], ("cross", "star"), ("red star",)),
        ("what do you see?", "describe", [], ("red star",), ("heart",)),
        ("is it day or night?", "classify", ["day", "night"], ("red star",), ("heart",)),
    ],
)
async def test_what_the_dialogue_is_about_then(
    text: str, label: str, named: list[str], names: tuple[str, ...], earlier: tuple[str, ...]
) -> None:
    said = await read(text, label, *named)
    assert (said.context.named, said.context.earlier) == (names, earlier)
    assert said.before == RED_STAR
    assert said.context.request == (RED_STAR.request if label == "chat" else said.wishes[-1].text)


async def test_a_question_that_boxes_answer_is_sure() -> None:
    assert (await read("how many stars are there?", "chat")).wishes[0].sure == 1.0
    assert (await read("outline the heart", "segment", "heart")).wishes[0].sure == 0.9


async def test_small_talk_beside_a_wish_is_none() -> None:
    class Two(Sorter):
        async def read(self, text: str) -> Any:
            self.label = "chat" if "nice day" in text else "segment"
            return await super().read(text)

    said = await Reader(Two(score=0.9, named=["heart"])).read("such a nice day. outline the heart", Context(), None)
    assert [wish.text for wish in said.wishes] == ["outline the heart"]


async def test_how_likely_any_of_the_wishes_is_of_a_kind() -> None:
    said = await read("how many circles are there, and outline the yellow one", "segment", "circles")
    assert said.chance("segment") == 0.9
    assert said.chance("chat") == pytest.approx(0.1 / 6)


async def test_a_picture_that_comes_with_a_fragment() -> None:
    asked = Context("how many stars are there?", ("stars",))
    said = await read("and this one?", context=asked, pictures=2, shown=True)
    assert said.text == "how many stars are there in this picture?"
    said = await read("are there stars in the second one?", context=asked, pictures=2)
    assert said.text == "are there stars in the second picture?"


async def test_what_memory_does_not_know_is_read_from_the_history() -> None:
    found = (Message("user", "find the red stars"), Message("assistant", "I found 2."))
    counted = (Message("user", "how many are there?"), Message("assistant", "There are 2."))
    context = await Reader(Sorter("detect", 0.95, ["red stars"])).context_of((*found, *counted))
    assert context == Context("how many red stars are there?", ("red stars",))
    asked = (Message("user", "what is left of the star?"), Message("assistant", "A red heart."))
    context = await Reader(Sorter("answer", 0.95, ["red heart"])).context_of(asked)
    assert context.named == ("red heart",)
    assert await Reader(Sorter("chat", 0.95)).context_of((Message("user", "hello"),)) == Context()


@pytest.mark.parametrize(
    ("text", "points", "short"),
    [
        ("outline it", True, True),
        ("and what about the tree over there on the hill", True, True),
        ("cut out whatever moves", False, True),
        ("tally every star between a tree and a house", False, False),
    ],
)
def test_what_leans_on_what_was_said(text: str, points: bool, short: bool) -> None:
    assert points_back(text) is points
    assert leans(text) is short


async def formed(
    text: str, form: str, label: str = "answer", score: float = 0.9, **roles: str
) -> list[tuple[str, str]]:
    """What is read of a turn after "outline the red star", of which the form is known."""
    named = [Named(words, text.index(words), 0.9, role) for role, words in roles.items()]
    sorter = Sorter(label, 0.85, (), forms={text: Form(form, score, named)})
    said = await Reader(sorter).read(text, RED_STAR, BEFORE)
    return [(wish.text, wish.intent) for wish in said.wishes]


async def test_a_question_in_any_words_is_the_plain_one() -> None:
    assert await formed("i cannot make out which paint it has got", "colour", a="it") == [
        ("what colour is the red star?", "answer")
    ]
    assert await formed("would the cross sit over the heart", "relation", a="cross", b="heart") == [
        ("is the cross above the heart?", "answer")
    ]
    assert await formed("a ring of boxes on it thanks", "find", "detect", a="it") == [("box the red star", "detect")]


async def test_a_form_that_is_not_sure_or_has_no_plain_words_changes_nothing() -> None:
    unsure = "i cannot make out which paint the heart has got"
    assert await formed(unsure, "colour", score=0.4, a="heart") == [(unsure, "answer")]
    mood = "does the heart seem happy to you"
    assert await formed(mood, "other", a="heart") == [(mood, "answer")]


async def test_who_only_tells_something_wishes_nothing() -> None:
    text = "my son drew all of this on monday"
    assert await formed(text, "say", "count") == [(text, "chat")]


async def test_a_fragment_among_other_words_asks_what_was_asked() -> None:
    text = "lovely work there, I would also want it for the heart"
    assert await formed(text, "ellipsis", "chat", a="heart") == [("outline the heart", "chat")]


@pytest.mark.parametrize(
    ("text", "form", "label"),
    [
        ("could you spot the odd sock", "exists", "detect"),
        ("scan, photo or screenshot", "describe", "classify"),
        ("what number does the bus have", "number", "answer"),
    ],
)
async def test_an_intent_that_is_too_clear_doubts_the_form(text: str, form: str, label: str) -> None:
    named = [Named(words, text.index(words), 0.9, "a") for words in ("odd sock", "bus") if words in text]
    sorter = Sorter(label, 0.95, (), forms={text: Form(form, 0.9, named)})
    said = await Reader(sorter).read(text, Context(), None)
    assert [(wish.text, wish.intent) for wish in said.wishes] == [(text, label)]


async def test_what_somebody_says_he_likes_is_what_it_means_then() -> None:
    first = "my favourite is the heart."
    named = [Named("heart", first.index("heart"), 0.9, "a")]
    sorter = Sorter("segment", 0.85, ("red heart", "heart"), forms={first: Form("say", 0.95, named)})
    said = await Reader(sorter).read(f"{first} can you outline it?", RED_STAR, BEFORE)
    assert [wish.text for wish in said.wishes] == ["can you outline the heart?"]


async def test_the_same_for_another_thing_is_all_that_was_wished() -> None:
    both = Context("what colour is the star?\noutline the star", ("star",))
    said = await read("same for the small circle", "segment", context=both)
    assert [wish.text for wish in said.wishes] == ["what colour is the small circle?", "outline the small circle"]
    assert said.context.request == "what colour is the small circle?\noutline the small circle"


async def test_marks_of_a_model_s_own_language_are_no_words() -> None:
    said = await read("outline the <image><image> heart <|im_end|>", "segment", "heart", exchange=None)
    assert [wish.text for wish in said.wishes] == ["outline the heart"]


async def test_a_picture_that_is_named_beside_the_wish_is_meant() -> None:
    said = await read("on the card, the third picture, outline the heart", "segment", "heart", pictures=3)
    assert said.context.picture == 2
    said = await read("outline the heart in the second picture", "segment", "heart", pictures=3)
    assert said.context.picture == RED_STAR.picture  # the wish says it itself
