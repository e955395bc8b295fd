"""From a profile entry to Serve's options; no Ray is started."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.idefics import build_idefics
from deployments.llama import build_llama
from deployments.options import HEALTH, KEPT_MEMORY, autoscaling, deployment_options, environment, placement
from vlp_graph import config
from vlp_graph.config import Idefics, Llama, Model, Replicas


def test_a_cpu_model() -> None:
    model = Model(source="package:x", num_cpus=0.5, threads=2, max_ongoing_requests=7, max_queued_requests=9)
    model = model.model_copy(update={"resources": {"slot": 0.5}})
    assert deployment_options(model) == {
        "ray_actor_options": {
            "num_cpus": 0.5,
            "num_gpus": 0,
            "resources": {"slot": 0.5},
            "runtime_env": {
                "env_vars": {
                    "OMP_NUM_THREADS": "2",
                    "MKL_NUM_THREADS": "2",
                    "TOKENIZERS_PARALLELISM": "false",
                    "HF_HUB_OFFLINE": "1",
                    **KEPT_MEMORY,
                }
            },
        },
        "autoscaling_config": autoscaling(model),
        "max_surge_percent": 100,
        "max_replicas_per_node": None,
        "max_ongoing_requests": 7,
        "max_queued_requests": 9,
        **HEALTH,
    }


def test_a_fraction_of_a_gpu() -> None:
    options = deployment_options(Model(source="org/model", device="cuda", num_gpus=0.25))
    assert options["ray_actor_options"]["num_gpus"] == 0.25


@pytest.mark.parametrize(
    ("ranks", "bundles", "strategy"),
    [
        ({"num_gpus": 0.49}, [{"CPU": 2, "GPU": 0.49}], "PACK"),
        ({"num_gpus": 1, "tensor_parallel": 4}, [{"CPU": 2, "GPU": 1}] * 4, "STRICT_PACK"),
        ({"num_gpus": 1, "tensor_parallel": 2, "pipeline_parallel": 2}, [{"CPU": 2, "GPU": 1}] * 4, "PACK"),
    ],
)
def test_every_rank_has_a_bundle(ranks: dict[str, float], bundles: list[dict[str, float]], strategy: str) -> None:
    llama = Llama(source="org/model", device="cuda", num_cpus=2, **ranks)  # type: ignore[arg-type]
    assert placement(llama) == {"bundles": bundles, "strategy": strategy}
    options = build_llama(llama)._bound_deployment._replica_config
    assert (options.placement_group_bundles, options.placement_group_strategy) == (bundles, strategy)
    assert options.ray_actor_options["num_cpus"] == 0, "the replica lives in its first bundle"


def test_ranks_on_a_cpu_are_processes_of_one_machine() -> None:
    placed = placement(Llama(source="x", tensor_parallel=2, pipeline_parallel=2, num_cpus=1))
    assert placed == {"bundles": [{"CPU": 1}] * 4, "strategy": "STRICT_PACK"}


def test_ranks_that_a_replica_starts_itself_are_counted_with_it() -> None:
    idefics = Idefics(source="x", engine="vllm", device="cuda", num_gpus=1, num_cpus=2, tensor_parallel=2)
    options = deployment_options(idefics)["ray_actor_options"]
    assert (options["num_cpus"], options["num_gpus"]) == (4, 2)


@pytest.mark.parametrize(("engine", "served"), [("transformers", "Idefics"), ("vllm", "Idefics3")])
def test_the_profile_names_idefics_engine(engine: Any, served: str) -> None:
    deployment = build_idefics(Idefics(source="x", engine=engine))._bound_deployment
    assert (deployment.name, deployment.func_or_class.__name__) == ("Idefics", served)
    variables = deployment.ray_actor_options["runtime_env"]["env_vars"]
    assert variables["OMP_NUM_THREADS"] == "1"
    assert ("VLLM_CPU_OMP_THREADS_BIND" in variables) == (engine == "vllm")


def test_autoscaling_starts_at_its_least() -> None:
    scaling = autoscaling(Model(source="x", replicas=Replicas(min=2, max=5, target_ongoing=3)))
    assert scaling == {
        "min_replicas": 2,
        "initial_replicas": 2,
        "max_replicas": 5,
        "target_ongoing_requests": 3,
        "upscale_delay_s": 30,
        "downscale_delay_s": 600,
    }


def test_only_a_hub_id_may_ask_a_hub() -> None:
    assert "HF_HUB_OFFLINE" not in environment(Model(source="org/model"))
    assert environment(Model(source="package:x"))["HF_HUB_OFFLINE"] == "1"


def test_on_a_cpu_freed_memory_is_kept() -> None:
    assert KEPT_MEMORY.items() <= environment(Model(source="package:x")).items()
    assert not KEPT_MEMORY.keys() & environment(Model(source="package:x", device="cuda", num_gpus=0.5)).keys()


@pytest.mark.parametrize("name", config.names())
def test_every_profile_bounds_its_queues(name: str) -> None:
    for _, model in config.load(name).models:
        options = deployment_options(model)
        assert 0 < options["max_ongoing_requests"] <= 256
        assert 0 < options["max_queued_requests"] <= 1024
        assert all(isinstance(v, str) for v in options["ray_actor_options"]["runtime_env"]["env_vars"].values())
