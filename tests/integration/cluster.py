"""The running graph seen from inside its Ray cluster: statistics, and the processes that a test may kill."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil

from deployments.graph import NAME


def stats(*deployments: str) -> dict[str, dict[str, int]]:
    """Batches, requests and the largest batch of batched deployments so far. Asked by a process of its own: a driver
    that joins a cluster leaves threads behind that outlive its connection."""
    command = [sys.executable, "-m", "tests.integration.cluster", *deployments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    result: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
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


def main(deployments: list[str]) -> None:
    import ray
    from ray import serve

    ray.init(address="auto", namespace="serve", log_to_driver=False, configure_logging=False)
    handles = {name: serve.get_deployment_handle(name, NAME) for name in deployments}
    print(json.dumps({name: handle.stats.remote().result(timeout_s=60) for name, handle in handles.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
