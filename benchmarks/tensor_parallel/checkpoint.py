"""A Llama with random weights: speed does not ask what a model knows, and its heads divide by 2, 4 and 8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SHAPE = {
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "vocab_size": 8192,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
}
NAME = "random"
"""Of this model, where another's name or path could stand."""


def saved(folder: Path) -> Path:
    """Its files, safetensors in float32: 158 million parameters, always the same."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes: dict[str, Any] = SHAPE
    LlamaForCausalLM(LlamaConfig(**sizes, dtype="float32")).save_pretrained(folder)
    return folder
