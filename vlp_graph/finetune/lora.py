"""Adapters: which layers they change, how they are saved, and whether the Llama deployment can serve them.

vLLM loads plain LoRA only (`vllm.lora.peft_helper`); an adapter that it would refuse is refused here, before hours
are spent on it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vlp_graph.engines.vllm_options import lora_arguments

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""Every linear layer of a Llama; all of them are adapted."""
IDEFICS_LINEARS = r"model\.(layers|gated_cross_attn_layers)\.\d+\..*_proj"
"""Every linear layer of the language model of IDEFICS, with the cross-attention between them through which it sees;
not the vision tower, nor the resampler."""
_PLAIN_INITS = ("gaussian", "eva", "orthogonal", "mica", "lora_ga")
"""Initialisations that leave the base as it is, so that the saved adapter is a plain one."""


class AdapterError(ValueError):
    """The adapter is none, or not one that can be served; says what is in the way."""


def config(rank: int, targets: list[str] | str) -> Any:
    """A `peft.LoraConfig` that vLLM can serve."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets, task_type="CAUSAL_LM")


def save(model: Any, out: Path, base: str) -> None:
    """The trained adapter alone, in bf16, with the base it belongs to."""
    import torch

    model.peft_config["default"].base_model_name_or_path = base
    for name, parameter in model.named_parameters():
        if ".lora_" in name:
            parameter.data = parameter.data.to(torch.bfloat16)
    model.save_pretrained(out, selected_adapters=["default"])
    (out / "README.md").unlink(missing_ok=True)


def read(adapter: Path) -> dict[str, Any]:
    """What an adapter folder says of itself.

    Raises:
        AdapterError: no adapter lies there.
    """
    try:
        told: dict[str, Any] = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise AdapterError(f"{adapter}: no adapter there (a folder with adapter_config.json is wanted)") from None
    if not (adapter / "adapter_model.safetensors").exists():
        raise AdapterError(f"{adapter}: adapter_model.safetensors is missing")
    return told


def check_served(adapter: Path) -> None:
    """
    Raises:
        AdapterError: none there, or none that `models.llama.planner` can name.
    """
    told = read(adapter)
    if reasons := list(_in_the_way(told)):
        raise AdapterError(f"{adapter} cannot be served as models.llama.planner: {'; '.join(reasons)}")


def _in_the_way(told: dict[str, Any]) -> list[str]:
    """Why vLLM would not load an adapter of that configuration."""
    reasons = []
    if (kind := told.get("peft_type")) != "LORA":
        return [f"it is {kind}, not LORA"]
    try:
        lora_arguments(told["r"])
    except ValueError as error:
        reasons.append(str(error))
    if any(rank > told["r"] for rank in (told.get("rank_pattern") or {}).values()):
        reasons.append(f"its rank_pattern goes beyond its rank {told['r']}")
    if (told.get("bias") or "none") != "none":
        reasons.append(f"it trains biases ({told['bias']})")
    reasons += [
        f"it uses {key}"
        for key in ("use_dora", "lora_bias", "alora_invocation_tokens", "layer_replication", "use_bdlora", "use_qalora")
        if told.get(key)
    ]
    if kept := told.get("modules_to_save"):
        reasons.append(f"it replaces whole modules ({', '.join(kept)})")
    if tokens := told.get("trainable_token_indices"):
        reasons.append(f"it trains embeddings of tokens ({tokens})")
    init = told.get("init_lora_weights")
    if isinstance(init, str) and init.lower() not in _PLAIN_INITS:
        reasons.append(f"init_lora_weights {init!r} changes the base's weights")
    targets = told.get("target_modules")
    if isinstance(targets, list) and (strange := sorted(set(targets) - set(LINEARS))):
        reasons.append(f"it changes {', '.join(strange)}; known are {', '.join(LINEARS)}")
    return reasons
