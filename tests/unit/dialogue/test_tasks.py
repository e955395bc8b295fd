"""Each kind of task over plain models."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from plain_models import Finder, Looker, Sorter, Writer, instance, models, picture

from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.plan import Task
from vlp_graph.dialogue.tasks import DESCRIBE, SYSTEM, Tasks
from vlp_graph.dialogue.turn import Message, Turn
from vlp_graph.errors import DeadlineExceeded

PICTURE = picture()
STAR = instance("star", (40, 40, 50, 50))


def tasks(models: Models, text: str = "?", **turn: Any) -> Tasks:
    return Tasks(models, Turn(text=text, pictures=(PICTURE,), **turn), text, 50)


async def run(models: Models, **task: Any) -> dict[str, Any]:
    return await tasks(models).run(Task(id="t1", image=0, **task), PICTURE)


async def answer(question: str, words: str, *things: Any) -> dict[str, Any]:
    looker = Looker({question: words})
    return await run(models(looker=looker, finder=Finder(things)), task="answer", question=question)


async def test_find_asks_for_bare_phrases_and_masks_only_where_wanted() -> None:
    finder = Finder([STAR, STAR])
    fields = await run(models(finder=finder), task="segment", phrases=["the star", "a cross"])
    assert fields["count"] == 2
    assert [i.phrase for i in fields["instances"]] == ["star", "star"]
    await run(models(finder=finder), task="count", phrases=["all the stars"])
    assert finder.asked == [("p", ("star", "cross"), True), ("p", ("stars",), False)]


async def test_a_question_of_no_form_is_the_looker_s_own() -> None:
    finder = Finder()
    fields = await run(
        models(looker=Looker({"is the star big?": "no"}), finder=finder), task="answer", question="is the star big?"
    )
    assert fields == {"text": "No."}
    assert finder.asked == []


@pytest.mark.parametrize(
    ("question", "words", "text"),
    [
        ("how many stars are there?", "seven", "There are 2 stars in this picture."),
        ("is there a star?", "no", "Yes, there are 2 stars."),
        ("is there a cross?", "yes", "No, there is no cross in this picture."),
    ],
)
async def test_boxes_overrule_words(question: str, words: str, text: str) -> None:
    assert (await answer(question, words, STAR, STAR))["text"] == text


async def test_colour_by_boxes() -> None:
    red, green = instance("red star", score=0.5), instance("green star", score=0.8)
    fields = await answer("what colour is the star?", "blue", STAR, red, green)
    assert fields["text"] == "Green."
    assert [i.phrase for i in fields["instances"]] == ["green star"]


async def test_a_colour_that_no_box_shows_is_left_to_the_words() -> None:
    fields = await answer("what colour is the star?", "blue", STAR)
    assert fields == {"text": "Blue.", "instances": []}
    fields = await answer("what colour is the cross?", "blue", STAR)
    assert fields == {"text": "I find no cross in this picture.", "instances": []}


async def beside(words: str, caption: str, *things: Any) -> dict[str, Any]:
    question = "what is left of the star?"
    looker = Looker({question: words, DESCRIBE: caption})
    return await run(models(looker=looker, finder=Finder(things)), task="answer", question=question)


async def test_beside_is_checked() -> None:
    left, right = instance("red heart", (0, 40, 10, 50)), instance("red heart", (80, 40, 90, 50))
    assert await beside("a red heart", "", STAR, left, right) == {"text": "A red heart.", "instances": [left]}
    assert await beside("nothing", "a star.", STAR) == {"text": "Nothing.", "instances": []}
    assert (await beside("a red heart", "", left))["text"] == "There is no star in this picture."


async def test_beside_that_boxes_contradict_is_looked_for_in_the_caption() -> None:
    right, far = instance("red heart", (80, 40, 90, 50)), instance("blue cross", (0, 0, 4, 4))
    near = instance("green circle", (10, 40, 20, 50))
    caption = "a blue cross, a green circle and a red heart."
    assert await beside("a red heart.", caption, STAR, right, near, far) == {
        "text": "A green circle.",
        "instances": [near],
    }
    assert await beside("a red heart.", "a red heart.", STAR, right) == {
        "text": "A red heart, as far as I can tell.",
        "instances": [],
    }


async def describe(caption: str, *things: Any) -> dict[str, Any]:
    return await run(models(looker=Looker({DESCRIBE: caption}), finder=Finder(things)), task="describe")


async def test_a_caption_that_lists_is_checked() -> None:
    star, cross = instance("small red star"), instance("large blue cross")
    caption = "a small red star and a large blue cross."
    assert await describe(caption, star, cross) == {
        "text": "A small red star and a large blue cross.",
        "instances": [star, cross],
    }
    assert await describe(caption, cross) == {"text": None, "instances": [cross]}
    assert await describe(caption) == {"text": None, "instances": []}


async def test_a_caption_that_says_more_than_there_is_gives_way_to_the_boxes() -> None:
    star, red = instance("star", (0, 0, 10, 10)), instance("red star", (0, 0, 10, 10), 0.8)
    twice = "a small red star and a small red star."
    assert await describe(twice, instance("small red star"), star, red) == {"text": None, "instances": [red]}
    unsure = instance("small red star", score=0.4)
    assert await describe("a small red star.", unsure) == {"text": None, "instances": []}


@pytest.mark.parametrize("caption", ["two dogs play on the beach", "A man and a woman are sitting at a long table."])
async def test_a_caption_in_free_words_stands(caption: str) -> None:
    text = (await describe(caption))["text"]
    assert text.rstrip(".").lower() == caption.rstrip(".").lower()


async def test_a_degenerate_caption_costs_no_time() -> None:
    async with asyncio.timeout(1):
        await describe("a red" + " and a red" * 60 + " !")


async def classify(labels: list[str], *things: Any, likes: dict[str, float] | None = None) -> dict[str, Any]:
    looker, sorter = Looker({DESCRIBE: "a red star"}), Sorter(likes=likes or {})
    return await run(models(looker=looker, sorter=sorter, finder=Finder(things)), task="classify", labels=labels)


async def test_classify_by_sentence() -> None:
    fields = await classify(["indoor", "outdoor"], likes={"indoor": 0.2, "outdoor": 0.8})
    assert fields["label"] == "outdoor"
    assert fields["scores"] == pytest.approx({"indoor": 0.2, "outdoor": 0.8})
    assert fields["text"] == "A red star."


async def test_classify_by_what_is_seen() -> None:
    fields = await classify(["star", "heart"], instance("star", score=0.9), likes={"star": 0.4, "heart": 0.6})
    assert fields["label"] == "star"
    assert sum(fields["scores"].values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "labels", [["has a star", "has no star"], ["star", "no star"], ["with a star", "without a star"]]
)
async def test_labels_of_presence_are_evidence(labels: list[str]) -> None:
    likes = {labels[0]: 0.5, labels[1]: 0.5}
    assert (await classify(labels, instance("star", score=0.9), likes=likes))["label"] == labels[0]
    assert (await classify(labels, likes=likes))["label"] == labels[1]


async def test_chat_reads_the_dialogue() -> None:
    history = (Message("user", "hi"), Message("assistant", "Hello."))
    for system in (None, "Be brief."):
        talker = Writer(text="fine thanks")
        asked = tasks(models(talker=talker), "how are you?", history=history, system=system)
        assert await asked.run(Task(id="t1", task="chat"), None) == {"text": "fine thanks"}
        ((messages, options),) = talker.asked
        said = [HumanMessage("hi"), AIMessage("Hello."), HumanMessage("how are you?")]
        assert messages == [SystemMessage(system or SYSTEM), *said]
        assert options["max_tokens"] == 50


async def test_chat_by_pieces() -> None:
    deadline = asyncio.get_running_loop().time() + 5
    pieces = [p async for p in tasks(models(talker=Writer(text="one two three"))).chat(deadline)]
    assert pieces == ["one ", "two ", "three "]


async def test_chat_is_cut_off_or_late() -> None:
    now = asyncio.get_running_loop().time()
    slow = tasks(models(talker=Writer(text="one two three", pause=60)))
    assert [p async for p in slow.chat(now + 0.5)] == ["one "]
    silent = tasks(models(talker=Writer(text="one", wait=60)))
    with pytest.raises(DeadlineExceeded):
        [p async for p in silent.chat(now + 0.1)]


async def test_a_slow_reader_is_not_cancelled_by_the_deadline() -> None:
    chat = tasks(models(talker=Writer(text="one two"))).chat(asyncio.get_running_loop().time() + 0.5)
    assert await anext(chat) == "one "
    await asyncio.sleep(0.7)  # raised CancelledError here while the deadline lay around the yield
    assert [p async for p in chat] in ([], ["two "])


async def test_no_picture_for_a_task_that_looks() -> None:
    with pytest.raises(ValueError, match="needs a picture"):
        await tasks(models()).run(Task(id="t1", task="describe"), None)


async def test_what_a_thing_is_is_a_plain_shape_only_where_the_words_say_so() -> None:
    heart = instance("red heart")
    assert (await answer("what is the red object?", "cross", heart))["text"] == "Heart."
    assert (await answer("what is the red object?", "a fire engine", heart))["text"] == "A fire engine."


async def test_which_of_them_is_meant_is_for_boxes_to_say() -> None:
    left, right = instance("star", (0, 0, 10, 10)), instance("star", (60, 0, 80, 20))
    finder = Finder([left, right, instance("heart", (40, 0, 50, 10))])
    fields = await run(models(finder=finder), task="segment", phrases=["the star right of the heart"])
    assert [(i.phrase, i.box) for i in fields["instances"]] == [("star right of the heart", right.box)]
    assert finder.asked == [("p", ("star", "heart"), True)]


async def test_the_colour_of_a_thing_that_its_place_names() -> None:
    stars = [instance("star", (0, 0, 10, 10)), instance("star", (60, 0, 80, 20))]
    painted = [instance("red star", (0, 0, 10, 10), 0.99), instance("blue star", (60, 0, 80, 20), 0.8)]
    fields = await answer("what colour is the star on the right?", "red", *stars, *painted)
    assert fields["text"] == "Blue."
    assert [i.phrase for i in fields["instances"]] == ["blue star"]
    fields = await answer("how many stars are left of the cross?", "two", *stars, instance("cross", (40, 0, 50, 10)))
    assert fields["text"].startswith("There is 1 star")


@pytest.mark.parametrize(
    ("question", "words", "things", "other"),
    [
        ("how many stars are there?", "three", [STAR], "three"),
        ("how many stars are there?", "one", [STAR], None),
        ("how many stars are there?", "several", [STAR], None),
        ("is there a star?", "no", [STAR], "no"),
        ("is there a star?", "yes", [STAR], None),
        ("what colour is the star?", "Red.", [instance("blue star")], "red"),
        ("what colour is the star?", "blue", [instance("blue star")], None),
        ("what colour is the star?", "a lovely one", [instance("blue star")], None),
    ],
)
async def test_two_models_that_disagree_are_both_heard(
    question: str, words: str, things: Any, other: str | None
) -> None:
    assert (await answer(question, words, *things)).get("doubt") == other


async def test_words_that_stutter_are_not_repeated() -> None:
    looker = Looker({DESCRIBE: "a small red a small red star, a large star and a."})
    fields = await run(models(looker=looker, finder=Finder([])), task="describe")
    assert fields == {"text": None, "instances": []}


async def test_two_models_that_share_nothing_are_both_not_believed() -> None:
    finder = Finder([instance("heart", (0, 0, 10, 10), 0.9)])
    looker = Looker({DESCRIBE: "a red star and a cross."})
    fields = await run(models(looker=looker, finder=finder), task="describe")
    assert fields == {"text": None, "instances": []}


async def test_the_end_of_a_long_dialogue_is_read() -> None:
    talker = Writer(text="hello")
    history = tuple(Message(role, f"{role} {n} " + "word " * 40) for n in range(40) for role in ("user", "assistant"))  # type: ignore[arg-type]
    [
        _
        async for _ in tasks(models(talker=talker), "and now?", history=history).chat(
            asyncio.get_running_loop().time() + 5
        )
    ]
    ((messages, _),) = talker.asked
    assert [type(m) for m in messages[:2]] == [SystemMessage, HumanMessage]
    assert messages[-1].content == "and now?"
    assert messages[-2].content.startswith("assistant 39")
    assert 4 <= len(messages) < 20
