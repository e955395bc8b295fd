"""The running graph seen from inside its Ray cluster: statistics, and the processes that a test may kill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from deployments.graph import NAME


@contextmanager
def joined() -> Iterator[None]:
    """This process as a driver of the running cluster."""
    import ray

    ray.init(address="auto", namespace="serve", log_to_driver=False, configure_logging=False)
    try:
        yield
    finally:
        ray.shutdown()


def stats(deployment: str) -> dict[str, int]:
    """Batches, requests and the largest batch of a batched deployment so far."""
    from ray import serve

    result: dict[str, int] = serve.get_deployment_handle(deployment, NAME).stats.remote().result(timeout_s=60)
    return result


def replica_pids(server: int, deployment: str) -> list[int]:
    """Process ids of the replicas of a deployment, among the processes that `server` (vlp serve) has started."""
    title = f"ServeReplica:{NAME}:{deployment}"
    found = []
    for process in psutil.Process(server).children(recursive=True):
        try:
            if title in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found
