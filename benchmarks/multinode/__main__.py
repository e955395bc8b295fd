"""`python -m benchmarks.multinode`: the graph on four nodes; load comes and goes, a node dies, a new version comes.

The nodes are network namespaces of this machine (Linux, root, iproute2), each with a Ray of its own; a custom resource
stands for their GPUs, with the shares that replicas take of it. Deployed by `serve deploy`. Closed-loop clients ask
counts of held-out scenes, so every answer is right or wrong. What happened goes to benchmarks/results/multinode.json.
Timings are of nodes that share the cores of one machine.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.multinode.cluster import Cluster
from benchmarks.multinode.load import Load
from benchmarks.multinode.network import Network, missing
from vlp_graph import config
from vlp_graph.render.environment import flags
from vlp_graph.render.target import Target

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results" / "multinode.json"
V1, V2 = str(HERE / "v1.yaml"), str(HERE / "v2.yaml")
START_S = 600.0


def deployed(cluster: Cluster) -> dict[str, Any]:
    """`serve deploy` of the first version."""
    start = time.monotonic()
    cluster.deploy(V1)
    cluster.wait_running(START_S)
    return {"seconds": _since(start), "replicas": cluster.placed()}


def scaled(cluster: Cluster, clients: int) -> dict[str, Any]:
    """Load until Grounded-SAM has all the replicas that it may have, then none until it has only those it must."""
    replicas = config.load(V1).models.grounded_sam.replicas
    start = time.monotonic()
    with Load([cluster.url()], clients) as load:
        up = _until(lambda: len(cluster.replicas()["GroundedSam"]) == replicas.max, 180, "another replica")
        placed = cluster.placed()
    told = load.told(start)
    down = _until(lambda: len(cluster.replicas()["GroundedSam"]) == replicas.min, 180, "the replica to go")
    return {"clients": clients, "up_s": up, "replicas": placed, "down_s": down, **told}


def killed(cluster: Cluster, clients: int) -> dict[str, Any]:
    """All processes of a node that holds a Grounded-SAM, and not Llama, are killed under load; another comes for it."""
    before = cluster.placed()
    wanted = {name: len(replicas) for name, replicas in cluster.replicas().items()}
    victim = next(node for node, held in before.items() if "GroundedSam" in held and "Llama" not in held)
    with Load([cluster.url()], clients) as load:
        time.sleep(10)
        at = time.monotonic()
        cluster.kill(victim)
        back = _until(
            lambda: (
                {n: len([r for r in rs if r["node"] in cluster.addresses()]) for n, rs in cluster.replicas().items()}
                == wanted
            ),
            300,
            "the replicas to be back",
        )
        time.sleep(10)
    cluster.add(f"{victim}b")
    return {"node": victim, "held": before[victim], "back_s": back, "replicas": cluster.placed()} | {
        "before": load.told(end=at),
        "from_then_on": load.told(start=at - 5),
    }


def upgraded(cluster: Cluster, clients: int) -> dict[str, Any]:
    """`serve deploy` of the second version under load, until no replica of the first is left."""
    old = {r["replica_id"] for replicas in cluster.replicas().values() for r in replicas}
    with Load([cluster.url()], clients) as load:
        time.sleep(5)
        at = time.monotonic()
        cluster.deploy(V2)

        def all_new() -> bool:
            states = [a["status"] for a in cluster.status()["applications"].values()]
            now = {r["replica_id"] for replicas in cluster.replicas().values() for r in replicas}
            return states == ["RUNNING"] and not now & old

        seconds = _until(all_new, START_S, "the new version")
        time.sleep(5)
    return {"seconds": seconds, "replicas": cluster.placed(), **load.told(start=at - 5)}


def _until(done: Callable[[], bool], within_s: float, what: str) -> float:
    start = time.monotonic()
    while not done():
        if time.monotonic() - start > within_s:
            raise TimeoutError(f"waited {within_s:g} s for {what}")
        time.sleep(0.5)
    return _since(start)


def _since(start: float) -> float:
    return round(time.monotonic() - start, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--clients", type=int, default=4, help="while a node dies, while a version comes")
    parser.add_argument("--busy", type=int, default=16, help="clients that bring another replica")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    if reason := missing():
        parser.error(reason)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the nodes end with this, however it ends
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console()
    told: dict[str, Any] = {"workers": options.workers, "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="vlp-nodes-") as folder, Network("vlp") as network:
        variables = flags(Target(V1), str(HERE))
        with Cluster(network, Path(folder), variables) as cluster:
            for number in range(1, options.workers + 1):
                cluster.add(f"worker-{number}")
            console.print(f"nodes: {', '.join(cluster.nodes())}")
            steps: dict[str, Callable[[], dict[str, Any]]] = {
                "deployed": lambda: deployed(cluster),
                "scaled": lambda: scaled(cluster, options.busy),
                "killed": lambda: killed(cluster, options.clients),
                "upgraded": lambda: upgraded(cluster, options.clients),
            }
            for name, step in steps.items():
                told[name] = step()
                console.print(name, told[name])
                options.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
