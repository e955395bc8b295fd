"""The running graph seen from inside its Ray cluster: statistics, and processes to kill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
    from ray import serve

    result: dict[str, int] = serve.get_deployment_handle(deployment, NAME).stats.remote().result(timeout_s=60)
    return result


def replica_pids(deployment: str) -> list[int]:
    """Process ids of the live replicas of a deployment."""
    from ray.util.state import list_actors

    actors = list_actors(filters=[("state", "=", "ALIVE")], limit=1000, detail=True)
    return [a.pid for a in actors if f"::{deployment}:" in f"::{a.class_name.replace('ServeReplica:', '')}:" or f"{NAME}#{deployment}#" in (a.name or "")]
