"""The application builder, without starting Ray."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ray.serve.deployment import Application

from deployments.graph import build
from vlp_graph.config import ProfileError


def test_builds_every_deployment_of_the_profile() -> None:
    app = build({"profile": "embedded"})
    assert isinstance(app, Application)
    ingress = app._bound_deployment
    assert ingress.name == "Ingress"
    nodes = [node._bound_deployment for node in ingress.init_args[1:]]
    assert [d.name for d in nodes] == ["Llama", "Idefics", "GroundedSam", "Whisper", "DistilBert"]
    assert all(d.max_queued_requests > 0 for d in [ingress, *nodes]), "an unbounded queue"


def test_the_argument_is_checked() -> None:
    with pytest.raises(ValueError, match="only profile=NAME"):
        build({"profil": "embedded"})
    with pytest.raises(ProfileError, match="embedded"):
        build({"profile": "embeded"})


def test_composing_imports_no_model_library() -> None:
    heavy = "torch", "transformers", "vllm", "ctranslate2"
    code = f"import sys, deployments.graph; print([m for m in {heavy!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_profile_is_an_application_for_serve_build() -> None:
    from deployments import graph

    assert isinstance(graph.embedded, Application)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="embeded"):
        graph.embeded  # type: ignore[attr-defined]  # noqa: B018
