"""Who is answered: with keys only their owners, everywhere but on open routes, before a body is read."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from tests.unit.http.conftest import PlainDialogue
from vlp_graph import keys
from vlp_graph.config import Profile
from vlp_graph.http.app import build_app
from vlp_graph.http.auth import Auth
from vlp_graph.http.backends import Backends
from vlp_graph.http.concurrency import PerKey
from vlp_graph.keys import Keys

HI = {"model": "vlp", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def token(path: Path) -> str:
    return keys.add(path, "ann")


@pytest.fixture
def locked(dialogue: PlainDialogue, backends: Backends, profile: Profile, path: Path, token: str) -> TestClient:
    http = profile.http.model_copy(update={"keys_file": str(path)})
    return TestClient(build_app(dialogue, backends, profile.model_copy(update={"http": http})))


def with_key(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_every_route_but_the_open_ones_wants_a_key(locked: TestClient, token: str) -> None:
    described = locked.get("/openapi.json", headers=with_key(token)).json()["paths"]
    answers = {
        (method, path): locked.request(method, path).status_code
        for path, methods in described.items()
        for method in methods
    }
    tgi = [f"/tgi/{model}{path}" for model in ("llama", "idefics") for path in ("", "/", "/ping", "/health")]
    is_open = {("get", path) for path in ("/health/live", "/health/ready", "/ping", *tgi)}
    assert {place for place, status in answers.items() if status != 401} == is_open
    assert {answers[place] for place in is_open} <= {200, 503}


def test_what_is_not_there_wants_one_too(locked: TestClient, token: str) -> None:
    assert locked.get("/nothing").status_code == 401
    assert locked.get("/nothing", headers=with_key(token)).status_code == 404
    assert locked.options("/v1/chat/completions").status_code == 401
    assert locked.get("/health/live/").status_code == 401


def test_the_key_opens(locked: TestClient, token: str, dialogue: PlainDialogue) -> None:
    for headers in (with_key(token), {"x-api-key": token}, {"authorization": f"bearer  {token} "}):
        assert locked.post("/v1/chat/completions", json=HI, headers=headers).status_code == 200
    assert {turn.caller for turn in dialogue.turns} == {"key:ann"}


def test_missing_is_told_how(locked: TestClient) -> None:
    for headers in ({}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer "}, {"x-api-key": ""}):
        reply = locked.post("/v1/chat/completions", json=HI, headers=headers)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == 'Bearer realm="vlp"'
        assert reply.json()["error"]["code"] == "missing_api_key"
        assert "Authorization: Bearer" in reply.json()["error"]["message"]


@pytest.mark.parametrize("wrong", ["x", "{}x", "{0:.10}", "{}{}", "{}\t{}", "é", "a" * 20_000, "vlp_", "0" * 64])
def test_wrong_is_refused_in_openais_shape(locked: TestClient, token: str, wrong: str) -> None:
    header = b"Bearer " + wrong.format(token, token).encode()
    reply = locked.post("/v1/chat/completions", json=HI, headers={"authorization": header})
    error = reply.json()["error"]
    assert reply.status_code == 401
    assert (error["code"], error["type"], error["param"]) == ("invalid_api_key", "invalid_request_error", None)
    assert "invalid_token" in reply.headers["www-authenticate"]
    assert token not in reply.text


def test_of_several_headers_all_must_be_the_same(locked: TestClient, token: str) -> None:
    good, bad = ("authorization", f"Bearer {token}"), ("authorization", "Bearer other")
    answers = [
        locked.get("/v1/models", headers=headers).status_code
        for headers in ([good, bad], [bad, good], [good, ("x-api-key", "other")], [good, ("x-api-key", token)])
    ]
    assert answers == [401, 401, 401, 200]


def test_a_key_taken_back_is_refused_at_once(locked: TestClient, token: str, path: Path) -> None:
    assert locked.get("/v1/models", headers=with_key(token)).status_code == 200
    keys.remove(path, "ann")
    assert locked.get("/v1/models", headers=with_key(token)).status_code == 401


def test_nothing_of_the_body_is_read(path: Path, token: str) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(*_: Any) -> None:
        raise AssertionError("the application was asked")

    headers = [(b"content-length", b"30000000")]
    scope = {"type": "http", "method": "POST", "path": "/v1/ask", "headers": headers}
    asyncio.run(Auth(app, Keys(path), [])(scope, receive, send))
    assert sent[0]["status"] == 401
    assert (b"connection", b"close") in sent[0]["headers"]


def test_without_keys_callers_are_told_apart(client: TestClient, dialogue: PlainDialogue) -> None:
    for headers in ({}, with_key("a"), with_key("b"), {"x-api-key": "a"}, with_key("key:ann")):
        assert client.post("/v1/chat/completions", json=HI, headers=headers).status_code == 200
    nobody, a, b, a_again, pretender = (turn.caller for turn in dialogue.turns)
    assert nobody == ""
    assert a == a_again
    assert len({nobody, a, b, pretender, "key:ann"}) == 5


async def test_one_key_does_not_take_all_the_room() -> None:
    running, release = 0, asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal running
        running += 1
        await release.wait()
        running -= 1

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    guarded = PerKey(app, 2)

    def ask(caller: str) -> asyncio.Task[None]:
        scope = {"type": "http", "headers": [], "vlp.caller": caller}
        return asyncio.create_task(guarded(scope, receive, send))

    anns = [ask("key:ann") for _ in range(3)]
    others = [ask("key:bob"), ask(""), ask(""), ask("")]
    await asyncio.sleep(0.01)
    assert running == 6
    assert sent[0]["status"] == 429
    assert (b"retry-after", b"1") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["error"]["code"] == "overloaded"
    release.set()
    await asyncio.gather(*anns, *others)
    sent.clear()
    await asyncio.gather(ask("key:ann"), ask("key:ann"))
    assert sent == []


@pytest.mark.parametrize(("has_keys", "answered"), [(True, 3), (False, 8)])
async def test_only_keys_are_counted(
    backends: Backends, profile: Profile, path: Path, token: str, has_keys: bool, answered: int
) -> None:
    dialogue = PlainDialogue()
    dialogue.hang = True
    keys_file = str(path) if has_keys else None
    http = profile.http.model_copy(update={"keys_file": keys_file, "concurrent_per_key": 3})
    app = build_app(dialogue, backends, profile.model_copy(update={"http": http}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=with_key(token)) as client:
        asked = [asyncio.create_task(client.post("/v1/chat/completions", json=HI)) for _ in range(8)]
        while len(dialogue.turns) < answered:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        refused = [task.result().status_code for task in asked if task.done()]
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    assert len(dialogue.turns) == answered
    assert refused == [429] * (8 - answered)
