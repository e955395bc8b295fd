"""One setting, as a worker: vLLM with so many ranks, asked in waves of so many users at once.

Times are vLLM's own of each request (its queue, its first and last token), speed is that of the whole wave.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.harness.processes import Answers, answering
from benchmarks.tensor_parallel.memory import of_rank


@contextmanager
def start(settings: dict[str, Any]) -> Iterator[tuple[Any, Answers]]:
    from vllm import LLM, SamplingParams

    began, output = time.perf_counter(), int(settings["output"])
    llm = LLM(
        model=settings["model"],
        dtype=settings["dtype"],
        tensor_parallel_size=settings["ranks"],
        max_model_len=settings["input"] + output,
        max_num_seqs=settings["users"],
        max_num_batched_tokens=max(2048, settings["input"] + output),
        skip_tokenizer_init=True,
        enable_prefix_caching=False,
        enforce_eager=settings["eager"],
        disable_log_stats=False,
        seed=0,
    )
    sampling = SamplingParams(temperature=0.0, max_tokens=output, ignore_eos=True, detokenize=False)
    words = min(llm.llm_engine.model_config.get_vocab_size(), 8000)

    def wave(asked: dict[str, Any]) -> Any:
        rng = random.Random(asked["seed"])
        prompts: Any = [
            {"prompt_token_ids": [rng.randrange(10, words) for _ in range(settings["input"])]}
            for _ in range(asked["users"])
        ]
        start = time.perf_counter()
        outputs = llm.generate(prompts, sampling, use_tqdm=False)
        wall = time.perf_counter() - start
        times: list[Any] = [output.metrics for output in outputs]
        made = [list(output.outputs[0].token_ids) for output in outputs]
        return {
            "wall_s": wall,
            "tokens": [len(ids) for ids in made],
            "first_s": [t.first_token_latency for t in times],
            "token_s": [(t.last_token_ts - t.first_token_ts) / (t.num_generation_tokens - 1) for t in times],
            "begun": [ids[:4] for ids in made],
            "memory": llm.collective_rpc(of_rank),
        }

    try:
        yield {"ready_s": time.perf_counter() - began}, wave
    finally:
        llm.llm_engine.engine_core.shutdown()


if __name__ == "__main__":
    answering(start)
