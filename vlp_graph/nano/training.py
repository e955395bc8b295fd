"""What every recipe shares: an endless stream of fresh scenes, a CPU-time schedule, an average of the weights.

Schedules count the CPU time of the training process, not the clock: a busy machine then trains as well as an
idle one, only later.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Stream(IterableDataset[Any]):
    """Calls `make(rng)` for ever; each call returns one ready batch."""

    def __init__(self, make: Callable[[np.random.Generator], Any], seed: int) -> None:
        self.make, self.seed = make, seed

    def __iter__(self) -> Iterator[Any]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(self.seed)
        while True:
            yield self.make(rng)


def stream(make: Callable[[np.random.Generator], Any], seed: int) -> Iterator[Any]:
    """Batches made by one worker process while the model trains on the last one."""
    return iter(DataLoader(Stream(make, seed), batch_size=None, num_workers=1, prefetch_factor=4))


class Schedule:
    """Yields the learning-rate factor of each step until `minutes` of CPU time are used; shows a progress bar.

    Warm-up over `warmup` steps, flat until `hold` of the time has passed, then a cosine down to 1 %.
    """

    def __init__(self, name: str, minutes: float, *, warmup: int = 150, hold: float = 0.5) -> None:
        self.name, self.seconds, self.warmup, self.hold = name, minutes * 60, warmup, hold
        self._averages: dict[str, float] = {}
        self.step = 0

    def log(self, **values: float) -> None:
        for key, value in values.items():
            self._averages[key] = 0.98 * self._averages.get(key, value) + 0.02 * value

    def __iter__(self) -> Iterator[float]:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[now]}"), TimeElapsedColumn())
        start = time.process_time()
        with Progress(*columns, refresh_per_second=0.5) as bar:
            task = bar.add_task(self.name, total=self.seconds, now="")
            while (used := time.process_time() - start) < self.seconds:
                fraction = used / self.seconds
                decay = max(0.0, fraction - self.hold) / (1 - self.hold)
                yield min(1.0, (self.step + 1) / self.warmup) * (0.01 + 0.99 * (1 + math.cos(math.pi * decay)) / 2)
                self.step += 1
                now = f"step {self.step} " + " ".join(f"{k} {v:.3f}" for k, v in self._averages.items())
                bar.update(task, completed=used, now=now)
                if not bar.console.is_terminal and self.step % 100 == 0:  # a log file wants lines, not a bar
                    bar.console.print(f"{self.name} {used / 60:.1f}/{self.seconds / 60:.0f} min {now}")


class Average:
    """Exponential moving average of a module's weights; what we ship."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module, self.decay, self.steps = module, decay, 0
        self.weights = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self) -> None:
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 20))
        for key, value in self.module.state_dict().items():
            if value.dtype.is_floating_point:
                self.weights[key].lerp_(value, 1 - decay)
            else:
                self.weights[key].copy_(value)

    def apply(self) -> None:
        """Put the averaged weights into the module."""
        self.module.load_state_dict(self.weights)


def pixels(images: list[np.ndarray[Any, Any]]) -> Tensor:
    """uint8 [H, W, 3] pictures of one size -> float [B, 3, H, W] in 0..1."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255


def normalise(x: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    shape = (1, 3, 1, 1)
    return (x - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)


def load_matching(model: PreTrainedModel, checkpoint: Path) -> None:
    """Copy the weights of `checkpoint` whose names and shapes fit; the rest stays as it was made."""
    own = model.state_dict()
    theirs = type(model).from_pretrained(checkpoint, dtype=torch.float32).state_dict()
    model.load_state_dict({k: w for k, w in theirs.items() if k in own and own[k].shape == w.shape}, strict=False)
