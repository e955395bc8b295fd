"""The model of forms: which question a turn asks, and which of its words name the things.

A second adapter on MiniLM's weights, like the intent model's. It learns from everyday turns that say their form and
their roles; some of them are held out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vlp_graph.dialogue.forms import FORMS, ROLES
from vlp_graph.engines.distilbert import OUTSIDE, Tagger, heads
from vlp_graph.engines.weights import resolve
from vlp_graph.nano.everyday import FormTurn, form_turn, load_forms
from vlp_graph.nano.recipes.intent import BASE, BATCH, LABEL_SMOOTHING, LEARNING_RATE, WARM_UP_STEPS, base_model, save

MINUTES = 26.0
RANK = 16


def tags(offsets: list[tuple[int, int]], turn: FormTurn) -> list[int]:
    """A tag for every token: where a role begins, where it goes on; -100 for those that lie nowhere in the text."""
    made = []
    for start, end in offsets:
        tag = OUTSIDE
        for role, (begin, stop) in turn.spans.items():
            if start < stop and end > begin:
                tag = 1 + 2 * ROLES.index(role) + (start > begin)
        made.append(-100 if start == end else tag)
    return made


def batches(rng: random.Random) -> Iterator[list[FormTurn]]:
    """Endless batches of turns of like length."""
    while True:
        turns = sorted((form_turn(rng) for _ in range(20 * BATCH)), key=lambda turn: len(turn.text))
        made = [turns[i : i + BATCH] for i in range(0, len(turns), BATCH)]
        rng.shuffle(made)
        yield from made


def train(out: Path, *, minutes: float | None = None, seed: int = 0) -> None:
    """Train adapter and heads for `minutes` of CPU time and save them, in fp16, into `out`."""
    import torch
    from peft import LoraConfig, get_peft_model

    from vlp_graph.nano.training import Schedule

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model, tokenizer = base_model(FORMS, roles=len(ROLES))
    config = LoraConfig(
        r=RANK,
        lora_alpha=2 * RANK,
        lora_dropout=0.1,
        target_modules=["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
        modules_to_save=["pre_classifier", "classifier", "spans"],
        task_type="SEQ_CLS",
    )
    model = get_peft_model(model, config).train()
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=LEARNING_RATE, weight_decay=0.01)
    schedule = Schedule("form", minutes or MINUTES, warmup=WARM_UP_STEPS, hold=0.2)
    for factor, batch in zip(schedule, batches(random.Random(seed)), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * factor
        encoded = tokenizer(
            [turn.text for turn in batch], padding=True, return_offsets_mapping=True, return_tensors="pt"
        )
        offsets = encoded.pop("offset_mapping").tolist()
        wanted = torch.tensor([FORMS.index(turn.form) for turn in batch])
        tagged = torch.tensor([tags(row, turn) for row, turn in zip(offsets, batch, strict=True)])
        base: Any = model.base_model.model
        forms, marks = heads(base, base.distilbert(encoded["input_ids"], encoded["attention_mask"])[0])
        loss = torch.nn.functional.cross_entropy(forms, wanted, label_smoothing=LABEL_SMOOTHING)
        loss = loss + torch.nn.functional.cross_entropy(marks.flatten(0, 1), tagged.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.log(loss=loss.item())
    save(model, out, FORMS)
    (out / "roles.json").write_text(json.dumps(ROLES) + "\n", encoding="utf-8")


def evaluate(checkpoint: Path) -> dict[str, float]:
    """On the held-out turns: forms right, those of which it is sure, and turns of which the roles are right, too."""
    tagger = Tagger.load(resolve(BASE), str(checkpoint))
    turns = load_forms(held_out=True)
    right = whole = sure = sure_right = 0
    for i in range(0, len(turns), BATCH):
        batch = turns[i : i + BATCH]
        for turn, (chances, spans) in zip(batch, tagger.read([t.text for t in batch]), strict=True):
            best = max(chances, key=lambda form, chances=chances: chances[form])  # type: ignore[misc]
            roles = {span.role: (span.start, span.end) for span in spans}
            right += best == turn.form
            whole += best == turn.form and roles == dict(turn.spans)
            sure += chances[best] >= 0.7
            sure_right += chances[best] >= 0.7 and best == turn.form
    count = len(turns)
    return {
        "held_out_turns": float(count),
        "held_out_form": right / count,
        "held_out_form_and_roles": whole / count,
        "held_out_sure": sure / count,
        "held_out_sure_form": sure_right / max(1, sure),
    }
