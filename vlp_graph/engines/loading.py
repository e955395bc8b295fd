"""How weights are put on a device, the same for every transformers model of the graph.

Weights are safetensors, code from a hub is never trusted, and a quantised load keeps memory low where a profile
asks for it.
"""

from __future__ import annotations

from typing import Any


def torch_dtype(dtype: str) -> Any:
    """The torch dtype of that name; fails with AttributeError for a name that torch does not know."""
    import torch

    return getattr(torch, dtype)


def pretrained_options(
    *, device: str, dtype: str, quantization: str | None = None, revision: str | None = None
) -> dict[str, Any]:
    """Keyword arguments for `from_pretrained`. bitsandbytes serves `nf4` and `int8`.

    Raises:
        ValueError: a quantization that transformers cannot load (`awq` and `gptq` belong to vLLM models).
    """
    options: dict[str, Any] = {"dtype": torch_dtype(dtype), "use_safetensors": True, "device_map": device}
    if revision is not None:
        options["revision"] = revision
    if quantization is None:
        return options
    from transformers import BitsAndBytesConfig

    if quantization == "nf4":
        config = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=options["dtype"]
        )
    elif quantization == "int8":
        config = BitsAndBytesConfig(load_in_8bit=True)
    else:
        raise ValueError(f"quantization {quantization!r} is not for this model: use nf4, int8 or none")
    return {**options, "quantization_config": config}
