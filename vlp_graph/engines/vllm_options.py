"""What vLLM is started with, the same for every model that it runs.

The memory share follows from the GPU fraction, placement from the number of ranks: a profile states neither twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlp_graph.engines.loading import GPU_SHARE, DeviceMissing, fastest_dtype

if TYPE_CHECKING:
    from vlp_graph.config.models import Generating

READY_S = 3600
"""Seconds that vLLM waits for its engine process, which may download a model; its own 10 minutes are not enough."""
LORA_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks that vLLM makes room for."""
_BITSANDBYTES = "bitsandbytes"


def engine_arguments(config: Generating) -> dict[str, Any]:
    """Arguments of `vllm.AsyncEngineArgs` for a profile entry, all but the model's own name."""
    arguments: dict[str, Any] = {
        "dtype": fastest_dtype(config.dtype, config.device),
        "max_model_len": config.max_model_len,
        "max_num_seqs": config.max_num_seqs,
        "enforce_eager": config.enforce_eager,
        "enable_prefix_caching": config.prefix_caching,
        "kv_cache_dtype": config.kv_cache_dtype,
        "tensor_parallel_size": config.tensor_parallel,
        "pipeline_parallel_size": config.pipeline_parallel,
    }
    if config.max_num_batched_tokens is not None:
        arguments["max_num_batched_tokens"] = config.max_num_batched_tokens
    if config.revision:
        arguments |= {"revision": config.revision, "tokenizer_revision": config.revision}
    if config.device == "cuda":
        arguments["gpu_memory_utilization"] = gpu_memory_utilization(config.num_gpus)
    else:
        arguments["kv_cache_memory_bytes"] = int(config.kv_cache_gib * 2**30)
    if _on_one_core(config):
        arguments["distributed_executor_backend"] = "vlp_graph.engines.one_rank.OneRank"
    return arguments | _quantization(config.quantization)


def _on_one_core(config: Generating) -> bool:
    return config.device == "cpu" and config.ranks == 1 and config.cores.isdecimal()


def gpu_memory_utilization(num_gpus: float) -> float:
    """vLLM's part of a GPU's memory for a rank with this share of it."""
    return round(num_gpus * GPU_SHARE, 3)


def _quantization(name: str | None) -> dict[str, Any]:
    """`nf4` is made while the weights are loaded, by vLLM's plugin for bitsandbytes. Of AWQ and GPTQ vLLM reads bits
    and groups out of the checkpoint, and takes the fastest kernel that the GPU has for them."""
    if name is None:
        return {}
    if name == "nf4":
        return {"quantization": _BITSANDBYTES, "load_format": _BITSANDBYTES}
    return {"quantization": name}


def lora_arguments(rank: int) -> dict[str, Any]:
    """Room for one adapter of that rank beside the base model.

    Raises:
        ValueError: vLLM has no room for such a rank.
    """
    room = next((allowed for allowed in LORA_RANKS if allowed >= rank), None)
    if room is None:
        raise ValueError(f"an adapter of rank {rank}: vLLM takes ranks up to {LORA_RANKS[-1]}; train a smaller one")
    return {"enable_lora": True, "max_loras": 1, "max_lora_rank": room}


def environment(config: Generating) -> dict[str, str]:
    """Variables that vLLM reads when it is imported. It imports no plugin that the profile does not need."""
    variables = {
        "VLLM_ENGINE_READY_TIMEOUT_S": str(READY_S),
        "VLLM_PLUGINS": _BITSANDBYTES if config.quantization == "nf4" else "",
    }
    if config.device == "cpu":
        variables |= {
            "VLLM_CPU_OMP_THREADS_BIND": config.cores or "auto",
        }
        if _on_one_core(config):
            variables["OMP_NUM_THREADS"] = "1"
    elif config.num_gpus < 1:
        variables["VLLM_RAY_PER_WORKER_GPUS"] = str(config.num_gpus)
    return variables


def check_platform(config: Generating) -> None:
    """
    Raises:
        DeviceMissing: this vLLM computes elsewhere than the profile says: it is built for one kind of device.
    """
    from vllm.platforms import current_platform

    if (found := current_platform.device_type) != config.device:
        raise DeviceMissing(
            f"device {config.device}: this vLLM computes on {found or 'nothing that is here'}. Install the extra "
            f"{'`gpu` and look at nvidia-smi' if config.device == 'cuda' else '`cpu`'}, or say device: {found or 'cpu'}"
        )
