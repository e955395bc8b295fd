"""Two ingress replicas with one PostgreSQL over the running models, spoken to over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.integration.cluster import TWINS, replica_pids, two_more_ingresses
from tests.integration.conftest import Graph
from tests.integration.test_sessions import SQUARES
from vlp_graph.nano.dialogues import answer_of, says_number

TURNS = 16


@pytest.fixture(scope="module")
def twins(graph: Graph, postgres: str) -> Iterator[str]:
    with two_more_ingresses(postgres) as path:
        yield f"{graph.url}{path}"


def ask(url: str, text: str, session: str, key: str = "mine", image: bytes | None = None) -> httpx.Response:
    parts: list[tuple[str, tuple[str | None, bytes]]] = [("text", (None, text.encode()))]
    parts.append(("session", (None, session.encode())))
    if image is not None:
        parts.append(("image", ("picture.png", image)))
    return httpx.post(f"{url}/v1/ask", files=parts, headers={"authorization": f"Bearer {key}"}, timeout=120)


def test_a_session_goes_on_at_either_replica(graph: Graph, twins: str) -> None:
    name = f"test-{uuid.uuid4()}"
    shown = ask(twins, "how many squares are there?", name, image=SQUARES.png())
    assert shown.status_code == 200, shown.text
    pids = replica_pids(graph.process.pid, "Ingress", TWINS) if graph.process else []
    spent = {pid: _seconds(pid) for pid in pids}
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: ask(twins, "how many squares are there?", name), range(TURNS)))
    assert [says_number(answer_of(reply.json()), 2) for reply in replies] == [True] * TURNS
    assert len(pids) == 2 or graph.process is None
    assert all(_seconds(pid) - spent[pid] > 0.05 for pid in pids), "one of the two replicas did nothing"


def test_another_caller_has_no_part_in_it(twins: str) -> None:
    name = f"test-{uuid.uuid4()}"
    assert ask(twins, "how many squares are there?", name, image=SQUARES.png()).status_code == 200
    for _ in range(4):  # whichever replica answers
        refused = ask(twins, "how many squares are there?", name, key="another's")
        assert refused.status_code == 422
        assert "picture" in refused.json()["error"]["message"]


def _seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
