"""Several clients at once: right answers for each, and batches that form."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.cluster import stats
from tests.integration.conftest import Graph
from vlp_graph.nano.world import held_out

CLIENTS, TURNS = 16, 48
ROUNDS = 4
MODELS = ("GroundedSam", "Idefics", "DistilBert")


def test_many_clients_get_their_own_right_answers(graph: Graph) -> None:
    scenes = [s for s in held_out(88, TURNS + 8, side=192, cut=0.0) if s.objects][:TURNS]
    before = stats(*MODELS)

    def ask(n: int) -> dict[str, Any]:
        return graph.client.ask(f"is there a {scenes[n].objects[-1].name}?", images=[scenes[n].png()])

    with ThreadPoolExecutor(CLIENTS) as pool:
        replies = list(pool.map(ask, range(TURNS)))
    right = [r["choices"][0]["message"]["content"].startswith("Yes") for r in replies]
    assert sum(right) >= 0.9 * TURNS, [r["choices"][0]["message"]["content"] for r in replies]
    for reply, scene in zip(replies, scenes, strict=True):
        for result in reply["vlp"]["results"]:
            for instance in result.get("instances", []):
                assert instance["box"][2] <= scene.width
                assert instance["box"][3] <= scene.height
    for _ in range(ROUNDS):  # who meets whom in a queue is chance: it may take more turns
        grown = {name: (now, before[name]) for name, now in stats(*MODELS).items()}
        assert all(now["requests"] - then["requests"] >= TURNS for now, then in grown.values())
        alone = [
            name
            for name, (now, then) in grown.items()
            if now["batches"] - then["batches"] == now["requests"] - then["requests"]
        ]
        if not alone:
            return
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(ask, range(TURNS)))
    pytest.fail(f"{alone}: every request ran alone")
