"""Counts a model's parameters by building it on torch's meta device, where tensors have shapes and no memory.

Slow (it imports torch and transformers), hence only for models that nothing else can be counted of, and for the tests
that hold the shipped numbers against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CLASSES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "idefics": "IdeficsForVisionText2Text",
    "idefics3": "Idefics3ForConditionalGeneration",
    "smolvlm": "SmolVLMForConditionalGeneration",
    "whisper": "WhisperForConditionalGeneration",
    "grounding-dino": "GroundingDinoForObjectDetection",
    "distilbert": "DistilBertForSequenceClassification",
    "sam": "SamModel",
}


def count(config: Mapping[str, Any]) -> tuple[int, int]:
    """Parameters of the model that a config.json describes, and those in linear layers other than the output head.

    Raises:
        KeyError: a `model_type` that no engine of the graph runs.
    """
    import torch
    import transformers

    wanted = {key: value for key, value in config.items() if key != "quantization_config"}
    with torch.device("meta"):
        built = transformers.AutoConfig.for_model(**{"model_type": "llama", **wanted})
        model = getattr(transformers, _CLASSES[config["model_type"]])(built)
    head = model.get_output_embeddings()
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not head)
    return sum(p.numel() for p in model.parameters()), linear
