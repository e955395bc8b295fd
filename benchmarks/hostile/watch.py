"""What a server's processes hold in memory, by name."""

from __future__ import annotations

from collections import defaultdict

import psutil


def own_mib(pid: int) -> dict[str, float]:
    """MiB that a process and all below it hold for themselves, summed by name: resident pages that are not shared."""
    found: dict[str, float] = defaultdict(float)
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        try:
            words = (word.rpartition("/")[2] for word in process.cmdline())  # no paths: results are published
            name = " ".join(words)[:60].strip() or process.name()
            held = process.memory_info()
            found[name] += (held.rss - held.shared) / 2**20
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return {name: round(mib, 1) for name, mib in sorted(found.items())}
