"""The folder of a run: what was asked for, checkpoints while it lasts, and what came out.

`run.json` (settings, data, figures before), `checkpoints/` (removed at the end), then the adapter, `metrics.json` and
`curve.png`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlp_graph.config.strict import Strict


class RunError(ValueError):
    """The folder holds another run, or none that could go on; says what to do."""


class Point(Strict):
    """What was seen at one step."""

    step: int
    figures: dict[str, float]


class Metrics(Strict):
    """What a run was and what came of it: `metrics.json`."""

    command: str
    settings: dict[str, Any]
    lines: int
    held_out: int
    judged: int
    steps: int
    seconds: float
    """wall time, evaluation included; of the last part where the run was resumed"""
    before: dict[str, float]
    after: dict[str, float]
    curve: list[Point]


@dataclass(frozen=True)
class Folder:
    """One run's place."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def begin(self, asked: dict[str, Any], *, resume: bool) -> Path | None:
        """Write down what is asked for; with `resume` the last checkpoint to go on from (None: from the beginning).

        Raises:
            RunError: a run is there and `resume` is not said, or it is another one, or it is done.
        """
        from transformers.trainer_utils import get_last_checkpoint

        note, before = self.path / "run.json", self._run()
        if not resume:
            if before is not None or (self.path / "adapter_config.json").exists():
                raise RunError(f"{self.path} holds a run: go on with --resume, or name another folder")
            self.path.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps(asked, indent=1) + "\n", encoding="utf-8")
            return None
        if before is None:
            raise RunError(f"{self.path} holds no run to resume: start it without --resume")
        if (self.path / "metrics.json").exists():
            raise RunError(f"{self.path}: that run is done; its figures are in metrics.json")
        if other := [key for key in asked if before.get(key) != asked[key]]:
            told = "; ".join(_difference(before.get(key), asked[key], key) for key in other)
            raise RunError(f"{self.path} holds another run: {told}. Go on with the same, or name another folder")
        last = get_last_checkpoint(str(self.checkpoints)) if self.checkpoints.is_dir() else None
        return Path(last) if last else None

    def before(self) -> dict[str, float] | None:
        """The figures from before the first step, where they have been measured."""
        return (self._run() or {}).get("before")

    def keep_before(self, figures: dict[str, float]) -> None:
        """So that a resumed run does not take its own middle for its beginning."""
        told = (self._run() or {}) | {"before": figures}
        (self.path / "run.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    def finish(self, metrics: Metrics) -> None:
        """Write the figures and the picture; what could be resumed goes."""
        from vlp_graph.finetune.curve import draw, panels

        (self.path / "metrics.json").write_text(metrics.model_dump_json(indent=1) + "\n", encoding="utf-8")
        draw(panels(metrics)).save(self.path / "curve.png")
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _run(self) -> dict[str, Any] | None:
        note = self.path / "run.json"
        return dict(json.loads(note.read_text(encoding="utf-8"))) if note.exists() else None


def read_metrics(folder: Path) -> Metrics:
    """
    Raises:
        RunError: no finished run lies there.
    """
    try:
        return Metrics.model_validate_json((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RunError(f"{folder}: no finished run there (metrics.json is missing or broken)") from None


def digest(*files: Path) -> str:
    """What tells the same data from other: SHA-256 of the files."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _difference(was: Any, is_now: Any, key: str) -> str:
    if isinstance(was, dict) and isinstance(is_now, dict):
        changed = [name for name in is_now if was.get(name) != is_now[name]]
        return ", ".join(f"{name} was {was.get(name)!r} and is {is_now[name]!r}" for name in changed)
    return "the data has changed" if key == "data" else f"{key} was {was!r} and is {is_now!r}"
