"""A graph that has API keys, as `vlp serve` starts it: nothing gets through without one, and the page asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser import chromium
from tests.integration.conftest import Graph, serving
from tests.integration.test_openai import scene_with_one
from tests.seen import answered, attach, begin
from vlp_graph import keys
from vlp_graph.nano.dialogues import says

OPEN = {"/health/live", "/health/ready", "/ping"} | {
    f"/tgi/{model}{path}" for model in ("llama", "idefics") for path in ("", "/", "/ping", "/health")
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys.json"


@pytest.fixture(scope="module")
def token(file: Path) -> str:
    return keys.add(file, "ann")


@pytest.fixture(scope="module")
def locked(token: str, file: Path) -> Iterator[Graph]:
    with serving(file.parent / "serve.log", {"VLP_API_KEYS_FILE": str(file)}) as started:
        yield started


@pytest.fixture(scope="module")
def door(locked: Graph) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=locked.url, timeout=60) as client:
        yield client


def test_nothing_gets_through_without_a_key(door: httpx.Client, token: str) -> None:
    described = door.get("/openapi.json", headers={"authorization": f"Bearer {token}"}).raise_for_status().json()
    places = [(method, path) for path, methods in described["paths"].items() for method in methods]
    let_in = {path for method, path in places if method == "get" and door.get(path).status_code != 401}
    let_in |= {path for method, path in places if method != "get" and door.request(method, path).status_code != 401}
    assert let_in == OPEN
    assert len(places) > len(OPEN) + 20
    wrong = ["Bearer x", f"Bearer {token[:-1]}", f"Bearer {token}x", f"Basic {token}", f"Bearer {'x' * 8000}"]
    for header in wrong:
        assert door.post("/v1/ask", data={"text": "hi"}, headers={"authorization": header}).status_code == 401, header


def test_what_serve_and_ray_would_answer_by_themselves(door: httpx.Client) -> None:
    for path in (
        "/-/routes",
        "/-/healthz",
        "/docs",
        "/redoc",
        "/metrics",
        "/nothing",
        "/health/live/../../v1/models",
    ):
        reply = door.get(path)
        assert reply.status_code in (401, 404) or (path, reply.text) == ("/-/healthz", "success"), path
        assert "vlp" not in reply.text, path


def test_the_key_opens(door: httpx.Client, token: str) -> None:
    for headers in ({"authorization": f"Bearer {token}"}, {"x-api-key": token}):
        assert door.get("/v1/models", headers=headers).status_code == 200


def test_the_page_asks_for_the_key(locked: Graph, token: str) -> None:
    scene, name = scene_with_one()
    with chromium() as browser:
        page = browser.new_page()
        page.goto(locked.url)
        attach(page, scene.png())
        turn = begin(page, f"Is there a {name} in the picture?")
        expect(turn.get_by_role("alert")).to_contain_text("The server asks for an API key")
        turn.get_by_label("API key").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_label("API key")).to_have_value("")
        page.get_by_label("API key").fill(token)
        page.keyboard.press("Enter")
        assert says(answered(page.locator("article").last), "yes")
