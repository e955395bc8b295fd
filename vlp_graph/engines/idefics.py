"""IDEFICS (v1): looks at pictures and answers in words. Paper: arXiv 2306.16527 (OBELICS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.loading import pretrained_options
from vlp_graph.engines.spent import Spent
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from transformers import IdeficsForVisionText2Text, IdeficsProcessor

END_OF_UTTERANCE = "<end_of_utterance>"


@dataclass(frozen=True)
class Look:
    """A question about pictures (RGB uint8 [H, W, 3] each, in the order of the dialogue). `examples` are pictures with
    the answer that the question has for each: a few-shot prompt."""

    pictures: tuple[NDArray[np.uint8], ...]
    question: str
    examples: tuple[tuple[NDArray[np.uint8], str], ...] = ()


@dataclass
class Idefics:
    """`Idefics.load("HuggingFaceM4/idefics-9b-instruct").answer([Look((picture,), "What is this?")])`."""

    model: IdeficsForVisionText2Text
    processor: IdeficsProcessor
    max_new_tokens: int
    system_prompt: str
    lowercase: bool
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
    ) -> Self:
        from transformers import AutoProcessor, IdeficsForVisionText2Text

        path = resolve(source)
        options = pretrained_options(device=device, dtype=dtype, quantization=quantization, revision=revision)
        model = IdeficsForVisionText2Text.from_pretrained(path, **options).eval()
        processor = AutoProcessor.from_pretrained(path, revision=revision)
        processor.tokenizer.padding_side = "left"
        return cls(model, processor, max_new_tokens, system_prompt, lowercase)

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
        with torch.inference_mode():
            tokens = self.model.generate(  # type: ignore[misc]
                **inputs,
                max_new_tokens=self.max_new_tokens,
                do_sample=False,
                bad_words_ids=self._never(),
                eos_token_id=self._ends(),
            )
        new = tokens[:, inputs["input_ids"].shape[1] :]
        padding = self.processor.tokenizer.pad_token_id
        self.spent.add(int(inputs["attention_mask"].sum()), int((new != padding).sum()))
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
        """The text without what would smuggle in a picture or end a turn."""
        text = text.lower() if self.lowercase else text
        for token in self._reserved():
            text = text.replace(token, " ")
        return text

    def _reserved(self) -> list[str]:
        return [*self.processor.tokenizer.all_special_tokens, END_OF_UTTERANCE, "<image>", "<fake_token_around_image>"]

    def _never(self) -> list[list[int]]:
        tokens = self.processor.tokenizer(["<image>", "<fake_token_around_image>"], add_special_tokens=False)
        return [list(ids) for ids in tokens.input_ids]

    def _ends(self) -> list[int]:
        tokenizer = self.processor.tokenizer
        ends = [tokenizer.eos_token_id]
        if END_OF_UTTERANCE in tokenizer.get_vocab():
            ends.append(tokenizer.convert_tokens_to_ids(END_OF_UTTERANCE))
        return ends
