"""How weights are put on a device, the same for every torch model of the graph.

Weights are safetensors, code from a hub is never trusted, a quantised load keeps memory low where a profile asks for
it. A model that is not where the profile wants it does not start: on a CPU by mistake it would answer, slowly.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

GPU_SHARE = 0.92
"""What a model may take of the memory that its GPU fraction stands for; the rest is for CUDA itself."""


class DeviceMissing(RuntimeError):
    """The device that the profile names is not there, or a model did not get onto it."""


def fastest_dtype(dtype: str, device: str) -> str:
    """What `auto` means on the machine that computes: bfloat16, but float32 on a CPU that has to emulate it, where it
    is slower (with AVX512-BF16 1.7 times as fast, measured with SmolLM2-135M; MiniLM's encoder 1.6 times)."""
    if dtype != "auto":
        return dtype
    return "bfloat16" if device == "cuda" or "avx512_bf16" in _cpu_flags() else "float32"


def _cpu_flags() -> set[str]:
    """Of this machine's processor, as Linux tells them; none elsewhere. The ingress asks, too, which has no torch."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    return {flag for line in told.splitlines() if line.startswith("flags") for flag in line.split()}


def torch_dtype(dtype: str) -> Any:
    """The torch dtype of that name; fails with AttributeError for a name that torch does not know."""
    import torch

    return getattr(torch, dtype)


def claim_device(device: str, num_gpus: float = 1.0) -> None:
    """Make sure that the device is there; of a GPU's memory this process takes no more than its share from now on
    (what goes beyond is torch's OutOfMemoryError here, and no neighbour's).

    Raises:
        DeviceMissing: torch finds no GPU.
    """
    if device != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        built = f"torch {torch.__version__} is built for " + (
            f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPUs"
        )
        raise DeviceMissing(
            f"device cuda: torch finds no GPU here ({built}). Look at nvidia-smi, install the extra `gpu`, give the "
            "replica num_gpus, or say device: cpu"
        )
    torch.cuda.set_per_process_memory_fraction(min(1.0, num_gpus * GPU_SHARE))


def attention(model: Any, *, device: str, dtype: str) -> str | None:
    """The fastest attention that a transformers class has here: FlashAttention where its package, a GPU and half
    precision are there, else torch's own (SDPA, which picks its kernel itself). None: transformers' choice for each
    part of the model."""
    half = dtype in ("float16", "bfloat16")
    if device == "cuda" and half and model._supports_flash_attn and importlib.util.find_spec("flash_attn"):
        return "flash_attention_2"
    return "sdpa" if model._supports_sdpa else None


def load_pretrained(
    model: Any,
    path: str,
    *,
    device: str,
    dtype: str,
    quantization: str | None = None,
    revision: str | None = None,
    whole: Sequence[str] = (),
    **options: Any,
) -> Any:
    """`model.from_pretrained(path)` in evaluation mode, all of it on the device. bitsandbytes serves `nf4` and `int8`;
    `whole` are modules that it leaves alone (where none are named, the output layer).

    Raises:
        DeviceMissing: a parameter is elsewhere.
        ValueError: a quantization that transformers cannot load (`awq` and `gptq` belong to vLLM models).
    """
    options |= {"dtype": torch_dtype(dtype), "use_safetensors": True, "device_map": device}
    if (fastest := attention(model, device=device, dtype=dtype)) is not None:
        options["attn_implementation"] = fastest
    if revision is not None:
        options["revision"] = revision
    if quantization is not None:
        options["quantization_config"] = _bitsandbytes(quantization, options["dtype"], whole)
    loaded = check_device(model.from_pretrained(path, **options).eval(), device)
    if quantization == "nf4":
        _keep_unpacked(loaded)
    return loaded


def check_device(model: Any, device: str) -> Any:
    """The model, if all its parameters and buffers are on the device.

    Raises:
        DeviceMissing: one is elsewhere.
    """
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.device.type != device:
            raise DeviceMissing(
                f"{type(model).__name__}.{name} is on {tensor.device}, the profile says device: {device}"
            )
    return model


def _bitsandbytes(quantization: str, dtype: Any, whole: Sequence[str]) -> Any:
    from transformers import BitsAndBytesConfig

    options: dict[str, Any] = {"llm_int8_skip_modules": list(whole) or None}  # of four bits, too, despite its name
    if quantization == "nf4":
        return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype, **options)
    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, **options)
    raise ValueError(f"quantization {quantization!r} is not for this model: use nf4, int8 or none")


def _keep_unpacked(model: Any) -> None:
    """On CPUs with AVX512-BF16 bitsandbytes (0.50) packs four-bit weights anew at their first use, by 32 rows and whole
    blocks; it fails at widths that those do not divide, as small models have. Such layers stay as they were loaded."""
    for layer in model.modules():
        if getattr(layer, "support_avx512bf16_for_cpu", False):
            fits = layer.out_features % 32 == 0 and layer.in_features % layer.weight.blocksize == 0
            layer.support_avx512bf16_for_cpu = fits
