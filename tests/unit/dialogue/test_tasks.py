"""Each kind of task over plain models."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from plain_models import Finder, Looker, Sorter, Writer, instance, models, picture

from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.plan import Task
from vlp_graph.dialogue.sorting import DESCRIBE
from vlp_graph.dialogue.tasks import SYSTEM, Tasks
from vlp_graph.dialogue.turn import Instance, Message, Result, Turn
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
    assert fields["about"] == ["star", "cross"]
    await run(models(finder=finder), task="count", phrases=["all the stars"])
    assert finder.asked == [("p", ("star", "cross"), True), ("p", ("stars",), False)]


async def test_a_question_of_no_form_is_the_looker_s_own() -> None:
    finder = Finder()
    fields = await run(
        models(looker=Looker({"is the star shiny?": "no"}), finder=finder), task="answer", question="is the star shiny?"
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
    assert fields == {"text": "Blue.", "instances": [], "about": ["star"]}
    fields = await answer("what colour is the cross?", "blue", STAR)
    assert fields == {"text": "I find no cross in this picture.", "instances": [], "about": ["cross"]}


async def beside(words: str, caption: str, *things: Any) -> dict[str, Any]:
    question = "what is left of the star?"
    looker = Looker({question: words, DESCRIBE: caption})
    return await run(models(looker=looker, finder=Finder(things)), task="answer", question=question)


async def test_beside_is_checked() -> None:
    left, right = instance("red heart", (0, 40, 10, 50)), instance("red heart", (80, 40, 90, 50))
    assert await beside("a red heart", "", STAR, left, right) == {
        "text": "A red heart.",
        "instances": [left],
        "about": ["red heart"],
    }
    assert await beside("nothing", "a star.", STAR) == {"text": "Nothing.", "instances": []}
    assert (await beside("a red heart", "", left))["text"] == "There is no star in this picture."


async def test_beside_that_boxes_contradict_is_looked_for_in_the_caption() -> None:
    right, far = instance("red heart", (80, 40, 90, 50)), instance("blue cross", (0, 0, 4, 4))
    near = instance("green circle", (10, 40, 20, 50))
    caption = "a blue cross, a green circle and a red heart."
    assert await beside("a red heart.", caption, STAR, right, near, far) == {
        "text": "A green circle.",
        "instances": [near],
        "about": ["green circle"],
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
        "about": ["small red star", "large blue cross"],
    }
    assert await describe(caption, cross) == {"text": None, "instances": [cross], "about": ["large blue cross"]}
    assert await describe(caption) == {"text": None, "instances": [], "about": []}


async def test_a_caption_that_says_more_than_there_is_gives_way_to_the_boxes() -> None:
    star, red = instance("star", (0, 0, 10, 10)), instance("red star", (0, 0, 10, 10), 0.8)
    twice = "a small red star and a small red star."
    assert await describe(twice, instance("small red star"), star, red) == {
        "text": None,
        "instances": [red],
        "about": ["small red star"],
    }
    unsure = instance("small red star", score=0.4)
    assert await describe("a small red star.", unsure) == {"text": None, "instances": [], "about": []}


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
    assert fields == {"text": None, "instances": [], "about": []}


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


def looked_at(image: int, *things: Instance, task: str = "count", **fields: Any) -> Result:
    found = {"instances": list(things), "count": len(things)}
    return Result(id=f"t{image + 1}", task=task, image=image, status="ok", seconds=0.1, **(found | fields))


async def compared(question: str, *needed: Result) -> dict[str, Any]:
    return await tasks(models()).run(Task(id="t9", task="answer", question=question, image=0), PICTURE, needed)


SMALL, LARGE = instance("stars", (0, 0, 10, 10)), instance("stars", (0, 0, 40, 40))


@pytest.mark.parametrize(
    ("question", "pictures", "text"),
    [
        ("which picture has more stars?", [[SMALL], [SMALL] * 3], "The second picture: 3 stars, against 1 elsewhere."),
        ("which picture has more stars?", [[SMALL], []], "The first picture: 1 star, against 0 elsewhere."),
        ("which picture has more stars?", [[SMALL], [LARGE]], "Both the first and second picture, 1 stars each."),
        ("which picture has more stars?", [[], []], "None of the pictures has a star."),
        (
            "which picture has the most stars?",
            [[SMALL], [SMALL] * 2, []],
            "The second picture: 2 stars, against 1 and 0 elsewhere.",
        ),
        ("which picture has the fewest stars?", [[SMALL], []], "The second picture: 0 stars, against 1 elsewhere."),
        ("which picture has a star?", [[], [SMALL]], "The second picture."),
        ("which picture has a star?", [[SMALL], [SMALL] * 2], "Both the first and second picture."),
        ("which picture has a star?", [[], []], "None of the pictures has a star."),
        ("which picture has the biggest star?", [[SMALL] * 4, [LARGE]], "The second picture."),
        ("which picture has the smallest star?", [[SMALL] * 4, [LARGE]], "The first picture."),
        ("do both pictures have the same number of stars?", [[SMALL], [LARGE]], "Yes: 1 and 1 stars."),
        ("do both pictures have the same number of stars?", [[SMALL], [LARGE] * 2], "No: 1 and 2 stars."),
        ("is there a star in both pictures?", [[SMALL], [SMALL]], "Yes."),
        ("is there a star in both pictures?", [[SMALL], []], "No, not in the second picture."),
        ("how many more stars does the first picture have?", [[SMALL] * 3, [SMALL]], "2 more: 3 and 1 stars."),
        ("add up the stars in both pictures", [[SMALL] * 3, [SMALL]], "4 stars in all."),
        (
            "are there more stars here than in the first picture?",
            [[SMALL], [SMALL] * 2],
            "Yes: 2 stars here, 1 in the first picture.",
        ),
        ("is the star bigger or smaller than in the first picture?", [[SMALL], [LARGE]], "Bigger."),
        ("is the star smaller than in the first picture?", [[SMALL], [LARGE]], "No, it is bigger."),
        (
            "is the star the same size as in the first picture?",
            [[LARGE], [LARGE]],
            "Yes, it is of about the same size.",
        ),
        ("is the star bigger than in the first picture?", [[], [LARGE]], "There is no star in the first picture."),
    ],
)
async def test_pictures_are_compared_by_what_was_found_in_each(
    question: str, pictures: list[list[Instance]], text: str
) -> None:
    fields = await compared(question, *(looked_at(n, *things) for n, things in enumerate(pictures)))
    assert fields["text"] == text
    assert fields["about"] in (["star"], ["stars"])


@pytest.mark.parametrize(
    ("there", "missing", "text", "about"),
    [
        (["red star", "blue heart"], ["red star"], "Only the first picture has a blue heart.", ["blue heart"]),
        (["red star"], ["blue star"], "Only the first picture has a red star.", ["red star"]),
        (["red star"], ["red star"], "Only the first picture has nothing that I could name.", []),
    ],
)
async def test_what_only_one_of_two_pictures_shows(
    there: list[str], missing: list[str], text: str, about: list[str]
) -> None:
    described = [looked_at(n, task="describe", about=names) for n, names in enumerate((there, missing))]
    fields = await compared("what is in the first picture but not in the second?", *described)
    assert fields == {"text": text, "about": about}


@pytest.mark.parametrize(
    ("texts", "text"),
    [(("Red.", "Red."), "Yes, red."), (("Red.", "Blue."), "No: red in the first picture, blue now.")],
)
async def test_a_colour_in_two_pictures(texts: tuple[str, str], text: str) -> None:
    looks = [looked_at(n, task="answer", text=said) for n, said in enumerate(texts)]
    fields = await compared("is the star the same colour as in the first picture?", *looks)
    assert fields == {"text": text, "about": ["star"]}


async def test_two_pictures_that_show_the_same() -> None:
    same = [looked_at(n, task="describe", text="A red star.", about=["red star"]) for n in range(2)]
    assert (await compared("are the two pictures the same?", *same))["text"].startswith("Yes")
    other = looked_at(1, task="describe", text="A heart.", about=["heart"])
    assert (await compared("are the two pictures the same?", same[0], other))["text"].startswith("No.")


async def test_pictures_are_told_one_after_the_other() -> None:
    first = looked_at(0, task="describe", text="A red star.")
    second = looked_at(1, task="describe", about=["heart", "cross"])
    fields = await compared("compare the two pictures", first, second)
    assert fields == {"text": "The first picture shows a red star. The second picture shows heart and cross."}


async def test_an_answer_that_needs_others_is_a_comparison() -> None:
    with pytest.raises(ValueError, match="compares pictures"):
        await compared("is the star red?", looked_at(0))


RED_STAR, BLUE_HEART = instance("star", (0, 0, 10, 10)), instance("heart", (60, 60, 90, 90))
PAINTED = [instance("red star", (0, 0, 10, 10)), instance("blue heart", (60, 60, 90, 90))]


@pytest.mark.parametrize(
    ("question", "text", "about"),
    [
        ("what is the biggest thing?", "A blue heart.", ["blue heart"]),
        ("what is on the left?", "A red star.", ["red star"]),
        ("which thing is at the bottom?", "A blue heart.", ["blue heart"]),
        ("which is not a star?", "A blue heart.", ["blue heart"]),
        ("what is next to the heart?", "A red star.", ["red star"]),
    ],
)
async def test_what_a_thing_is_that_is_named_by_its_place_or_size(question: str, text: str, about: list[str]) -> None:
    fields = await answer(question, "a cloud", RED_STAR, BLUE_HEART, *PAINTED)
    assert (fields["text"], fields["about"]) == (text, about)
    assert (await answer(question, "a cloud"))["text"] in ("A cloud.", None)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("is the star red?", "Yes."),
        ("is the heart red?", "No, it is blue."),
        ("which is bigger, the star or the heart?", "The heart."),
        ("is the star bigger than the heart?", "No."),
        ("is the star on the left?", "Yes."),
        ("is the heart at the top?", "No, it is at the bottom right."),
        ("is the heart on the left or on the right?", "On the right."),
        ("are there more stars or hearts?", "As many: there is 1 star and 1 heart."),
        ("are the star and the heart the same size?", "No, some are larger."),
        ("are the star and the heart the same colour?", "No: red and blue."),
        ("are the stars red?", "Yes."),
        ("are the hearts red?", "No, none of the 1 are."),
        ("are the hearts blue?", "Yes."),
    ],
)
async def test_questions_that_boxes_decide(question: str, text: str) -> None:
    assert (await answer(question, "a cloud", RED_STAR, BLUE_HEART, *PAINTED))["text"] == text


async def test_a_choice_about_one_thing_is_read_off_its_boxes() -> None:
    looker, finder = Looker({DESCRIBE: "a beach"}), Finder([RED_STAR, BLUE_HEART, *PAINTED])
    fields = await run(
        models(looker=looker, finder=finder),
        task="classify",
        labels=["red", "blue"],
        question="is the heart red or blue?",
    )
    assert (fields["label"], fields["scores"]) == ("blue", {"red": 0.0, "blue": 1.0})
    assert [i.phrase for i in fields["instances"]] == ["blue heart"]
    assert fields["about"] == ["heart"]
    assert looker.asked == []


async def test_the_odd_one_out_is_found_and_named() -> None:
    things = [instance("star", (x, 0, x + 10, 10)) for x in (0, 20, 40)] + [instance("heart", (60, 0, 70, 10))]
    fields = await answer("which one is the odd one out?", "no idea", *things)
    assert (fields["text"], fields["about"]) == ("A heart.", ["heart"])
    found = await run(models(finder=Finder(things)), task="detect", phrases=["odd one out"])
    assert [(i.phrase, i.box) for i in found["instances"]] == [("odd one out", (60, 0, 70, 10))]


async def test_the_other_one_of_two_kinds_is_the_other_thing() -> None:
    things = [STAR.model_copy(update={"phrase": "thing"}), instance("thing", (10, 10, 20, 20))]
    finder = Finder([STAR, *things])
    fields = await run(models(finder=finder), task="detect", phrases=["star other than the star"])
    assert [(i.phrase, i.box) for i in fields["instances"]] == [("star other than the star", (10, 10, 20, 20))]


async def test_what_only_one_says_may_be_of_another_kind() -> None:
    thing = instance("blue thing", (40, 40, 50, 50))
    fields = await tasks(models(finder=Finder([thing])), "the blue one now").run(
        Task(id="t1", task="segment", image=0, phrases=["blue cross"]), PICTURE
    )
    assert [i.phrase for i in fields["instances"]] == ["blue thing"]
    said = await tasks(models(finder=Finder([thing])), "the blue cross now").run(
        Task(id="t1", task="segment", image=0, phrases=["blue cross"]), PICTURE
    )
    assert said["instances"] == []


async def test_what_a_picture_is_called_is_no_thing_in_it() -> None:
    on_shelf = ["hearts on the shelf"]
    heart, shelf = instance("hearts", (40, 40, 50, 50)), instance("shelf", (0, 60, 90, 90), score=0.9)
    assert (await run(models(finder=Finder([heart])), task="count", phrases=on_shelf))["count"] == 1
    assert (await run(models(finder=Finder([heart, shelf])), task="count", phrases=on_shelf))["count"] == 0


async def test_the_label_that_is_seen_more_often_fits_and_is_spoken_of() -> None:
    hearts = [instance("hearts", (x, 40, x + 10, 50), score=0.9) for x in (10, 40, 70)]
    star = instance("stars", (40, 70, 50, 80), score=0.95)
    sorter = Sorter(likes={"stars": 0.6, "hearts": 0.4})
    fields = await run(
        models(looker=Looker({DESCRIBE: "shapes"}), finder=Finder([*hearts, star]), sorter=sorter),
        task="classify",
        labels=["stars", "hearts"],
    )
    assert (fields["label"], fields["about"]) == ("hearts", ["hearts"])
