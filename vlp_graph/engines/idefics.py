"""IDEFICS (v1): looks at pictures and answers in words. Paper: arXiv 2306.16527 (OBELICS)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.detokenizer import special_tokens
from vlp_graph.engines.generation import Generation, Piece
from vlp_graph.engines.idefics_generation import Words, go_on
from vlp_graph.engines.idefics_prompt import AROUND_IMAGE, END_OF_UTTERANCE, IMAGE, lay_out, tensors, token_id
from vlp_graph.engines.loading import claim_device, load_pretrained
from vlp_graph.engines.spent import Spent
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from transformers import IdeficsForVisionText2Text, IdeficsProcessor


@dataclass(frozen=True)
class Look:
    """A question about pictures (RGB uint8 [H, W, 3] each, in the order of the dialogue). `examples` are pictures with
    the answer that the question has for each: a few-shot prompt. `max_new_tokens` replaces
    the engine's own."""

    pictures: tuple[NDArray[np.uint8], ...]
    question: str
    examples: tuple[tuple[NDArray[np.uint8], str], ...] = ()
    max_new_tokens: int | None = None


@dataclass
class Idefics:
    """`Idefics.load("HuggingFaceM4/idefics-9b-instruct").answer([Look((picture,), "What is this?")])`.

    `answer` and `generate` may run side by side, each in a thread of its own.
    """

    model: IdeficsForVisionText2Text
    processor: IdeficsProcessor
    max_new_tokens: int
    system_prompt: str
    lowercase: bool
    max_model_len: int
    spent: Spent = field(init=False, default_factory=Spent)

    @classmethod
    def load(
        cls,
        source: str,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        quantization: str | None = None,
        revision: str | None = None,
        max_new_tokens: int = 80,
        system_prompt: str = "",
        lowercase: bool = False,
        max_model_len: int = 2048,
        num_gpus: float = 1.0,
    ) -> Self:
        """`num_gpus` bounds the memory that is taken on a GPU; `quantization` is by bitsandbytes.

        Raises:
            DeviceMissing: no such device here.
        """
        from transformers import AutoProcessor, IdeficsForVisionText2Text

        path = resolve(source)
        claim_device(device, num_gpus)
        model = load_pretrained(
            IdeficsForVisionText2Text,
            path,
            device=device,
            dtype=dtype,
            quantization=quantization,
            revision=revision,
        )
        processor = AutoProcessor.from_pretrained(path, revision=revision)
        processor.tokenizer.padding_side = "left"
        return cls(model, processor, max_new_tokens, system_prompt, lowercase, max_model_len)

    def generate(self, generation: Generation) -> Iterator[Piece]:
        """Goes on from a prompt of texts and pictures, token by token.

        Raises:
            InvalidRequest: more tokens than `max_model_len` or the request's own limits, or a text with `<image>`.
        """
        words = self._words
        bos: Any = self.processor.tokenizer.bos_token
        prompt = lay_out(
            generation.prompt, words.tokenizer, bos=bos, lowercase=self.lowercase, truncate=generation.truncate
        )
        generation.check_length(len(prompt.ids), self.max_model_len)
        yield from go_on(self.model, words, tensors(prompt, self.processor), generation)

    @cached_property
    def _words(self) -> Words:
        """A tokenizer of generation's own: padding, which `answer` sets, changes the one that it uses."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self.processor.tokenizer.backend_tokenizer.to_str())
        tokenizer.no_padding()
        tokenizer.no_truncation()
        never = tuple(token_id(tokenizer, token) for token in (IMAGE, AROUND_IMAGE))
        return Words(tokenizer, special_tokens(tokenizer), frozenset(self._ends()), never)

    def answer(self, looks: Sequence[Look]) -> list[str]:
        """One greedy answer for each question, generated as one batch."""
        import torch

        inputs = self.processor(
            text=[self._conversation(look) for look in looks],
            padding=True,
            add_special_tokens=False,
            return_tensors="pt",
        ).to(self.model.device)
        inputs["pixel_values"] = inputs["pixel_values"].to(self.model.dtype)
        longest = [look.max_new_tokens or self.max_new_tokens for look in looks]
        with torch.inference_mode():
            tokens = self.model.generate(  # type: ignore[misc]
                **inputs,
                max_new_tokens=max(longest),
                do_sample=False,
                bad_words_ids=self._never(),
                eos_token_id=self._ends(),
            )
        start, padding = inputs["input_ids"].shape[1], self.processor.tokenizer.pad_token_id
        new = [row[start : start + most] for row, most in zip(tokens, longest, strict=True)]
        self.spent.add(int(inputs["attention_mask"].sum()), sum(int((row != padding).sum()) for row in new))
        return [text.strip() for text in self.processor.batch_decode(new, skip_special_tokens=True)]

    def _conversation(self, look: Look) -> list[Any]:
        from PIL import Image

        end = END_OF_UTTERANCE if END_OF_UTTERANCE in self.processor.tokenizer.get_vocab() else ""
        asked = f"{self._plain(look.question)}{end}\nAssistant:"
        said: list[Any] = [self.system_prompt + "User:"]
        for picture, answer in look.examples:
            said += [Image.fromarray(picture), f"{asked} {self._plain(answer)}{end}\nUser:"]
        return [*said, *(Image.fromarray(p) for p in look.pictures), asked]

    def _plain(self, text: str) -> str:
        """The text without what would smuggle in a picture or end a turn. The processor fetches what looks like a URL:
        with a space in it nothing does."""
        text = text.lower() if self.lowercase else text
        for token in self._reserved():
            text = text.replace(token, " ")
        return text.replace("://", ": //")

    def _reserved(self) -> list[str]:
        return [*self.processor.tokenizer.all_special_tokens, END_OF_UTTERANCE, IMAGE, AROUND_IMAGE]

    def _never(self) -> list[list[int]]:
        tokens = self.processor.tokenizer([IMAGE, AROUND_IMAGE], add_special_tokens=False)
        return [list(ids) for ids in tokens.input_ids]

    def _ends(self) -> list[int]:
        tokenizer = self.processor.tokenizer
        ends = [tokenizer.eos_token_id]
        if END_OF_UTTERANCE in tokenizer.get_vocab():
            ends.append(tokenizer.convert_tokens_to_ids(END_OF_UTTERANCE))
        return ends
