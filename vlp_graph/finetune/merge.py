"""`vlp finetune merge`: base and adapter as one set of weights, which a profile names as `source` of the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlp_graph.engines.weights import resolve
from vlp_graph.finetune import lora
from vlp_graph.finetune.folder import RunError


def merge(adapter: Path, out: Path, *, base: str | None = None, revision: str | None = None) -> str:
    """Write the merged weights (safetensors, in the base's own precision) with tokenizer or processor into `out`.
    Returns the kind of model (`llama`, `idefics`, …).

    Args:
        base: as in a profile; else the one that the adapter was trained on.

    Raises:
        AdapterError: no adapter there, or not one of this base.
        RunError: `out` holds weights already.
    """
    told = lora.read(adapter)
    if (out / "config.json").exists():
        raise RunError(f"{out} holds a model already: name another folder")
    source = base or told.get("base_model_name_or_path")
    if not source:
        raise lora.AdapterError(f"{adapter} does not say what it was trained on: give --base")
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM, AutoProcessor, AutoTokenizer, IdeficsForVisionText2Text

    path = resolve(source)
    kind = str(AutoConfig.from_pretrained(path, revision=revision).model_type)
    loader: Any = IdeficsForVisionText2Text if kind == "idefics" else AutoModelForCausalLM
    reader: Any = AutoProcessor if kind == "idefics" else AutoTokenizer
    model: Any = loader.from_pretrained(path, revision=revision, dtype="auto", use_safetensors=True)
    try:
        adapted = PeftModel.from_pretrained(model, str(adapter), autocast_adapter_dtype=False)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise lora.AdapterError(f"{adapter} does not fit {source}: {reason}") from None
    with torch.inference_mode():
        merged = adapted.merge_and_unload(safe_merge=True)
    merged.save_pretrained(out)
    reader.from_pretrained(path, revision=revision).save_pretrained(out)
    return kind
