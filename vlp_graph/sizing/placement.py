"""Where replicas go: shares of GPUs, cores and memory packed into as few machines as first-fit-decreasing needs.

Ray places replicas one by one as they come; that can need a machine more than this packing, never fewer than a machine
that is full. A replica stands on one machine with all its ranks (its placement group is PACK, and layers that are
shared out talk all the time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vlp_graph.sizing.machines import Node
from vlp_graph.sizing.memory import RAY_GIB, Footprint

_SLACK = 1e-9


@dataclass(frozen=True)
class Placed:
    """A replica on a machine, and which of its GPUs the ranks have."""

    footprint: Footprint
    gpus: tuple[int, ...]


@dataclass
class Filled:
    """A machine and what stands on it. `free`: what is left of each GPU."""

    node: Node
    placed: list[Placed] = field(default_factory=list)
    free: list[float] = field(init=False)
    cpus: float = field(init=False)
    ram: float = field(init=False)

    def __post_init__(self) -> None:
        self.free, self.cpus = [1.0] * self.node.gpus, self.node.cpus
        self.ram = self.node.ram_gib - RAY_GIB

    def take(self, item: Footprint) -> bool:
        """Puts the replica here if there is room: each rank on the fullest GPU that has its share left."""
        beside = sum(placed.footprint.name == item.name for placed in self.placed)
        if item.per_node is not None and beside >= item.per_node:
            return False
        if item.cpus * item.ranks > self.cpus + _SLACK or item.ram > self.ram + _SLACK:
            return False
        chosen: tuple[int, ...] = ()
        if item.share:
            room = sorted((free, i) for i, free in enumerate(self.free) if free + _SLACK >= item.share)
            if len(room) < item.ranks:
                return False
            chosen = tuple(i for _, i in room[: item.ranks])
        for i in chosen:
            self.free[i] -= item.share
        self.cpus -= item.cpus * item.ranks
        self.ram -= item.ram
        self.placed.append(Placed(item, chosen))
        return True


def pack(items: Sequence[Footprint], node: Node) -> tuple[list[Filled], list[Footprint]]:
    """The machines that hold the replicas, and those replicas for which even an empty machine is too small."""
    machines: list[Filled] = []
    homeless = []
    for item in sorted(items, key=lambda f: (-f.ranks, -f.share, -f.ram, -f.cpus)):
        if any(machine.take(item) for machine in machines):
            continue
        fresh = Filled(node)
        if fresh.take(item):
            machines.append(fresh)
        else:
            homeless.append(item)
    return machines, homeless
