"""Llama through vLLM: what the engine is started with, and a plain engine for use without Ray.

The same arguments start the deployment's engine and the one here, so what is tried alone is what is served.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vlp_graph.engines import vllm_options
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from vllm import LLM
    from vllm.lora.request import LoRARequest

    from vlp_graph.config import Llama as Config

BASE, PLANNER = "llama", "planner"
"""Names under which the base model and its planning adapter are served."""


def adapter_rank(adapter: str) -> int:
    """The LoRA rank that an adapter folder's adapter_config.json states."""
    config = json.loads((Path(resolve(adapter)) / "adapter_config.json").read_text(encoding="utf-8"))
    return int(config["r"])


def engine_arguments(config: Config) -> dict[str, Any]:
    """vLLM engine arguments of a profile entry: with structured output, and with room for the planner."""
    arguments = vllm_options.engine_arguments(config) | {"structured_outputs_config": {"backend": "xgrammar"}}
    return arguments | (vllm_options.lora_arguments(adapter_rank(config.planner)) if config.planner else {})


@dataclass
class Llama:
    """`Llama.load(profile.models.llama).chat([{"role": "user", "content": "Hello"}])`."""

    llm: LLM
    adapter: LoRARequest | None

    @classmethod
    def load(cls, config: Config, **arguments: Any) -> Self:
        """`arguments` are vLLM's, in the place of those that follow from the profile."""
        os.environ.update(vllm_options.environment(config))
        vllm_options.check_platform(config)
        from vllm import LLM
        from vllm.lora.request import LoRARequest

        llm = LLM(model=resolve(config.source), **(engine_arguments(config) | arguments))
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
