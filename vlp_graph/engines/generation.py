"""Text generation as both language models do it: what is asked for, and what comes token by token.

The words are Text Generation Inference's, whose surface shows all of it. Source: TGI 1.0.3's REST API.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Generation:
    """A prompt of texts and pictures (RGB uint8 [H, W, 3]) in their order, and how to go on from it.

    Without any of `do_sample`, `temperature`, `top_k`, `top_p` and `typical_p` the likeliest token is taken each time.
    `truncate` keeps the last so many tokens of the prompt. `prefill` asks for the prompt's tokens with their
    log-probabilities.
    """

    prompt: tuple[str | NDArray[np.uint8], ...]
    max_new_tokens: int = 20
    do_sample: bool = False
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    typical_p: float | None = None
    repetition_penalty: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    truncate: int | None = None
    prefill: bool = False


@dataclass(frozen=True)
class Token:
    """A token, its text, and its natural log-probability (None: of a prompt's first token there is none)."""

    id: int
    text: str
    logprob: float | None
    special: bool = False


@dataclass(frozen=True)
class Prefill:
    """The tokens of the prompt."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Finish:
    """The end: why, and the whole text that was made, `stop` words included. `seed` is the one that was used."""

    reason: Literal["length", "eos_token", "stop_sequence"]
    text: str
    prompt_tokens: int
    generated_tokens: int
    seed: int | None = None


Piece = Prefill | Token | Finish
