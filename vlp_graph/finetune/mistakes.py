"""`vlp finetune mistakes`: pairs for `dpo` out of what an adapter gets wrong on turns whose plan is known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from vlp_graph.finetune import language, lora
from vlp_graph.finetune.data import Pair, Turn, Written, read_turns, write
from vlp_graph.finetune.settings import Settings


@dataclass(frozen=True)
class Found:
    """How the model did, and the pairs that came of it."""

    turns: int
    right: int
    """greedy plans that are right"""
    pairs: int


def mistakes(
    data: Path, adapter: Path, out: Path, settings: Settings, *, samples: int = 0, temperature: float = 1.0
) -> Found:
    """Let the model write a plan for every turn, greedily and `samples` times more at `temperature`; each wrong one
    becomes the rejected side of a pair whose chosen side is the known plan.

    Raises:
        AdapterError, DataError, SettingsError: what is wrong with adapter, data or settings.
    """
    turns = read_turns(data).entries
    lora.check_served(adapter)
    from transformers import set_seed

    set_seed(settings.seed)
    tokenizer = language.load_tokenizer(settings.base, settings.revision)
    model = language.load_adapted(settings, adapter)
    asked = [(turn.turn, turn.history) for turn in turns]
    rounds = [language.write_plans(model, tokenizer, asked)]
    rounds += [language.write_plans(model, tokenizer, asked, temperature=temperature) for _ in range(samples)]
    pairs: dict[tuple[str, str | None, str], Pair] = {}
    for written in rounds:
        for turn, text in zip(turns, written, strict=True):
            if not language.is_right(text, turn):
                pairs.setdefault((turn.turn, turn.history, text), pair(turn, text))
    right = sum(map(language.is_right, rounds[0], turns))
    return Found(len(turns), right, write(pairs.values(), out))


def pair(turn: Turn, text: str) -> Pair:
    """A turn's own plan, preferred to what was written."""
    chosen = Written(thought=turn.thought, tasks=turn.tasks)
    return Pair(turn=turn.turn, history=turn.history, chosen=chosen, rejected=_plan(text) or text)


def _plan(text: str) -> Written | None:
    """The text as a plan, where it is one to the letter (a text that was cut off is none)."""
    try:
        plan = Written.model_validate(json.loads(text))
    except ValueError:
        return None
    return plan if plan.text() == text else None
