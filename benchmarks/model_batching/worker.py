"""The engines in a process of their own, with the threads that their replicas have: asked for one series of batches."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.harness.processes import Answers, answering
from benchmarks.model_batching.work import Work, batches, works
from vlp_graph.config import load


@contextmanager
def start(settings: dict[str, Any]) -> Iterator[tuple[Any, Answers]]:
    """`profile`, and `each`: how many short and how many long items of every work."""
    import torch

    profile = load(settings["profile"])
    torch.set_num_threads(profile.models.distilbert.threads)
    each = settings["each"]
    known = {work.name: work.known(each) for work in works(profile, 4 * each)}
    told = {name: {"unit": work.unit, "differ": work.differ} for name, work in known.items()}
    yield told, lambda request: done(known[request["work"]], request["size"], request["lengths"])


def done(work: Work, size: int, lengths: str) -> dict[str, Any]:
    """Seconds, CPU seconds (all threads) and wrong answers of all items in batches of this size."""
    series = batches(work.short, work.long, size, lengths)
    before, cpu = time.perf_counter(), _cpu()
    answers = [answer for batch in series for answer in work.run([item.value for item in batch])]
    seconds, cpu = time.perf_counter() - before, _cpu() - cpu
    items = [item for batch in series for item in batch]
    wrong = [i for i, (item, answer) in enumerate(zip(items, answers, strict=True)) if not work.is_right(item, answer)]
    return {"items": len(items), "seconds": round(seconds, 4), "cpu_s": round(cpu, 4), "wrong": len(wrong)}


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


if __name__ == "__main__":
    answering(start)
