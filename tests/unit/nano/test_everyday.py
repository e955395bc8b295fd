"""The everyday turns that models learn from: well-formed, and none of them measured with."""

from __future__ import annotations

import json
import random
import re

import pytest

from vlp_graph.dialogue.forms import FORMS
from vlp_graph.dialogue.plan import TASKS
from vlp_graph.nano.dialogues import FRESH_DIALOGUES, HAND_DIALOGUES
from vlp_graph.nano.everyday import FORM_OF_TASK, everyday, form_turn, load_everyday, load_forms
from vlp_graph.nano.recipes.intent import spans
from vlp_graph.nano.turns import FRESH_TURNS, HAND_TURNS


def bare(text: str) -> str:
    return re.sub(r"[^a-z0-9 ]", "", text.lower()).strip()


def test_every_task_and_form_is_there_and_every_name_is_said() -> None:
    turns = load_everyday()
    assert {turn.kind for turn in turns} == set(TASKS)
    assert all(spans(turn) for turn in turns if turn.kind in ("detect", "segment", "count", "classify"))
    learned, held_out = load_forms(), load_forms(held_out=True)
    assert {turn.form for turn in learned} == set(FORMS)
    assert {turn.form for turn in held_out} >= {*FORMS} - set(FORM_OF_TASK.values())
    seen = {bare(turn.text) for turn in learned} | {bare(turn.utterance) for turn in turns}
    assert not seen & {bare(turn.text) for turn in held_out}
    named = [bool(turn.spans) for turn in learned if turn.form in ("colour", "find", "outline", "is")]
    assert sum(named) > 0.95 * len(named)  # "colour?" names nothing


def test_none_of_them_is_measured_with() -> None:
    learned = {bare(turn.utterance) for turn in load_everyday()} | {bare(turn.text) for turn in load_forms()}
    measured = {bare(json.loads(line)["turn"]) for file in (HAND_TURNS, FRESH_TURNS) for line in _lines(file)}
    for file in (HAND_DIALOGUES, FRESH_DIALOGUES):
        measured |= {bare(turn["say"]) for line in _lines(file) for turn in json.loads(line)["turns"]}
    assert not learned & measured


def _lines(file) -> list[str]:  # type: ignore[no-untyped-def]
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("seed", range(5))
def test_in_other_words_the_names_are_still_said(seed: int) -> None:
    rng = random.Random(seed)
    for turn in (everyday(rng) for _ in range(200)):
        for name in [*turn.tasks[0].get("phrases", []), *turn.tasks[0].get("labels", [])]:
            assert name.lower() in turn.utterance.lower()
    for made in (form_turn(rng) for _ in range(200)):
        assert all(made.text[start:end].strip() for start, end in made.spans.values())
