"""The same weights through `transformers`, as a worker: one after another, or in static batches padded on the left."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.dynamic_batching.runs import Answer
from benchmarks.dynamic_batching.work import Request, grouped
from benchmarks.harness.processes import Answers, answering
from vlp_graph.config import Llama, load
from vlp_graph.engines.loading import fastest_dtype
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclasses.dataclass(frozen=True)
class Naive:
    """Model and tokenizer, loaded. `never` are the token ids that would end an answer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    never: Sequence[int]

    @classmethod
    def load(cls, config: Llama, never: Sequence[int]) -> Naive:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        source = resolve(config.source)
        told = getattr(torch, fastest_dtype(config.dtype, config.device))
        model: Any = AutoModelForCausalLM.from_pretrained(source, revision=config.revision, dtype=told)
        tokenizer: Any = AutoTokenizer.from_pretrained(source, revision=config.revision, padding_side="left")
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        return cls(model.to(config.device).eval(), tokenizer, never)

    def batch(self, requests: Sequence[Request]) -> list[Answer]:
        """All together, until the longest is written; what the others got beyond their length is thrown away."""
        import torch

        began, tokenizer = time.perf_counter(), self.tokenizer
        asked = [[{"role": "user", "content": request.prompt}] for request in requests]
        texts: Any = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        inputs = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(self.model.device)
        longest = max(request.tokens for request in requests)
        with torch.inference_mode():
            generate: Any = self.model.generate
            made = generate(
                **inputs,
                do_sample=False,
                max_new_tokens=longest,
                min_new_tokens=longest,
                suppress_tokens=list(self.never),
                pad_token_id=tokenizer.pad_token_id,
            )
        new = made[:, inputs["input_ids"].shape[1] :]
        seconds = time.perf_counter() - began
        return [
            Answer(None, seconds, len(row), int(mask.sum()), str(tokenizer.decode(row, skip_special_tokens=True)))
            for row, mask in (
                (ids[: request.tokens], mask)
                for ids, mask, request in zip(new, inputs["attention_mask"], requests, strict=True)
            )
        ]


@contextmanager
def start(settings: dict[str, Any]) -> Iterator[tuple[Any, Answers]]:
    import torch

    config = load(settings["profile"]).models.llama
    if settings["cores"]:
        os.sched_setaffinity(0, settings["cores"])
        torch.set_num_threads(len(settings["cores"]))
    naive = Naive.load(config, settings["never"])

    def answer(asked: dict[str, Any]) -> Any:
        requests = [Request(**request) for request in asked["requests"]]
        began = time.perf_counter()
        answers = [a for group in grouped(requests, asked["clients"]) for a in naive.batch(group)]
        return {"wall_s": time.perf_counter() - began, "answers": [dataclasses.asdict(a) for a in answers]}

    yield None, answer


if __name__ == "__main__":
    answering(start)
