"""Llama through vLLM: what the engine is started with, and a plain engine for use without Ray.

The same arguments start the deployment's engine and the one here, so what is tried alone is what is served.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from vllm import LLM
    from vllm.lora.request import LoRARequest

    from vlp_graph.config import Llama as Config

BASE, PLANNER = "llama", "planner"
"""Names under which the base model and its planning adapter are served."""
GPU_SHARE = 0.92
"""vLLM's share of the GPU memory that the replica's GPU fraction stands for; the rest is for CUDA itself."""


def gpu_memory_utilization(num_gpus: float) -> float:
    """vLLM's `gpu_memory_utilization` for a rank with this share of a GPU."""
    return round(min(num_gpus, 1.0) * GPU_SHARE, 3)


def adapter_rank(adapter: str) -> int:
    """The LoRA rank that an adapter folder's adapter_config.json states."""
    config = json.loads((Path(resolve(adapter)) / "adapter_config.json").read_text(encoding="utf-8"))
    return int(config["r"])


def engine_arguments(config: Config) -> dict[str, Any]:
    """vLLM engine arguments of a profile entry; the memory share follows from the GPU fraction."""
    arguments: dict[str, Any] = {
        "dtype": config.dtype,
        "max_model_len": config.max_model_len,
        "max_num_seqs": config.max_num_seqs,
        "enforce_eager": config.enforce_eager,
        "enable_prefix_caching": True,
        "structured_outputs_config": {"backend": "xgrammar"},
    }
    if config.revision:
        arguments["revision"] = config.revision
    if config.quantization:
        arguments["quantization"] = {"nf4": "bitsandbytes", "int8": "bitsandbytes"}.get(
            config.quantization, config.quantization
        )
    if config.device == "cuda":
        arguments["gpu_memory_utilization"] = gpu_memory_utilization(config.num_gpus)
    if config.planner:
        arguments |= {"enable_lora": True, "max_loras": 1, "max_lora_rank": max(8, adapter_rank(config.planner))}
    return arguments


def environment(config: Config) -> dict[str, str]:
    """Variables that vLLM reads when it is imported."""
    if config.device == "cpu":
        return {
            "VLLM_CPU_KVCACHE_SPACE": str(config.kv_cache_gib),
            "VLLM_CPU_OMP_THREADS_BIND": config.cores or "auto",
        }
    return {"VLLM_RAY_PER_WORKER_GPUS": str(config.num_gpus)} if config.num_gpus < 1 else {}


@dataclass
class Llama:
    """`Llama.load(profile.models.llama).chat([{"role": "user", "content": "Hello"}])`."""

    llm: LLM
    adapter: LoRARequest | None

    @classmethod
    def load(cls, config: Config) -> Self:
        os.environ.update(environment(config))
        from vllm import LLM
        from vllm.lora.request import LoRARequest

        llm = LLM(model=resolve(config.source), **engine_arguments(config))
        return cls(llm, LoRARequest(PLANNER, 1, resolve(config.planner)) if config.planner else None)

    def chat(
        self,
        messages: list[dict[str, str]],
        *,
        planner: bool = False,
        schema: dict[str, Any] | None = None,
        max_tokens: int = 128,
    ) -> str:
        """The greedy answer to OpenAI messages; by the planning adapter, and under a JSON schema, where asked."""
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        form = StructuredOutputsParams(json=schema) if schema else None
        sampling = SamplingParams(temperature=0.0, max_tokens=max_tokens, structured_outputs=form)
        lora = self.adapter if planner else None
        (output,) = self.llm.chat(list[Any](messages), sampling, lora_request=lora, use_tqdm=False)
        return str(output.outputs[0].text)
