"""The prompt of IDEFICS: texts and pictures in order, as token ids and tensors.

The processor of transformers takes a text that looks like a URL for a picture and fetches it, cannot truncate, and
tells nobody which tokens a picture has. So the text is laid out here as it lays it out (arXiv 2306.16527), and its
own functions do the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vlp_graph.errors import InvalidRequest

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import IdeficsProcessor

IMAGE, AROUND_IMAGE, END_OF_UTTERANCE = "<image>", "<fake_token_around_image>", "<end_of_utterance>"
_ROLES = re.compile(r"(User:|Assistant:)")


@dataclass(frozen=True)
class Prompt:
    """Token ids, and the pictures (RGB uint8 [H, W, 3]) that their `<image>` tokens stand for, in order."""

    ids: list[int]
    pictures: list[NDArray[np.uint8]]


def lay_out(
    parts: Sequence[str | NDArray[np.uint8]], tokenizer: Tokenizer, *, bos: str, lowercase: bool, truncate: int | None
) -> Prompt:
    """The prompt of `parts`. `lowercase` spares the speakers' names. `truncate` keeps the last so many tokens.

    Raises:
        InvalidRequest: a text has a token that only a picture may have.
    """
    text, after_picture = bos, False
    pictures: list[NDArray[np.uint8]] = []
    for part in parts:
        if isinstance(part, str):
            text += _text(part.strip(" "), tokenizer, lowercase)
        else:
            text += ("" if after_picture else AROUND_IMAGE) + IMAGE + AROUND_IMAGE
            pictures.append(part)
        after_picture = not isinstance(part, str)
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    if truncate is None or len(ids) <= truncate:
        return Prompt(ids, pictures)
    kept = _whole_pictures(ids[-truncate:], tokenizer) or ids[:1]
    left = kept.count(token_id(tokenizer, IMAGE))
    return Prompt(kept, pictures[len(pictures) - left :])


def _text(text: str, tokenizer: Tokenizer, lowercase: bool) -> str:
    for token in (IMAGE, AROUND_IMAGE):
        if token in text:
            raise InvalidRequest(f"{token} stands for a picture only; put the picture itself there", param="inputs")
    if tokenizer.token_to_id(END_OF_UTTERANCE) is None:  # a checkpoint whose turns end with the line
        text = text.replace(END_OF_UTTERANCE, "")
    if lowercase:
        text = "".join(part if _ROLES.fullmatch(part) else part.lower() for part in _ROLES.split(text))
    return text


def _whole_pictures(ids: list[int], tokenizer: Tokenizer) -> list[int]:
    """Without the rest of a picture whose first tokens have been cut off."""
    image, around = token_id(tokenizer, IMAGE), token_id(tokenizer, AROUND_IMAGE)
    if ids[:1] == [image]:
        ids = ids[1:]
    if ids[:1] == [around] and ids[1:2] != [image]:
        ids = ids[1:]
    return ids


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """
    Raises:
        ValueError: the tokenizer does not have it, so it is none of an IDEFICS.
    """
    if (id := tokenizer.token_to_id(token)) is None:
        raise ValueError(f"the tokenizer has no {token}: not an IDEFICS checkpoint")
    return id


def tensors(prompt: Prompt, processor: IdeficsProcessor) -> dict[str, Any]:
    """Inputs of the model: `input_ids` [1, T], `pixel_values` [1, pictures, 3, S, S] and `image_attention_mask`
    [1, T, pictures]; without a picture one black one that no token looks at."""
    import torch
    from PIL import Image
    from transformers.models.idefics import processing_idefics as processing

    ids = torch.tensor([prompt.ids])
    if not prompt.pictures:
        pixels = torch.zeros(1, 1, *processor.default_image_dims)
        return {"input_ids": ids, "pixel_values": pixels, "image_attention_mask": torch.zeros(1, ids.shape[1], 1)}
    pixels = processor.image_processor([Image.fromarray(p) for p in prompt.pictures], return_tensors="pt")
    mask, _ = processing.image_attention_mask_for_packed_input_ids(ids, processor.tokenizer, "pt")
    mask = processing.incremental_to_binary_attention_mask(mask, "pt", num_classes=len(prompt.pictures))
    return {"input_ids": ids, "pixel_values": pixels[None], "image_attention_mask": mask}
