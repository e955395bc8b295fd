"""A session that is nicer for a while, as the kernel tells it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vlp_graph import autogroup
from vlp_graph.autogroup import nicer_session

SCRIPT = """
import time
from pathlib import Path
from vlp_graph.autogroup import nicer_session, set_niceness

def told():
    print(Path("/proc/self/autogroup").read_text().split()[-1])
    time.sleep(0.2)  # without privileges the kernel takes one change in 100 ms

told()
with nicer_session():
    told()
    with nicer_session(7):
        told()
    told()
told()
set_niceness("self", 3)
with nicer_session():
    told()
told()
"""


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the kernel has no groups by session")
def test_a_session_of_its_own() -> None:
    command = [sys.executable, "-c", SCRIPT]
    told = subprocess.run(command, start_new_session=True, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["0", "5", "5", "5", "0", "3", "3"]


def test_nothing_happens_where_there_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(autogroup, "_of", lambda process: tmp_path / "none" / str(process))
    with nicer_session():
        assert list(tmp_path.iterdir()) == []
