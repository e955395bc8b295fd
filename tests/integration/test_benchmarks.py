"""Benchmarks, in short, against the running graph: the harness works, and no ratio has collapsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.harness.run import NAMES
from tests.integration.conftest import Graph
from tests.quick_benchmarks import CHECKS, quick


def test_every_benchmark_has_its_check() -> None:
    assert tuple(CHECKS) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if CHECKS[name].joins])
def test_a_quick_run_beside_the_running_graph(name: str, graph: Graph, tmp_path: Path) -> None:
    quick(name, tmp_path, graph.url)
