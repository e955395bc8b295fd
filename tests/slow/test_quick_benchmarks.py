"""Benchmarks, in short, that start what they measure: minutes together, so `make test-slow`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.harness.run import NAMES
from tests.quick_benchmarks import CHECKS, quick

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("name", [name for name in NAMES if not CHECKS[name].joins])
def test_a_quick_run(name: str, tmp_path: Path) -> None:
    quick(name, tmp_path)
