"""A RayService of KubeRay: the Ray cluster on Kubernetes and the graph on it, replaced as one."""

from __future__ import annotations

from typing import Any

from vlp_graph.render import pods, serve
from vlp_graph.render.target import Target, ray_version
from vlp_graph.render.text import dumped

WORKERS = "models"


def rayservice(target: Target) -> dict[str, Any]:
    """`ray.io/v1` RayService."""
    cluster = target.cluster
    startup_s = int(cluster.startup_s)
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayService",
        "metadata": {
            "name": target.name,
            "namespace": cluster.namespace,
            "labels": pods.labels(target),
            "annotations": {"ray.io/initializing-timeout": f"{startup_s}s"},
        },
        "spec": {
            "deploymentUnhealthySecondThreshold": startup_s,
            "serviceUnhealthySecondThreshold": startup_s,
            "excludeHeadPodFromServeSvc": True,
            "upgradeStrategy": _upgrade(target),
            "serveConfigV2": dumped(serve.config(target, pods.PROFILE)),
            "rayClusterConfig": _cluster(target),
        },
    }


def _upgrade(target: Target) -> dict[str, Any]:
    cluster = target.cluster
    strategy: dict[str, Any] = {"type": cluster.upgrade}
    if cluster.upgrade == "NewClusterWithIncrementalUpgrade":
        strategy["clusterUpgradeOptions"] = {
            "gatewayClassName": cluster.gradual.gateway,
            "stepSizePercent": cluster.gradual.step_percent,
            "intervalSeconds": cluster.gradual.step_s,
            "maxSurgePercent": cluster.gradual.surge_percent,
        }
    return strategy


def _cluster(target: Target) -> dict[str, Any]:
    cluster = target.cluster
    auth = {"mode": "token"} | ({"secretName": cluster.secrets.ray_token} if cluster.secrets.ray_token else {})
    spec: dict[str, Any] = {"rayVersion": ray_version(), "authOptions": auth}
    if cluster.redis:
        password = {"valueFrom": {"secretKeyRef": {"name": cluster.secrets.redis, "key": "password"}}}
        spec["gcsFaultToleranceOptions"] = {"redisAddress": cluster.redis, "redisPassword": password}
    return spec | {
        "enableInTreeAutoscaling": True,
        "autoscalerOptions": {
            "version": "v2",
            "idleTimeoutSeconds": int(cluster.nodes.idle_s),
            "upscalingMode": "Default",
            "securityContext": pods.UNPRIVILEGED,
            "resources": {
                "limits": {"cpu": "500m", "memory": "512Mi"},
                "requests": {"cpu": "500m", "memory": "512Mi"},
            },
        },
        "headGroupSpec": {
            "rayStartParams": {"num-cpus": "0", "metrics-export-port": str(pods.PORTS["metrics"])},
            "template": pods.head(target),
        },
        "workerGroupSpecs": [
            {
                "groupName": WORKERS,
                "replicas": cluster.nodes.min,
                "minReplicas": cluster.nodes.min,
                "maxReplicas": cluster.nodes.max,
                "rayStartParams": {"metrics-export-port": str(pods.PORTS["metrics"])},
                "template": pods.worker(target),
            }
        ],
    }
