"""What a RayService needs around it: namespace, volume of weights, who may reach what, how much may go at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vlp_graph.render import pods
from vlp_graph.render.target import Target

CLIENT = {"vlp-graph/client": "true"}
"""The label of pods, or of namespaces, that may ask the graph."""
METADATA_SERVICE = "169.254.169.254/32"
"""Where a cloud tells machines their credentials: no container here needs it."""
METRICS = (pods.PORTS["metrics"], 44217, 44227)
"""Of nodes, of the autoscaler, of the dashboard."""


def manifests(target: Target) -> Iterator[dict[str, Any]]:
    """In the order in which they are applied."""
    yield {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": target.cluster.namespace,
            "labels": {
                "pod-security.kubernetes.io/enforce": "baseline",
                "pod-security.kubernetes.io/warn": "restricted",
            },
        },
    }
    if target.is_file:
        _, _, file = target.on(pods.PROFILE).rpartition("/")
        yield _of(target, "v1", "ConfigMap", pods.profile_map(target)) | {
            "immutable": True,
            "data": {file: target.content},
        }
    yield _of(target, "v1", "PersistentVolumeClaim", pods.weights_claim(target)) | {
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": target.cluster.weights_class,
            "resources": {"requests": {"storage": f"{target.cluster.weights_gib}Gi"}},
        }
    }
    yield _of(target, "networking.k8s.io/v1", "NetworkPolicy", target.name) | {"spec": _network(target)}
    yield from _disruption(target)
    if target.cluster.pod_monitor:
        yield _of(target, "monitoring.coreos.com/v1", "PodMonitor", target.name) | {
            "spec": {
                "selector": {"matchLabels": pods.labels(target)},
                "podMetricsEndpoints": [{"port": "metrics"}],
            }
        }


def _of(target: Target, version: str, kind: str, name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": target.cluster.namespace, "labels": pods.labels(target)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _network(target: Target) -> dict[str, Any]:
    """Whoever is not named here reaches nothing: neither the dashboard (8265), nor Ray's state (6379), nor its client
    port (10001). The pods reach everything but the cloud's metadata: weights, Redis and database are elsewhere."""
    serve, dashboard = target.profile.http.port, pods.PORTS["dashboard"]
    return {
        "podSelector": {"matchLabels": pods.labels(target)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": pods.labels(target)}}]},
            {
                "from": [_namespace(target.cluster.operator_namespace)],
                "ports": _tcp(dashboard, serve, pods.AGENT),
            },
            {
                "from": [{"podSelector": {"matchLabels": CLIENT}}, {"namespaceSelector": {"matchLabels": CLIENT}}],
                "ports": _tcp(serve),
            },
            {"from": [_namespace(target.cluster.monitoring_namespace)], "ports": _tcp(*METRICS)},
        ],
        "egress": [
            {"to": [{"namespaceSelector": {}}]},
            {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": [METADATA_SERVICE]}}]},
        ],
    }


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _tcp(*ports: int) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port} for port in ports]


def _disruption(target: Target) -> Iterator[dict[str, Any]]:
    """How many pods have to stay when machines are emptied. KubeRay's pods have no `scale`, so that it is a number."""
    minima = {"worker": max(1, target.cluster.nodes.min - 1)}
    if not target.cluster.redis:
        minima["head"] = 1  # without Redis a head that goes takes the cluster with it
    for kind, least in minima.items():
        selector = pods.labels(target) | {"ray.io/node-type": kind}
        yield _of(target, "policy/v1", "PodDisruptionBudget", f"{target.name}-{kind}") | {
            "spec": {"minAvailable": least, "selector": {"matchLabels": selector}}
        }
