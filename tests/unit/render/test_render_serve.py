"""The Serve config and its environment: what `vlp serve` does, in the words of `serve deploy`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from deployments import NAME
from deployments.logs import logging_config
from tests.unit.render.profiles import written
from vlp_graph.config import load, names
from vlp_graph.render.check import check, unknown_keys
from vlp_graph.render.render import render
from vlp_graph.render.what import What
from vlp_graph.serving import FLAGS, LOOPBACK


def serve(profile: str) -> dict[str, Any]:
    data = yaml.safe_load(render(What.SERVE, profile))
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize("profile", names())
def test_serve_takes_it_and_knows_every_key(profile: str, tmp_path: Path) -> None:
    made = ServeDeploySchema.model_validate(serve(profile))
    assert list(unknown_keys(ServeDeploySchema, serve(profile))) == []
    assert [app.name for app in made.applications] == [NAME]
    assert made.applications[0].args == {"profile": profile}
    assert made.http_options.request_timeout_s == load(profile).request_s
    assert made.logging_config is not None
    assert made.logging_config.encoding == logging_config(load(profile).http)["encoding"]
    path = tmp_path / "serve.yaml"
    path.write_text(render(What.SERVE, profile))
    assert check(path) == []


def test_on_one_machine_it_listens_where_the_profile_says() -> None:
    assert serve("embedded")["http_options"]["host"] == load("embedded").http.host


def test_on_a_cluster_it_listens_to_others(tmp_path: Path) -> None:
    assert serve(written(tmp_path))["http_options"]["host"] == "0.0.0.0"


def test_a_file_is_named_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert serve("mine.yaml")["applications"][0]["args"] == {"profile": path}


def environment(profile: str) -> dict[str, str]:
    """What a shell has that ran the lines, and had nothing before."""
    script = f"{render(What.ENV, profile)}\nenv -0"
    out = subprocess.run(["/bin/sh", "-c", script], env={}, capture_output=True, check=True).stdout.decode()
    return dict(entry.split("=", 1) for entry in out.split("\0") if entry)


def test_a_shell_gets_the_flags_of_vlp_serve_and_none_that_are_for_one_machine() -> None:
    variables = environment("embedded")
    assert variables.items() >= FLAGS.items()
    assert variables["VLP_PROFILE"] == "embedded"
    assert not set(variables) & set(LOOPBACK)
    assert json.loads(variables["RAY_OVERRIDE_RESOURCES"]) == {"CPU": 4}, "as `vlp serve` tells Ray, whatever is here"
    assert variables["RAY_AUTH_MODE"] == "token"
    assert "RAY_OVERRIDE_RESOURCES" not in environment("g5-12xlarge"), "a cluster's machines count for themselves"


def test_traces_go_where_the_profile_says_not_where_the_renderers_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://laptop:4318")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in environment("embedded")
    variables = environment(written(tmp_path))
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector:4318"
    assert variables["RAY_SERVE_TRACING_SAMPLING_RATIO"] == "0.5"
