"""The page's files as the server gives them out: headers, versions, and nothing that is not there or from elsewhere."""

from __future__ import annotations

import fnmatch
import io
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.unit.http.scripted import SAMPLE
from vlp_graph.config import Profile
from vlp_graph.http import page as page_module

ROOT = Path(page_module.__file__).parent
FOLDER = ROOT / "page"
NAMES = sorted(file.name for file in FOLDER.iterdir())
TEXTS = {name: (FOLDER / name).read_text() for name in NAMES if not name.endswith(".jpg")}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}


def _policy(client: TestClient, path: str = "/") -> dict[str, str]:
    parts = client.get(path).headers["content-security-policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def test_the_page_is_at_the_root(client: TestClient) -> None:
    reply = client.get("/")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.text == TEXTS["index.html"]


def test_head(client: TestClient) -> None:
    head, get = client.head("/"), client.get("/")
    assert head.status_code == 200
    assert head.headers["etag"] == get.headers["etag"]
    assert head.headers["content-length"] == str(len(get.content))


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in NAMES)])
def test_headers_of_every_file(client: TestClient, path: str) -> None:
    policy = _policy(client, path)
    assert policy["default-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert "script-src" not in policy, "scripts come from where everything comes from"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in str(policy)
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("main.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("sample.jpg", "image/jpeg"),
        ("limits.json", "application/json"),
    ],
)
def test_media_types(client: TestClient, name: str, media_type: str) -> None:
    assert client.get(f"/page/{name}").headers["content-type"] == media_type


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_what_the_browser_has_is_not_sent_again(client: TestClient, form: str) -> None:
    tag = client.get("/page/main.js").headers["etag"]
    again = client.get("/page/main.js", headers={"if-none-match": form.format(tag)})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/page/main.js", headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/page/", "/page/none.js", "/page/..%2fpage.py", "/page/%2e%2e%2fpage.py"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 404
    assert "openapi.json" in reply.json()["error"]["message"]


def test_limits_are_those_of_the_profile(client: TestClient, profile: Profile) -> None:
    limits = client.get("/page/limits.json").json()
    assert limits == {
        "body_bytes": 1024 * 1024,
        "pictures": 3,
        "pixels": profile.http.limits.pixels,
        "audio_seconds": profile.http.limits.audio_seconds,
        "text_chars": 200,
        "turns": profile.memory.turns,
        "expires_s": profile.memory.expires_s,
    }


def test_everything_referenced_is_served(client: TestClient) -> None:
    index = re.findall(r'(?:href|src)="([^"#]+)"', TEXTS["index.html"])
    imported = [f"page/{name}" for text in SCRIPTS.values() for name in re.findall(r'from "\./([^"]+)"', text)]
    fetched = [path for text in SCRIPTS.values() for path in re.findall(r'"(page/[^"]+)"', text)]
    assert len(index) > 4
    assert len(imported) > 10
    assert "page/limits.json" in fetched
    for path in {*index, *imported, *fetched}:
        assert client.get(f"/{path}").status_code == 200, path


def test_every_file_is_used() -> None:
    for name in set(NAMES) - {"index.html"}:
        assert any(name in text for other, text in TEXTS.items() if other != name), name


def test_no_foreign_origin_is_referenced() -> None:
    for name, text in TEXTS.items():
        origins = set(re.findall(r"(?:https?:)?//[a-z0-9][a-z0-9.-]*\.[a-z]+[^\s\"')]*", text))
        assert origins <= {"http://www.w3.org/2000/svg"}, name
        assert "@import" not in text


def test_the_policy_would_let_every_tag_run() -> None:
    page = TEXTS["index.html"]
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page) == []


def test_text_never_becomes_markup() -> None:
    for name, text in SCRIPTS.items():
        assert re.findall(r"(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text) == [], (
            name
        )


def test_every_drawing_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="i-([a-z]+)"', TEXTS["index.html"]))
    used = set(re.findall(r'href="#i-([a-z]+)"', TEXTS["index.html"]))
    used |= {name for text in SCRIPTS.values() for name in re.findall(r'icon\("([a-z]+)"\)', text)}
    used |= set(re.findall(r'action\("([a-z]+)"', TEXTS["copies.js"])) | {"check", "cross", "minus"}
    assert used == sprite


def test_the_files_are_packaged() -> None:
    project = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["vlp_graph"]
    assert all(any(fnmatch.fnmatch(f"http/page/{name}", pattern) for pattern in patterns) for name in NAMES)


def test_the_page_is_no_part_of_the_description(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert not {path for path in paths if path == "/" or path.startswith("/page")}
    assert "/v1/chat/completions" in paths


def test_the_sample_is_the_scene_that_the_tests_know() -> None:
    sample = np.asarray(Image.open(io.BytesIO((FOLDER / "sample.jpg").read_bytes())).convert("RGB"), np.float32)
    assert sample.shape == SAMPLE.image.shape
    assert np.abs(sample - SAMPLE.image).mean() < 6
