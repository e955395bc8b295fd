"""What Serve's proxy would obey never reaches it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from ray.serve._private.http_util import parse_disconnect_disabled_header, parse_request_timeout_header
from starlette.types import Message

from deployments.proxy import Harmless, middlewares
from vlp_graph.config import load
from vlp_graph.http.request_id import is_sane
from vlp_graph.serving import FLAGS


class Proxy:
    """Stands where Serve's proxy does: remembers the headers, and adds its id to the answer as that one does."""

    def __init__(self, status: int | None = 200, mime: bytes = b"application/json") -> None:
        self.status, self.mime = status, mime
        self.headers: list[tuple[bytes, bytes]] | None = None
        self.sent: list[Message] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.headers = [pair for pair in scope["headers"] if pair[0] != b"x-request-id"]
        self.ids = [value for name, value in scope["headers"] if name == b"x-request-id"]
        if self.status is None:
            return
        headers = [(b"x-request-id", b"a"), (b"x-request-id", b"a"), (b"content-type", self.mime)]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    def ask(self, *headers: tuple[bytes, bytes], path: str = "/v1/models") -> int:
        async def send(message: Message) -> None:
            self.sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        scope = {"type": "http", "path": path, "headers": list(headers)}
        asyncio.run(Harmless(self)(scope, receive, send))
        return int(self.sent[0]["status"])


@pytest.mark.parametrize("value", [b"0", b"-1", b"nan", b"0.001", b"\xff"])
def test_no_client_sets_the_deadline(value: bytes) -> None:
    proxy = Proxy()
    proxy.ask((b"x-request-timeout-seconds", value), (b"accept", b"*/*"))
    assert proxy.headers == [(b"accept", b"*/*")]
    assert parse_request_timeout_header(dict(proxy.headers), 90.0) == 90.0


def test_no_client_switches_cancellation_off() -> None:
    header = (b"x-request-disconnect-disabled", b"?1")
    assert parse_disconnect_disabled_header(dict([header]))  # that is what it means to Serve
    proxy = Proxy()
    proxy.ask(header)
    assert proxy.headers == []


@pytest.mark.parametrize("name", [b"serve_multiplexed_model_id", b"serve-multiplexed-model-id", b"x-session-id"])
def test_no_client_steers_the_router(name: bytes) -> None:
    proxy = Proxy()
    proxy.ask((name, b"x"))
    assert proxy.headers == []


@pytest.mark.parametrize(
    ("value", "kept"), [(b"abc-1.2_3", True), (b"\xff", False), (b"a b", False), (b"a" * 129, False), (b"", False)]
)
def test_only_sane_ids_pass(value: bytes, kept: bool) -> None:
    proxy = Proxy()
    proxy.ask((b"x-request-id", value))
    assert len(proxy.ids) == 1
    assert (proxy.ids == [value]) is kept
    assert is_sane(proxy.ids[0].decode())


def test_of_two_ids_neither_is_believed() -> None:
    proxy = Proxy()
    proxy.ask((b"x-request-id", b"one"), (b"x-request-id", b"two"))
    assert len(proxy.ids) == 1
    assert proxy.ids[0] not in (b"one", b"two")


def test_an_answer_has_one_id() -> None:
    for proxy in (Proxy(), Proxy(503, b"text/plain"), Proxy(None)):
        proxy.ask((b"x-request-id", b"mine"))
        assert [value for name, value in proxy.sent[0]["headers"] if name == b"x-request-id"] == [b"mine"]


def test_the_list_of_applications_is_not_told() -> None:
    proxy = Proxy()
    assert proxy.ask(path="/-/routes") == 404
    assert proxy.headers is None
    assert Proxy().ask(path="/-/healthz") == 200


@pytest.mark.parametrize(
    ("said", "status", "code", "later"),
    [
        (408, 504, "deadline_exceeded", None),
        (429, 429, "overloaded", b"1"),
        (503, 503, "model_unavailable", b"5"),
        (None, 503, "model_unavailable", b"5"),
    ],
)
def test_what_serve_says_is_said_in_our_shape(said: int | None, status: int, code: str, later: bytes | None) -> None:
    proxy = Proxy(said, b"text/plain")
    assert proxy.ask() == status
    start, body = proxy.sent
    assert json.loads(body["body"])["error"]["code"] == code
    assert dict(start["headers"]).get(b"retry-after") == later


@pytest.mark.parametrize(("status", "mime"), [(503, b"application/json"), (200, b"text/plain"), (404, b"text/plain")])
def test_what_the_application_says_passes(status: int, mime: bytes) -> None:
    proxy = Proxy(status, mime)
    assert proxy.ask() == status
    assert proxy.sent[1]["body"] == b"{}"


def test_serve_calls_it_and_gets_the_profile_s_limits() -> None:
    """In a process of its own: it changes which protocol uvicorn chooses there."""
    code = (
        "from ray.serve._private.http_util import configure_http_middlewares as configure\n"
        "from ray.serve.config import HTTPOptions\n"
        "print(*[m.cls.__name__ for m in configure(HTTPOptions()).middlewares])\n"
        "from uvicorn.protocols.http import auto; print(auto.AutoHTTPProtocol.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **FLAGS}, capture_output=True, text=True)
    assert done.stdout.splitlines()[-2:] == ["Room BodyLimit HeaderLimit Harmless", "Counting"], done.stderr


def test_limits_are_those_of_the_served_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.proxy.guard_connections", lambda: None)
    http = load("embedded").http
    limits = http.limits
    full, body, headers, _ = middlewares()
    assert full.kwargs["most"] == http.room == 24
    assert body.kwargs == {"max_bytes": limits.body_mib * 1024 * 1024, "seconds": limits.body_seconds}
    assert headers.kwargs["most"] == limits.headers


@pytest.mark.parametrize("name", [b"traceparent", b"tracestate"])
def test_a_trace_that_cannot_be_read_is_left_out(name: bytes) -> None:
    proxy = Proxy()
    proxy.ask((name, b"\xff-00-zz"), (name, b"00-1-1-01"))
    assert proxy.headers == [(name, b"00-1-1-01")]
