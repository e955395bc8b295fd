"""A Llama of two layers that has learned nothing, with a tokenizer and a chat template; and lines for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vlp_graph import nano

IDEFICS = Path(nano.__file__).parent / "checkpoints" / "idefics"
TEMPLATE = (
    "{% for m in messages %}<s>{{ m['role'] }} {{ m['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant {% endif %}"
)
THINGS = [
    "cups",
    "mugs",
    "plates",
    "forks",
    "spoons",
    "bowls",
    "pans",
    "pots",
    "jars",
    "lids",
    "trays",
    "boxes",
    "bottles",
    "glasses",
    "knives",
    "chairs",
]


def count(thing: str) -> dict[str, Any]:
    """A turn that has things counted."""
    tasks = [{"task": "count", "phrases": [thing]}]
    return {"turn": f"how many {thing}?", "thought": f"user wants me to count {thing}", "tasks": tasks}


def pair(thing: str) -> dict[str, Any]:
    """A turn for which counting is right and finding wrong."""
    turn = count(thing)
    wrong = {"thought": f"user wants me to find {thing}", "tasks": [{"task": "detect", "phrases": [thing]}]}
    return {"turn": turn.pop("turn"), "chosen": turn, "rejected": wrong}


def lines(path: Path, *entries: Any) -> Path:
    """A file of lines; what is no text is written as JSON."""
    path.write_text("\n".join(e if isinstance(e, str) else json.dumps(e) for e in entries) + "\n", encoding="utf-8")
    return path


def llama(folder: Path) -> str:
    """Where it is saved."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(IDEFICS)
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
