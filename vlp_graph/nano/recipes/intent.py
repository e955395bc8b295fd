"""The intent model: which task a turn asks for and what it is about, in milliseconds.

MiniLM's weights as a DistilBERT (`vlp_graph.engines.weights`) under a LoRA adapter and two heads of our own.
It learns from generated and from everyday turns; a turn of several tasks is labelled with all of them in equal parts,
so that the model is unsure where one intent does not say everything. The phrases and labels of the plan are its spans,
found in the turn or, where that says "it", in the history before it.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlp_graph.dialogue.likely import likely_plan
from vlp_graph.dialogue.models import understood
from vlp_graph.dialogue.plan import TASKS
from vlp_graph.dialogue.prompt import intent_text
from vlp_graph.dialogue.reading import Reader, Said
from vlp_graph.dialogue.turn import Message, Understanding
from vlp_graph.engines.distilbert import DistilBert, Reading
from vlp_graph.nano.everyday import everyday
from vlp_graph.nano.recipes.reader import BASE, BATCH, Example, fit
from vlp_graph.nano.turns import FRESH_TURNS, HandTurn, judge, load_hand_turns
from vlp_graph.nano.utterances import Turn, generate

FORMS = "package:vlp_graph/nano/checkpoints/distilbert-form"
"""What reads forms beside it, as the embedded profile serves both."""
MINUTES = 20.0
RANK = 8
MULTI_SHARE, HISTORY_SHARE = 0.08, 0.45
EVERYDAY_SHARE = 0.5
HELD_OUT_TURNS = 1000
CONFIDENT, SURE = 0.8, 0.8


def target(turn: Turn) -> list[float]:
    """The label of a turn as shares of the tasks."""
    named = [task["task"] for task in turn.tasks]
    return [named.count(task) / len(named) for task in TASKS]


def spans(turn: Turn) -> list[tuple[int, int]]:
    """Where the things that the plan names stand in the model's text. A thing may stand in two pieces, one in the turn
    and one in the history ("find the lemons -> … [SEP] now the purple ones"), or nowhere."""
    text = intent_text(turn.utterance, turn.history).lower()
    own = len(text) - len(intent_text(turn.utterance))
    found = []
    for name in dict.fromkeys(_named(turn)):
        words = name.lower().split()
        if whole := _place(name, text, own, len(text)) or _place(name, text, 0, own):
            found.append(whole)
            continue
        for cut in range(len(words) - 1, 0, -1):
            first = _place(" ".join(words[:cut]), text, own, len(text))
            rest = _place(" ".join(words[cut:]), text, 0, own)
            if first and rest:
                found += [rest, first]
                break
    return found


def _place(name: str, text: str, start: int, end: int) -> tuple[int, int] | None:
    found = re.compile(rf"(?<!\w){re.escape(name.lower())}(?!\w)").search(text, start, end)
    return found.span() if found else None


def _named(turn: Turn) -> Iterator[str]:
    for task in turn.tasks:
        yield from [*task.get("phrases", []), *task.get("labels", [])]
        if turn.history and (meant := re.search(r"\bthe (.+)", task.get("question", ""))):
            words = meant[1].rstrip("?.! ").split()
            if f"the {words[0]}" not in turn.utterance.lower():  # what the generator put in the place of "it"
                pieces = (" ".join(words[:n]) for n in range(len(words), 0, -1))
                yield from list(filter(lambda piece: piece in (turn.history or ""), pieces))[:1]


def examples(rng: random.Random) -> Iterator[Example]:
    """Endless turns, generated and everyday ones, with what they ask for and what they name."""
    while True:
        generated = rng.random() >= EVERYDAY_SHARE
        turn = generate(rng, multi=MULTI_SHARE, history=HISTORY_SHARE) if generated else everyday(rng)
        text = intent_text(turn.utterance, turn.history)
        yield Example(text, target(turn), [(span, 1) for span in spans(turn)])


def train(out: Path, *, minutes: float | None = None, seed: int = 0) -> None:
    """Train adapter and heads for `minutes` of CPU time and save them, in fp16, into `out`."""
    turns = examples(random.Random(seed))
    fit("intent", TASKS, turns, out, minutes=minutes or MINUTES, rank=RANK, dropout=0.05, seed=seed)


# --- evaluation --------------------------------------------------------------------------------------


def read(checkpoint: Path, turns: Sequence[tuple[str, str | None]]) -> list[Reading]:
    """What the served engine makes of each (utterance, history)."""
    import torch

    torch.set_num_threads(1)
    engine = DistilBert.load(BASE, adapter=str(checkpoint))
    texts = [intent_text(*turn) for turn in turns]
    return [reading for i in range(0, len(texts), BATCH) for reading in engine.read(texts[i : i + BATCH])]


def evaluate(checkpoint: Path) -> dict[str, float]:
    """Accuracy, calibration and reach on held-out templates and on hand-written one-task turns."""
    rng = random.Random(10_000)
    held_out = [generate(rng, held_out=True, multi=0.0, history=0.0) for _ in range(HELD_OUT_TURNS)]
    follow_ups = [generate(rng, held_out=True, multi=0.0, history=1.0) for _ in range(HELD_OUT_TURNS // 4)]
    hand = [turn for turn in load_hand_turns() if len(turn.plans[0]) == 1]
    fresh = load_hand_turns(FRESH_TURNS)
    fresh_single = [turn for turn in fresh if len(turn.plans[0]) == 1]
    alone, after = [t for t in hand if not t.history], [t for t in hand if t.history]

    def golds(turns: Sequence[Turn]) -> list[frozenset[str]]:
        return [frozenset({turn.tasks[0]["task"]}) for turn in turns]

    def measure(name: str, turns: Sequence[Any], wanted: Sequence[frozenset[str]]) -> dict[str, float]:
        readings = read(checkpoint, [(t.utterance, t.history) for t in turns])
        return _scores(name, [reading.intents for reading in readings], wanted)

    return {
        **measure("held_out", held_out, golds(held_out)),
        **measure("held_out_history", follow_ups, golds(follow_ups)),
        **measure("hand_all", hand, [turn.single_tasks for turn in hand]),
        **measure("hand", alone, [turn.single_tasks for turn in alone]),
        **measure("hand_history", after, [turn.single_tasks for turn in after]),
        **measure("fresh", fresh_single, [turn.single_tasks for turn in fresh_single]),
        **_sure_plans(checkpoint, fresh),
    }


@dataclass(frozen=True)
class _Sorter:
    """The engine as the dialogue's sorter."""

    engine: DistilBert

    async def read(self, text: str) -> Understanding:
        return understood(self.engine.read([text])[0])

    async def nearest(self, text: str, labels: Sequence[str]) -> dict[str, float]:
        return self.engine.nearest([text], [labels])[0]


def _sure_plans(checkpoint: Path, turns: Sequence[HandTurn]) -> dict[str, float]:
    """How many turns the reading alone plans without doubt, as the embedded profile serves it, and how right."""
    reader = Reader(_Sorter(DistilBert.load(BASE, adapter=str(checkpoint), forms=FORMS)))

    async def said(turn: HandTurn) -> Said:
        asked, _, answered = (turn.history or "").partition(" -> ")
        history = [Message("user", asked), Message("assistant", answered)] if turn.history else []
        return await reader.read(turn.utterance, await reader.context_of(history), turn.history, pictures=1)

    verdicts = []
    for turn in turns:
        likely = likely_plan(asyncio.run(said(turn)), lambda _: 0)
        if likely and likely.sure >= SURE:
            verdicts.append(judge([task.model_dump() for task in likely.plan.tasks], turn.plans))
    return {
        "fresh_sure_coverage": len(verdicts) / len(turns),
        "fresh_sure_task_set": sum(v.task_set for v in verdicts) / max(1, len(verdicts)),
        "fresh_sure_task_and_phrases": sum(v.task_and_phrases for v in verdicts) / max(1, len(verdicts)),
    }


def _scores(name: str, predicted: Sequence[dict[str, float]], wanted: Sequence[frozenset[str]]) -> dict[str, float]:
    best = [max(p, key=lambda task, p=p: p[task]) for p in predicted]  # type: ignore[misc]
    right = [task in gold for task, gold in zip(best, wanted, strict=True)]
    sure = [p[task] for p, task in zip(predicted, best, strict=True)]
    confident = [ok for ok, p in zip(right, sure, strict=True) if p > CONFIDENT]
    return {
        f"{name}_turns": float(len(right)),
        f"{name}_accuracy": sum(right) / len(right),
        f"{name}_ece": calibration_error(sure, right),
        f"{name}_confident_coverage": len(confident) / len(right),
        f"{name}_confident_accuracy": sum(confident) / max(1, len(confident)),
    }


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """The expected calibration error: the mean gap between confidence and accuracy over equal bins."""
    gap = 0.0
    for low in range(bins):
        inside = [(c, ok) for c, ok in zip(confidences, right, strict=True) if low < c * bins <= low + 1]
        gap += abs(sum(c for c, _ in inside) - sum(ok for _, ok in inside))
    return gap / len(right)
