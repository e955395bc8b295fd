"""`vlp finetune`: a planning adapter for another base model or another vocabulary, by TRL's supervised fine-tuning.

The data is JSONL, one turn a line, in the words that the planner reads and writes when it is served:
{"turn": "how many cups?", "history": null, "thought": "user wants me to count cups", "tasks": [{"task": "count",
"phrases": ["cups"]}]}. Tasks are in wire form: no ids, and only the argument that the kind of task has.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vlp_graph.dialogue.plan import PlanError, ground_spans, parse_plan, wire_text
from vlp_graph.dialogue.prompt import planner_messages
from vlp_graph.engines.weights import resolve

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""Every linear layer of a Llama; all of them are adapted."""


class DataError(ValueError):
    """A line of the data is no turn with a plan that can be served; says which line and why."""


class Example(BaseModel):
    """One line of the data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turn: str = Field(min_length=1)
    history: str | None = None
    thought: str = Field(min_length=1)
    tasks: list[dict[str, Any]] = Field(min_length=1)

    def conversation(self) -> dict[str, list[dict[str, str]]]:
        """Prompt and completion as TRL takes them; only the completion is learned."""
        written = wire_text(self.thought, self.tasks)
        return {
            "prompt": planner_messages(self.turn, self.history),
            "completion": [{"role": "assistant", "content": written}],
        }


def read(path: Path) -> list[Example]:
    """All turns of a JSONL file.

    Raises:
        DataError: a line is not of the form, its plan does not parse, or names what the turn and its history do not.
    """
    examples = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            example = Example.model_validate_json(line)
            plan = parse_plan(wire_text(example.thought, example.tasks))
            said = f"{example.history or ''}\n{example.turn}"
            if ground_spans(plan, said).tasks != plan.tasks:
                raise PlanError("a phrase or label does not stand in the turn or its history")
        except (ValidationError, PlanError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise DataError(f"{path.name}:{number}: {reason}") from None
        examples.append(example)
    if not examples:
        raise DataError(f"{path.name}: no turns in it")
    return examples


def generated(turns: int, seed: int = 0) -> Iterator[Example]:
    """Turns as the embedded planner learned them, as a start for data of your own."""
    from vlp_graph.nano.utterances import generate

    rng = random.Random(seed)
    for _ in range(turns):
        made = generate(rng)
        yield Example(turn=made.utterance, history=made.history, thought=made.thought, tasks=list(made.tasks))


def write(examples: Iterator[Example], path: Path) -> int:
    """Examples as a JSONL file; how many."""
    lines = [example.model_dump_json() for example in examples]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def sft(
    data: Path,
    out: Path,
    *,
    base: str,
    epochs: float = 1.0,
    steps: int = -1,
    batch: int = 8,
    rank: int = 16,
    learning_rate: float = 1e-3,
    quantization: str | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """Train a LoRA adapter on `data` and save it in `out`; returns TRL's figures of the run.

    Args:
        base: hub id, local path or `package:NAME`, as in a profile.
        steps: at most so many optimiser steps; -1: as many as `epochs` need.
        quantization: `nf4` keeps the base in four bits (bitsandbytes) while the adapter learns.

    Raises:
        DataError: of `read`.
    """
    examples = read(data)
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    source, cuda = resolve(base), torch.cuda.is_available()
    loading: dict[str, Any] = {"dtype": torch.bfloat16 if cuda else torch.float32}
    if quantization == "nf4":
        loading["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=loading["dtype"]
        )
    model: Any = AutoModelForCausalLM.from_pretrained(source, **loading)
    trainer: Any = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(out),
            num_train_epochs=epochs,
            max_steps=steps,
            per_device_train_batch_size=batch,
            learning_rate=learning_rate,
            lr_scheduler_type="linear",
            warmup_steps=8,
            max_grad_norm=1.0,
            completion_only_loss=True,
            gradient_checkpointing=False,
            bf16=cuda,
            use_cpu=not cuda,
            save_strategy="no",
            report_to="none",
            logging_steps=10,
            seed=seed,
        ),
        train_dataset=Dataset.from_list([example.conversation() for example in examples]),
        processing_class=AutoTokenizer.from_pretrained(source),
        peft_config=LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LINEARS, task_type="CAUSAL_LM"),
    )
    figures = trainer.train().metrics
    for adapter in trainer.model.peft_config.values():
        adapter.base_model_name_or_path = base
    trainer.model.to(torch.bfloat16).save_pretrained(out)
    return {key: float(value) for key, value in figures.items()}
