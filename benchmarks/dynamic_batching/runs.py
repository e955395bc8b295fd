"""What one side did with one list of requests, and whether that was what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.dynamic_batching.work import Request
from benchmarks.harness.run import BenchmarkError

ALIKE = 4
"""Words with which all answers to a prompt begin; later a rounding may part them."""


@dataclass(frozen=True)
class Answer:
    """Seconds to the first text (None: nothing is streamed) and to the last; tokens of prompt and answer."""

    first_s: float | None
    seconds: float
    tokens: int
    prompt_tokens: int
    text: str


@dataclass(frozen=True)
class Run:
    """A side's answers in the order of the requests, and the seconds from the first request to the last answer."""

    wall_s: float
    answers: Sequence[Answer]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Run:
        """Out of a worker's answer."""
        return cls(told["wall_s"], [Answer(**answer) for answer in told["answers"]])

    def sample(self, **of: Any) -> dict[str, Any]:
        """As it is kept: what it is `of`, and its times."""
        firsts = [a.first_s for a in self.answers if a.first_s is not None]
        return of | {
            "wall_s": round(self.wall_s, 3),
            "tokens": [a.tokens for a in self.answers],
            "first_s": [round(s, 4) for s in firsts],
            "seconds": [round(a.seconds, 3) for a in self.answers],
        }


def check(side: str, asked: Sequence[Request], run: Run) -> None:
    """
    Raises:
        BenchmarkError: other numbers of tokens than were asked for.
    """
    for request, answer in zip(asked, run.answers, strict=True):
        if answer.tokens != request.tokens:
            raise BenchmarkError(f"{side} wrote {answer.tokens} tokens where {request.tokens} were asked for")


def check_alike(runs: Mapping[str, Run]) -> None:
    """Of requests that were alone: the same prompt everywhere, and the same beginning of its greedy answer.

    Raises:
        BenchmarkError: they differ.
    """
    for said in zip(*(run.answers for run in runs.values()), strict=True):
        prompts = {side: a.prompt_tokens for side, a in zip(runs, said, strict=True)}
        begun = {side: " ".join(a.text.split()[:ALIKE]) for side, a in zip(runs, said, strict=True)}
        for kind, found in (("prompt", prompts), ("answer", begun)):
            if len(set(found.values())) > 1:
                raise BenchmarkError(f"the sides do not do the same work, their {kind}s differ: {found}")
