"""`vlp finetune dpo`: an adapter that has learned plans learns which of two is better, by TRL's preference trainer.

It starts at the adapter, and a frozen copy of the adapter is what it is held against (arXiv 2305.18290).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlp_graph.finetune import language, lora
from vlp_graph.finetune.data import Turn, read_pairs, read_turns
from vlp_graph.finetune.folder import Folder, Metrics, digest
from vlp_graph.finetune.settings import Dpo
from vlp_graph.finetune.training import Listener, Run, arguments


def dpo(
    data: Path,
    adapter: Path,
    out: Path,
    settings: Dpo,
    *,
    judge: Path | None = None,
    resume: bool = False,
    listen: Listener | None = None,
) -> Metrics:
    """Train `adapter` further on the pairs of `data` and save what becomes of it in `out`. Plans are judged on the
    turns of `judge`, else on the chosen plans of the pairs that are held out.

    Raises:
        AdapterError, DataError, RunError, SettingsError: what is wrong with adapter, data, folder or settings.
    """
    pairs = read_pairs(data)
    lora.check_served(adapter)
    turns = list(read_turns(judge).entries) if judge else None
    learned, held_out = pairs.split(settings.held_out, lambda pair: pair.turn, settings.seed)
    if turns is None:
        turns = [Turn(turn=p.turn, history=p.history, **p.chosen.model_dump()) for p in held_out]
    judged = turns[: settings.judged]
    folder = Folder(out)
    weights = adapter / "adapter_model.safetensors"
    asked = {
        "command": "dpo",
        "settings": settings.model_dump(),
        "data": digest(data, *([judge] if judge else [])),
        "adapter": digest(weights),
    }
    checkpoint = folder.begin(asked, resume=resume)
    tokenizer = language.load_tokenizer(settings.base, settings.revision)
    language.check_length(tokenizer, pairs, settings.max_length)

    from datasets import Dataset
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    losses: dict[str, Any] = {"loss_type": ["sigmoid"]}
    if settings.keep:
        losses = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, settings.keep]}
    trainer: Any = DPOTrainer(
        model=language.load_adapted(settings, adapter, trainable=True),
        args=DPOConfig(
            **arguments(settings, folder, watched=bool(held_out)),
            max_length=settings.max_length,
            beta=settings.beta,
            **losses,
        ),
        train_dataset=Dataset.from_list([pair.row() for pair in learned]),
        eval_dataset=Dataset.from_list([pair.row() for pair in held_out]) if held_out else None,
        processing_class=tokenizer,
    )
    if checkpoint:
        _restore(trainer.model, checkpoint)
    run = Run(
        command="dpo",
        settings=settings,
        folder=folder,
        lines=len(learned),
        held_out=len(held_out),
        judged=len(judged),
        judge=lambda: {"right_plans": language.share_right(trainer.model, tokenizer, judged)},
        listen=listen,
    )
    metrics = run.train(trainer, checkpoint)
    lora.save(trainer.model, out, settings.base)
    folder.finish(metrics)
    return metrics


def _restore(model: Any, checkpoint: Path) -> None:
    """The policy of a checkpoint. With the reference adapter in a folder beside it, transformers' trainer (5.19,
    `_load_from_checkpoint`) loads that one only, and the policy would begin again from where it started."""
    from peft import set_peft_model_state_dict
    from peft.utils import load_peft_weights

    set_peft_model_state_dict(model, load_peft_weights(str(checkpoint), device="cpu"), adapter_name="default")
