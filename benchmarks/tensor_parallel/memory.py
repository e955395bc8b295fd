"""What a rank holds. A module of its own: vLLM runs it inside the ranks, which import it by name."""

from __future__ import annotations

from typing import Any


def of_rank(worker: Any) -> dict[str, float]:
    """GiB of its shard of the weights, and of all that it has: on a GPU what torch has reserved there, else resident
    memory. On a CPU vLLM packs most layers' weights anew and leaves empty parameters, whose sizes the layers know."""
    import psutil
    import torch

    model = worker.get_model()
    size = next(model.parameters()).element_size()
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    for layer in model.modules():
        if getattr(getattr(layer, "weight", None), "numel", lambda: 1)() == 0 and hasattr(layer, "input_size"):
            weights += size * layer.input_size_per_partition * layer.output_size_per_partition
    held = torch.cuda.memory_reserved() if torch.cuda.is_available() else psutil.Process().memory_info().rss
    return {"weights": weights / 2**30, "held": held / 2**30}
