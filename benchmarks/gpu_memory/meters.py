"""What processes have of memory: on GPUs as the driver tells it, on the machine as the kernel does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vlp_graph.sizing.memory import GIB

Meter = Callable[[], float]
"""GiB, now."""
_EVERY_S, _LOOK_S = 0.005, 1.0


@dataclass
class Peak:
    """The most that was seen, in GiB."""

    gib: float = 0.0


@contextmanager
def peak(meter: Meter) -> Iterator[Peak]:
    """Asks the meter every few milliseconds while it is open."""
    seen, done = Peak(meter()), threading.Event()

    def watch() -> None:
        while not done.wait(_EVERY_S):
            seen.gib = max(seen.gib, meter())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
        seen.gib = max(seen.gib, meter())


class _Family:
    """This process and those that it started, looked for now and then: to look for them takes milliseconds."""

    def __init__(self) -> None:
        import psutil

        self.own, self._children = psutil.Process(), list[Any]()
        self._looked = float("-inf")

    @property
    def children(self) -> list[Any]:
        if time.monotonic() - self._looked > _LOOK_S:
            self._children, self._looked = self.own.children(recursive=True), time.monotonic()
        return self._children


class Resident:
    """Of this process with its libraries, and of those that it started without what they share (the same libraries)."""

    def __init__(self) -> None:
        self._family = _Family()

    def __call__(self) -> float:
        import psutil

        total = self._family.own.memory_info().rss
        for child in self._family.children:
            try:
                info = child.memory_info()
            except psutil.NoSuchProcess:
                continue
            total += info.rss - info.shared
        return float(total / GIB)


class Devices:
    """What this process and those that it started have of all GPUs. The driver may not know their ids (a container has
    ids of its own): then what is taken of the GPUs since this meter was made. Make it before anything is on a GPU, and
    leave the GPUs to this run.

    Raises:
        RuntimeError: no driver.
    """

    def __init__(self) -> None:
        import pynvml  # type: ignore[import-untyped]

        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            raise RuntimeError(f"NVIDIA's driver does not answer: {error}") from None
        self._nvml, self._family = pynvml, _Family()
        self._gpus = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        self._before, self.by_process = self._used(), False

    def __call__(self) -> float:
        own = self._own()
        self.by_process = own is not None
        return (self._used() - self._before if own is None else own) / GIB

    def _used(self) -> int:
        return sum(int(self._nvml.nvmlDeviceGetMemoryInfo(gpu).used) for gpu in self._gpus)

    def _own(self) -> int | None:
        """Bytes of our processes by their ids; None where the driver tells of none of them."""
        ids = {process.pid for process in (self._family.own, *self._family.children)}
        found = [
            process.usedGpuMemory
            for gpu in self._gpus
            for process in self._nvml.nvmlDeviceGetComputeRunningProcesses(gpu)
            if process.pid in ids
        ]
        return sum(found) if found and None not in found else None
