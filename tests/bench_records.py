"""Records of benchmarks that never ran."""

from __future__ import annotations

from typing import Any

from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record, Table, Target

MACHINE = Machine(
    processor="a processor",
    cores=2,
    memory_gib=8,
    gpus=[],
    system="Linux 6",
    python="3.11",
    versions={},
    load_before=0.1,
)


def record(name: str = "session_reuse", **other: Any) -> Record:
    """One with two sides and a target that is held; `other` fields in the place of its own."""
    method = Method(compares="this with that", loop="closed, one client", lengths="short", warm_up="one", repeats="two")
    table = Table(
        title="Sides", columns=["side", "p50 s"], rows=[["ours | theirs", 0.12345], ["other", None]], note="!"
    )
    fields: dict[str, Any] = {
        "name": name,
        "title": "Two sides",
        "method": method,
        "settings": {"ours": {"threads": 1}},
        "tables": [table],
        "targets": [Target(what="ours over theirs", value=0.5, bound=0.6, at="most")],
        "samples": [{"side": "ours", "s": 0.1}, {"side": "naïve", "s": 0.2}],
        "profile": "embedded",
        "machine": MACHINE,
    }
    return Record(**fields | other)
