"""The machines of a profile: those that its cluster rents, or the one that this runs on."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from vlp_graph.config import Profile
from vlp_graph.config.hardware import GPUS, Gpu
from vlp_graph.config.strict import ProfileError


@dataclass(frozen=True)
class Node:
    """One machine as the graph may use it. `gpu`: None where it has none, or where none was found."""

    name: str
    gpu: Gpu | None
    gpus: int
    cpus: float
    ram_gib: float


@dataclass(frozen=True)
class Pool:
    """So many machines of one kind, `most` of them at the most."""

    node: Node
    least: int
    most: int


def pool(profile: Profile, gpu: str | None = None, gpus: int | None = None, *, local: bool = False) -> Pool:
    """The profile's machines; `gpu` and `gpus` in the place of what they have. `local`: this one, whatever it rents.

    Raises:
        ProfileError: no GPU of that name is known, or the profile names no machine, wants one, and none is found here.
    """
    if (cluster := profile.cluster) and not local:
        machine = cluster.machine
        found = Node(machine.name, machine.gpu, machine.gpus, machine.free_cpus, machine.free_ram_gib)
        least, most = cluster.nodes.min, cluster.nodes.max
    else:
        found, least, most = here(profile), 1, 1
    node = Node(
        found.name if gpu is None else f"{found.name} with {gpu}",
        known_gpu(gpu) if gpu else found.gpu,
        gpus if gpus is not None else max(found.gpus, 1 if gpu else 0),
        found.cpus,
        found.ram_gib,
    )
    if node.gpu is None and any(model.device == "cuda" for _, model in profile.models):
        raise ProfileError(
            f"{profile.name} computes on GPUs, and {node.name} has none (nvidia-smi finds no driver or no GPU). "
            f"`vlp plan --gpu` says what it needs ({', '.join(GPUS)}); cluster.instance names machines that have some"
            if node.name.startswith("this")
            else f"{profile.name} computes on GPUs, and a {node.name} has none: take another cluster.instance"
        )
    return Pool(node, least, most)


def here(profile: Profile) -> Node:
    """This machine: its GPUs as the driver tells them, the cores that the profile tells Ray, and its memory."""
    sizes = _driver_memory_gib()
    gpu = Gpu("GPU here", min(sizes)) if sizes else None
    cores = profile.cpus if profile.cpus is not None else float(os.cpu_count() or 1)
    ram = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Node("this machine", gpu, len(sizes), cores, ram)


def _driver_memory_gib() -> list[float]:
    """GiB of each GPU here, by nvidia-smi; none where there is no driver."""
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [int(line) / 1024 for line in told.split() if line.isdigit()]


def known_gpu(name: str) -> Gpu:
    """The GPU of that name.

    Raises:
        ProfileError: none is known by it; with the nearest.
    """
    if name not in GPUS:
        import difflib

        near = difflib.get_close_matches(name, GPUS, 1, 0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ProfileError(f"no GPU {name!r} is known: {', '.join(GPUS)}{hint}")
    return GPUS[name]
