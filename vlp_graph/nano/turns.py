"""Hand-written turns and the judge of plans.

Generated turns share our habits of phrasing; these do not, so they tell what the planner and the intent
model are worth to a stranger. Never train on them. A gold plan is written `task: phrase | other wording,
second phrase + task`; a turn may have several acceptable plans, the likeliest first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlp_graph.dialogue.plan import fold

HAND_TURNS = Path(__file__).with_name("hand_turns.jsonl")
"""Looked at while the models were made: what they are worth while one works on them."""
FRESH_TURNS = Path(__file__).with_name("hand_turns_fresh.jsonl")
"""Written without a look at the templates, and not looked at since: what they are worth to a stranger."""


@dataclass(frozen=True)
class GoldTask:
    """A task and, for each of its arguments, the wordings that count as right (none: not judged)."""

    task: str
    arguments: tuple[frozenset[tuple[str, ...]], ...] = ()

    def accepts(self, task: Mapping[str, Any]) -> bool:
        """Whether a wire task is this one, arguments in any order."""
        given = [_named(text) for text in task.get("phrases") or task.get("labels") or []]
        if task["task"] != self.task:
            return False
        if not self.arguments:
            return True
        return len(given) == len(self.arguments) and all(any(g in a for g in given) for a in self.arguments)


def _named(text: str) -> tuple[str, ...]:
    """The identity of a name; "blue things" and "blue ones" name what "blue" does, and "stars other than the red" what
    "stars not red" does (both are the dialogue's own wordings)."""
    words = fold(" not ".join(text.split(" other than ")))
    return words[:-1] if len(words) > 1 and words[-1] in ("thing", "one", "object") else words


GoldPlan = tuple[GoldTask, ...]


@dataclass(frozen=True)
class HandTurn:
    """A turn and the plans that are right for it."""

    utterance: str
    history: str | None
    plans: tuple[GoldPlan, ...]

    @property
    def single_tasks(self) -> frozenset[str]:
        """The tasks of the acceptable one-task plans."""
        return frozenset(plan[0].task for plan in self.plans if len(plan) == 1)


@dataclass(frozen=True)
class Verdict:
    """How far a plan is right: its tasks; also their phrases and labels; also their order."""

    task_set: bool
    task_and_phrases: bool
    exact: bool


def parse_gold(text: str) -> GoldPlan:
    """`"segment: swan + answer"` as a gold plan."""
    tasks = []
    for part in text.split(" + "):
        name, _, arguments = part.partition(":")
        wordings = [frozenset(_named(w) for w in a.split("|")) for a in arguments.split(",") if a.strip()]
        tasks.append(GoldTask(name.strip(), tuple(wordings)))
    return tuple(tasks)


def gold_of(tasks: Sequence[Mapping[str, Any]]) -> GoldPlan:
    """The gold plan of wire tasks (of a generated turn)."""
    return tuple(
        GoldTask(t["task"], tuple(frozenset({_named(a)}) for a in t.get("phrases") or t.get("labels") or []))
        for t in tasks
    )


def load_hand_turns(path: Path = HAND_TURNS) -> list[HandTurn]:
    """All hand-written turns."""
    turns = []
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        turns.append(HandTurn(entry["turn"], entry.get("history"), tuple(map(parse_gold, entry["plans"]))))
    return turns


def judge(tasks: Sequence[Mapping[str, Any]], golds: Sequence[GoldPlan]) -> Verdict:
    """The best verdict of wire tasks over the acceptable plans."""
    task_set = phrases = exact = False
    for gold in golds:
        if sorted(t["task"] for t in tasks) != sorted(g.task for g in gold):
            continue
        task_set = True
        left, matched = list(tasks), True
        for wanted in gold:
            hit = next((t for t in left if wanted.accepts(t)), None)
            if hit is None:
                matched = False
                break
            left.remove(hit)
        phrases = phrases or matched
        exact = exact or (matched and all(g.accepts(t) for g, t in zip(gold, tasks, strict=True)))
    return Verdict(task_set, phrases, exact)
