"""Pictures that a dialogue gives labels to, and the turn that asks for one."""

from __future__ import annotations

import pytest
from plain_models import Looker, Sorter, models, picture

from vlp_graph.dialogue.few_shot import LONGEST, MOST, asked_by_example, label_said
from vlp_graph.dialogue.sorting import DESCRIBE
from vlp_graph.dialogue.tasks import NAME_IT, Tasks
from vlp_graph.dialogue.turn import Message, Turn

A, B, C = (picture(digest=name) for name in "abc")


def turn(text: str, *said: str, pictures: int = 3) -> Turn:
    """A dialogue in which each of the earlier messages came with a picture."""
    history = tuple(
        message for words in said for message in (Message("user", words, 1), Message("assistant", "I see."))
    )
    return Turn(text, (A, B, C)[:pictures], history=history)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("This is a zig.", "And this is a zag."),
        ("Here is an example of a zig", "another example of a zag"),
        ("label: zig", "label: zag"),
        ('call this one "zig"', "call it zag"),
        ("ok, that picture shows a zig", "this one is called zag"),
    ],
)
@pytest.mark.parametrize(
    "text",
    ["What is this?", "and this one?", "which is it?", "Is this a zig or a zag?", "Thanks. What would you call this?"],
)
def test_two_labels_teach_and_a_third_picture_asks(first: str, second: str, text: str) -> None:
    asked = asked_by_example(turn(text, first, second), text)
    assert asked is not None
    assert (asked.image, asked.labels) == (2, ("zig", "zag"))
    assert [(e.picture.digest, e.label) for e in asked.examples] == [("a", "zig"), ("b", "zag")]
    (task,) = asked.plan(text).tasks
    assert (task.task, task.image, task.labels) == ("classify", 2, ["zig", "zag"])


def test_one_message_with_all_pictures_teaches_too() -> None:
    text = "The first is a zig, the second one is a zag. What is the third?"
    asked = asked_by_example(Turn(text, (A, B, C)), text)
    assert asked is not None
    assert [(e.picture.digest, e.label) for e in asked.examples] == [("a", "zig"), ("b", "zag")]
    assert asked.image == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("How many stars are there?", ("This is a zig.", "This is a zag.")),  # another question
        ("What is this?", ("This is a zig.", "This is a zig.")),  # one label teaches nothing
        ("What is this?", ("This is my son's drawing", "This is her picture")),
        ("What is this?", ("Is this a zig?", "This is a zag.")),  # asked, not told
        ("This is a zog.", ("This is a zig.", "This is a zag.")),  # one example more
        ("a" * LONGEST + " what is this?", ("This is a zig.", "This is a zag.")),
    ],
)
def test_other_turns_ask_for_no_label(text: str, said: tuple[str, ...]) -> None:
    assert asked_by_example(turn(text, *said), text) is None


def test_of_many_examples_the_newest_are_kept_and_every_label_has_one() -> None:
    said = ["This is a zog.", *["This is a zig.", "This is a zag."] * (MOST // 2)]
    history = tuple(Message("user", words, 1) for words in said)
    text = "What is this?"
    pictures = tuple(picture(digest=str(n)) for n in range(len(said) + 1))
    asked = asked_by_example(Turn(text, pictures, history=history), text)
    assert asked is not None
    assert len(asked.examples) == MOST
    assert set(asked.labels) == {e.label for e in asked.examples} == {"zig", "zag"}


def test_without_a_new_picture_nothing_is_asked() -> None:
    text = "What is this?"
    assert asked_by_example(turn(text, "This is a zig.", "This is a zag.", pictures=2), text) is None


async def _sorted(words: str, near: dict[str, float]) -> tuple[dict[str, object], Looker]:
    class Eyes(Looker):
        async def answer(self, pictures, question, examples=()):  # type: ignore[no-untyped-def]
            await super().answer(pictures, question, examples)
            return (
                words if question == NAME_IT else {"a": "a star", "b": "a heart", "c": "a red star"}[pictures[0].digest]
            )

    looker = Eyes({NAME_IT: "", DESCRIBE: ""})
    text = "what is this?"
    said = turn(text, "This is a zig.", "This is a zag.")
    asked = asked_by_example(said, text)
    assert asked is not None
    tasks = Tasks(models(looker=looker, sorter=Sorter(likes=near)), said, text, 10, asked=asked)
    return await tasks.run(asked.plan(text).tasks[0], C), looker


async def test_the_examples_are_the_prompt_and_what_is_seen_decides() -> None:
    fields, looker = await _sorted("a red star", {"a star": 0.9, "a heart": 0.1})
    assert looker.shots == [("a", "zig"), ("b", "zag")]
    assert fields["label"] == "zig"
    assert fields["scores"] == pytest.approx({"zig": 0.9, "zag": 0.1})


async def test_a_label_that_the_vision_model_says_is_half_of_the_scores() -> None:
    fields, _ = await _sorted("A zag.", {"a star": 0.7, "a heart": 0.3})
    assert fields["scores"] == pytest.approx({"zig": 0.35, "zag": 0.65})
    assert fields["label"] == "zag"


def test_a_label_is_said_with_or_without_an_article() -> None:
    assert label_said("A zig.", ("zag", "zig")) == "zig"
    assert label_said("zig zag", ("zag", "zig")) is None
