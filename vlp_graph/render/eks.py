"""Machines for Kubernetes: the EKS cluster itself, and the pools from which Karpenter takes instances for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vlp_graph.config.hardware import MACHINES, Machine
from vlp_graph.render.pods import GPU, INSTANCE
from vlp_graph.render.target import Target

KUBERNETES, KARPENTER = "1.34", "1.8.3"
"""Versions that fit each other by Karpenter's compatibility matrix."""
DISCOVERY = "karpenter.sh/discovery"


def eksctl(target: Target) -> dict[str, Any]:
    """The cluster, with machines for everything but the graph."""
    name = target.cluster.eks
    return {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {
            "name": name,
            "region": target.cluster.region,
            "version": KUBERNETES,
            "tags": {DISCOVERY: name},
        },
        "iam": {"withOIDC": True},
        "karpenter": {"version": KARPENTER, "createServiceAccount": True, "withSpotInterruptionQueue": True},
        "addons": [
            {"name": "vpc-cni", "configurationValues": 'enableNetworkPolicy: "true"'},
            {"name": "coredns"},
            {"name": "kube-proxy"},
            {"name": "eks-pod-identity-agent"},
            {"name": "aws-ebs-csi-driver", "wellKnownPolicies": {"ebsCSIController": True}},
            {"name": "aws-efs-csi-driver", "wellKnownPolicies": {"efsCSIController": True}},
        ],
        "managedNodeGroups": [
            {"name": "system", "instanceType": "m5.large", "minSize": 2, "maxSize": 3, "desiredCapacity": 2}
        ],
    }


def karpenter(target: Target) -> Iterator[dict[str, Any]]:
    """A class of machines, and a pool for each kind of pod. An upgrade has two clusters side by side for a while."""
    cluster = target.cluster
    at_once = 1 if cluster.upgrade == "None" else 2
    yield _node_class(target)
    yield _pool(target, "models", cluster.machine, cluster.nodes.max * at_once, spot=cluster.spot)
    yield _pool(target, "head", MACHINES[cluster.head], at_once, spot=False)


def _node_class(target: Target) -> dict[str, Any]:
    """AL2023: for instances with GPUs Karpenter takes the image with NVIDIA's driver."""
    found = [{"tags": {DISCOVERY: target.cluster.eks}}]
    disk = {"volumeSize": f"{target.cluster.system_disk_gib}Gi", "volumeType": "gp3", "encrypted": True}
    return {
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": target.name},
        "spec": {
            "role": f"eksctl-KarpenterNodeRole-{target.cluster.eks}",
            "amiSelectorTerms": [{"alias": "al2023@latest"}],
            "subnetSelectorTerms": found,
            "securityGroupSelectorTerms": found,
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": disk}],
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        },
    }


def _pool(target: Target, purpose: str, machine: Machine, machines: int, *, spot: bool) -> dict[str, Any]:
    """Ray decides how many pods there are: Karpenter takes machines away only when they are empty."""
    gpus = {GPU: machine.gpus * machines} if machine.gpus else {}
    spec: dict[str, Any] = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": target.name},
        "requirements": [
            _is_in(INSTANCE, [machine.name]),
            _is_in("karpenter.sh/capacity-type", ["spot", "on-demand"] if spot else ["on-demand"]),
            _is_in("kubernetes.io/arch", ["amd64"]),
        ],
    }
    labels = {"vlp-graph/pool": purpose}
    if machine.gpus:
        spec["taints"] = [{"key": GPU, "value": "true", "effect": "NoSchedule"}]
        labels[f"{GPU}.present"] = "true"  # NVIDIA's plugin runs where it finds this
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": f"{target.name}-{purpose}"},
        "spec": {
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "60s"},
            "limits": {"cpu": machine.cpus * machines, **gpus},
        },
    }


def _is_in(key: str, values: list[str]) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": values}
