"""vLLM's one rank on one CPU core, inside the engine's own process.

vLLM runs every CPU rank in a process of its own, to place OpenMP's threads before it starts. One core has no threads to
place: binding the process does, and spares a third import of vLLM (12 of 36 seconds of a start, measured on two cores)
and a gigabyte. Throughput is the same.
"""

from __future__ import annotations

import os

from vllm.v1.executor.uniproc_executor import UniProcExecutor


class OneRank(UniProcExecutor):
    """Named in `distributed_executor_backend`. Reads the core from `VLLM_CPU_OMP_THREADS_BIND`, as vLLM does."""

    def _init_executor(self) -> None:
        os.sched_setaffinity(0, {int(os.environ["VLLM_CPU_OMP_THREADS_BIND"])})
        super()._init_executor()
