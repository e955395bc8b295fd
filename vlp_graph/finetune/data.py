"""What a planner learns from: turns with the plan that is right, and pairs of a right and a wrong plan.

Turns: {"turn": "how many cups?", "history": null, "thought": "user wants me to count cups",
"tasks": [{"task": "count", "phrases": ["cups"]}]}. Pairs: {"turn": ..., "history": ..., "chosen": {"thought": ...,
"tasks": [...]}, "rejected": {...} or any text}. Tasks are in the planner's own form: no ids, and only the argument
that the kind of task has. A plan may only name what the turn or its history names.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from vlp_graph.config.strict import Strict
from vlp_graph.dialogue.plan import (
    MAX_PHRASES,
    MAX_TASKS,
    PLAN_SCHEMA,
    WIRE_ARGUMENTS,
    Plan,
    PlanError,
    TaskName,
    ground_spans,
    parse_plan,
    wire_text,
)
from vlp_graph.dialogue.prompt import planner_messages
from vlp_graph.finetune import lines
from vlp_graph.finetune.lines import DataError, EntryError, Lines

__all__ = ["DataError", "Pair", "Turn", "Written", "generated", "read_pairs", "read_turns", "write"]

Messages = list[dict[str, str]]
Named = Annotated[str, Field(min_length=1, max_length=60)]


class Asked(Strict):
    """One task as the planner writes it."""

    task: TaskName
    question: str | None = Field(default=None, min_length=1, max_length=200)
    phrases: list[Named] | None = Field(default=None, min_length=1, max_length=MAX_PHRASES)
    labels: list[Named] | None = Field(default=None, min_length=2, max_length=MAX_PHRASES)

    @model_validator(mode="after")
    def _has_its_argument_and_no_other(self) -> Self:
        for argument, tasks in WIRE_ARGUMENTS.items():
            given = getattr(self, argument) is not None
            if given and self.task not in tasks:
                raise ValueError(f"{self.task} has no {argument}: only {', '.join(tasks)}")
            if not given and self.task in tasks:
                raise ValueError(f"{self.task} needs {argument}")
        return self


class Written(Strict):
    """A plan as it is written."""

    thought: str = Field(min_length=1, max_length=PLAN_SCHEMA["properties"]["thought"]["maxLength"])
    tasks: list[Asked] = Field(min_length=1, max_length=MAX_TASKS)

    def text(self) -> str:
        """Exactly what the planner has to write."""
        return wire_text(self.thought, self.wire())

    def wire(self) -> list[dict[str, Any]]:
        """The tasks without the arguments that they do not have."""
        return [task.model_dump(exclude_none=True) for task in self.tasks]


class Turn(Written):
    """A turn with its plan: one line of the data of `sft`."""

    turn: str = Field(min_length=1)
    history: str | None = None

    def prompt(self) -> Messages:
        """What the planner reads."""
        return planner_messages(self.turn, self.history)

    def row(self) -> dict[str, Messages]:
        """Prompt and completion as TRL takes them; only the completion is learned."""
        return {"prompt": self.prompt(), "completion": _said(self.text())}


class Pair(Strict):
    """A turn with a plan to prefer and one to avoid: one line of the data of `dpo`."""

    turn: str = Field(min_length=1)
    history: str | None = None
    chosen: Written
    rejected: Annotated[
        Annotated[Written, Tag("plan")] | Annotated[str, Tag("text"), Field(min_length=1)],
        Discriminator(lambda value: "text" if isinstance(value, str) else "plan"),
    ]

    def rejected_text(self) -> str:
        """What the planner should not write."""
        return self.rejected if isinstance(self.rejected, str) else self.rejected.text()

    def row(self) -> dict[str, Messages]:
        """Prompt, chosen and rejected as TRL takes them."""
        return {
            "prompt": planner_messages(self.turn, self.history),
            "chosen": _said(self.chosen.text()),
            "rejected": _said(self.rejected_text()),
        }


def _said(text: str) -> Messages:
    return [{"role": "assistant", "content": text}]


def read_turns(path: Path) -> Lines[Turn]:
    """
    Raises:
        DataError: a line that no planner could learn from.
    """
    return lines.read(path, Turn, lambda turn: _check(turn, turn.turn, turn.history))


def read_pairs(path: Path) -> Lines[Pair]:
    """
    Raises:
        DataError: a line that no preference can be learned from.
    """

    def check(pair: Pair) -> None:
        _check(pair.chosen, pair.turn, pair.history)
        if pair.rejected_text() == pair.chosen.text():
            raise EntryError("chosen and rejected are the same plan")

    return lines.read(path, Pair, check)


def _check(written: Written, turn: str, history: str | None) -> None:
    """
    Raises:
        EntryError: the plan does not parse, or names what the turn and its history do not.
    """
    said = f"{history or ''}\n{turn}"
    try:
        plan = parse_plan(written.text())
    except PlanError as error:
        cause = error.__cause__
        reason = cause.errors()[0]["msg"] if isinstance(cause, ValidationError) else error
        raise EntryError(f"the plan does not parse: {reason}") from None
    for task in plan.tasks:
        for name in [*(task.phrases or []), *(task.labels or [])]:
            if (near := _grounded(name, said)) != name:
                hint = f": did you mean {near!r}?" if near else ""
                raise EntryError(f"{name!r} does not stand in the turn or its history{hint}")
    if ground_spans(plan, said).tasks != plan.tasks:
        raise EntryError("a task names the same thing twice")


def _grounded(name: str, said: str) -> str | None:
    """The name as the dialogue has it; None where nothing in it is like it."""
    alone = Plan.model_validate({"thought": "-", "tasks": [{"id": "t1", "task": "detect", "phrases": [name]}]})
    try:
        return next(iter(ground_spans(alone, said).tasks[0].phrases or []), None)
    except PlanError:
        return None


def generated(turns: int, seed: int = 0, *, held_out: bool = False) -> Iterator[Turn]:
    """Turns as the embedded planner learned them, as a start for data of your own; `held_out`: from the templates that
    it never saw."""
    from vlp_graph.nano.utterances import generate

    rng = random.Random(seed)
    for _ in range(turns):
        made = generate(rng, held_out=held_out)
        yield Turn.model_validate(
            {"turn": made.utterance, "history": made.history, "thought": made.thought, "tasks": made.tasks}
        )


def write(entries: Iterable[Strict], path: Path) -> int:
    """Entries as a JSONL file; how many."""
    texts = [entry.model_dump_json(exclude_none=True) for entry in entries]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return len(texts)
