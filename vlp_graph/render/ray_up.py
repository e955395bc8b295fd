"""A cluster of EC2 instances without Kubernetes: what `ray up` takes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from vlp_graph.config import ProfileError
from vlp_graph.config.hardware import MACHINES, Machine
from vlp_graph.render.environment import CACHES, LOCAL_SESSIONS, flags
from vlp_graph.render.target import GROUP, USER, WEIGHTS, Target

HOME = "/home/ray"
SECRETS, PROFILE = f"{HOME}/secrets", f"{HOME}/profile"
"""Where secrets and the profile are in the container."""
HEAD, WORKERS = "head", "models"
METRICS = 8080


def ray_up(target: Target) -> dict[str, Any]:
    """The cluster launcher's config.

    Raises:
        ProfileError: Ray's ports would answer anyone.
    """
    cluster = target.cluster
    if not cluster.secrets.ray_token:
        raise ProfileError(
            f"{target.named}: cluster.secrets.ray_token names no secret: on EC2 nobody makes Ray's token but you"
        )
    worker = {
        "resources": {"CPU": cluster.machine.cpus, "GPU": cluster.machine.gpus},
        "min_workers": cluster.nodes.min,
        "max_workers": cluster.nodes.max,
        "node_config": _node(target, cluster.machine),
    }
    return {
        "cluster_name": target.name,
        "max_workers": cluster.nodes.max,
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": max(1, round(cluster.nodes.idle_s / 60)),
        "provider": {
            "type": "aws",
            "region": cluster.region,
            "use_internal_ips": not cluster.public,
            "cache_stopped_nodes": False,
            "security_group": {"GroupName": target.name, "IpPermissions": _reached(target)},
        },
        "auth": {"ssh_user": "ubuntu"},
        "docker": {
            "image": target.image,
            "container_name": "vlp",
            "pull_before_run": True,
            "run_options": list(_run_options(target)),
        },
        "available_node_types": {
            HEAD: {"resources": {"CPU": 0}, "node_config": _node(target, MACHINES[cluster.head])},
            WORKERS: worker,
        },
        "head_node_type": HEAD,
        "file_mounts": {f"{SECRETS}/{name}": f"./secrets/{name}" for name in _secrets(target)},
        "initialization_commands": list(_initialization(target)),
        "setup_commands": list(_setup(target)),
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": ["ray stop", _start(target, _head_options(target))],
        "worker_start_ray_commands": ["ray stop", _start(target, ["--address=$RAY_HEAD_IP:6379"])],
    }


def _node(target: Target, machine: Machine) -> dict[str, Any]:
    """What EC2 is asked for. The metadata service answers the machine, not its containers."""
    cluster, models = target.cluster, machine is target.cluster.machine
    gib = cluster.system_disk_gib + (cluster.weights_gib if models else 0)
    node: dict[str, Any] = {
        "InstanceType": machine.name,
        "ImageId": cluster.ami,
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": gib, "VolumeType": "gp3", "Encrypted": True}}
        ],
        # two hops on the head, where Ray's autoscaler asks for credentials from inside its container
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1 if models else 2},
    }
    if models and cluster.instance_profile:
        node["IamInstanceProfile"] = {"Name": cluster.instance_profile}
    if models and cluster.spot:
        node["InstanceMarketOptions"] = {"MarketType": "spot"}
    return node


def _reached(target: Target) -> list[dict[str, Any]]:
    """Beside what Ray opens itself (everything among the machines, ssh): the graph's port, for the clients."""
    if not target.cluster.clients:
        return []
    port = target.profile.http.port
    ranges = [{"CidrIp": client} for client in target.cluster.clients]
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges}]


def _run_options(target: Target) -> Iterator[str]:
    secrets = target.cluster.secrets
    variables = flags(target, PROFILE) | CACHES
    variables |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": f"{SECRETS}/{secrets.ray_token}/auth_token"}
    if secrets.api_keys:
        variables["VLP_API_KEYS_FILE"] = f"{SECRETS}/{secrets.api_keys}/keys.json"
    if secrets.hub:
        variables["HF_TOKEN_PATH"] = f"{SECRETS}/{secrets.hub}/token"
    if not (secrets.memory or target.profile.memory.url):
        variables["VLP_MEMORY_URL"] = LOCAL_SESSIONS
    for name, value in variables.items():
        yield f"-e {name}={shlex.quote(value)}"
    yield f"-v {WEIGHTS}:{WEIGHTS}"
    yield "--ulimit nofile=65536:65536"
    yield "--no-healthcheck"  # the image's own asks for `vlp serve`


def _secrets(target: Target) -> list[str]:
    secrets = target.cluster.secrets
    redis = secrets.redis if target.cluster.redis else ""
    return [name for name in (secrets.ray_token, secrets.api_keys, redis, secrets.memory, secrets.hub) if name]


def _initialization(target: Target) -> Iterator[str]:
    """On the machine, before the container is there."""
    yield f"sudo mkdir -p {WEIGHTS} && sudo chown {USER}:{GROUP} {WEIGHTS}"
    registry, _, _ = target.cluster.image.partition("/")
    if ".dkr.ecr." in registry:
        password = f"aws ecr get-login-password --region {target.cluster.region}"
        yield f"{password} | docker login --username AWS --password-stdin {registry}"


def _setup(target: Target) -> Iterator[str]:
    """In the container. What a profile of the user's says comes along, so that this file is all there is."""
    if target.is_file:
        yield f"mkdir -p {PROFILE} && printf %s {shlex.quote(target.content)} > {target.on(PROFILE)}"
    yield f"vlp render serve {target.on(PROFILE)} --out {HOME}/serve.yaml"


def _head_options(target: Target) -> list[str]:
    options = [
        "--head",
        "--port=6379",
        "--num-cpus=0",
        "--num-gpus=0",
        "--dashboard-host=127.0.0.1",
        "--autoscaling-config=~/ray_bootstrap_config.yaml",
    ]
    if target.cluster.redis:
        options.append(f'--redis-password="$(cat {SECRETS}/{target.cluster.secrets.redis}/password)"')
    return options


def _start(target: Target, options: list[str]) -> str:
    """`ray start`, in an environment with what must not stand in this file."""
    exports = []
    if name := target.cluster.secrets.memory:
        exports.append(f'export VLP_MEMORY_URL="$(cat {SECRETS}/{name}/url)"')
    if target.cluster.redis and "--head" in options:
        exports.append(f"export RAY_REDIS_ADDRESS={shlex.quote(target.cluster.redis)}")
    start = " ".join(["ray start", *options, f"--metrics-export-port={METRICS}"])
    return "; ".join(["ulimit -n 65536", *exports, start])
