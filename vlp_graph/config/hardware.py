"""Machines and GPUs that profiles may name: what each has, as its maker says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gpu:
    """`gib` is what a program can have of its memory."""

    name: str
    gib: float


@dataclass(frozen=True)
class Machine:
    """An EC2 instance type: its GPUs, virtual cores, and memory in GiB."""

    name: str
    gpu: Gpu | None
    gpus: int
    cpus: int
    ram_gib: float

    @property
    def free_cpus(self) -> float:
        """Cores for the graph beside the system and its pods: one less."""
        return self.cpus - 1

    @property
    def free_ram_gib(self) -> float:
        """Memory for the graph, as Kubernetes, its daemons, and Karpenter's guess of the hypervisor's share (7.5 %)
        take theirs: seven parts of eight, and 4 GiB less at least (28 of 32 GiB on a g5.2xlarge)."""
        return self.ram_gib - max(4, self.ram_gib / 8)


A10G = Gpu("a10g", 22.5)
GPUS = {
    gpu.name: gpu
    for gpu in (A10G, Gpu("l4", 22.5), Gpu("t4", 14.7), Gpu("a100-40g", 39.4), Gpu("a100-80g", 79.2), Gpu("h100", 79.2))
}
MACHINES = {
    machine.name: machine
    for machine in (
        Machine("g5.xlarge", A10G, 1, 4, 16),
        Machine("g5.2xlarge", A10G, 1, 8, 32),
        Machine("g5.4xlarge", A10G, 1, 16, 64),
        Machine("g5.8xlarge", A10G, 1, 32, 128),
        Machine("g5.12xlarge", A10G, 4, 48, 192),
        Machine("g5.16xlarge", A10G, 1, 64, 256),
        Machine("g5.24xlarge", A10G, 4, 96, 384),
        Machine("g5.48xlarge", A10G, 8, 192, 768),
        Machine("m5.xlarge", None, 0, 4, 16),
        Machine("m5.2xlarge", None, 0, 8, 32),
    )
}
