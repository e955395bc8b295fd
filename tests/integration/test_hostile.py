"""Every attack of the corpus on the whole graph, each with the answer that it has to get; and what the proxy obeys."""

from __future__ import annotations

import httpx
import pytest

from benchmarks.hostile.__main__ import code_of
from benchmarks.hostile.attacks import corpus
from benchmarks.hostile.wire import wires
from tests.integration.conftest import Graph


def test_every_attack_gets_its_answer(graph: Graph) -> None:
    wrong, count = [], 0
    with httpx.Client(base_url=graph.url, timeout=100, trust_env=False) as client:
        for attack in corpus():
            count += 1
            reply = attack.send(client)
            if not attack.is_right(reply.status_code, code_of(reply)):
                wrong.append((attack.name, reply.status_code, reply.text[:200]))
    assert not wrong
    assert count >= 60


def test_below_http_nothing_breaks(graph: Graph) -> None:
    answers = {wire.name: (wire.send(graph.url, limit_s=60), wire.statuses) for wire in wires()}
    assert {name: status for name, (status, allowed) in answers.items() if status not in allowed} == {}


@pytest.mark.parametrize("seconds", ["0.000001", "0", "-1", "nan", "\u00ff"])
def test_serve_does_not_take_its_deadline_from_clients(graph: Graph, seconds: str) -> None:
    """Serve's own reaction to a deadline that has passed is 408, to a header that is not UTF-8 500."""
    headers = {"x-request-timeout-seconds": seconds.encode("latin-1"), "x-session-id": b"\xff", "x-request-id": b"\xff"}
    body = {"model": "vlp", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}
    reply = httpx.post(f"{graph.url}/v1/chat/completions", json=body, headers=headers, timeout=100)
    assert reply.status_code == 200
    assert len(reply.headers.get_list("x-request-id")) == 1
