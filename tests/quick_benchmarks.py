"""Quick runs of the benchmarks as users start them, and the bounds in which their ratios have to be.

The bounds are generous: a quick run on a busy machine is no result. They catch a ratio that has collapsed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.record import Record

WITHIN_S = 600


@dataclass(frozen=True)
class Check:
    """`joins`: whether it measures a graph that runs already (`--url`), else it starts what it measures and is slow.
    `arguments`: what makes it shorter still. `bounds`: of the ratios among its targets, by a part of their words, the
    least or the most that may come out."""

    joins: bool
    arguments: Sequence[str] = ()
    bounds: Mapping[str, float] = field(default_factory=dict)


CHECKS: Mapping[str, Check] = {
    "dynamic_batching": Check(joins=False),
    "model_batching": Check(joins=False),
    "tensor_parallel": Check(joins=False),
    "graph_overhead": Check(joins=True, arguments=("--only", "turns", "--turns", "vlp serve")),
    "speculation": Check(
        joins=True,
        bounds={"over strictly sequential": 0.9, "over cot": 0.95, "right answers": -0.5},
    ),
    "session_reuse": Check(joins=True, bounds={"Grounded-SAM's task": 0.9, "Llama's first token": 0.7}),
    "load": Check(joins=True, arguments=("--only-shedding",), bounds={"of the peak goodput": 0.3}),
    "neighbours": Check(joins=False),
    "startup_memory": Check(joins=False),
}


def quick(name: str, folder: Path, url: str | None = None) -> Record:
    """`python -m benchmarks NAME --quick` and what it wrote to `folder`, which holds against the bounds."""
    command = [sys.executable, "-m", "benchmarks", name, "--quick", "--out", str(folder)]
    command += CHECKS[name].arguments
    command += ["--url", url] if url else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, env=os.environ)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    record = Record.read(folder / f"{name}.json")
    assert record.quick
    assert record.samples
    assert record.tables
    assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    _hold(record, CHECKS[name].bounds)
    return record


def _hold(record: Record, bounds: Mapping[str, float]) -> None:
    for words, bound in bounds.items():
        (target,) = [target for target in record.targets if words in target.what]
        near = target.model_copy(update={"bound": bound})
        assert near.held, f"{target.what}: {target.value:.3g}, where even a quick run has at {target.at} {bound:g}"
