"""The Ray cluster of a graph that runs on this machine, joined as a driver: for what HTTP does not show."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.harness.run import BenchmarkError

DEPLOYMENTS: Mapping[str, str] = {
    "llama": "Llama",
    "idefics": "Idefics",
    "grounded_sam": "GroundedSam",
    "whisper": "Whisper",
    "distilbert": "DistilBert",
}

AUTH_MODE = "RAY_AUTH_MODE"


@contextmanager
def joined(url: str) -> Iterator[dict[str, Any]]:
    """Handles of the graph's five models by their names in a profile; use them in a running event loop.

    Raises:
        BenchmarkError: what answers at `url` is no Ray Serve of this machine.
    """
    from vlp_graph.serving import FLAGS, LOOPBACK

    found = cluster_at(url)
    # read when Ray is imported; whether tokens are wanted it looks up by itself only for an address that it found
    for key, value in (FLAGS | LOOPBACK | ({AUTH_MODE: found.auth_mode} if found.auth_mode else {})).items():
        os.environ.setdefault(key, value)
    import ray
    from ray import serve

    from deployments import NAME

    ray.init(address=found.address, namespace="serve", log_to_driver=False, configure_logging=False)
    try:
        yield {name: serve.get_deployment_handle(deployment, NAME) for name, deployment in DEPLOYMENTS.items()}
    finally:
        ray.shutdown()


@dataclass(frozen=True)
class Cluster:
    """Where a Ray cluster's control store is, and whether that wants tokens (empty: nobody said)."""

    address: str
    auth_mode: str


def cluster_at(url: str) -> Cluster:
    """The Ray cluster whose process listens where `url` says: there may be several on one machine.

    Raises:
        BenchmarkError: none of this machine's processes does, or it is none of Ray's.
    """
    import psutil

    port = urlsplit(url).port or 80
    listening = {c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port}
    for pid in listening:
        for process in [] if pid is None else [psutil.Process(pid), *psutil.Process(pid).parents()]:
            for word in process.cmdline():
                if word.startswith("--gcs-address="):
                    return Cluster(word.partition("=")[2], process.environ().get(AUTH_MODE, ""))
    raise BenchmarkError(f"{url} is not served by a Ray cluster of this machine, which this benchmark has to join")
