"""`vlp finetune sft`: a planning adapter from turns with known plans, by TRL's supervised trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlp_graph.finetune import language, lora
from vlp_graph.finetune.data import read_turns
from vlp_graph.finetune.folder import Folder, Metrics, digest
from vlp_graph.finetune.settings import Sft
from vlp_graph.finetune.training import Listener, Run, arguments


def sft(
    data: Path,
    out: Path,
    settings: Sft,
    *,
    judge: Path | None = None,
    resume: bool = False,
    listen: Listener | None = None,
) -> Metrics:
    """Train an adapter on `data` and save it in `out`. Plans are judged on the turns of `judge`, else on what is held
    out of the data.

    Raises:
        DataError, RunError, SettingsError: what is wrong with data, folder or settings.
    """
    turns = read_turns(data)
    judged = list(read_turns(judge).entries) if judge else None
    learned, held_out = turns.split(settings.held_out, lambda turn: turn.turn, settings.seed)
    judged = (held_out if judged is None else judged)[: settings.judged]
    folder = Folder(out)
    asked = {"command": "sft", "settings": settings.model_dump(), "data": digest(data, *([judge] if judge else []))}
    checkpoint = folder.begin(asked, resume=resume)
    tokenizer = language.load_tokenizer(settings.base, settings.revision)
    language.check_length(tokenizer, turns, settings.max_length)

    from datasets import Dataset
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    trainer: Any = SFTTrainer(
        model=language.load_base(settings),
        args=SFTConfig(
            **arguments(settings, folder, watched=bool(held_out)),
            max_length=settings.max_length,
            completion_only_loss=True,
        ),
        train_dataset=Dataset.from_list([turn.row() for turn in learned]),
        eval_dataset=Dataset.from_list([turn.row() for turn in held_out]) if held_out else None,
        processing_class=tokenizer,
        peft_config=lora.config(settings.rank, lora.LINEARS),
    )
    run = Run(
        command="sft",
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
