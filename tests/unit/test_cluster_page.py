"""docs/cluster.md: what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tests.dashboard import metrics
from vlp_graph.cli import app
from vlp_graph.config import Cluster
from vlp_graph.render.eks import KARPENTER, KUBERNETES
from vlp_graph.render.what import What

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cluster.md").read_text()


def test_every_file_that_can_be_rendered_is_explained() -> None:
    assert set(re.findall(r"^vlp render ([\w-]+) PROFILE +#", PAGE, re.M)) == {*What}


def test_metrics_are_shown_on_the_dashboard_too() -> None:
    named = set(re.findall(r"`(ray_\w+)`", PAGE))
    assert named
    assert named <= set(metrics())


def test_versions_are_those_that_are_rendered() -> None:
    assert f"Kubernetes {KUBERNETES} and Karpenter {KARPENTER}" in PAGE


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)|-f (cluster/\S+)", PAGE))))
def test_files_that_are_named_are_there(link: tuple[str, str]) -> None:
    beside, at_root = link
    assert (ROOT / "docs" / beside if beside else ROOT / at_root).exists()


def test_keys_of_the_cluster_section_are_keys() -> None:
    named = set(re.findall(r"`cluster\.(\w+)", PAGE))
    assert named <= set(Cluster.model_fields)


def test_kuberay_is_installed_where_the_policy_lets_it_in() -> None:
    (namespace,) = re.findall(r"kuberay-operator --version \S+ -n (\S+)", PAGE)
    assert namespace == Cluster(instance="g5.xlarge").operator_namespace


@pytest.mark.parametrize("path", sorted((ROOT / "cluster" / "helm").iterdir()), ids=lambda p: p.name)
def test_values_are_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_help_names_the_files() -> None:
    told = CliRunner().invoke(app, ["render", "--help"]).output
    assert all(str(what) in told for what in What)
