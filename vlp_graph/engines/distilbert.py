"""DistilBERT: the intent of a turn, and which of the caller's own labels a text is nearest to.

The intent is a LoRA adapter with a head (its folder names the labels) on top of a sentence encoder; the bare
encoder compares sentences (mean-pooled, cosine), so that labels need no training. Papers: arXiv 1910.01108, 1908.10084.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vlp_graph.engines.loading import pretrained_options
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase

LONGEST = 128
"""Tokens of a text that are read; a turn's wording is decided long before."""
SHARPNESS = 20.0
"""Cosines are multiplied by this before the softmax over labels, as sentence-transformers does for ranking."""


@dataclass
class DistilBert:
    """`DistilBert.load(encoder, adapter=folder).intents(["how many cats are there?"])`."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase

    @classmethod
    def load(
        cls,
        source: str,
        *,
        adapter: str,
        device: str = "cpu",
        dtype: str = "float32",
        quantization: str | None = None,
        revision: str | None = None,
    ) -> Self:
        from peft import PeftModel
        from transformers import AutoTokenizer, DistilBertForSequenceClassification

        path, folder = resolve(source), resolve(adapter)
        labels = json.loads((Path(folder) / "labels.json").read_text(encoding="utf-8"))
        options = pretrained_options(device=device, dtype=dtype, quantization=quantization, revision=revision)
        base = DistilBertForSequenceClassification.from_pretrained(
            path, num_labels=len(labels), id2label=dict(enumerate(labels)), **options
        )
        model = PeftModel.from_pretrained(base, folder).eval()
        return cls(model, AutoTokenizer.from_pretrained(path, revision=revision))

    def intents(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """The probability of every task for each text."""
        import torch

        with torch.inference_mode():
            probability = self.model(**self._encode(texts)).logits.float().softmax(-1).cpu()
        labels = self.model.config.id2label
        return [{labels[i]: float(p) for i, p in enumerate(row)} for row in probability]

    def nearest(self, texts: Sequence[str], labels: Sequence[Sequence[str]]) -> list[dict[str, float]]:
        """For each text its own labels with probabilities: softmax over cosine similarity of sentences."""
        flat = [*texts, *(label for own in labels for label in own)]
        vectors = self._sentences(flat)
        result, start = [], len(texts)
        for i, own in enumerate(labels):
            cosine = vectors[start : start + len(own)] @ vectors[i]
            start += len(own)
            result.append(dict(zip(own, (SHARPNESS * cosine).softmax(0).tolist(), strict=True)))
        return result

    def _encode(self, texts: Sequence[str]) -> Any:
        batch = self.tokenizer(list(texts), padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        return {k: batch[k].to(self.model.device) for k in ("input_ids", "attention_mask")}

    def _sentences(self, texts: Sequence[str]) -> Any:
        """Unit vectors [N, dim] of the bare encoder."""
        import torch

        batch = self._encode(texts)
        with torch.inference_mode(), self.model.disable_adapter():
            encoder: Any = self.model.base_model.model
            hidden = encoder.distilbert(**batch)[0].float()
            mask = batch["attention_mask"][..., None].float()
            return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1).cpu()
