"""The machines of a profile that runs on more than the one where it is started."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator, model_validator

from vlp_graph.config.hardware import MACHINES, Machine
from vlp_graph.config.strict import Count, Positive, Strict


class Nodes(Strict):
    """Autoscaling of the machines that models run on."""

    min: Count = 1
    """machines that are always there"""
    max: Count = 1
    """machines that load may bring"""
    idle_s: Positive = 300
    """seconds after which a machine without work goes"""

    @model_validator(mode="after")
    def _ordered(self) -> Nodes:
        if self.max < self.min:
            raise ValueError(f"max ({self.max}) is below min ({self.min})")
        return self


class Secrets(Strict):
    """Names of secrets that exist where the graph is deployed; their contents never stand in a profile."""

    api_keys: str = ""
    """holds `keys.json`, the file of API keys"""
    ray_token: str = ""
    """holds `auth_token`, with which Ray's own ports are asked"""
    redis: str = ""
    """holds `password` of the Redis that keeps Ray's state"""
    memory: str = ""
    """holds `url`, the database of sessions"""
    hub: str = ""
    """holds `token` for gated weights on the model hub"""


class Cluster(Strict):
    """Where the graph is deployed: EC2 instances, alone or in an EKS cluster."""

    instance: str
    """EC2 instance type of the machines that models run on"""
    head: str = "m5.xlarge"
    """EC2 instance type of Ray's head, where no model runs"""
    nodes: Nodes = Nodes()
    region: str = "us-east-1"
    """AWS region"""
    spot: bool = False
    """spare capacity that may be taken back"""
    image: str = "vlp-graph"
    """container image without its tag, which is Ray's version"""
    namespace: str = "vlp"
    """Kubernetes namespace"""
    startup_s: Positive = 1800
    """seconds in which all models have to be there, downloads included"""
    weights_gib: Count = 200
    """size of the volume on which downloaded weights are kept"""
    weights_class: str = "efs-sc"
    """storage class of that volume; several machines read and write it"""
    redis: str = ""
    """address (`host:port`) of the Redis that keeps Ray's state over a restart of the head; empty: a restart of the
    head starts the cluster anew"""
    upgrade: Literal["NewCluster", "NewClusterWithIncrementalUpgrade", "None"] = "NewCluster"
    """how a new version comes: beside the old one until it is ready, step by step, or not at all"""
    secrets: Secrets = Secrets()

    @field_validator("instance", "head")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in MACHINES:
            raise ValueError(f"{name!r} is no machine that is known: {', '.join(MACHINES)}")
        return name

    @property
    def machine(self) -> Machine:
        """What `instance` has."""
        return MACHINES[self.instance]

    @model_validator(mode="after")
    def _secret_for_redis(self) -> Cluster:
        if self.redis and not self.secrets.redis:
            raise ValueError("redis is set: secrets.redis has to name the secret with its password")
        return self
