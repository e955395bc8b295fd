"""The machines of a profile that runs on more than the one where it is started."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from vlp_graph.config.hardware import MACHINES, Machine
from vlp_graph.config.strict import Count, Misplaced, Positive, Strict

DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
SecretName = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$")]
Percent = Annotated[int, Field(ge=1, le=100)]


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


class Gradual(Strict):
    """How `upgrade: NewClusterWithIncrementalUpgrade` moves requests over to a new version."""

    gateway: DnsLabel | None = None
    """the GatewayClass (Gateway API) that shares the requests out"""
    step_percent: Percent = 10
    """share of the requests that moves at once"""
    step_s: Count = 60
    """seconds between two steps"""
    surge_percent: Percent = 100
    """how much of a second cluster may be there beside the first"""


class Secrets(Strict):
    """Names of secrets that exist where the graph is deployed; their contents never stand in a profile. On Kubernetes a
    name is a Secret of `namespace`, for `ray up` a folder `secrets/NAME` beside the cluster's file."""

    api_keys: SecretName = "vlp-api-keys"
    """holds `keys.json`, the file of API keys; empty only with `open`"""
    ray_token: SecretName = "vlp-ray-token"
    """holds `auth_token`, with which Ray's own ports are asked; empty: KubeRay makes one for each cluster"""
    redis: SecretName = ""
    """holds `password` of the Redis that keeps Ray's state"""
    memory: SecretName = ""
    """holds `url`, the database of sessions"""
    hub: SecretName = ""
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
    image: Annotated[str, Field(pattern=r"^([a-z0-9.-]+(:[0-9]+)?/)?[a-z0-9._/-]*[a-z0-9]$")] = "vlp-graph"
    """container image without its tag, which is Ray's version"""
    release: Annotated[str, Field(pattern=r"^[A-Za-z0-9._]*$")] = ""
    """what follows Ray's version in the tag (`2.60.0-RELEASE`), so that new code on the same Ray is a new image; empty:
    nothing"""
    namespace: DnsLabel = "vlp"
    """Kubernetes namespace"""
    open: bool = False
    """without API keys, too, whoever reaches the port is answered"""
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
    gradual: Gradual = Gradual()
    secrets: Secrets = Secrets()
    system_disk_gib: Count = 150
    """disk of each machine, for the image and what Ray spills; `ray up` adds `weights_gib`"""
    eks: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,99}$")] = "vlp"
    """name of the EKS cluster, which is also the tag of its subnets and security groups (`karpenter.sh/discovery`)"""
    operator_namespace: DnsLabel = "ray-system"
    """namespace of the KubeRay operator, which may ask Ray's dashboard"""
    monitoring_namespace: DnsLabel = "monitoring"
    """namespace of Prometheus, which may read metrics"""
    pod_monitor: bool = False
    """write a PodMonitor, for clusters with the Prometheus operator"""
    public: bool = False
    """`ray up`: machines have public addresses; false: it is run inside the VPC"""
    clients: tuple[str, ...] = ()
    """`ray up`: networks (`10.0.0.0/16`) from which the port of the graph is reached"""
    ami: str = "resolve:ssm:/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"
    """`ray up`: machine image, with docker and a driver that knows CUDA 13; by id or, as here, by SSM parameter"""
    instance_profile: str = ""
    """`ray up`: IAM instance profile of the machines that models run on, with which they pull the image; empty: none"""

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

    @field_validator("clients")
    @classmethod
    def _networks(cls, clients: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_network(client)) for client in clients)

    @model_validator(mode="after")
    def _secret_for_redis(self) -> Cluster:
        if self.redis and not self.secrets.redis:
            raise Misplaced("redis is set: secrets.redis has to name the secret with its password", "secrets", "redis")
        return self

    @model_validator(mode="after")
    def _somebody_may_ask(self) -> Cluster:
        if not self.secrets.api_keys and not self.open:
            raise Misplaced(
                "secrets.api_keys names no secret: name it, or say open: true and anyone is answered",
                "secrets",
                "api_keys",
            )
        return self

    @model_validator(mode="after")
    def _gateway_for_steps(self) -> Cluster:
        if self.upgrade == "NewClusterWithIncrementalUpgrade" and self.gradual.gateway is None:
            raise ValueError(f"upgrade is {self.upgrade}: gradual.gateway has to name the GatewayClass")
        return self
