"""What vLLM's workers tell of their memory. Names are those of vLLM 0.32 (vllm/v1/worker/gpu_worker.py,
`determine_available_memory`); its worker for CPUs has none of them (and packs linear layers, so that their
tensors cannot be counted, either).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rank:
    """Bytes of one worker. `kv`: keys and values; `weights`: what loading took; `consumed`: what is gone of the device
    after the pass that vLLM measures itself by, weights and everything that is not torch's among it; `peak`: what this
    pass had for a moment on top, with its estimate of CUDA graphs. None: not told."""

    kv: int
    weights: int | None = None
    consumed: int | None = None
    peak: int | None = None


def told(worker: Any) -> dict[str, int | None]:
    """A `Rank` as plain data; runs in the worker."""
    runner = worker.model_runner
    storages = {cache.untyped_storage().data_ptr(): cache.untyped_storage().nbytes() for cache in runner.kv_caches}
    return {
        "kv": sum(storages.values()),
        "weights": getattr(runner, "model_memory_usage", None),
        "consumed": getattr(worker, "total_consumed", None),
        "peak": getattr(worker, "peak_activation_memory", None),
    }
