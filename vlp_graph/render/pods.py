"""The pods of a Ray cluster: head and workers as both their parts have them, in Kubernetes' words."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from vlp_graph.config.hardware import MACHINES, Machine
from vlp_graph.render.environment import CACHES, LOCAL_SESSIONS, flags
from vlp_graph.render.target import GROUP, USER, WEIGHTS, Target

GPU = "nvidia.com/gpu"
INSTANCE = "node.kubernetes.io/instance-type"
PORTS = {"gcs-server": 6379, "dashboard": 8265, "client": 10001, "metrics": 8080}
"""Ray's ports by the names that KubeRay looks for; that of the graph is the profile's."""
AGENT = 52365
"""Port of Ray's agent on each node, which says whether the node is healthy; it wants no token for that."""
UNPRIVILEGED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
"""`securityContext` of every container."""
KEYS, PROFILE = "/etc/vlp/keys", "/etc/vlp/profile"
"""Where the file of API keys and the profile's are mounted."""


def labels(target: Target) -> dict[str, str]:
    """By which everything of a deployment is found."""
    return {"app.kubernetes.io/name": "vlp-graph", "app.kubernetes.io/instance": target.name}


def weights_claim(target: Target) -> str:
    return f"{target.name}-weights"


def profile_map(target: Target) -> str:
    """Another name for another content: KubeRay sees a new version, and pods of the old one keep theirs."""
    return f"{target.name}-profile-{sha256(target.content.encode()).hexdigest()[:8]}"


def rooms(machine: Machine) -> dict[str, str | int]:
    """What a pod that has a machine for itself may ask for. GPUs are whole."""
    gpus: dict[str, str | int] = {GPU: machine.gpus} if machine.gpus else {}
    return {"cpu": int(machine.free_cpus), "memory": f"{int(machine.free_ram_gib)}Gi", **gpus}


def head(target: Target) -> dict[str, Any]:
    """Ray's head: state, dashboard and autoscaler, no model."""
    health = _get(AGENT, "/api/healthz")
    container = {
        **_container(target, "ray-head", MACHINES[target.cluster.head]),
        "ports": _ports(target),
        "livenessProbe": {"httpGet": health, "initialDelaySeconds": 30, "periodSeconds": 10, "failureThreshold": 12},
        "readinessProbe": {"httpGet": health, "initialDelaySeconds": 10, "periodSeconds": 5, "failureThreshold": 10},
    }
    selector = {INSTANCE: target.cluster.head}
    spec = {"nodeSelector": selector, "containers": [container], "volumes": _volumes(target)}
    return _template(target, spec)


def worker(target: Target) -> dict[str, Any]:
    """A machine with models. It is ready when its proxy is; before it goes, Ray moves its replicas elsewhere."""
    machine, drain_s = target.cluster.machine, int(target.profile.request_s)
    base = _container(target, "ray-worker", machine)
    container = {
        **base,
        "volumeMounts": [{"name": "weights", "mountPath": WEIGHTS}, *base["volumeMounts"]],
        "ports": [port for port in _ports(target) if port["name"] in ("serve", "metrics")],
        "livenessProbe": {
            "httpGet": _get(AGENT, "/api/healthz"),
            "initialDelaySeconds": 30,
            "periodSeconds": 10,
            "failureThreshold": 12,
        },
        "readinessProbe": {
            "httpGet": _get(target.profile.http.port, "/-/healthz"),
            "initialDelaySeconds": 10,
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": 1,
        },
        "lifecycle": {"preStop": {"exec": {"command": ["/bin/bash", "-c", _drain(drain_s)]}}},
    }
    spec: dict[str, Any] = {"nodeSelector": {INSTANCE: machine.name}}
    if machine.gpus:
        spec["tolerations"] = [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
    spec |= {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": drain_s + 30,
        "containers": [container],
        "volumes": [
            {"name": "weights", "persistentVolumeClaim": {"claimName": weights_claim(target)}},
            *_volumes(target),
        ],
    }
    return _template(target, spec)


def _drain(seconds: int) -> str:
    """Replicas are started elsewhere and this node's get no more requests; it goes when Ray here has ended, or when
    whoever asks has given up."""
    return (
        "ray drain-node --reason DRAIN_NODE_REASON_PREEMPTION --reason-message 'the pod ends' "
        f"--deadline-remaining-seconds {seconds}; "
        f"for _ in $(seq {seconds}); do wget -q -T 1 -t 1 -O /dev/null http://127.0.0.1:{AGENT}/api/healthz || break; "
        "sleep 1; done"
    )


def _template(target: Target, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"labels": labels(target)},
        "spec": {
            "restartPolicy": "Never",  # the autoscaler (v2) replaces pods; one that starts again is unknown to it
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": GROUP,
                "fsGroup": GROUP,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            **spec,
        },
    }


def _container(target: Target, name: str, machine: Machine) -> dict[str, Any]:
    room = rooms(machine)
    return {
        "name": name,
        "image": target.image,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": UNPRIVILEGED,
        "resources": {"limits": room, "requests": room},
        "env": _env(target),
        "volumeMounts": _mounts(target),
    }


def _env(target: Target) -> list[dict[str, Any]]:
    secrets, plain = target.cluster.secrets, flags(target, PROFILE) | CACHES
    if secrets.api_keys:
        plain["VLP_API_KEYS_FILE"] = f"{KEYS}/keys.json"
    if not (secrets.memory or target.profile.memory.url):
        plain["VLP_MEMORY_URL"] = LOCAL_SESSIONS
    env: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in plain.items()]
    if secrets.memory:
        env.append(_from_secret("VLP_MEMORY_URL", secrets.memory, "url"))
    if secrets.hub:
        env.append(_from_secret("HF_TOKEN", secrets.hub, "token"))
    return env


def _from_secret(variable: str, name: str, key: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def _mounts(target: Target) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = []
    if target.cluster.secrets.api_keys:
        mounts.append({"name": "keys", "mountPath": KEYS, "readOnly": True})
    if target.is_file:
        mounts.append({"name": "profile", "mountPath": PROFILE, "readOnly": True})
    return mounts


def _volumes(target: Target) -> list[dict[str, Any]]:
    """A Secret's file is replaced in its place when the Secret is: keys change without a restart."""
    volumes: list[dict[str, Any]] = []
    if name := target.cluster.secrets.api_keys:
        volumes.append({"name": "keys", "secret": {"secretName": name, "defaultMode": 0o440}})
    if target.is_file:
        volumes.append({"name": "profile", "configMap": {"name": profile_map(target)}})
    return volumes


def _ports(target: Target) -> list[dict[str, Any]]:
    named = PORTS | {"serve": target.profile.http.port}
    return [{"name": name, "containerPort": port} for name, port in named.items()]


def _get(port: int, path: str) -> dict[str, Any]:
    return {"path": path, "port": port}
