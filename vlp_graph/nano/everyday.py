"""Everyday turns that models learn from: 8,693 sentences as people of many trades and places would say them.

Templates repeat the habits of who wrote them. These were written without a look at templates or tests, each with its
task and the words that name things or labels; so that they teach more than themselves, other things take their place
half of the time.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vlp_graph.dialogue.plan import PHRASE_TASKS
from vlp_graph.dialogue.wording import is_plural
from vlp_graph.nano.utterances import Turn, Wire, article, letter_case, past_turn, thought, typo
from vlp_graph.nano.words import thing

EVERYDAY_TURNS = Path(__file__).with_name("everyday_turns.jsonl")
"""Training data; what measures (`vlp_graph.nano.turns`) is elsewhere and holds none of them."""
EVERYDAY_FORMS = Path(__file__).with_name("everyday_forms.jsonl")
"""Turns with the form of what they ask and the words in its roles; lines with `held_out` are not learned
from, nor do they stand in `EVERYDAY_TURNS`."""
FORM_OF_TASK = {"chat": "say", "describe": "describe", "count": "number", "detect": "find", "segment": "outline"}
OF_A_TASK = 0.2
OTHER_THINGS, AFTER_HISTORY, TYPO, OTHER_CASE = 0.5, 0.3, 0.08, 0.3
_FIXED = re.compile(r"\b(?:ones?|that|which|who|my|our|his|her)\b|[^\w '-]", re.IGNORECASE)


@functools.cache
def load_everyday() -> list[Turn]:
    """All of them, in the order of the file."""
    turns = []
    for line in EVERYDAY_TURNS.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        gold: Wire = {"task": entry["task"]}
        if entry["task"] in PHRASE_TASKS:
            gold["phrases"] = entry["names"]
        elif entry["task"] == "classify":
            gold["labels"] = entry["names"]
        elif entry["task"] == "answer":
            gold["question"] = entry["turn"]
        turns.append(Turn(entry["turn"], None, thought([gold]), (gold,), entry["task"]))
    return turns


def everyday(rng: random.Random) -> Turn:
    """One of them, often about other things, sometimes mistyped, in another case or after a history line."""
    turn = rng.choice(load_everyday())
    text, gold = turn.utterance, dict(turn.tasks[0])
    if gold["task"] in PHRASE_TASKS and rng.random() < OTHER_THINGS:
        text, gold["phrases"] = _about_others(rng, text, gold["phrases"])
    if rng.random() < TYPO:
        said = [*gold.get("phrases", []), *gold.get("labels", [])]
        text = typo(rng, text, {word for name in said for word in name.lower().split()})
    if rng.random() < OTHER_CASE:
        text = letter_case(rng, text, spoken=False)
    if gold["task"] == "answer":
        gold["question"] = text
    history = None
    if rng.random() < AFTER_HISTORY:
        plural = rng.random() < 0.5
        history = past_turn(rng, rng.choice(["detect", "segment", "count", "answer"]), thing(rng, plural, 0), plural)
    return Turn(text, history, thought([gold]), (gold,), turn.kind)


def _about_others(rng: random.Random, text: str, names: list[str]) -> tuple[str, list[str]]:
    """The turn about other things; a name that leans on what stands around it stays."""
    places = [re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names]
    if any(text.lower().count(name.lower()) != 1 for name in names):  # which of them is meant?
        return text, names
    new = list(names)
    for n, place in sorted(enumerate(places), key=lambda one: -(one[1].start() if one[1] else 0)):
        name = names[n]
        if place and " " in text and not _FIXED.search(name) and len(name.split()) < 4 and name == name.lower():
            new[n] = thing(rng, is_plural(name), 0.1)
            text = text[: place.start()] + new[n] + text[place.end() :]
    text = article(text)
    return text, [name if name.lower() in text.lower() else article(name) for name in new]


@dataclass(frozen=True)
class FormTurn:
    """A turn, the form of what it asks, and where the words of each role stand in it."""

    text: str
    form: str
    spans: Mapping[str, tuple[int, int]]


@functools.cache
def load_forms(*, held_out: bool = False) -> list[FormTurn]:
    """The turns to learn from, or those that are held out."""
    turns = []
    for line in EVERYDAY_FORMS.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry.get("held_out", False) == held_out:
            turns.append(_formed(entry["turn"], entry["form"], {r: entry[r] for r in ("a", "b") if r in entry}))
    return turns


def _formed(text: str, form: str, roles: Mapping[str, str]) -> FormTurn:
    places = {role: re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for role, name in roles.items()}
    return FormTurn(text, form, {role: place.span() for role, place in places.items() if place})


def form_turn(rng: random.Random) -> FormTurn:
    """One of the turns to learn from, often about other things, sometimes mistyped or in another case."""
    if rng.random() < OF_A_TASK:
        simple = [t for t in load_everyday() if t.kind in FORM_OF_TASK and len(t.tasks[0].get("phrases", [])) < 2]
        turn = rng.choice(simple)
        names = turn.tasks[0].get("phrases", [])
        made = _formed(turn.utterance, FORM_OF_TASK[turn.kind], {"a": names[0]} if names else {})
    else:
        made = rng.choice(load_forms())
    text, roles = made.text, {role: made.text[start:end] for role, (start, end) in made.spans.items()}
    if roles and rng.random() < OTHER_THINGS:
        said = list(roles)
        text, others = _about_others(rng, text, list(roles.values()))
        roles = dict(zip(said, others, strict=True))
    if rng.random() < TYPO:
        text = typo(rng, text, {word for name in roles.values() for word in name.lower().split()})
    if rng.random() < OTHER_CASE:
        text = letter_case(rng, text, spoken=False)
    return _formed(text, made.form, roles)
