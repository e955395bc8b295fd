"""All engines in one process: each in a thread of its own, what waits for it taken together.

The plainest way to put several models behind one server without a framework for it; the neighbours that advise one
process per worker use it inside theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from benchmarks.neighbours.pipeline import Calls, dialogue_over, load_finder, load_looker, load_sorter
from deployments.batching import Batches
from vlp_graph.config import Profile
from vlp_graph.dialogue.dialogue import Dialogue

T = TypeVar("T")
R = TypeVar("R")


def dialogue_inside(profile: Profile, *, size: int, wait_ms: float, torch_threads: int) -> Dialogue:
    """Load all three engines here. `size` 1: no batches."""
    import torch

    torch.set_num_threads(torch_threads)
    read, find, answer = load_sorter(profile), load_finder(profile), load_looker(profile)
    wait_s = wait_ms / 1000 if size > 1 else 0.0
    calls = Calls(
        Batches(in_thread(read), size, wait_s),
        Batches(in_thread(find), size, wait_s),
        Batches(in_thread(answer), size, wait_s),
    )
    return dialogue_over(calls, profile)


def in_thread(run: Callable[[Sequence[T]], Sequence[R]]) -> Callable[[Sequence[T]], Awaitable[Sequence[R]]]:
    """What runs in a thread of its own."""
    thread = ThreadPoolExecutor(1)
    return lambda items: asyncio.get_running_loop().run_in_executor(thread, run, items)
