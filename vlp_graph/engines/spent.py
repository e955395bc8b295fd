"""Tokens that a model has read and written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Spent:
    """Tokens of prompts and of what was written to them."""

    prompt: int = 0
    completion: int = 0

    def add(self, prompt: int, completion: int) -> None:
        self.prompt += prompt
        self.completion += completion
