"""The corpus, attacks below HTTP and some generated ones against the application, as it stands behind Serve's proxy."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from benchmarks.hostile.__main__ import code_of
from benchmarks.hostile.attacks import Attack, corpus
from benchmarks.hostile.generated import described, mutated
from benchmarks.hostile.watch import own_mib
from benchmarks.hostile.wire import CLOSED, slow_wires, wires
from deployments import protocol
from tests.unit.http.conftest import PlainDialogue, plain_backends
from tests.unit.http.server import as_in_proxy, served
from vlp_graph.config import Profile, load
from vlp_graph.http.app import build_app


def at(profile: Profile) -> Iterator[str]:
    app = build_app(PlainDialogue(), plain_backends(), profile)
    with served(as_in_proxy(app, profile.http.limits)) as url:
        yield url


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from at(load("embedded"))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that waits a second for a head or a body."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 1.0)
    embedded = load("embedded")
    limits = embedded.http.limits.model_copy(update={"body_seconds": 1.0})
    http = embedded.http.model_copy(update={"limits": limits})
    yield from at(embedded.model_copy(update={"http": http}))


def test_every_attack_gets_its_answer(url: str) -> None:
    wrong, names = [], []
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        for attack in corpus():
            reply = attack.send(client)
            names.append(attack.name)
            if not attack.is_right(reply.status_code, code_of(reply)):
                wrong.append((attack.name, reply.status_code, reply.text[:200]))
    assert not wrong
    assert len(names) == len(set(names)) >= 200


def test_below_http_nothing_breaks(url: str) -> None:
    answers = {wire.name: (wire.send(url, limit_s=20), wire.statuses) for wire in wires()}
    assert {name: status for name, (status, allowed) in answers.items() if status not in allowed} == {}


def test_who_trickles_is_not_waited_for(impatient: str) -> None:
    answers = {wire.name: (wire.send(impatient, limit_s=20), wire.statuses) for wire in slow_wires(1, 1)}
    assert {name: status for name, (status, allowed) in answers.items() if status not in allowed} == {}
    assert answers["a connection that says nothing"][0] == CLOSED


def test_200_sockets_that_trickle_keep_nobody_out(impatient: str) -> None:
    at = httpx.URL(impatient)
    sockets = [socket.create_connection((at.host, at.port or 80), timeout=20) for _ in range(200)]
    try:
        for number, connection in enumerate(sockets):
            half = b"POST /v1/ask HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\n"
            connection.sendall(half if number % 2 else half + b"content-length: 9999\r\n\r\n--b")
        assert httpx.get(f"{impatient}/health/live", timeout=20).status_code == 200
        answers = [connection.makefile("rb").read() for connection in sockets]  # to the end: all are closed
        assert {answer.split()[1] for answer in answers} == {b"408"}
    finally:
        for connection in sockets:
            connection.close()


def test_generated_attacks_break_nothing(url: str) -> None:
    statuses: list[int] = []

    def send(attack: Attack) -> bool:
        with suppress(httpx.InvalidURL, httpx.LocalProtocolError):  # this side does not send such a thing
            statuses.append(attack.send(client).status_code)
        return True

    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        described(client.get("/openapi.json").json(), 1, 60, send)
        for attack, _ in zip(mutated(1), range(100), strict=False):
            send(attack)
    assert len(statuses) > 100
    # 503: the health of a model that these backends say is not up
    assert {status for status in statuses if status >= 500} <= {503}


def test_memory_is_seen_by_process() -> None:
    held = own_mib(os.getpid())
    assert sum(held.values()) > 10
