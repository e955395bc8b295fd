"""One run of a TRL trainer: figures before, the steps (from a checkpoint where there is one), figures after."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlp_graph.finetune.folder import Folder, Metrics, Point
from vlp_graph.finetune.settings import Settings

Listener = Callable[[int, Mapping[str, float]], None]
"""Told the step and its figures whenever some are there; what it raises ends the run, which can then be resumed."""

_FIGURES = {
    "loss": "loss",
    "mean_token_accuracy": "tokens_right",
    "rewards/accuracies": "accuracy",
    "rewards/margins": "margin",
}
"""What the trainers call a figure, and what it is called here."""


def arguments(settings: Settings, folder: Folder, *, watched: bool) -> dict[str, Any]:
    """Arguments that all of TRL's configurations take. `watched`: something is held out to look at on the way."""
    import torch

    cuda = torch.cuda.is_available()
    return {
        "output_dir": str(folder.checkpoints),
        "num_train_epochs": settings.epochs,
        "max_steps": settings.steps or -1,
        "per_device_train_batch_size": settings.batch,
        "per_device_eval_batch_size": settings.batch,
        "gradient_accumulation_steps": settings.accumulate,
        "gradient_checkpointing": settings.checkpointing,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": "linear",
        "warmup_steps": settings.warmup,
        "max_grad_norm": 1.0,
        "bf16": cuda,
        "use_cpu": not cuda,
        "dataloader_pin_memory": cuda,
        "save_strategy": "steps",
        "save_steps": settings.save_steps,
        "save_total_limit": 1,
        "eval_strategy": "steps" if watched else "no",
        "eval_steps": settings.save_steps if watched else None,
        "logging_steps": settings.log_steps,
        "report_to": "none",
        "seed": settings.seed,
    }


@dataclass(frozen=True)
class Run:
    """A trainer that is ready, and what is to be known of it."""

    command: str
    settings: Settings
    folder: Folder
    lines: int
    held_out: int
    judged: int
    judge: Callable[[], dict[str, float]]
    """Figures that the model has to write something for; called before and after."""
    listen: Listener | None = None

    def train(self, trainer: Any, checkpoint: Path | None) -> Metrics:
        """All steps that are left; `metrics.json` is the caller's to write."""
        from transformers import set_seed

        start = time.monotonic()
        if self.listen:
            trainer.add_callback(_telling(self.listen))
        before = self.folder.before()
        if before is None:
            before = self._measured(trainer)
            self.folder.keep_before(before)
        set_seed(self.settings.seed)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        history, steps = list(trainer.state.log_history), trainer.state.global_step
        after = self._measured(trainer)
        seen = {0: _held_out(before)}
        for entry in history:
            seen.setdefault(entry["step"], {}).update(_figures(entry))
        seen.setdefault(steps, {}).update(_held_out(after))
        return Metrics(
            command=self.command,
            settings=self.settings.model_dump(),
            lines=self.lines,
            held_out=self.held_out,
            judged=self.judged,
            steps=steps,
            seconds=round(time.monotonic() - start, 1),
            before=before,
            after=after,
            curve=[Point(step=step, figures=figures) for step, figures in sorted(seen.items()) if figures],
        )

    def _measured(self, trainer: Any) -> dict[str, float]:
        """Figures on what is held out, and the judge's."""
        figures: dict[str, float] = {}
        if self.held_out:
            trainer.evaluate()
            entry = next(entry for entry in reversed(trainer.state.log_history) if "eval_loss" in entry)
            figures = {name.removeprefix("held_out_"): value for name, value in _figures(entry).items()}
        return figures | (self.judge() if self.judged else {})


def _held_out(figures: Mapping[str, float]) -> dict[str, float]:
    return {f"held_out_{name}": value for name, value in figures.items() if name in _FIGURES.values()}


def _figures(entry: Mapping[str, Any]) -> dict[str, float]:
    """The figures of one of the trainer's log entries, by our names."""
    return {
        ours if name == theirs else f"held_out_{ours}": float(entry[name])
        for theirs, ours in _FIGURES.items()
        for name in (theirs, f"eval_{theirs}")
        if name in entry
    }


def _telling(listen: Listener) -> Any:
    """The listener as a callback of transformers' trainer."""
    from transformers import TrainerCallback

    class Telling(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if figures := _figures(logs or {}):
                listen(state.global_step, figures)

    return Telling()
