"""vLLM's engine by itself, as a worker: `AsyncLLM` with the profile's options, no HTTP, no Ray.

A request's clock starts with its messages: chat template and tokenizer are part of it, as they are where it is served.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.dynamic_batching.runs import Answer
from benchmarks.dynamic_batching.work import Request, grouped
from benchmarks.harness.processes import Answers, answering
from vlp_graph.config import Llama, load
from vlp_graph.engines.llama import PLANNER, engine_arguments
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from vllm.v1.engine.async_llm import AsyncLLM


class Engine:
    """The engine, up and warm. `never` are the token ids that would end an answer."""

    def __init__(self, engine: AsyncLLM, tokenizer: PreTrainedTokenizerBase, never: Sequence[int]) -> None:
        self._engine, self._tokenizer, self._never = engine, tokenizer, list(never)
        self._ids = itertools.count()

    async def one(self, request: Request) -> Answer:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        began, first, pieces, tokens, prompt = time.perf_counter(), None, list[str](), 0, 0
        sampling = SamplingParams(
            temperature=0.0,
            max_tokens=request.tokens,
            logit_bias=dict.fromkeys(self._never, -100.0),
            output_kind=RequestOutputKind.DELTA,
        )
        messages = [{"role": "user", "content": request.prompt}]
        text: Any = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids: Any = self._tokenizer.encode(text, add_special_tokens=False)
        number = str(next(self._ids))
        async for output in self._engine.generate({"prompt_token_ids": ids}, sampling, number):
            made = output.outputs[0]
            if first is None and made.text:
                first = time.perf_counter() - began
            pieces.append(made.text)
            tokens += len(made.token_ids)
            prompt = len(output.prompt_token_ids or ())
        return Answer(first, time.perf_counter() - began, tokens, prompt, "".join(pieces))

    async def closed(self, requests: Sequence[Request], clients: int) -> list[Answer]:
        """So many clients side by side; each sends its next request when its last is answered."""
        left, answers = iter(enumerate(requests)), dict[int, Answer]()

        async def client() -> None:
            for number, request in left:
                answers[number] = await self.one(request)

        await asyncio.gather(*(client() for _ in range(clients)))
        return [answers[number] for number in range(len(requests))]

    async def static(self, requests: Sequence[Request], size: int) -> list[Answer]:
        """Batches of one size: the next begins when all of the last are done."""
        return [a for group in grouped(requests, size) for a in await asyncio.gather(*map(self.one, group))]


async def _started(config: Llama) -> AsyncLLM:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.lora.request import LoRARequest
    from vllm.v1.engine.async_llm import AsyncLLM

    engine = AsyncLLM.from_engine_args(AsyncEngineArgs(model=resolve(config.source), **engine_arguments(config)))
    if config.planner:
        await engine.add_lora(LoRARequest(PLANNER, 1, resolve(config.planner)))
    return engine


@contextmanager
def start(settings: dict[str, Any]) -> Iterator[tuple[Any, Answers]]:
    import uvloop
    from transformers import AutoTokenizer

    config = load(settings["profile"]).models.llama
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    vllm = loop.run_until_complete(_started(config))
    tokenizer: Any = AutoTokenizer.from_pretrained(resolve(config.source), revision=config.revision)
    engine = Engine(vllm, tokenizer, settings["never"])

    def answer(asked: dict[str, Any]) -> Any:
        requests = [Request(**request) for request in asked["requests"]]
        work = engine.static if asked["static"] else engine.closed
        began = time.perf_counter()
        answers = loop.run_until_complete(work(requests, asked["clients"]))
        return {"wall_s": time.perf_counter() - began, "answers": [dataclasses.asdict(a) for a in answers]}

    try:
        yield None, answer
    finally:
        vllm.shutdown()


if __name__ == "__main__":
    answering(start)
