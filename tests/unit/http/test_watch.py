"""What is told of requests once they have ended: route, status, error, caller; and the route that Prometheus reads."""

from __future__ import annotations

import json
import logging

import pytest
from conftest import PlainDialogue
from starlette.testclient import TestClient

from vlp_graph.config import Profile
from vlp_graph.errors import ModelUnavailable, Overloaded
from vlp_graph.handled import Handled, noted
from vlp_graph.http.app import build_app
from vlp_graph.http.backends import Backends
from vlp_graph.http.metrics import Exposition

CHAT = {"model": "vlp", "messages": [{"role": "user", "content": "how many?"}]}


@pytest.fixture
def handled() -> list[Handled]:
    return []


@pytest.fixture
def watched(dialogue: PlainDialogue, backends: Backends, profile: Profile, handled: list[Handled]) -> TestClient:
    app = build_app(dialogue, backends, profile, watchers=[handled.append])
    return TestClient(app, raise_server_exceptions=False)


def test_a_turn_is_told_with_what_it_came_to(watched: TestClient, handled: list[Handled]) -> None:
    watched.post("/v1/chat/completions", json=CHAT, headers={"x-request-id": "made-here"})
    (told,) = handled
    assert (told.request_id, told.method, told.route, told.status) == (
        "made-here",
        "POST",
        "/v1/chat/completions",
        200,
    )
    assert (told.error, told.key, told.caller) == ("", "", "")
    assert told.facts["planned"] == "reader"
    assert told.facts["tasks"] == [{"task": "chat", "status": "ok", "seconds": 0.1}]
    assert told.seconds > 0


def test_a_stream_is_told_at_its_end(watched: TestClient, handled: list[Handled]) -> None:
    with watched.stream("POST", "/v1/chat/completions", json={**CHAT, "stream": True}) as reply:
        lines = list(reply.iter_lines())
    assert lines[-2] == "data: [DONE]"
    assert [(h.status, h.facts["planned"]) for h in handled] == [(200, "reader")]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Overloaded("full"), 429, "overloaded"),
        (ModelUnavailable("down"), 503, "model_unavailable"),
        (ValueError("a secret"), 500, "internal_error"),
    ],
)
def test_errors_are_told_by_their_code(
    watched: TestClient, dialogue: PlainDialogue, handled: list[Handled], error: Exception, status: int, code: str
) -> None:
    dialogue.error = error
    watched.post("/v1/chat/completions", json=CHAT)
    assert [(h.status, h.error) for h in handled] == [(status, code)]


def test_a_probe_that_finds_nothing_ready_is_no_error(
    watched: TestClient, dialogue: PlainDialogue, handled: list[Handled]
) -> None:
    dialogue.models = {"llama": False}
    watched.get("/health/ready")
    assert [(h.route, h.status, h.error) for h in handled] == [("/health/ready", 503, "")]


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/etc/passwd?" + "x" * 100, "unmatched", 404),
        ("GET", "/v1/ask", "/v1/ask", 405),
        ("BREW", "/v1/models", "/v1/models", 405),
        ("POST", "/v1/chat/completions", "/v1/chat/completions", 415),
    ],
)
def test_labels_are_never_what_the_caller_made_up(
    watched: TestClient, handled: list[Handled], method: str, path: str, route: str, status: int
) -> None:
    watched.request(method, path)
    (told,) = handled
    assert (told.route, told.status) == (route, status)
    assert told.method == (method if method != "BREW" else "OTHER")


def test_a_caller_is_told_by_name_or_by_the_start_of_a_digest(watched: TestClient, handled: list[Handled]) -> None:
    for token in ("sk-one", "sk-one", "sk-two"):
        watched.get("/v1/models", headers={"authorization": f"Bearer {token}"})
    one, again, other = (h.caller for h in handled)
    assert one == again != other
    assert len(one) == 12
    assert "sk" not in json.dumps([h.caller for h in handled])


def test_a_named_key_is_told_by_its_name(profile: Profile, backends: Backends, handled: list[Handled]) -> None:
    class Named(PlainDialogue):
        async def ready(self) -> dict[str, bool]:
            noted(caller="key:app-team")
            return {"llama": True}

    TestClient(build_app(Named(), backends, profile, watchers=[handled.append])).get("/health/ready")
    assert [(h.key, h.caller) for h in handled] == [("app-team", "")]


def test_a_line_is_written_for_each_request_but_probes(watched: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "vlp_graph.http.watch"):
        watched.get("/health/live")
        watched.get("/v1/models", headers={"x-request-id": "a\tb"})
        watched.get("/nothing%0d%0aforged:%20line")
    assert [r.getMessage().split(" in ")[0] for r in caplog.records] == ["GET /v1/models 200", "GET unmatched 404"]
    assert all("\n" not in r.getMessage() and "forged" not in str(vars(r)) for r in caplog.records)


def test_log_off_writes_no_line(
    dialogue: PlainDialogue, backends: Backends, profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    silent = profile.model_copy(update={"http": profile.http.model_copy(update={"log": "off"})})
    with caplog.at_level(logging.INFO, "vlp_graph.http.watch"):
        TestClient(build_app(dialogue, backends, silent)).get("/v1/models")
    assert not caplog.records


class TestMetrics:
    def test_shows_what_was_scraped(self, dialogue: PlainDialogue, backends: Backends, profile: Profile) -> None:
        asked: list[bool] = []

        async def scrape(compressed: bool) -> Exposition:
            asked.append(compressed)
            return Exposition(b"ray_vlp_turns_total 1.0\n", "text/plain; version=0.0.4; charset=utf-8")

        client = TestClient(build_app(dialogue, backends, profile, scrape=scrape))
        reply = client.get("/metrics", headers={"accept-encoding": "identity"})
        assert reply.text == "ray_vlp_turns_total 1.0\n"
        assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        client.get("/metrics", headers={"accept-encoding": "gzip"})
        assert asked == [False, True]

    def test_is_an_error_of_its_own_where_nothing_answers(
        self, dialogue: PlainDialogue, backends: Backends, profile: Profile
    ) -> None:
        async def scrape(compressed: bool) -> Exposition:
            raise ModelUnavailable("no agent")

        reply = TestClient(build_app(dialogue, backends, profile, scrape=scrape)).get("/metrics")
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "model_unavailable")
        assert reply.headers["retry-after"] == "5"

    def test_needs_a_key_where_there_are_keys(
        self, dialogue: PlainDialogue, backends: Backends, profile: Profile
    ) -> None:
        async def scrape(compressed: bool) -> Exposition:
            raise AssertionError

        from vlp_graph.http.metrics import Metrics

        assert [e.open for e in Metrics(scrape).endpoints()] == [False]
