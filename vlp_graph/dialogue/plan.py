"""The plan of a turn: which tasks to run, on which words of the dialogue.

A language model writes the *wire* form (no ids, no dependencies: less to get wrong); the rest of the
system works with the validated `Plan`. Everything that makes a written plan safe to execute lives here:
the JSON schema, the parser, the check that the plan only names what the dialogue named, and the plan
that stands in when nothing usable was written.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vlp_graph.dialogue.wording import IRREGULAR

TaskName = Literal["chat", "describe", "answer", "detect", "segment", "count", "classify"]
TASKS: tuple[TaskName, ...] = ("chat", "describe", "answer", "detect", "segment", "count", "classify")
PHRASE_TASKS = frozenset({"detect", "segment", "count"})
MAX_TASKS = 4
MAX_PHRASES = 6
NEAREST_SPAN_RATIO = 0.6


class PlanError(ValueError):
    """The text is no plan, or no part of it can be executed."""


class Task(BaseModel):
    """One sub-task; `image` is the index of a picture of the session (None: the current one)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    task: TaskName
    image: int | None = None
    phrases: list[str] | None = None
    question: str | None = None
    labels: list[str] | None = None
    needs: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _has_its_arguments(self) -> Self:
        if self.task in PHRASE_TASKS and not _all_filled(self.phrases, at_least=1):
            raise ValueError(f"{self.task} needs phrases")
        if self.task == "classify" and not _all_filled(self.labels, at_least=2):
            raise ValueError("classify needs at least two labels")
        if self.task == "answer" and not (self.question or "").strip():
            raise ValueError("answer needs a question")
        return self


class Plan(BaseModel):
    """The thought behind a turn and its tasks, in an order in which every need comes first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thought: str
    tasks: list[Task] = Field(min_length=1, max_length=MAX_TASKS)

    @model_validator(mode="after")
    def _is_a_dag(self) -> Self:
        seen: set[str] = set()
        for task in self.tasks:
            if task.id in seen:
                raise ValueError(f"two tasks have the id {task.id!r}")
            if unknown := set(task.needs) - seen:
                raise ValueError(f"{task.id} needs {sorted(unknown)}, which no earlier task has")
            seen.add(task.id)
        return self


def _all_filled(values: list[str] | None, *, at_least: int) -> bool:
    return values is not None and len(values) >= at_least and all(value.strip() for value in values)


# --- the wire form -----------------------------------------------------------------------------------

WIRE_ARGUMENTS = {"question": ("answer",), "phrases": tuple(sorted(PHRASE_TASKS)), "labels": ("classify",)}


def _string(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _strings(fewest: int) -> dict[str, Any]:
    return {"type": "array", "items": _string(60), "minItems": fewest, "maxItems": MAX_PHRASES}


def _task_schema(name: TaskName) -> dict[str, Any]:
    arguments: dict[str, Any] = {"task": {"type": "string", "enum": [name]}}
    if name == "answer":
        arguments["question"] = _string(200)
    elif name == "classify":
        arguments["labels"] = _strings(2)
    elif name in PHRASE_TASKS:
        arguments["phrases"] = _strings(1)
    return {
        "type": "object",
        "properties": arguments,
        "required": list(arguments),
        "additionalProperties": False,
    }


PLAN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "thought": _string(240),
        "tasks": {
            "type": "array",
            "items": {"anyOf": [_task_schema(name) for name in TASKS]},
            "minItems": 1,
            "maxItems": MAX_TASKS,
        },
    },
    "required": ["thought", "tasks"],
    "additionalProperties": False,
}


def parse_plan(text: str) -> Plan:
    """The plan in what a language model wrote (the outermost braces); ids become t1, t2, …

    Raises:
        PlanError: no JSON object, an unknown field or task, or a task without its arguments.
    """
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise PlanError("no JSON object in the text")
    try:
        wire = json.loads(text[start : end + 1])
    except (json.JSONDecodeError, RecursionError) as error:
        raise PlanError(f"not JSON: {error}") from error
    if set(wire) != {"thought", "tasks"} or not isinstance(wire["tasks"], list):
        raise PlanError("a plan has exactly a thought and a list of tasks")
    for entry in wire["tasks"]:
        if not isinstance(entry, dict) or not set(entry) <= {"task", *WIRE_ARGUMENTS}:
            raise PlanError(f"not a task: {entry!r}")
    try:
        tasks = [Task(id=f"t{number}", **entry) for number, entry in enumerate(wire["tasks"], 1)]
        return Plan(thought=wire["thought"], tasks=tasks)
    except ValidationError as error:
        raise PlanError(str(error)) from error


def wire_text(thought: str, tasks: Iterable[dict[str, Any]]) -> str:
    """The wire form with the separators that the constrained decoder forces."""
    return json.dumps({"thought": thought, "tasks": list(tasks)}, ensure_ascii=False)


# --- only what the dialogue names --------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_DETERMINERS = frozenset("a an the this that these those all every each any some my your our their".split())


def fold_word(word: str) -> str:
    """A word without case and plural, so that "Boxes" and "box" are one."""
    word = word.lower().removesuffix("'s").removesuffix("’s")
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def fold(phrase: str) -> tuple[str, ...]:
    """The words of a phrase without leading determiners, case and plural: its identity."""
    words = _WORD.findall(phrase)
    while len(words) > 1 and words[0].lower() in _DETERMINERS:
        words = words[1:]
    return tuple(fold_word(word) for word in words)


def ground_spans(plan: Plan, dialogue_text: str) -> Plan:
    """The plan with every phrase and label taken from the dialogue.

    A phrase stands when it is a span of the text, or when all its words are in it ("blue circles" after
    "how many red circles? … and the blue ones?"). Else the nearest span replaces it; a phrase that
    nothing resembles is dropped, and with it a task that is left without phrases, or with fewer than two labels.

    Raises:
        PlanError: no task is left.
    """
    text = _DialogueText(dialogue_text)
    tasks: list[Task] = []
    kept_ids: set[str] = set()
    for task in plan.tasks:
        update: dict[str, list[str]] = {}
        if task.task in PHRASE_TASKS:
            update["phrases"] = text.ground(task.phrases or [])
        if task.task == "classify":
            update["labels"] = text.ground(task.labels or [])
        named = all(len(kept) >= (2 if name == "labels" else 1) for name, kept in update.items())
        if named and set(task.needs) <= kept_ids:
            tasks.append(task.model_copy(update=update))
            kept_ids.add(task.id)
    if not tasks:
        raise PlanError("the plan names nothing that the dialogue named")
    return plan.model_copy(update={"tasks": tasks})


class _DialogueText:
    def __init__(self, text: str) -> None:
        self._words = _WORD.findall(text)
        self._folded = [fold_word(word) for word in self._words]

    def ground(self, phrases: list[str]) -> list[str]:
        grounded: dict[tuple[str, ...], str] = {}
        for phrase in phrases:
            kept = phrase if set(fold(phrase)) <= set(self._folded) else self._nearest(phrase)
            if kept and fold(kept):
                grounded.setdefault(fold(kept), kept)
        return list(grounded.values())

    def _nearest(self, phrase: str) -> str | None:
        target, length = phrase.lower(), len(_WORD.findall(phrase))
        best, best_ratio = None, NEAREST_SPAN_RATIO
        for size in {max(1, length - 1), max(1, length), length + 1}:
            for start in range(len(self._words) - size + 1):
                words = self._words[start : start + size]
                if size > 1 and words[0].lower() in _DETERMINERS:
                    continue
                span = " ".join(words)
                ratio = difflib.SequenceMatcher(None, target, span.lower()).ratio()
                if ratio > best_ratio:
                    best, best_ratio = span, ratio
        return best


# --- without a language model ------------------------------------------------------------------------

# Words that ask, order, point or are polite; at either end of a clause they name nothing to look for.
_FILLER = frozenset(
    """
    a about again all along also altogether amount an and any anyone are area around as at background be
    behind belong belongs border borders bounding box boxes can check clip color colour compute contain
    contains contour contours coordinates could count counting cover covered covers create crop cut
    cutout cutouts delete detect detection detector determine did different do does draw each edge edges
    eight erase estimate every everything exact exactly except extract fewer figure fill find five for
    four frame from generate get give got has have hello help here hey hi highlight hm how i i'd i'll
    i'm identify if image images in individual into is isolate it it's its just keep kindly know least
    less let let's like list locate located location look looking make many mark mask masks me more most
    much my name need nine now number of ok okay on one only out outline outlines paint part percentage
    photo photos pic picture pictures pin pinpoint pixels please pls plz point position precise present
    produce put quantity rectangle rectangles region remove report rest return rid run say scene search
    see seen segment segmentation segmentations select separate seven shade shape should show shown
    silhouette silhouettes six so some someone spot start tally tell ten than thank thanks that that's
    the them then there there's these they this those three to together total trace track try two u uh
    um up us visible want was we well were what what's whats where where's whereabouts wheres whether
    which will with wonder work would you
    """.split()
)
_LABEL_LEAD = frozenset(
    """
    a among an answer are as be between call can categories category choices choose class classes
    classified classify considered could decide did do does either fits from go i'd if image into is it
    it's its judge label labels like look looks me more of one option options or pick picture please put
    rate say scene should sort sorted tag tell that that's the the's this under what whether which with
    would you
    """.split()
)
_POLITE = frozenset("please pls plz thanks now here you reckon think do then".split())
_LINKS = frozenset("is are was were that which who".split())  # "circles that are left of the star"
_SEPARATOR = re.compile(r"\s*(?:,\s*(?:or|and)\b|,|/|\bor\b|\bversus\b|\bvs\.?(?=\s))\s*", re.IGNORECASE)
_CLAUSE = re.compile(r"[.?!;:,&+]+|\b(?:and|plus|then|but|because|if)\b", re.IGNORECASE)


def fallback_plan(intent: str, utterance: str) -> Plan:
    """The intent's own one-task plan, from the words of the turn alone.

    An intent whose arguments cannot be found becomes `answer` for a question, else `describe`.
    """
    thought = f"the turn sounds like {intent}"
    arguments: dict[str, Any] = {}
    if intent in PHRASE_TASKS:
        arguments["phrases"] = noun_phrases(utterance)
    elif intent == "classify":
        arguments["labels"] = label_list(utterance)
    elif intent == "answer":
        arguments["question"] = utterance.strip()
    if not all(arguments.values()):
        question = utterance.strip()
        intent = "answer" if question.endswith("?") or _starts_like_a_question(question) else "describe"
        arguments = {"question": question} if intent == "answer" else {}
    return Plan(thought=thought, tasks=[Task.model_validate({"id": "t1", "task": intent, **arguments})])


def noun_phrases(utterance: str) -> list[str]:
    """What a turn names: its clauses without the command, polite and picture words at their ends."""
    phrases: dict[tuple[str, ...], str] = {}
    for clause in _CLAUSE.split(utterance):
        words = _strip_ends(_WORD.findall(clause), _FILLER)
        words = [word for word in words if word.lower() not in _LINKS]
        if words:
            phrase = " ".join(words)[:60]
            phrases.setdefault(fold(phrase), phrase)
    return list(phrases.values())[:MAX_PHRASES]


def label_list(utterance: str) -> list[str]:
    """The alternatives of "is it a, b or c?", "labels: a, b, c" and their like; empty when there are none."""
    text = utterance.strip().rstrip("?.! ")
    before, colon, after = text.partition(":")
    if colon:
        text = after if _SEPARATOR.search(after.strip()) else before
    pieces = [piece for piece in _SEPARATOR.split(text) if not set(_WORD.findall(piece.lower())) <= _LABEL_LEAD]
    if len(pieces) < 2:
        return []
    words = [_strip_ends(_WORD.findall(piece), _POLITE, left=False) for piece in pieces]
    lead = max((i for i, word in enumerate(words[0][:-1]) if word.lower() in _LABEL_LEAD), default=-1)
    words[0] = words[0][lead + 1 :]
    labels = (" ".join([*_strip_ends(w[:-1], _LABEL_LEAD, right=False), *w[-1:]]) for w in words)
    distinct = [label[:60] for label in dict.fromkeys(labels) if label][:MAX_PHRASES]
    return distinct if len(distinct) > 1 else []


def _strip_ends(words: list[str], filler: frozenset[str], *, left: bool = True, right: bool = True) -> list[str]:
    start, end = 0, len(words)
    while left and start < end and words[start].lower() in filler:
        start += 1
    while right and end > start and words[end - 1].lower() in filler:
        end -= 1
    return words[start:end]


def _starts_like_a_question(utterance: str) -> bool:
    words = _WORD.findall(utterance.lower())
    return bool(words) and words[0] in {
        "what",
        "which",
        "who",
        "whose",
        "where",
        "when",
        "why",
        "how",
        "is",
        "are",
        "do",
        "does",
        "can",
        "has",
        "whats",
        "what's",
        "wheres",
        "where's",
    }
