"""Which label fits a text, by entailment: a model of natural language inference reads the text, then "This example is
LABEL.", and says how surely the one follows from the other. Labels need no training. Paper: arXiv 1909.00161.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from vlp_graph.engines.loading import load_pretrained
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from transformers import DistilBertForSequenceClassification, PreTrainedTokenizerBase

HYPOTHESIS = "This example is {}."
"""The sentence that has to follow; transformers' own for zero-shot classification."""
PAIRS_AT_ONCE = 64
"""Pairs of a text and a label in one pass: this bounds memory."""


@dataclass
class Nli:
    """`Nli.load("typeform/distilbert-base-uncased-mnli").decide(["a dog in the snow"], [["animal", "car"]])`."""

    model: DistilBertForSequenceClassification
    tokenizer: PreTrainedTokenizerBase
    entailment: int

    @classmethod
    def load(cls, source: str, *, revision: str | None = None, **options: Any) -> Self:
        """`options` are those of `load_pretrained`.

        Raises:
            ValueError: a model without the label `entailment`.
        """
        from transformers import AutoTokenizer, DistilBertForSequenceClassification

        path = resolve(source)
        model = load_pretrained(
            DistilBertForSequenceClassification,
            path,
            revision=revision,
            whole=("pre_classifier", "classifier"),
            **options,
        )
        names = {str(name).lower(): int(id) for id, name in model.config.id2label.items()}
        entailment = next((id for name, id in names.items() if name.startswith("entail")), None)
        if entailment is None:
            known = ", ".join(names)
            raise ValueError(f"nli {source!r} has no label `entailment` (it has {known}): take one trained on MNLI")
        return cls(model, AutoTokenizer.from_pretrained(path, revision=revision), entailment)

    def decide(self, texts: Sequence[str], labels: Sequence[Sequence[str]]) -> list[dict[str, float]]:
        """For each text its own labels with probabilities: softmax over how surely each is entailed."""
        import torch

        pairs = [(text, HYPOTHESIS.format(label)) for text, own in zip(texts, labels, strict=True) for label in own]
        logits = torch.cat([self._logits(pairs[i : i + PAIRS_AT_ONCE]) for i in range(0, len(pairs), PAIRS_AT_ONCE)])
        each = logits[:, self.entailment].split([len(own) for own in labels])
        return [
            dict(zip(own, scores.softmax(0).tolist(), strict=True)) for own, scores in zip(labels, each, strict=True)
        ]

    def _logits(self, pairs: Sequence[tuple[str, str]]) -> Any:
        """[pairs, labels of the model]. What is too long is cut from the text, never from the label."""
        import torch

        batch = self.tokenizer(
            [text for text, _ in pairs],
            [hypothesis for _, hypothesis in pairs],
            padding=True,
            truncation="only_first",
            max_length=self.model.config.max_position_embeddings,
            return_tensors="pt",
        )
        inputs = {key: batch[key].to(self.model.device) for key in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            return self.model(**inputs).logits.float().cpu()
