"""Planted mistakes: each is refused, and the message says what to change."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.render.profiles import EKS, PLAIN, written
from vlp_graph.cli import app
from vlp_graph.config import ProfileError
from vlp_graph.render.check import check
from vlp_graph.render.render import render
from vlp_graph.render.what import What

run = CliRunner().invoke


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("g5.2xlarge", "g5.2xlrge", r"mine.yaml:11: cluster.instance: 'g5.2xlrge' is no machine that is known"),
        ("min: 1, max: 4", "min: 5, max: 4", r"cluster.nodes: max \(4\) is below min \(5\)"),
        ("redis: vlp-redis, ", "", r"redis is set: secrets.redis has to name the secret"),
        ("redis: vlp-redis, ", "redis: vlp-redis, api_keys: '', ", r"secrets.api_keys names no secret"),
        ("redis: vlp-redis", "redis: Vlp_Redis", r"secrets.redis: String should match pattern"),
        ("gradual: {gateway: istio}", "gradual: {step_percent: 5}", r"gradual.gateway has to name the GatewayClass"),
        ("upgrade: New", "upgrade: Nwe", r"cluster.upgrade: .* did you mean NewClusterWithIncrementalUpgrade"),
        ("/vlp-graph", "/vlp-graph:2.60.0", r"cluster.image: String should match pattern"),
        ("10.0.0.0/16", "10.0.0.1/16", r"cluster.clients: 10.0.0.1/16 has host bits set"),
        ("spot: true", "spots: true", r"mine.yaml:13: cluster.spots: not a key; did you mean spot\?"),
        ("memory: vlp-memory, ", "", r"http.replicas is 2: .* cluster.secrets.memory has to name the secret"),
        (", hub: vlp-hub", "", r"is gated: cluster.secrets.hub has to name the secret"),
        ("name: tiny-eks", f"name: {'x' * 60}", r"longer than 41 characters: shorten name"),
    ],
)
def test_a_profile_that_cannot_be_deployed(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = EKS.replace("llama: {", "llama: {source: meta-llama/Llama-2-7b-chat-hf, ")
    assert old in text
    assert render(What.RAYSERVICE, written(tmp_path, text))  # without the mistake it is made
    with pytest.raises(ProfileError, match=words):
        render(What.RAYSERVICE, written(tmp_path, text.replace(old, new, 1)))


def test_a_profile_without_machines() -> None:
    told = run(app, ["render", "rayservice", "embedded"])
    assert told.exit_code == 2
    assert "no cluster section" in told.output
    assert "instance:" in told.output


def test_ray_up_wants_a_token(tmp_path: Path) -> None:
    text = PLAIN.replace("{instance: g5.12xlarge}", "{instance: g5.12xlarge, secrets: {ray_token: ''}}")
    with pytest.raises(ProfileError, match=r"cluster\.secrets\.ray_token names no secret"):
        render(What.RAY_UP, written(tmp_path, text))


def test_unknown_things_are_told_with_the_known_ones() -> None:
    assert "rayservice" in run(app, ["render", "rayservise"]).output
    told = run(app, ["render", "serve", "embeded"])
    assert told.exit_code == 2
    assert "did you mean 'embedded'?" in told.output


def edited(folder: Path, what: What, profile: str, old: str, new: str) -> Path:
    text = render(what, profile)
    assert old in text
    path = folder / "edited.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("request_timeout_s", "request_timeout", "http_options.request_timeout: not a key; did you mean request_tim"),
        ("import_path", "import_pth", "applications.0.import_pth: not a key; did you mean import_path?"),
        ("profile: embedded", "profil: embedded", "applications.0.args.profil: not an argument of the builder"),
        ("profile: embedded", "profile: embeded", "applications.0.args.profile: no profile 'embeded'"),
        ("port: 8000", "port: many", "http_options.port: Input should be a valid integer"),
        ("EveryNode", "EveryNod", "proxy_location: Input should be"),
        ("encoding: JSON", "encoding: XML", "logging_config.encoding: "),
    ],
)
def test_a_serve_config_that_was_edited(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = edited(tmp_path, What.SERVE, "embedded", old, new)
    line = next(n for n, row in enumerate(path.read_text().splitlines(), 1) if new in row)
    assert any(str(m).startswith(f"edited.yaml:{line}: {told}") for m in check(path))
    assert run(app, ["check", str(path)]).exit_code == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("request_timeout_s", "request_timeout", "spec.serveConfigV2:5: http_options.request_timeout: not a key"),
        ("rayVersion: 2.60.0", "rayVersion: 2.59.0", "the image's tag (2.60.0-7) is not of rayVersion (2.59.0)"),
        ("maxReplicas: 4", "maxReplicas: 0", "minReplicas (1) is above maxReplicas (0)"),
        ("serveConfigV2", "serveConfig", "the Serve config is missing"),
    ],
)
def test_a_rayservice_that_was_edited(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = edited(tmp_path, What.RAYSERVICE, written(tmp_path), old, new)
    assert any(told in str(m) for m in check(path))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("min_workers", "min_worker", "'min_worker' was unexpected"),
        ("GPU: 1", "GPU: 0.5", "0.5 is not of type 'integer'"),
        ("head_node_type: head", "head_node_type: had", "'had' is none of available_node_types: head, models"),
        ("min_workers: 1", "min_workers: 5", "min_workers (5) is above max_workers (4)"),
    ],
)
def test_a_config_for_ray_up_that_was_edited(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = edited(tmp_path, What.RAY_UP, written(tmp_path), old, new)
    assert any(told in str(m) for m in check(path))


@pytest.mark.parametrize("text", ["kind: Pod\n", "a: 1\n", "{\n"])
def test_another_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(text)
    told = run(app, ["check", str(path)])
    assert told.exit_code == 2
    assert "other.yaml" in told.output
