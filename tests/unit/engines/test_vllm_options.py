"""What vLLM is started with: derived once from the profile, and known to vLLM."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from vlp_graph.config import Idefics, Llama
from vlp_graph.engines import llama, vllm_options
from vlp_graph.engines.loading import GPU_SHARE, DeviceMissing
from vlp_graph.engines.vllm_options import check_platform, engine_arguments, environment, lora_arguments

PLANNER = "package:vlp_graph/nano/checkpoints/smollm2-planner"


def gpu(**options: Any) -> Llama:
    return Llama(source="org/model", device="cuda", **{"num_gpus": 1.0, "dtype": "bfloat16"} | options)


def test_ranks() -> None:
    arguments = engine_arguments(gpu(tensor_parallel=4, pipeline_parallel=2))
    assert (arguments["tensor_parallel_size"], arguments["pipeline_parallel_size"]) == (4, 2)


@pytest.mark.parametrize("share", [0.25, 0.49, 1.0])
def test_the_memory_share_follows_from_the_fraction(share: float) -> None:
    arguments = engine_arguments(gpu(num_gpus=share))
    assert arguments["gpu_memory_utilization"] == pytest.approx(share * GPU_SHARE, abs=1e-3)
    assert arguments["gpu_memory_utilization"] < share
    assert environment(gpu(num_gpus=share)).get("VLLM_RAY_PER_WORKER_GPUS") == (None if share == 1 else str(share))


def test_a_cpu_has_no_share_of_a_gpu() -> None:
    config = Llama(source="x", kv_cache_gib=3, cores="0|1", tensor_parallel=2)
    assert "gpu_memory_utilization" not in engine_arguments(config)
    assert engine_arguments(config)["kv_cache_memory_bytes"] == 3 * 2**30
    assert environment(config)["VLLM_CPU_OMP_THREADS_BIND"] == "0|1"


@pytest.mark.parametrize("cores", ["0-1", "0|1", "auto", ""])
def test_only_one_rank_on_one_core_stays_in_the_engine_s_process(cores: str) -> None:
    one = Llama(source="x", cores="1")
    assert engine_arguments(one)["distributed_executor_backend"].endswith("OneRank")
    assert environment(one)["OMP_NUM_THREADS"] == "1"
    more = Llama(source="x", cores=cores, tensor_parallel=2 if cores == "0|1" else 1)
    assert "distributed_executor_backend" not in engine_arguments(more)
    assert "distributed_executor_backend" not in engine_arguments(gpu())


def test_one_rank_is_an_executor_that_binds_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from vllm.utils.import_utils import resolve_obj_by_qualname
    from vllm.v1.executor.uniproc_executor import UniProcExecutor

    kind = resolve_obj_by_qualname(engine_arguments(Llama(source="x", cores="0"))["distributed_executor_backend"])
    bound: list[set[int]] = []
    monkeypatch.setattr("os.sched_setaffinity", lambda pid, cores: bound.append(cores))
    monkeypatch.setattr(UniProcExecutor, "_init_executor", lambda self: bound.append(set()))
    monkeypatch.setenv("VLLM_CPU_OMP_THREADS_BIND", "3")
    kind.__new__(kind)._init_executor()
    assert bound == [{3}, set()], "bound before anything computes"


@pytest.mark.parametrize(
    ("quantization", "expected", "plugins"),
    [
        (None, {}, ""),
        ("nf4", {"quantization": "bitsandbytes", "load_format": "bitsandbytes"}, "bitsandbytes"),
        ("awq", {"quantization": "awq"}, ""),
        ("gptq", {"quantization": "gptq"}, ""),
    ],
)
def test_quantization(quantization: Any, expected: dict[str, str], plugins: str) -> None:
    config = gpu(quantization=quantization)
    arguments = engine_arguments(config)
    assert {k: v for k, v in arguments.items() if k in ("quantization", "load_format")} == expected
    assert environment(config)["VLLM_PLUGINS"] == plugins


def test_what_vllm_cannot_quantize_is_refused() -> None:
    with pytest.raises(ValidationError, match="int8 is not vLLM's: take nf4"):
        gpu(quantization="int8")
    with pytest.raises(ValidationError, match="int8 is not vLLM's: take nf4"):
        Idefics(source="x", engine="vllm", quantization="int8")
    assert Idefics(source="x", quantization="int8").quantization == "int8"


def test_cache_options() -> None:
    arguments = engine_arguments(gpu(kv_cache_dtype="fp8", prefix_caching=False, max_num_batched_tokens=4096))
    assert arguments["kv_cache_dtype"] == "fp8"
    assert arguments["enable_prefix_caching"] is False
    assert arguments["max_num_batched_tokens"] == 4096
    assert "max_num_batched_tokens" not in engine_arguments(gpu())


def test_a_revision_is_the_tokenizers_too() -> None:
    arguments = engine_arguments(gpu(revision="abc123"))
    assert arguments["revision"] == arguments["tokenizer_revision"] == "abc123"


@pytest.mark.parametrize(("rank", "room"), [(1, 1), (4, 8), (16, 16), (24, 32), (512, 512)])
def test_room_for_an_adapter(rank: int, room: int) -> None:
    assert lora_arguments(rank) == {"enable_lora": True, "max_loras": 1, "max_lora_rank": room}


def test_an_adapter_that_is_too_large() -> None:
    with pytest.raises(ValueError, match="takes ranks up to 512"):
        lora_arguments(513)


def test_llama_has_room_for_its_planner() -> None:
    arguments = llama.engine_arguments(gpu(planner=PLANNER))
    assert arguments["max_lora_rank"] >= llama.adapter_rank(PLANNER)
    assert "enable_lora" not in llama.engine_arguments(gpu())


@pytest.mark.models
def test_a_vllm_for_another_device_is_told() -> None:
    from vllm.platforms import current_platform

    other = gpu() if current_platform.device_type == "cpu" else Llama(source="x")
    with pytest.raises(DeviceMissing, match=f"device {other.device}: this vLLM computes on"):
        check_platform(other)


@pytest.mark.models
def test_vllm_knows_every_argument_and_value() -> None:
    """Against vLLM itself: names of fields, ranks of adapters, methods of quantization, variables."""
    import vllm.envs
    from vllm import AsyncEngineArgs
    from vllm.config.cache import CacheDType
    from vllm.config.lora import MaxLoRARanks
    from vllm.model_executor.layers.quantization import QUANTIZATION_METHODS

    fields = {field.name for field in dataclasses.fields(AsyncEngineArgs)}
    every = gpu(
        num_gpus=1, quantization="nf4", planner=PLANNER, max_num_batched_tokens=99, revision="abc", kv_cache_dtype="fp8"
    )
    arguments = llama.engine_arguments(every)
    assert set(arguments) <= fields
    assert arguments["kv_cache_dtype"] in get_args(CacheDType)
    assert get_args(MaxLoRARanks) == vllm_options.LORA_RANKS
    assert {"awq", "gptq"} <= set(QUANTIZATION_METHODS)
    for config in (Llama(source="x"), gpu(num_gpus=0.5), every):
        assert set(environment(config)) - {"OMP_NUM_THREADS"} <= set(vllm.envs.environment_variables)
