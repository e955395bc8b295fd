"""Idefics3 and SmolVLM through vLLM: pictures and words in, words out, many at once (continuous batching).

The same questions and generations as `idefics` takes, asynchronously: vLLM has an event loop and a process of its
own. Paper: arXiv 2408.12637.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines import vllm_options
from vlp_graph.engines.completions import Reader, event, sampling
from vlp_graph.engines.generation import Finish, Generation, Piece, Token
from vlp_graph.engines.idefics import Look
from vlp_graph.engines.idefics_prompt import AROUND_IMAGE, END_OF_UTTERANCE, IMAGE, token_id
from vlp_graph.engines.spent import Spent
from vlp_graph.engines.weights import resolve
from vlp_graph.errors import InvalidRequest

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import Idefics3Processor
    from vllm.v1.engine.async_llm import AsyncLLM

    from vlp_graph.config import Idefics as Config

PICTURES = 8
"""Pictures of one prompt."""
PICTURE_CACHE_GIB = 1.0
"""Memory for pictures that were made ready before; vLLM's own choice is 4."""
_OF_PICTURES = re.compile(r"<(image|fake_token_around_image|global-img|row_\d+_col_\d+)>")
"""Tokens that only a picture may bring, and that no answer has."""
_NEVER = -100.0
"""The lowest bias that vLLM takes: such a token is never made."""


@dataclass(frozen=True)
class _Prompt:
    """What vLLM reads, and its token ids, those of pictures among them."""

    rendered: Any
    ids: list[int]


@dataclass
class Idefics3:
    """`await Idefics3.load(profile.models.idefics).answer(Look((picture,), "What is this?"))`.

    Answers and generations run side by side: vLLM batches their steps.
    """

    engine: AsyncLLM
    processor: Idefics3Processor
    max_new_tokens: int
    system_prompt: str
    lowercase: bool
    max_model_len: int
    spent: Spent = field(init=False, default_factory=Spent)
    _numbers: Any = field(init=False, repr=False, default_factory=count)

    @classmethod
    def load(cls, config: Config) -> Self:
        """Call it where an event loop runs; `close` ends vLLM's process.

        Raises:
            DeviceMissing: this vLLM computes elsewhere than on the profile's device.
            ValueError: a checkpoint without a chat template.
        """
        os.environ.update(vllm_options.environment(config))
        vllm_options.check_platform(config)
        from transformers import AutoProcessor
        from vllm import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        path = resolve(config.source)
        processor = AutoProcessor.from_pretrained(path, revision=config.revision)
        if processor.chat_template is None:
            raise ValueError(f"{config.source} has no chat template: take an instruct checkpoint")
        arguments = vllm_options.engine_arguments(config) | {
            "limit_mm_per_prompt": {"image": PICTURES, "video": 0},
            "mm_processor_cache_gb": PICTURE_CACHE_GIB,
            "distributed_executor_backend": "mp" if config.ranks > 1 else None,
        }
        engine = AsyncLLM.from_engine_args(AsyncEngineArgs(model=path, **arguments))
        return cls(
            engine, processor, config.max_new_tokens, config.system_prompt, config.lowercase, config.max_model_len
        )

    def close(self) -> None:
        self.engine.shutdown()

    async def check_health(self) -> None:
        """
        Raises:
            EngineDeadError: vLLM's process has died.
        """
        await self.engine.check_health()

    async def answer(self, look: Look) -> str:
        """The greedy answer to a question.

        Raises:
            InvalidRequest: more tokens or pictures than the model takes.
        """
        text: str = await asyncio.to_thread(
            self.processor.apply_chat_template, self._conversation(look), add_generation_prompt=True, tokenize=False
        )
        asked = Generation((), max_new_tokens=look.max_new_tokens or self.max_new_tokens)
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        prompt = await self._prompt(ids, _pictures(look), asked)
        pieces = [piece async for piece in self._go_on(prompt, asked)]
        return "".join(p.text for p in pieces if isinstance(p, Token) and not p.special).strip()

    async def generate(self, generation: Generation) -> AsyncGenerator[Piece, None]:
        """Goes on from a prompt of texts and pictures, token by token; who leaves ends the work.

        Raises:
            InvalidRequest: more tokens than `max_model_len` or the request's own limits, more pictures than the model
                takes, or a text with a token that stands for a picture.
        """
        ids, pictures = await asyncio.to_thread(self._laid_out, generation)
        prompt = await self._prompt(ids, pictures, generation)
        async with aclosing(self._go_on(prompt, generation)) as pieces:
            async for piece in pieces:
                yield piece

    async def _prompt(self, ids: list[int], pictures: Sequence[NDArray[np.uint8]], asked: Generation) -> _Prompt:
        """`ids` have one `<image>` for each picture; vLLM puts all of the picture's tokens there. What is too long is
        refused before its pictures are made ready."""
        from PIL import Image
        from vllm.exceptions import VLLMClientError

        if len(pictures) > PICTURES:
            raise InvalidRequest(f"{len(pictures)} pictures: this model takes {PICTURES} in one prompt", param="inputs")
        asked.check_length(len(ids) + sum(self._lengths(pictures)) - len(pictures), self.max_model_len)
        prompt: dict[str, Any] = {"prompt_token_ids": ids}
        if pictures:
            prompt["multi_modal_data"] = {"image": [Image.fromarray(picture) for picture in pictures]}
        try:
            (rendered,) = await self.engine.renderer.render_cmpl_async([prompt])  # type: ignore[list-item]
        except VLLMClientError as error:
            raise InvalidRequest(str(error), param="inputs") from None
        return _Prompt(rendered, list(rendered["prompt_token_ids"]))

    async def _go_on(self, prompt: _Prompt, generation: Generation) -> AsyncGenerator[Piece, None]:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        seed = generation.seed_used()
        parameters = SamplingParams(
            **sampling(generation, seed),
            prompt_logprobs=0 if generation.prefill else None,
            stop_token_ids=self._ends,
            logit_bias=dict.fromkeys(self._never, _NEVER),
            output_kind=RequestOutputKind.DELTA,
        )
        reader, first = Reader(self._tokenizer, prompt.ids, generation, seed), True
        async with aclosing(
            self.engine.generate(prompt.rendered, parameters, f"idefics-{next(self._numbers)}")
        ) as outputs:
            async for output in outputs:
                for piece in reader.pieces(event(output, first=first)):
                    if isinstance(piece, Finish):
                        self.spent.add(piece.prompt_tokens, piece.generated_tokens)
                    yield piece
                first = False

    def _conversation(self, look: Look) -> list[dict[str, Any]]:
        """The look as messages of the chat template: examples as earlier turns."""
        picture = {"type": "image"}
        question = {"type": "text", "text": self._plain(look.question)}
        said: list[dict[str, Any]] = []
        if self.system_prompt:
            said.append({"role": "system", "content": [{"type": "text", "text": self.system_prompt}]})
        for _, answer in look.examples:
            said.append({"role": "user", "content": [picture, question]})
            said.append({"role": "assistant", "content": [{"type": "text", "text": self._plain(answer)}]})
        return [*said, {"role": "user", "content": [*(picture for _ in look.pictures), question]}]

    def _plain(self, text: str) -> str:
        """The text without what would pass for a picture or for the end of a turn."""
        text = text.lower() if self.lowercase else text
        for token in self._reserved:
            text = text.replace(token, " ")
        return text

    def _laid_out(self, generation: Generation) -> tuple[list[int], list[NDArray[np.uint8]]]:
        """Token ids with one `<image>` for each picture, after truncation, and the pictures that are left."""
        text, pictures = "", list[NDArray[np.uint8]]()
        for part in generation.prompt:
            if isinstance(part, str):
                if found := _OF_PICTURES.search(part):
                    message = f"{found[0]} stands for a picture only; put the picture itself there"
                    raise InvalidRequest(message, param="inputs")
                text += part.lower() if self.lowercase else part
            else:
                text += IMAGE
                pictures.append(part)
        ids = self._tokenizer.encode(text).ids
        if generation.truncate is None:
            return ids, pictures
        return self._truncated(ids, pictures, generation.truncate)

    def _truncated(
        self, ids: list[int], pictures: list[NDArray[np.uint8]], most: int
    ) -> tuple[list[int], list[NDArray[np.uint8]]]:
        """The right end of at most so many tokens, of whole pictures; one token at least."""
        lengths, kept, left = self._lengths(pictures), 0, len(pictures)
        image = token_id(self._tokenizer, IMAGE)
        for id in reversed(ids):
            length = lengths[left - 1] if id == image else 1
            if length > most:
                break
            most, kept, left = most - length, kept + 1, left - (id == image)
        return (ids[len(ids) - kept :], pictures[left:]) if kept else (ids[-1:], [])

    def _lengths(self, pictures: Sequence[NDArray[np.uint8]]) -> list[int]:
        """Tokens of each picture: it is read in tiles, the more the larger it is."""
        if not pictures:
            return []
        sizes: Any = [picture.shape[:2] for picture in pictures]
        counted: Any = self.processor._get_num_multimodal_tokens(sizes)
        return list(counted["num_image_tokens"])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """A tokenizer of our own: vLLM's and the processor's change theirs while they work."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self.processor.tokenizer.backend_tokenizer.to_str())
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _added(self) -> dict[str, int]:
        return {token.content: id for id, token in self._tokenizer.get_added_tokens_decoder().items()}

    @cached_property
    def _reserved(self) -> list[str]:
        return sorted({*self._added, END_OF_UTTERANCE, IMAGE, AROUND_IMAGE}, key=len, reverse=True)

    @cached_property
    def _never(self) -> list[int]:
        return [id for token, id in self._added.items() if _OF_PICTURES.fullmatch(token)]

    @cached_property
    def _ends(self) -> list[int]:
        ends = {self.processor.tokenizer.eos_token_id, self._added.get(END_OF_UTTERANCE)}
        return [id for id in ends if id is not None]


def _pictures(look: Look) -> list[NDArray[np.uint8]]:
    return [*(picture for picture, _ in look.examples), *look.pictures]
