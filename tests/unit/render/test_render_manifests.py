"""Kubernetes' own kinds around a RayService, against Kubernetes' own schemas."""

from __future__ import annotations

import itertools
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.unit.render.profiles import PLAIN, written
from vlp_graph.config import load
from vlp_graph.config.loading import load as loaded
from vlp_graph.render.eks import KUBERNETES
from vlp_graph.render.pods import PORTS
from vlp_graph.render.render import render
from vlp_graph.render.what import What

FOREIGN = {"PodMonitor"}
"""Kinds of others, whose schema is not at hand."""


def manifests(profile: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(render(What.MANIFESTS, profile)))


def of(kind: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [document for document in found if document["kind"] == kind]


def test_kubernetes_knows_every_key(named: str) -> None:
    found = manifests(named)
    assert found[0]["kind"] == "Namespace"
    for document in found:
        if document["kind"] not in FOREIGN:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_a_typo_would_be_told(tmp_path: Path) -> None:
    (budget, *_) = of("PodDisruptionBudget", manifests(written(tmp_path)))
    budget["spec"]["minAvailble"] = budget["spec"].pop("minAvailable")
    with pytest.raises(kubernetes_validate.ValidationError, match="minAvailble"):
        kubernetes_validate.validate(budget, KUBERNETES, strict=True)


def test_names_of_pods_and_of_what_is_around_them_are_the_same(named: str) -> None:
    service = yaml.safe_load(render(What.RAYSERVICE, named))
    found = manifests(named)
    groups = service["spec"]["rayClusterConfig"]
    volumes = [
        volume
        for group in (groups["headGroupSpec"], *groups["workerGroupSpecs"])
        for volume in group["template"]["spec"]["volumes"]
    ]
    claims = {v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v}
    maps = {v["configMap"]["name"] for v in volumes if "configMap" in v}
    assert claims == {d["metadata"]["name"] for d in of("PersistentVolumeClaim", found)}
    assert maps == {d["metadata"]["name"] for d in of("ConfigMap", found)}
    assert {d["metadata"].get("namespace") for d in found[1:]} == {service["metadata"]["namespace"]}
    labels = groups["headGroupSpec"]["template"]["metadata"]["labels"]
    (policy,) = of("NetworkPolicy", found)
    assert policy["spec"]["podSelector"]["matchLabels"] == labels
    for budget in of("PodDisruptionBudget", found):
        assert budget["spec"]["selector"]["matchLabels"].items() >= labels.items()


def test_the_profile_in_the_map_is_the_profile(tmp_path: Path) -> None:
    path = written(tmp_path)
    (found,) = of("ConfigMap", manifests(path))
    ((name, text),) = found["data"].items()
    copy = tmp_path / "elsewhere" / name
    copy.parent.mkdir()
    copy.write_text(text)
    assert loaded(str(copy)) == load(path)


def test_ray_is_reached_by_the_operator_only_and_the_graph_by_who_has_the_label(named: str) -> None:
    (policy,) = of("NetworkPolicy", manifests(named))
    cluster = load(named).cluster
    assert cluster is not None
    own = policy["spec"]["podSelector"]["matchLabels"]
    open_to = {
        tuple(sorted(itertools.chain.from_iterable(s["matchLabels"].items() for s in peer.values()))): {
            port["port"] for port in rule.get("ports", [])
        }
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        if peer.get("podSelector", {}).get("matchLabels") != own
    }
    operator = ("kubernetes.io/metadata.name", cluster.operator_namespace)
    closed = {PORTS["dashboard"], PORTS["gcs-server"], PORTS["client"]}
    assert all(ports and (not ports & closed or operator in peer) for peer, ports in open_to.items())
    assert not any(ports & {PORTS["gcs-server"], PORTS["client"]} for ports in open_to.values())
    assert open_to[("vlp-graph/client", "true"),] == {load(named).http.port}


def test_no_pod_reaches_the_clouds_credentials(named: str) -> None:
    (policy,) = of("NetworkPolicy", manifests(named))
    blocks = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer]
    credentials = ip_network("169.254.169.254/32")
    for block in blocks:
        assert credentials.subnet_of(ip_network(block["cidr"]))  # type: ignore[arg-type]
        assert any(credentials.subnet_of(ip_network(e)) for e in block["except"])  # type: ignore[arg-type]


def test_a_head_that_cannot_come_back_is_kept(tmp_path: Path) -> None:
    def heads(path: str) -> list[dict[str, Any]]:
        return [d for d in of("PodDisruptionBudget", manifests(path)) if d["metadata"]["name"].endswith("-head")]

    assert heads(written(tmp_path)) == []  # with Redis it may go
    (head,) = heads(written(tmp_path, PLAIN))
    assert head["spec"]["minAvailable"] == 1
