"""Weights from a hub, with a hub of our own on this machine that speaks as much of its protocol as the client needs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from deployments.options import environment
from vlp_graph.config import DistilBert, GroundedSam, Idefics, Llama, Models, Whisper
from vlp_graph.engines.fetching import Weights, of_models

COMMIT = "c" * 40
TEXT = b"{}"
REPOSITORIES: dict[str, dict[str, bytes]] = {
    "org/model": {
        "config.json": TEXT,
        "model.safetensors": b"s" * 5000,
        "pytorch_model.bin": b"p",
        "original/model.safetensors": b"o",
        "tokenizer.model": b"t",
    },
    "org/pickled": {"config.json": TEXT, "pytorch_model.bin": b"p"},
    "org/whisper": {"config.json": TEXT, "model.bin": b"w" * 100, "vocabulary.json": TEXT, "pytorch_model.bin": b"p"},
}


class Hub(BaseHTTPRequestHandler):
    """Answers as huggingface.co does: listings, files with their commit and hash, errors with their codes."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        self.asked.append(path)
        if path.startswith("api/models/org/gated") or path.startswith("org/gated"):
            return self._answer(403, b"gated", {"X-Error-Code": "GatedRepo"})
        if path.startswith("api/models/"):
            return self._listing(path.removeprefix("api/models/"))
        repository, _, rest = path.partition("/resolve/")
        content = REPOSITORIES.get(repository, {}).get(rest.partition("/")[2])
        if content is None:
            return self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
        etag = hashlib.sha256(content).hexdigest()
        return self._answer(200, content, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"})

    def _listing(self, path: str) -> None:
        for marker in ("/revision/", "/tree/"):
            repository, found, revision = path.partition(marker)
            if found:
                break
        files = REPOSITORIES.get(repository)
        if files is None:
            return self._answer(404, b"", {"X-Error-Code": "RepoNotFound"})
        if revision.partition("/")[0] not in ("", "main", COMMIT):
            return self._answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
        if marker == "/tree/":
            tree = [{"type": "file", "path": n, "size": len(c), "oid": "0" * 40} for n, c in files.items()]
            return self._answer(200, json.dumps(tree).encode(), {})
        listing = {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
        return self._answer(200, json.dumps(listing).encode(), {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def fetched(folder: Path, hub: str, *models: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`vlp fetch` of a profile that differs from the embedded one by these lines."""
    profile = folder / "mine.yaml"
    profile.write_text("extends: embedded\nname: mine\nmodels:\n" + "\n".join(f"  {line}" for line in models))
    mine = {"HF_ENDPOINT": hub, "VLP_CACHE": str(folder / "cache"), "NO_PROXY": "127.0.0.1", **variables}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "VLP_")) and "proxy" not in k.lower()}
    command = [sys.executable, "-m", "vlp_graph", "fetch", str(profile)]
    return subprocess.run(command, env=kept | mine, capture_output=True, text=True, timeout=120)


def test_what_is_safe_comes_with_progress_and_only_once(tmp_path: Path, hub: str) -> None:
    models = ("llama: {source: org/model}", "whisper: {source: org/whisper}", "idefics: {source: org/model}")
    done = fetched(tmp_path, hub, *models)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["org/model", "org/whisper"]
    folders = [Path(line.partition(": ")[2]) for line in lines]
    assert all(folder.is_relative_to(tmp_path / "cache" / "hub") for folder in folders)
    files = [sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()) for folder in folders]
    assert files == [
        ["config.json", "model.safetensors", "tokenizer.model"],
        ["config.json", "model.bin", "vocabulary.json"],
    ]
    assert (folders[0] / "model.safetensors").read_bytes() == REPOSITORIES["org/model"]["model.safetensors"]
    assert "%" in done.stderr, "a bar"
    Hub.asked.clear()
    assert fetched(tmp_path, hub, *models).stdout == done.stdout
    assert not [path for path in Hub.asked if path.endswith(".safetensors")]
    assert fetched(tmp_path, "http://127.0.0.1:9", *models, HF_HUB_OFFLINE="1").stdout == done.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("llama: {source: org/gated}", "org/gated: its owner asks for consent"),
        ("llama: {source: org/nothing}", "org/nothing: no such repository, or a private one"),
        ("llama: {source: org/model, revision: abc}", "org/model: no revision 'abc'"),
        ("grounded_sam: {sam: org/pickled}", "org/pickled has no *.safetensors"),
        ("whisper: {source: org/model}", "org/model has no model.bin: only CTranslate2's form"),
    ],
)
def test_what_cannot_be_had_is_explained(tmp_path: Path, hub: str, line: str, said: str) -> None:
    done = fetched(tmp_path, hub, line)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_network(tmp_path: Path) -> None:
    done = fetched(tmp_path, "http://127.0.0.1:9", "llama: {source: org/model}")
    assert done.returncode == 1
    assert "the hub cannot be reached: look at the network" in done.stderr


def test_packages_are_not_downloaded(tmp_path: Path, hub: str) -> None:
    done = fetched(tmp_path, hub, "llama: {num_cpus: 1}")
    assert (done.returncode, Hub.asked) == (0, [])
    assert "nothing to download" in done.stdout


def test_all_that_a_profile_names() -> None:
    models = Models(
        llama=Llama(source="org/llama", revision="a1", planner="org/planner"),
        idefics=Idefics(source="package:x"),
        grounded_sam=GroundedSam(source="org/dino", sam="org/sam", sam_revision="b2"),
        whisper=Whisper(source="org/whisper", revision="c3"),
        distilbert=DistilBert(source="/weights", adapter="package:y", nli="org/nli", nli_revision="d4"),
    )
    assert of_models(models) == [
        Weights("org/llama", "a1"),
        Weights("org/planner"),
        Weights("org/dino"),
        Weights("org/sam", "b2"),
        Weights("org/whisper", "c3", speech=True),
        Weights("org/nli", "d4"),
    ]


def test_replicas_look_where_downloads_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HOME", raising=False)
    monkeypatch.setenv("VLP_CACHE", "/shared")
    with_hub = DistilBert(source="package:x", adapter="package:y", nli="org/nli")
    assert environment(with_hub)["HF_HOME"] == "/shared/hub"
    assert "HF_HUB_OFFLINE" not in environment(with_hub)
    monkeypatch.setenv("HF_HOME", "/mine")
    assert environment(with_hub)["HF_HOME"] == "/mine"
    monkeypatch.delenv("HF_HOME")
    monkeypatch.delenv("VLP_CACHE")
    assert "HF_HOME" not in environment(with_hub)
    assert environment(DistilBert(source="package:x", adapter="package:y"))["HF_HUB_OFFLINE"] == "1"
