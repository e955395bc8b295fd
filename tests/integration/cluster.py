"""The running graph seen from inside its Ray cluster: statistics, and the processes that a test may kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from deployments import NAME
from vlp_graph.serving import LOOPBACK

MODELS = ("Llama", "Idefics", "GroundedSam", "Whisper", "DistilBert")
TWINS = "twins"
ENVIRONMENT = os.environ | LOOPBACK
"""For processes that join the cluster of one that `vlp serve` has started."""


def stats(*deployments: str) -> dict[str, dict[str, int]]:
    """Batches, requests and the largest batch of batched deployments so far. Asked by a process of its own: a driver
    that joins a cluster leaves threads behind that outlive its connection."""
    command = [sys.executable, "-m", "tests.integration.cluster", *deployments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180, env=ENVIRONMENT)
    result: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
    return result


@contextmanager
def watched(deployment: str) -> Iterator[Callable[[], tuple[float, dict[str, int]]]]:
    """Statistics of a deployment as they change: every call gives the time (`time.time()`) and the statistics of the
    next look, some fifty a second."""
    command = [sys.executable, "-m", "tests.integration.cluster", "--watch", deployment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        lines = process.stdout

        def look() -> tuple[float, dict[str, int]]:
            while not (line := lines.readline()).startswith("["):
                assert line, "the watcher has ended"
            at, seen = json.loads(line)
            return at, seen

        try:
            look()
            yield look
        finally:
            process.terminate()


def replica_pids(server: int, deployment: str, application: str = NAME) -> list[int]:
    """Process ids of the replicas of a deployment, among the processes that `server` (vlp serve) has started."""
    title = f"ServeReplica:{application}:{deployment}"
    found = []
    for process in psutil.Process(server).children(recursive=True):
        try:
            if title in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found


def twins(memory: str) -> None:
    """Serve two more ingress replicas over the running models, with this memory, until standard input ends."""
    from ray import serve

    from deployments.ingress import Ingress
    from vlp_graph import config

    profile = config.load("embedded")
    profile = profile.model_copy(update={"memory": profile.memory.model_copy(update={"url": memory})})
    models = [serve.get_deployment_handle(name, NAME) for name in MODELS]
    ingress: Any = Ingress
    two = ingress.options(num_replicas=2, ray_actor_options={"num_cpus": 0.1})
    serve.run(two.bind(profile, *models), name=TWINS, route_prefix=f"/{TWINS}")
    print("up", flush=True)
    sys.stdin.read()
    serve.delete(TWINS)


@contextmanager
def two_more_ingresses(memory: str) -> Iterator[str]:
    """The path under which two ingress replicas of their own share a memory."""
    command = [sys.executable, "-m", "tests.integration.cluster", "--twins", memory]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=ENVIRONMENT, **pipes) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        while not (line := process.stdout.readline()).startswith("up"):
            assert line, "the two ingress replicas did not come up"
        try:
            yield f"/{TWINS}"
        finally:
            process.stdin.close()
            process.wait(120)


def main(deployments: list[str]) -> None:
    import ray
    from ray import serve

    ray.init(address="auto", namespace="serve", log_to_driver=False, configure_logging=False)
    if deployments[0] == "--watch":
        handle = serve.get_deployment_handle(deployments[1], NAME)
        while True:
            print(json.dumps([time.time(), handle.stats.remote().result(timeout_s=60)]), flush=True)
            time.sleep(0.02)
    if deployments[0] == "--twins":
        return twins(deployments[1])
    handles = {name: serve.get_deployment_handle(name, NAME) for name in deployments}
    print(json.dumps({name: handle.stats.remote().result(timeout_s=60) for name, handle in handles.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
