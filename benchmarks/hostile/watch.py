"""What a server's processes hold in memory, and what they computed, by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import psutil


def own_mib(pid: int) -> dict[str, float]:
    """MiB that a process and all below it hold for themselves, summed by name: resident pages that are not shared."""
    return _summed(pid, _own_mib)


def cpu_seconds(pid: int) -> dict[str, float]:
    """Seconds of computing of a process and all below it so far, summed by name; of ended ones, their parent's."""
    return _summed(pid, _cpu_seconds)


def _own_mib(process: psutil.Process) -> float:
    held = process.memory_info()
    return float(held.rss - held.shared) / 2**20


def _cpu_seconds(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system + spent.children_user + spent.children_system)


def _summed(pid: int, measure: Callable[[psutil.Process], float]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        try:
            words = (word.rpartition("/")[2] for word in process.cmdline())  # no paths: results are published
            name = " ".join(words)[:60].strip() or process.name()
            found[name] += measure(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return {name: round(value, 1) for name, value in sorted(found.items())}
