"""One model in this process: load, largest batch, memory."""

from __future__ import annotations

import gc
import importlib
import time
from pathlib import Path

from benchmarks.gpu_memory import parts
from benchmarks.gpu_memory.folders import furnished
from benchmarks.gpu_memory.meters import Devices, Resident, peak
from benchmarks.gpu_memory.parts import Measured
from benchmarks.gpu_memory.work import started
from vlp_graph.config import Model, Whisper
from vlp_graph.config.hardware import Gpu
from vlp_graph.sizing.memory import GIB, footprint, runs_in_vllm

_LIBRARIES = {"whisper": ("faster_whisper",), "distilbert": ("peft",), "idefics": ("bitsandbytes",)}
"""What else their engines import."""


def on_cpu(model: Model) -> Model:
    """The same on the CPU, as near as it gets: vLLM has no nf4 and no AWQ there, CTranslate2 no half precision."""
    changes: dict[str, object] = {"device": "cpu", "num_gpus": 0}
    if isinstance(model, Whisper) and model.dtype in ("float16", "bfloat16"):
        changes["dtype"] = "int8"
    elif model.dtype == "float16":
        changes["dtype"] = "bfloat16"
    if runs_in_vllm(model):
        changes |= {"quantization": None, "tensor_parallel": 1, "pipeline_parallel": 1, "enforce_eager": True}
    return type(model).model_validate(model.model_dump() | changes)


def measured(name: str, model: Model, gpu: Gpu | None, folder: Path, depth: int | None = None) -> Measured:
    """What the model takes beside its estimate; the estimate is that of `vlp plan`, but for models of another depth.

    Raises:
        whatever its engine raises.
    """
    began = time.monotonic()
    local, kind = furnished(model, folder, depth)
    taken = footprint(name, local if depth else model, gpu)
    cuda, vllm = model.device == "cuda", runs_in_vllm(model)
    devices = Devices() if cuda else None
    meter = devices or Resident()
    if not vllm:  # libraries are no part of a model
        for library in ("torch", "transformers", *_LIBRARIES.get(name, ()), f"deployments.{name}"):
            importlib.import_module(library)
    gc.collect()
    before = meter()
    running = started(local, kind)
    gc.collect()
    loaded, tensors = meter(), _tensors() if cuda and not vllm else 0.0
    with peak(meter) as most:
        running.work()
    ranks = running.ranks()
    if devices is None:
        found = (
            parts.of_vllm_on_cpu(taken, ranks, most.gib)
            if vllm
            else parts.of_cpu(taken, before=before, loaded=loaded, most=most.gib)
        )
    elif vllm:
        found = parts.of_vllm(taken, ranks, most.gib)
    elif isinstance(model, Whisper):
        found = parts.of_ctranslate2(taken, loaded=loaded, whole=most.gib)
    else:
        found = parts.of_torch(taken, loaded=tensors, reserved=_reserved(), whole=most.gib)
    running.close()
    how = "" if devices is None else "the driver, by process" if devices.by_process else "the driver, whole GPUs"
    kinds = f"{kind} weights" + (f", {depth} deep" if depth else "") + (f"; {how}" if how else "")
    return Measured(name, model.source, model.device, kinds, *found, seconds=round(time.monotonic() - began, 1))


def _tensors() -> float:
    """GiB that torch has handed out on the GPU."""
    import torch

    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated() / GIB


def _reserved() -> float:
    """The most GiB that torch has had of the GPU."""
    import torch

    return torch.cuda.max_memory_reserved() / GIB
