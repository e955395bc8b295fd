"""What transformers makes of an Idefics3 checkpoint, greedily: what every other engine and road has to answer, too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 12
"""Tokens of an answer."""


class Plain:
    """The checkpoint in transformers."""

    def __init__(self, checkpoint: Path) -> None:
        import torch
        from transformers import AutoProcessor, Idefics3ForConditionalGeneration

        self.processor = AutoProcessor.from_pretrained(checkpoint)
        self.model = Idefics3ForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32).eval()

    def ids(self, text: str, pictures: list[NDArray[np.uint8]]) -> tuple[list[int], list[int]]:
        """Ids of the prompt and of the greedy answer, of which pictures' own tokens are no part."""
        from PIL import Image

        images = [Image.fromarray(p) for p in pictures] or None
        inputs = self.processor(text=text, images=images, return_tensors="pt", add_special_tokens=False)
        places = [token for token in self.processor.tokenizer.get_added_vocab() if token[1:4] in ("row", "glo")]
        never = [[id] for id in self.processor.tokenizer.convert_tokens_to_ids([*places, "<image>"])]
        never.append([self.processor.fake_image_token_id])
        ids: Any = self.model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False, bad_words_ids=never)
        length = inputs["input_ids"].shape[1]
        return ids[0, :length].tolist(), ids[0, length:].tolist()

    def answer(self, question: str, pictures: Sequence[NDArray[np.uint8]]) -> str:
        """Greedy, to a question in the form of a dialogue."""
        text = f"<|im_start|>User:{'<image>' * len(pictures)}{question}<end_of_utterance>\nAssistant:"
        _, made = self.ids(text, list(pictures))
        return str(self.processor.tokenizer.decode(made, skip_special_tokens=True)).strip()
