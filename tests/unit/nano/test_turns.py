"""Generated turns are plans that their own words support; hand-written turns are judged fairly."""

import random
from pathlib import Path

import pytest

from vlp_graph.dialogue.plan import TASKS, ground_spans, parse_plan
from vlp_graph.nano.turns import FRESH_TURNS, HAND_TURNS, Verdict, gold_of, judge, load_hand_turns, parse_gold
from vlp_graph.nano.utterances import generate, load_templates


def test_generated_turns_are_grounded_plans() -> None:
    rng = random.Random(1)
    for number in range(600):
        turn = generate(rng, held_out=bool(number % 2))
        plan = parse_plan(turn.completion)
        ground_spans(plan, f"{turn.history or ''}\n{turn.utterance}")
        assert turn.thought.startswith("user wants me to ")
        assert judge(turn.tasks, [gold_of(turn.tasks)]) == Verdict(True, True, True)


def test_same_seed_same_turns() -> None:
    assert [generate(random.Random(3)) for _ in range(3)] == [generate(random.Random(3)) for _ in range(3)]


def test_held_out_templates_are_never_trained_on() -> None:
    train, held_out = load_templates(False), load_templates(True)
    for task in TASKS:
        assert not set(train.single[task]) & set(held_out.single[task])
        assert len(train.single[task]) + len(held_out.single[task]) >= 90
        assert len(held_out.single[task]) >= 20


@pytest.mark.parametrize("path", [HAND_TURNS, FRESH_TURNS])
def test_hand_turns_are_new_and_cover_what_they_should(path: Path) -> None:
    turns = load_hand_turns(path)
    templates = {line for side in (False, True) for block in load_templates(side).single.values() for line in block}
    assert len(turns) >= 110
    assert sum(bool(turn.history) for turn in turns) >= 15
    assert sum(len(turn.plans[0]) > 1 for turn in turns) >= 10
    assert not [turn for turn in turns if turn.utterance.lower() in templates]


def test_judge_accepts_alternatives_and_tells_degrees_apart() -> None:
    golds = [parse_gold("detect: red star | star + count: hearts"), parse_gold("answer")]
    right = [{"task": "detect", "phrases": ["the stars"]}, {"task": "count", "phrases": ["heart"]}]
    assert judge(right, golds) == Verdict(True, True, True)
    assert judge(right[::-1], golds) == Verdict(True, True, False)
    assert judge([right[0], {"task": "count", "phrases": ["crosses"]}], golds) == Verdict(True, False, False)
    assert judge([right[0]], golds) == Verdict(False, False, False)
    assert judge([{"task": "answer", "question": "?"}], golds) == Verdict(True, True, True)
