"""The graph on several nodes: shares are kept to, replicas come and go, a dead node loses what its ingress held,
a new version nothing. Minutes on two cores: `make test-slow`, not part of `make test`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.multinode.__main__ import V1, V2
from benchmarks.multinode.cluster import SLOT
from benchmarks.multinode.network import missing
from vlp_graph import config

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
MODELS = {"Llama": "llama", "Idefics": "idefics", "GroundedSam": "grounded_sam", "Whisper": "whisper"} | {
    "DistilBert": "distilbert"
}
ROOT = Path(__file__).parents[2]
CLIENTS = 4
"""While a node dies, and while a version comes."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if reason := missing():
        pytest.skip(reason)
    out = tmp_path_factory.mktemp("multinode") / "told.json"
    command = [sys.executable, "-m", "benchmarks.multinode", "--clients", str(CLIENTS), "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    result: dict[str, Any] = json.loads(out.read_text())
    return result


def shares(profile: str, placed: Mapping[str, Mapping[str, int]]) -> dict[str, float]:
    """How much of its accelerator each node has given away."""
    models = dict(config.load(profile).models)
    return {
        node: sum(count * models[MODELS[name]].resources[SLOT] for name, count in held.items() if name in MODELS)
        for node, held in placed.items()
    }


def total(placed: Mapping[str, Mapping[str, int]], deployment: str) -> int:
    return sum(held.get(deployment, 0) for held in placed.values())


def test_replicas_are_placed_by_their_shares(told: dict[str, Any]) -> None:
    placed = told["deployed"]["replicas"]
    assert "head" not in placed
    assert len(placed) >= 2
    for name, entry in MODELS.items():
        assert total(placed, name) == getattr(config.load(V1).models, entry).replicas.min, name
    for when, version in (("deployed", V1), ("scaled", V1), ("killed", V1), ("upgraded", V2)):
        assert max(shares(version, told[when]["replicas"]).values()) <= 1, when


def test_load_brings_a_replica_and_its_end_takes_it_away(told: dict[str, Any]) -> None:
    replicas = config.load(V1).models.grounded_sam.replicas
    assert total(told["scaled"]["replicas"], "GroundedSam") == replicas.max > replicas.min
    assert total(told["killed"]["replicas"], "GroundedSam") == replicas.min


def test_a_node_that_dies_loses_no_more_than_its_ingress_held_and_its_replicas_are_back_elsewhere(
    told: dict[str, Any],
) -> None:
    killed = told["killed"]
    assert killed["node"] not in killed["replicas"]
    for name, count in killed["held"].items():
        assert total(killed["replicas"], name) >= count, name
    outcomes = killed["from_then_on"]["outcomes"]
    refused = {what: count for what, count in outcomes.items() if what.startswith("error 503")}
    assert set(outcomes) - set(refused) <= {"right", "wrong"}
    assert sum(refused.values()) <= CLIENTS, "one turn of each client, at most, was in the ingress that died"
    assert right(killed["from_then_on"]) >= 0.9


def test_an_upgrade_under_load_drops_nothing(told: dict[str, Any]) -> None:
    assert set(told["upgraded"]["outcomes"]) <= {"right", "wrong"}
    assert right(told["upgraded"]) >= 0.9


def right(outcome: Mapping[str, Any]) -> float:
    return float(outcome["outcomes"].get("right", 0)) / outcome["turns"]
