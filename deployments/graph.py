"""The application: all deployments of a profile, composed.

`serve run deployments.graph:build profile=embedded` starts it. `serve build`, which takes no arguments, wants the
profile's name as an attribute: `serve build deployments.graph:embedded`.
"""

from __future__ import annotations

from ray.serve.config import BackpressureConfig
from ray.serve.deployment import Application

from deployments.distilbert import DistilBert
from deployments.grounded_sam import GroundedSam
from deployments.idefics import build_idefics
from deployments.ingress import Ingress
from deployments.llama import build_llama
from deployments.options import HEALTH, deployment_options
from deployments.whisper import Whisper
from vlp_graph import config
from vlp_graph.config import Profile
from vlp_graph.errors import Overloaded

INGRESS_MEMORY = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "1048576"}
"""glibc gives what pictures took back to the system: by itself it keeps it, in an arena for every other thread."""


def build(args: dict[str, str]) -> Application:
    """Application builder for Ray Serve. `args`: `profile`, a name or a YAML file (default: embedded)."""
    unknown = set(args) - {"profile"}
    if unknown:
        raise ValueError(f"unknown arguments {sorted(unknown)}: only profile=NAME is taken")
    return compose(config.load(args.get("profile", "embedded")))


def __getattr__(name: str) -> Application:
    if name in config.names():
        return build({"profile": name})
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def compose(profile: Profile) -> Application:
    """The ingress bound to the five models as the profile wants them."""
    models, http = profile.models, profile.http
    return Ingress.options(  # type: ignore[attr-defined, no-any-return]
        num_replicas=http.replicas,
        max_surge_percent=100,
        ray_actor_options={"num_cpus": http.num_cpus, "runtime_env": {"env_vars": INGRESS_MEMORY}},
        max_ongoing_requests=http.max_ongoing_requests,
        max_queued_requests=http.room,  # to Serve all that come at the same moment wait; `Room` bounds those that do
        backpressure_config=BackpressureConfig(status_code=429, retry_after_s=Overloaded.retry_after_s),
        **HEALTH,
    ).bind(
        profile,
        build_llama(models.llama),
        build_idefics(models.idefics),
        GroundedSam.options(**deployment_options(models.grounded_sam)).bind(models.grounded_sam),  # type: ignore[attr-defined]
        Whisper.options(**deployment_options(models.whisper)).bind(models.whisper),  # type: ignore[attr-defined]
        DistilBert.options(**deployment_options(models.distilbert)).bind(models.distilbert),  # type: ignore[attr-defined]
    )
