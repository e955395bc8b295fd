"""Text generation as both language models do it: what is asked for, and what comes token by token.

The words are Text Generation Inference's, whose surface shows all of it. Source: TGI 1.0.3's REST API.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vlp_graph.errors import InvalidRequest


@dataclass(frozen=True)
class Generation:
    """A prompt of texts and pictures (RGB uint8 [H, W, 3]) in their order, and how to go on from it.

    Without any of `do_sample`, `temperature`, `top_k`, `top_p` and `typical_p` the likeliest token is taken each time.
    `truncate` keeps the last so many tokens of the prompt. `prefill` asks for the prompt's tokens with their
    log-probabilities, `top_n_tokens` for the likeliest tokens at each step. `max_input_length` and `max_total_tokens`
    bound the prompt, and the prompt with `max_new_tokens` (None: as the model does).
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
    watermark: bool = False
    top_n_tokens: int = 0
    max_input_length: int | None = None
    max_total_tokens: int | None = None

    @property
    def samples(self) -> bool:
        """Whether tokens are drawn by chance."""
        chosen = (self.temperature, self.top_k, self.top_p, self.typical_p)
        return self.do_sample or any(value is not None for value in chosen)

    def seed_used(self) -> int | None:
        """The seed to draw with: the one that is asked for, or a fresh one; None where nothing is drawn."""
        if not self.samples:
            return None
        return secrets.randbits(63) if self.seed is None else self.seed

    def check_length(self, tokens: int, max_model_len: int) -> None:
        """
        Raises:
            InvalidRequest: a prompt of so many tokens, or what it may grow to, is more than is taken.
        """
        total = min(self.max_total_tokens or max_model_len, max_model_len)
        longest = min(self.max_input_length or total, total)
        if tokens + self.max_new_tokens > total:
            raise InvalidRequest(
                f"`inputs` tokens + `max_new_tokens` must be <= {total}. "
                f"Given: {tokens} `inputs` tokens and {self.max_new_tokens} `max_new_tokens`",
                param="inputs",
            )
        if tokens > longest:
            raise InvalidRequest(f"`inputs` must have less than {longest} tokens. Given: {tokens}", param="inputs")


@dataclass(frozen=True)
class Token:
    """A token, its text, and its natural log-probability as the model has it, before penalties and temperature (None:
    of a prompt's first token there is none). `top` are the likeliest at its place. `more`: that another follows is
    known; where it is false, none may."""

    id: int
    text: str
    logprob: float | None
    special: bool = False
    top: tuple[Token, ...] = ()
    more: bool = False


@dataclass(frozen=True)
class Prefill:
    """The tokens of the prompt."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Finish:
    """The end: why, and the whole text that was made, `stop` words included. `seed` is the one that was used,
    `queued_s` how long the request waited for its turn at the model."""

    reason: Literal["length", "eos_token", "stop_sequence"]
    text: str
    prompt_tokens: int
    generated_tokens: int
    seed: int | None = None
    queued_s: float = 0.0


Piece = Prefill | Token | Finish
