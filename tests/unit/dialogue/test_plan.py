"""The plan: what is accepted, what is repaired, what stands in for it."""

import json

import pytest
from pydantic import ValidationError

from vlp_graph.dialogue.plan import (
    PLAN_SCHEMA,
    TASKS,
    Plan,
    PlanError,
    Task,
    fallback_plan,
    fold,
    ground_spans,
    label_list,
    noun_phrases,
    parse_plan,
    wire_text,
)


def plan(*tasks: dict[str, object]) -> Plan:
    return parse_plan(wire_text("t", tasks))


def test_parse_gives_ids_in_order() -> None:
    parsed = plan({"task": "count", "phrases": ["dogs"]}, {"task": "answer", "question": "are they wet?"})
    assert [(t.id, t.task) for t in parsed.tasks] == [("t1", "count"), ("t2", "answer")]
    assert parsed.tasks[0].phrases == ["dogs"]
    assert parsed.tasks[1].question == "are they wet?"


def test_parse_tolerates_text_around_the_object() -> None:
    assert parse_plan('```json\n{"thought": "x", "tasks": [{"task": "chat"}]}\n```').tasks[0].task == "chat"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no plan at all",
        "{",
        "[1]",
        '{"thought": "x"}',
        '{"thought": "x", "tasks": []}',
        '{"thought": "x", "tasks": ["chat"]}',
        '{"thought": "x", "tasks": [{"task": "dance"}]}',
        '{"thought": "x", "tasks": [{"task": "chat", "id": "t9"}]}',
        '{"thought": "x", "tasks": [{"task": "detect"}]}',
        '{"thought": "x", "tasks": [{"task": "count", "phrases": []}]}',
        '{"thought": "x", "tasks": [{"task": "segment", "phrases": [" "]}]}',
        '{"thought": "x", "tasks": [{"task": "classify", "labels": ["one"]}]}',
        '{"thought": "x", "tasks": [{"task": "answer"}]}',
        '{"thought": "x", "tasks": [' + ", ".join(['{"task": "chat"}'] * 5) + "]}",
        '{"thought": ["x"], "tasks": [{"task": "chat"}]}',
        '{"thought": "x", "tasks": [{"task": "detect", "phrases": "dog"}]}',
    ],
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(PlanError):
        parse_plan(text)


def test_needs_point_backwards_to_known_ids() -> None:
    first = Task(id="a", task="detect", phrases=["dog"])
    second = Task(id="b", task="answer", question="is it wet?", needs=["a"])
    assert Plan(thought="", tasks=[first, second]).tasks[1].needs == ["a"]
    for wrong in ([second, first], [first, first]):
        with pytest.raises(ValidationError):
            Plan(thought="", tasks=wrong)


def test_schema_has_one_closed_bounded_form_per_task() -> None:
    forms = PLAN_SCHEMA["properties"]["tasks"]["items"]["anyOf"]
    assert [f["properties"]["task"]["enum"] for f in forms] == [[name] for name in TASKS]
    assert all(f["additionalProperties"] is False and f["required"] == list(f["properties"]) for f in forms)
    assert json.dumps(PLAN_SCHEMA).count('"type": "string"') == json.dumps(PLAN_SCHEMA).count("maxLength") + len(TASKS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the red stars", "Red star"),
        ("boxes", "a box"),
        ("people", "person"),
        ("cherries", "cherry"),
        ("glass", "the glass"),
    ],
)
def test_fold_ignores_article_case_and_plural(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("phrase", "dialogue", "kept"),
    [
        ("red star", "where are the Red Stars?", "red star"),
        ("blue circles", "how many red circles? -> 3\nand the blue ones?", "blue circles"),
        ("intentionally", "is it intact or intentional", "intentional"),
        ("wine glas", "find the wine glasses", "wine glasses"),
        ("umbrela", "where is my umbrella", "umbrella"),
    ],
)
def test_grounding_keeps_or_repairs(phrase: str, dialogue: str, kept: str) -> None:
    grounded = ground_spans(plan({"task": "detect", "phrases": [phrase]}), dialogue)
    assert grounded.tasks[0].phrases == [kept]


def test_grounding_drops_what_nobody_said_and_what_is_said_twice() -> None:
    written = plan({"task": "count", "phrases": ["dogs", "the dog", "xylophone"]})
    assert ground_spans(written, "how many dogs are there?").tasks[0].phrases == ["dogs"]


def test_grounding_fails_when_nothing_is_left() -> None:
    with pytest.raises(PlanError):
        ground_spans(plan({"task": "segment", "phrases": ["xylophone"]}), "cut out the dog")
    with pytest.raises(PlanError):
        ground_spans(plan({"task": "classify", "labels": ["cat", "quartz"]}), "is it a cat or a dog")


def test_grounding_drops_a_task_that_names_nothing_said() -> None:
    written = plan({"task": "describe"}, {"task": "classify", "labels": ["classified", "classified"]})
    assert [t.task for t in ground_spans(written, "Describe the picture.").tasks] == ["describe"]


def test_grounding_leaves_other_tasks_alone() -> None:
    written = plan({"task": "answer", "question": "anything"}, {"task": "describe"})
    assert ground_spans(written, "hello") == written


@pytest.mark.parametrize(
    ("utterance", "phrases"),
    [
        ("How many red circles are there in the picture?", ["red circles"]),
        ("find the circle left of the red star", ["circle left of the red star"]),
        ("please cut the football out for me", ["football"]),
        ("draw a box around the cup and the wine glass, please", ["cup", "wine glass"]),
        ("how many stars are left of the blue square?", ["stars left of the blue square"]),
        ("i'm looking for my keys", ["keys"]),
        ("remove the background behind the vase", ["vase"]),
        ("outline it", []),
    ],
)
def test_noun_phrases(utterance: str, phrases: list[str]) -> None:
    assert noun_phrases(utterance) == phrases


@pytest.mark.parametrize(
    ("utterance", "labels"),
    [
        ("is it a cat or a dog?", ["cat", "dog"]),
        ("Classify this picture as ripe, unripe, or rotten.", ["ripe", "unripe", "rotten"]),
        ("labels: a big one / a small one", ["big one", "small one"]),
        ("choose between indoor and outdoor", []),
        ("what is this?", []),
    ],
)
def test_label_list(utterance: str, labels: list[str]) -> None:
    assert label_list(utterance) == labels


@pytest.mark.parametrize(
    ("intent", "utterance", "task"),
    [
        ("chat", "hello", "chat"),
        ("count", "how many stars are there", "count"),
        ("segment", "outline it", "describe"),
        ("detect", "where is it?", "answer"),
        ("classify", "which one is it", "answer"),
        ("classify", "is it red or blue", "classify"),
        ("answer", "", "describe"),
    ],
)
def test_fallback_is_always_a_plan(intent: str, utterance: str, task: str) -> None:
    assert fallback_plan(intent, utterance).tasks[0].task == task
