"""From a profile entry to Ray Serve options: resources, autoscaling, bounded queues, health checks."""

from __future__ import annotations

from typing import Any

from vlp_graph.config import Model
from vlp_graph.config.environment import hub_cache
from vlp_graph.config.models import Generating
from vlp_graph.engines.fetching import of_model

HEALTH = {"health_check_period_s": 2.0, "health_check_timeout_s": 30.0, "graceful_shutdown_timeout_s": 20.0}
"""A dead replica is seen at the next check; a busy one has time to answer."""


def deployment_options(model: Model) -> dict[str, Any]:
    """Options of a deployment that runs `model`, all its ranks on one node."""
    return {
        "ray_actor_options": {
            "num_cpus": model.num_cpus * model.ranks,
            "num_gpus": model.num_gpus * model.ranks,
            "resources": {name: amount * model.ranks for name, amount in model.resources.items()},
            "runtime_env": {"env_vars": environment(model)},
        },
        "autoscaling_config": autoscaling(model),
        "max_surge_percent": model.replicas.surge,
        "max_replicas_per_node": model.replicas.per_node,
        "max_ongoing_requests": model.max_ongoing_requests,
        "max_queued_requests": model.max_queued_requests,
        **HEALTH,
    }


def placement(model: Generating) -> dict[str, Any]:
    """The bundles of a replica whose ranks Ray places, one for each, and how they lie: on one node where every layer
    is shared (tensor parallelism wants the fastest road between GPUs, and on a CPU ranks are processes of one parent);
    where groups of ranks take the layers in turn (pipeline parallelism), on one node if they fit."""
    gpu = {"GPU": model.num_gpus} if model.num_gpus else {}
    bundles = [{"CPU": model.num_cpus, **gpu, **model.resources} for _ in range(model.ranks)]
    several_nodes = model.pipeline_parallel > 1 and model.device == "cuda"
    return {"bundles": bundles, "strategy": "PACK" if several_nodes or model.ranks == 1 else "STRICT_PACK"}


def autoscaling(model: Model) -> dict[str, Any]:
    replicas = model.replicas
    return {
        "min_replicas": replicas.min,
        "initial_replicas": replicas.min,
        "max_replicas": replicas.max,
        "target_ongoing_requests": replicas.target_ongoing,
        "upscale_delay_s": replicas.upscale_delay_s,
        "downscale_delay_s": replicas.downscale_delay_s,
    }


KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(256 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(2**30)}
"""glibc keeps what an engine frees: by default Whisper's memory went back to the kernel and came again with each piece
of work, 36,000 page faults a second instead of 300. (A threshold of 32 MiB is too low for it.)"""


def environment(model: Model) -> dict[str, str]:
    """Threads are set before torch starts: two busy threads on one core cost more than one. Weights none of which are
    on a hub must not make a model library ask it; the others are looked for where `vlp fetch` puts them."""
    threads = str(model.threads)
    variables = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": "false"}
    if model.device == "cpu":
        variables |= KEPT_MEMORY
    if not any(of_model(model)):
        variables["HF_HUB_OFFLINE"] = "1"
    elif home := hub_cache():
        variables["HF_HOME"] = str(home)
    return variables
