"""DistilBERT: the intent of a turn, the things that it is about, and which of a caller's labels a text is nearest to.

Intent and spans come from one pass under a LoRA adapter with two heads (its folder names the intents) on top of a
sentence encoder; the bare encoder compares sentences (mean-pooled, cosine), so that labels need no training.
Papers: arXiv 1910.01108, 1908.10084.
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


OUTSIDE, BEGIN, INSIDE = range(3)
"""Tags of the span head."""


@dataclass(frozen=True)
class Span:
    """Words of a text that name what it is about: `text[start:end]`. `score` is that of its least sure token."""

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Reading:
    """The probability of every intent, and the spans in the order of the text."""

    intents: dict[str, float]
    spans: list[Span]


def add_span_head(model: Any) -> None:
    """Give a `DistilBertForSequenceClassification` the head `spans`: a tag for every token."""
    from torch import nn

    model.spans = nn.Linear(model.config.dim, 3)


def heads(model: Any, hidden: Any) -> tuple[Any, Any]:
    """Logits of the intents [B, labels] and of the tags [B, tokens, 3] out of the encoder's hidden states."""
    pooled = model.pre_classifier(hidden[:, 0]).relu()
    return model.classifier(pooled), model.spans(hidden)


@dataclass
class DistilBert:
    """`DistilBert.load(encoder, adapter=folder).read(["how many cats are there?"])`."""

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
        add_span_head(base)
        model = PeftModel.from_pretrained(base, folder).eval()
        return cls(model, AutoTokenizer.from_pretrained(path, revision=revision))

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Intent and spans of each text, in one pass."""
        import torch

        batch = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=LONGEST,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        offsets = batch.pop("offset_mapping").tolist()
        batch = {k: batch[k].to(self.model.device) for k in ("input_ids", "attention_mask")}
        base: Any = self.model.base_model.model
        with torch.inference_mode():
            hidden = base.distilbert(**batch)[0]
            intents, tags = heads(base, hidden)
        labels = self.model.config.id2label
        probabilities, tag_scores = intents.float().softmax(-1).tolist(), tags.float().softmax(-1).tolist()
        return [
            Reading({labels[i]: p for i, p in enumerate(row)}, _spans(text, where, scores))
            for text, row, where, scores in zip(texts, probabilities, offsets, tag_scores, strict=True)
        ]

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


def _spans(text: str, offsets: Sequence[tuple[int, int]], scores: Sequence[Sequence[float]]) -> list[Span]:
    """Tokens that are tagged one after the other, as spans of the text."""
    found: list[tuple[int, int, float]] = []
    open_ = False
    for (start, end), row in zip(offsets, scores, strict=True):
        if start == end:  # [CLS], [SEP] and padding lie nowhere
            open_ = False
            continue
        tag = max(range(3), key=lambda i: row[i])
        if tag == OUTSIDE:
            open_ = False
        elif tag == INSIDE and open_:
            begin, _, least = found[-1]
            found[-1] = (begin, end, min(least, row[tag]))
        else:
            found.append((start, end, row[tag]))
            open_ = True
    return [Span(text[start:end], start, end, round(score, 4)) for start, end, score in found]
