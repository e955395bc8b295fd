"""What a rank holds. A module of its own: vLLM runs it inside the ranks, which import it by name."""

from __future__ import annotations

from typing import Any


def of_rank(worker: Any) -> dict[str, float]:
    """GiB of its shard of the weights, and of all that it has: on a GPU what torch has reserved there, else resident
    memory."""
    import psutil
    import torch

    weights = sum(p.numel() * p.element_size() for p in worker.get_model().parameters())
    held = torch.cuda.memory_reserved() if torch.cuda.is_available() else psutil.Process().memory_info().rss
    return {"weights": weights / 2**30, "held": held / 2**30}
