"""GroundingDINO: which boxes a phrase names in a picture.

Every phrase gets a pass of its own (all passes of a batch run together): slower than one prompt with all phrases,
and clearly better at putting the right phrase to a box. Paper: arXiv 2303.05499.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.boxes import suppress
from vlp_graph.engines.loading import pretrained_options
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from transformers import GroundingDinoForObjectDetection, GroundingDinoProcessor


@dataclass(frozen=True)
class Detection:
    """A box x0, y0, x1, y1 in pixels of the picture that was given, and how sure (0..1) it is the phrase."""

    phrase: str
    score: float
    box: tuple[float, float, float, float]


@dataclass
class GroundingDino:
    """`GroundingDino.load("IDEA-Research/grounding-dino-tiny").detect([picture], [["a cat", "a dog"]])`."""

    model: GroundingDinoForObjectDetection
    processor: GroundingDinoProcessor
    threshold: float
    nms: float
    companion: float

    @classmethod
    def load(
        cls,
        source: str,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        quantization: str | None = None,
        revision: str | None = None,
        threshold: float = 0.3,
        nms: float = 0.6,
        companion: float | None = None,
    ) -> Self:
        """A phrase is there where its best box scores `threshold`; its other boxes count from `companion` on (default:
        the same), as in hysteresis thresholding: several alike things share what one of them would score."""
        from transformers import AutoProcessor, GroundingDinoForObjectDetection

        path = resolve(source)
        options = pretrained_options(device=device, dtype=dtype, quantization=quantization, revision=revision)
        model = GroundingDinoForObjectDetection.from_pretrained(path, **options).eval()
        processor = AutoProcessor.from_pretrained(path, revision=revision)
        return cls(model, processor, threshold, nms, threshold if companion is None else companion)

    def detect(self, pictures: Sequence[NDArray[np.uint8]], phrases: Sequence[Sequence[str]]) -> list[list[Detection]]:
        """For each picture (RGB uint8 [H, W, 3]) what its phrases name, best first within each phrase."""
        import torch

        found: list[list[Detection]] = [[] for _ in pictures]
        pairs = [(i, phrase) for i, named in enumerate(phrases) for phrase in named]
        if not pairs:
            return found
        images = self.processor.image_processor(images=list(pictures), return_tensors="pt")
        text = self._tokens([phrase for _, phrase in pairs])
        index = torch.tensor([i for i, _ in pairs])
        inputs = {k: v[index].to(self.model.device) for k, v in images.items()}
        inputs["pixel_values"] = inputs["pixel_values"].to(self.model.dtype)
        with torch.inference_mode():
            out = self.model(**inputs, **{k: v.to(self.model.device) for k, v in text.items()})
        names = _phrase_tokens(text["input_ids"], self.processor.tokenizer)
        probability = out.logits.float().sigmoid().cpu()[:, :, : names.shape[1]]
        scores = ((probability * names[:, None]).sum(-1) / names.sum(-1, keepdim=True).clamp(1)).numpy()
        boxes = out.pred_boxes.float().cpu().numpy()
        for (i, phrase), score, box in zip(pairs, scores, boxes, strict=True):
            height, width = pictures[i].shape[:2]
            found[i] += self._select(phrase, score, box, width, height)
        return found

    def _tokens(self, phrases: list[str]) -> dict[str, Any]:
        """Each phrase as a prompt that ends in "."; one [PAD] at least, as the mask builder treats a delimiter in
        the last position apart."""
        import torch

        texts = [phrase.lower().strip(" .") + "." for phrase in phrases]
        longest = self.model.config.max_text_len - 1
        text = self.processor.tokenizer(texts, padding=True, truncation=True, max_length=longest, return_tensors="pt")
        return {k: torch.nn.functional.pad(text[k], (0, 1)) for k in ("input_ids", "attention_mask")}

    def _select(
        self, phrase: str, scores: NDArray[Any], boxes: NDArray[Any], width: int, height: int
    ) -> list[Detection]:
        if not len(scores) or scores.max() < self.threshold:
            return []
        sure = np.flatnonzero(scores >= self.companion)
        centre, half = boxes[sure, :2], boxes[sure, 2:] / 2
        corners = np.clip(np.concatenate([centre - half, centre + half], 1), 0, 1) * [width, height, width, height]
        return [
            Detection(phrase, float(scores[sure[k]]), (corners[k, 0], corners[k, 1], corners[k, 2], corners[k, 3]))
            for k in suppress(corners, scores[sure], self.nms)
        ]


def _phrase_tokens(ids: Any, tokenizer: Any) -> Any:
    """1.0 where a token belongs to the phrase, 0.0 for [CLS], [SEP], [PAD] and the closing mark: float [B, T]."""
    import torch

    outside = torch.tensor([*tokenizer.all_special_ids, tokenizer.convert_tokens_to_ids(".")])
    return (~torch.isin(ids, outside)).float() + _unknown(ids, tokenizer)


def _unknown(ids: Any, tokenizer: Any) -> Any:
    """[UNK] is special to the tokenizer and yet a word of the phrase."""
    return (ids == tokenizer.unk_token_id).float()
