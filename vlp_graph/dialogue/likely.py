"""The plan that intent and names alone amount to, milliseconds after the turn.

It is where speculation starts, what a turn without doubt is answered by, and what stands in when no plan could be
written. Only for one task: a turn that asks for several is the planner's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vlp_graph.dialogue.plan import MAX_PHRASES, PHRASE_TASKS, Plan, Task
from vlp_graph.dialogue.prompt import intent_text
from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.turn import Named, Understanding
from vlp_graph.dialogue.wording import COLOURS, listed, plain

_DOING = {
    "chat": "talk",
    "describe": "describe the picture",
    "answer": "answer about the picture",
    "detect": "find {}",
    "segment": "outline {}",
    "count": "count {}",
    "classify": "choose between {}",
}
_PRONOUN = re.compile(r"\b(?:it|that one|this one|they|them|those|these|he|she|him)\b(?!')", re.IGNORECASE)
_PLURAL = ("they", "them", "those", "these")
_LEANS = re.compile(r"\b(?:ones?|it|its|them|their|they|those|these|other|others|another|same|too|again|else)\b", re.I)
_JOINS = re.compile(r"^\W*(?:and|also|what about|how about|now|then|or|but)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Likely:
    """A one-task plan and how sure it is: the least sure of its intent and of the names in it."""

    plan: Plan
    sure: float


def leans(text: str) -> bool:
    """Whether a turn may lean on what was said before it."""
    return bool(_LEANS.search(text) or _JOINS.search(text))


def likely_plan(
    understanding: Understanding, text: str, history: str | None, spoken_of: Sequence[str] = ()
) -> Likely | None:
    """None where what the intent needs was not named. `spoken_of` are the things last named in the dialogue, where that
    is known better than from the history line."""
    intent = max(understanding.scores, key=lambda task: understanding.scores[task])
    begins = len(intent_text(text, history)) - len(intent_text(text))
    now = [name for name in understanding.named if name.start >= begins]
    before = [Named(name, 0, 1.0) for name in spoken_of] or [n for n in understanding.named if n.start < begins]
    if not now and not leans(text):  # it names something that was not read, not what was named before
        before = []
    arguments: dict[str, Any] = {}
    used: Sequence[Named] = ()
    certain = 1.0
    if intent in PHRASE_TASKS:
        used = now or before
        arguments["phrases"] = _phrases(now, before)
    elif intent == "classify":
        used = now
        labels = list(dict.fromkeys(name.text for name in now))[:MAX_PHRASES]
        arguments["labels"] = labels if len(labels) > 1 else []
    elif intent == "answer":
        used = before if history and _PRONOUN.search(text) else ()
        arguments["question"] = _resolved(text, before) if history else text
        if history and arguments["question"] == text and leans(text):
            certain = 0.0  # it leans on what was said before, and nothing says on what
    if not all(arguments.values()):
        return None
    names = arguments.get("phrases") or arguments.get("labels") or []
    thought = f"user wants me to {_DOING[intent].format(listed(names))}"
    task = Task.model_validate({"id": "t1", "task": intent, **arguments})
    sure = min([certain, understanding.scores[intent], *(name.score for name in used)])
    return Likely(Plan(thought=thought, tasks=[task]), sure)


def _phrases(now: Sequence[Named], before: Sequence[Named]) -> list[str]:
    """Names of the turn, else of the history; a bare colour is that of what was named before ("and the red?")."""
    if before and now and all(set(plain(name.text).lower().split()) <= set(COLOURS) for name in now):
        nouns = {_uncoloured(name.text) for name in before}
        noun = nouns.pop() if len(nouns) == 1 else "things"
        return [f"{plain(name.text)} {noun}" for name in now][:MAX_PHRASES]
    return list(dict.fromkeys(name.text for name in now or before))[:MAX_PHRASES]


def _uncoloured(name: str) -> str:
    return " ".join(word for word in read(plain(name)).name.split() if word.lower() not in COLOURS) or "things"


def _resolved(question: str, before: Sequence[Named]) -> str:
    """The question with what "it" stands for: the thing named last; for "them" all of them."""
    found = _PRONOUN.search(question)
    if not found or not before:
        return question
    names = [plain(name.text) for name in before]
    meant = listed(names) if found[0].lower() in _PLURAL else names[-1]
    return f"{question[: found.start()]}the {meant}{question[found.end() :]}"
