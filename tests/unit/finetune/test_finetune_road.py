"""The whole road on SmolLM2: supervised, its own mistakes, preferences, merged weights, a right plan out of vLLM."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tiny_llama import lines

from vlp_graph.config import load
from vlp_graph.dialogue.plan import PLAN_SCHEMA
from vlp_graph.engines.llama import Llama
from vlp_graph.finetune.data import Turn, read_pairs
from vlp_graph.finetune.dpo import dpo
from vlp_graph.finetune.language import is_right
from vlp_graph.finetune.lora import check_served
from vlp_graph.finetune.merge import merge
from vlp_graph.finetune.mistakes import mistakes
from vlp_graph.finetune.settings import Dpo, Sft, settings
from vlp_graph.finetune.sft import sft

PARTS = [
    "gaskets",
    "rivets",
    "washers",
    "flanges",
    "bearings",
    "pulleys",
    "brackets",
    "hinges",
    "valves",
    "clamps",
    "sprockets",
    "bolts",
    "pins",
    "shims",
    "springs",
    "nozzles",
    "gauges",
    "levers",
    "couplings",
    "bushings",
    "dowels",
    "grommets",
    "spindles",
    "rollers",
]
WAYS = [
    ("how many {} are on the bench?", "count", "count"),
    ("where are the {}?", "detect", "find"),
    ("outline the {}", "segment", "outline"),
    ("tally the {} for me", "count", "count"),
    ("point me to the {}", "detect", "find"),
    ("trace the {} please", "segment", "outline"),
]
FRESH = ("gaskets", "pulleys", "springs", "rollers")
"""Parts that no turn to learn from names."""


def turn(part: str, way: tuple[str, str, str]) -> dict[str, Any]:
    text, task, verb = way
    tasks = [{"task": task, "phrases": [part]}]
    return {"turn": text.format(part), "thought": f"user wants me to {verb} {part}", "tasks": tasks}


@pytest.mark.models
@pytest.mark.timeout(1800)
def test_from_turns_to_a_served_plan(tmp_path: Path) -> None:
    known = [turn(part, way) for part in PARTS if part not in FRESH for way in WAYS]
    random.Random(0).shuffle(known)
    data = lines(tmp_path / "turns.jsonl", *known)
    asked = settings(Sft, "smollm2", steps=20, batch=4, warmup=2, log_steps=5, judged=0, held_out=0.07)
    learned = sft(data, tmp_path / "sft", asked)
    assert learned.after["loss"] < 0.3 * learned.before["loss"]
    check_served(tmp_path / "sft")

    pairs = tmp_path / "pairs.jsonl"
    found = mistakes(
        lines(tmp_path / "some.jsonl", *known[:20]), tmp_path / "sft", pairs, settings(Dpo, "smollm2"),
        samples=1, temperature=1.5,
    )  # fmt: skip
    assert found.pairs == len(read_pairs(pairs).entries) >= 8
    asked_more = settings(
        Dpo, "smollm2", steps=6, epochs=9, warmup=0, learning_rate=2e-4, log_steps=2, judged=0, held_out=0.3, keep=1.0
    )
    preferred = dpo(pairs, tmp_path / "sft", tmp_path / "dpo", asked_more)
    assert preferred.before["accuracy"] == 0  # held against itself nothing is ahead
    assert preferred.after["accuracy"] > 0.6
    assert preferred.after["margin"] > 0

    assert merge(tmp_path / "dpo", tmp_path / "merged") == "llama"
    embedded = load("embedded").models.llama
    served = Llama.load(embedded.model_copy(update={"source": str(tmp_path / "merged"), "planner": None}))
    fresh = [Turn.model_validate(turn(part, way)) for part, way in zip(FRESH, WAYS, strict=False)]
    plans = [served.chat(fresh_turn.prompt(), schema=PLAN_SCHEMA) for fresh_turn in fresh]
    right = [is_right(plan, fresh_turn) for plan, fresh_turn in zip(plans, fresh, strict=True)]
    assert sum(right) >= 3, plans
