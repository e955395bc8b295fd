"""Each model as its deployment loads it, and the largest batch that its profile allows, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.gpu_memory.folders import takes_dummies
from benchmarks.gpu_memory.ranks import Rank, told
from vlp_graph.config import DistilBert, GroundedSam, Idefics, Llama, Model, Whisper
from vlp_graph.sizing.memory import runs_in_vllm

_PICTURE = (1000, 1666, 3)
"""What a detector brings to 800 x 1333, the largest that it takes."""
_NEW = 8
"""Tokens that are made where a prompt is as long as it may be."""
_LABELS = 4


@dataclass(frozen=True)
class Running:
    """A loaded model: `work` runs its largest batch. Where vLLM runs it, `ranks` asks its workers, and `close` ends
    them."""

    work: Callable[[], None]
    ranks: Callable[[], list[Rank]] = list
    close: Callable[[], None] = lambda: None


def started(model: Model, kind: str) -> Running:
    """The model, loaded and warm. `kind`: of its weights, as `folders.furnished` says.

    Raises:
        whatever its engine raises: no such device, out of memory.
    """
    if isinstance(model, Llama):
        return _llama(model, dummies=kind == "random" and takes_dummies(model))
    if isinstance(model, Idefics):
        return _idefics3(model) if runs_in_vllm(model) else _idefics(model)
    if isinstance(model, GroundedSam):
        return _grounded_sam(model)
    if isinstance(model, Whisper):
        return _whisper(model)
    assert isinstance(model, DistilBert)
    return _distilbert(model)


def _picture(number: int) -> Any:
    return np.random.default_rng(number).integers(0, 255, _PICTURE, dtype=np.uint8)


def _llama(model: Llama, *, dummies: bool) -> Running:
    """As many prompts as it takes at once, each as long as it takes them, all different."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    from vlp_graph.engines.llama import Llama as Engine

    engine = Engine.load(model, **({"load_format": "dummy"} if dummies else {}))
    llm: Any = engine.llm
    words = min(llm.get_tokenizer().vocab_size, 400)

    def work() -> None:
        random = np.random.default_rng(0)
        prompts = random.integers(10, words, (model.max_num_seqs, model.max_model_len - _NEW)).tolist()
        sampling = SamplingParams(
            temperature=1.0,
            top_p=0.9,
            max_tokens=_NEW,
            ignore_eos=True,
            detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        llm.generate(
            [{"prompt_token_ids": prompt} for prompt in prompts], sampling, use_tqdm=False, lora_request=engine.adapter
        )

    def ranks() -> list[Rank]:
        return [Rank(**one) for one in llm.collective_rpc(told)]

    return Running(work, ranks, lambda: llm.llm_engine.engine_core.shutdown())


def _idefics3(model: Idefics) -> Running:
    """As many questions as it takes at once, each with a picture of as many tiles as there may be."""
    from vlp_graph.engines.idefics import Look
    from vlp_graph.engines.idefics3 import Idefics3 as Engine

    loop = asyncio.new_event_loop()

    async def load() -> Any:
        return Engine.load(model)

    engine = loop.run_until_complete(load())

    async def all_at_once() -> None:
        looks = [Look((_picture(i)[:, :1000],), "what is it?") for i in range(model.max_num_seqs)]
        await asyncio.gather(*map(engine.answer, looks))

    def ranks() -> list[Rank]:
        return [Rank(**one) for one in loop.run_until_complete(engine.engine.collective_rpc(told))]

    return Running(lambda: loop.run_until_complete(all_at_once()), ranks, engine.close)


def _idefics(model: Idefics) -> Running:
    """A batch of questions as long as they may be and, beside it, as many prompts that are continued in turns."""
    from deployments.idefics import warmed
    from vlp_graph.engines.generation import Generation
    from vlp_graph.engines.idefics import Look

    engine, picture = warmed(model), _picture(0)

    def prompt_tokens(words: int) -> int:
        text = [engine._conversation(Look((picture,), "red " * words))]
        return int(engine.processor(text=text, add_special_tokens=False, return_tensors="pt")["input_ids"].shape[1])

    few, more = prompt_tokens(10), prompt_tokens(20)

    def question(new: int) -> str:
        """A question with which, and with `new` tokens, a sequence is nearly full."""
        return "red " * (10 + max(0, (model.max_model_len - new - few - 16) * 10 // (more - few)))

    asked, told_on = question(model.max_new_tokens), question(_NEW)

    def continued() -> None:
        prompt = ("User:", picture, f"{told_on}\nAssistant:")
        running = [engine.generate(Generation(prompt, _NEW)) for _ in range(model.batch.size)]
        while running:
            running = [one for one in running if next(one, None) is not None]

    def work() -> None:
        with ThreadPoolExecutor(1) as beside:
            prompts = beside.submit(continued)
            engine.answer([Look((picture,), asked)] * model.batch.size)
            prompts.result()

    return Running(work)


def _grounded_sam(model: GroundedSam) -> Running:
    """Pictures until no more are kept; then a batch that fills a pass of the detector, and masks of one picture as
    many as are decoded at once."""
    from deployments.grounded_sam import warmed
    from vlp_graph.engines.grounded_sam import Query, Showing
    from vlp_graph.engines.sam import PROMPTS_AT_ONCE, Prompt

    engine = warmed(model)

    def work() -> None:
        for number in range(model.embeddings):
            for _ in engine.find([Query(_picture(number), ("object",), digest=f"kept {number}")])[0]:
                pass
            engine.sam.embed(_picture(number), f"kept {number}")
        batch = model.batch.size
        phrases = [tuple(f"thing {n}" for n in range(-(-model.phrases_at_once // batch)))] * batch
        pictures = [_picture(model.embeddings + i) for i in range(batch)]
        engine.find([Query(picture, named) for picture, named in zip(pictures, phrases, strict=True)])
        boxes = tuple(Prompt((10.0 * i, 10.0, 10.0 * i + 500, 600.0)) for i in range(PROMPTS_AT_ONCE))
        for _ in engine.outline(Showing(pictures[0], boxes, several=True)):
            pass

    return Running(work)


def _whisper(model: Whisper) -> Running:
    """Half a minute of noise, at every temperature that Whisper tries."""
    from deployments.whisper import warmed
    from vlp_graph.engines.transcript import Listening
    from vlp_graph.engines.whisper import SAMPLE_RATE

    engine = warmed(model)
    noise = np.random.default_rng(0).normal(0, 0.1, 30 * SAMPLE_RATE).astype(np.float32)

    def work() -> None:
        known = engine.model.supported_languages
        for _ in engine.hear(Listening(noise, language=known[0], vad=False))[1]:
            pass

    return Running(work)


def _distilbert(model: DistilBert) -> Running:
    """A batch of texts that are cut at what is read of a text, and the nearest of their labels."""
    from deployments.distilbert import warmed

    engine = warmed(model)

    def work() -> None:
        texts = [f"{number} circles are there? " * 200 for number in range(model.batch.size)]
        engine.read(texts)
        engine.nearest(texts, [[f"label {n}" for n in range(_LABELS)]] * len(texts))

    return Running(work)
