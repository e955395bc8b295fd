"""DistilBERT: the intent of a turn, the things that it is about, the form of what it asks, and which of a caller's
labels a text is nearest to.

Two LoRA adapters with two heads each (a folder names its labels and tags) sit on a sentence encoder: one reads intent
and names, one the form of a question and its roles. The bare encoder compares sentences (mean-pooled, cosine), so that
labels need no training. Papers: arXiv 1910.01108, 1908.10084.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vlp_graph.engines.loading import check_device, claim_device, fastest_dtype, load_pretrained, torch_dtype
from vlp_graph.engines.nli import Nli
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LONGEST = 128
"""Tokens of a text that are read; a turn's wording is decided long before."""
SHARPNESS = 20.0
"""Cosines are multiplied by this before the softmax over labels, as sentence-transformers does for ranking."""


OUTSIDE = 0
"""The tag of a token that names nothing; role number r begins with tag 2r + 1 and goes on with 2r + 2."""
INTENT_ROLES = ("name",)
HEADS = ("pre_classifier", "classifier", "spans")
"""They stay in float32, whatever the encoder computes in."""


@dataclass(frozen=True)
class Span:
    """Words of a text that name something: `text[start:end]`, in a role. `score` is that of its least sure token."""

    text: str
    start: int
    end: int
    score: float
    role: str = INTENT_ROLES[0]


@dataclass(frozen=True)
class Form:
    """The likeliest form of what is asked, its probability, and what stands in its roles."""

    name: str
    score: float
    roles: list[Span]


@dataclass(frozen=True)
class Reading:
    """The probability of every intent, the names in the order of the text, and the form where that is read."""

    intents: dict[str, float]
    spans: list[Span]
    form: Form | None = None


def add_span_head(model: Any, roles: int = 1) -> None:
    """Give a `DistilBertForSequenceClassification` the head `spans`: a tag for every token."""
    from torch import nn

    model.spans = nn.Linear(model.config.dim, 1 + 2 * roles)


def heads(model: Any, hidden: Any) -> tuple[Any, Any]:
    """Logits of the labels [B, labels] and of the tags [B, tokens, tags] out of the encoder's hidden states."""
    pooled = model.pre_classifier(hidden[:, 0]).relu()
    return model.classifier(pooled), model.spans(hidden)


@dataclass
class Tagger:
    """An encoder with an adapter that labels a text and tags its tokens."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    labels: list[str]
    roles: list[str]

    @classmethod
    def load(cls, path: str, folder: str, **options: Any) -> Self:
        """`options` are those of `load_pretrained`. The adapter is merged into the encoder, which halves the time of a
        text on a CPU: in float32, before the encoder gets the dtype that it computes in. Quantised weights would lose
        some of it: they keep it beside them."""
        from peft import PeftModel
        from transformers import AutoTokenizer, DistilBertForSequenceClassification

        labels = json.loads((Path(folder) / "labels.json").read_text(encoding="utf-8"))
        named = Path(folder) / "roles.json"
        roles = json.loads(named.read_text(encoding="utf-8")) if named.exists() else list(INTENT_ROLES)
        is_quantised = options.get("quantization") is not None
        base = load_pretrained(
            DistilBertForSequenceClassification,
            path,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            whole=HEADS,
            **(options if is_quantised else {**options, "dtype": "float32"}),
        )
        add_span_head(base, len(roles))
        adapted: Any = PeftModel.from_pretrained(base, folder).eval()
        model = adapted.base_model.model if is_quantised else adapted.merge_and_unload()
        if not is_quantised:
            model.to(torch_dtype(options["dtype"]))
        for head in HEADS:
            getattr(model, head).to(options["device"]).float()
        check_device(model, options["device"])
        return cls(model, AutoTokenizer.from_pretrained(path, revision=options.get("revision")), labels, roles)

    def read(self, texts: Sequence[str]) -> list[tuple[dict[str, float], list[Span]]]:
        """The probability of every label, and the tagged spans, of each text."""
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
        model: Any = self.model
        with torch.inference_mode():
            labels, tags = heads(model, model.distilbert(**batch)[0].float())
        chances, tag_scores = labels.float().softmax(-1).tolist(), tags.float().softmax(-1).tolist()
        return [
            (dict(zip(self.labels, row, strict=True)), _spans(text, where, scores, self.roles))
            for text, row, where, scores in zip(texts, chances, offsets, tag_scores, strict=True)
        ]


@dataclass
class DistilBert:
    """`DistilBert.load(encoder, adapter=folder).read(["how many cats are there?"])`."""

    intents: Tagger
    forms: Tagger | None = None
    nli: Nli | None = None
    plain: PreTrainedModel | None = None
    """The encoder without an adapter, for similarity: where `nli` does not decide among labels."""

    @classmethod
    def load(
        cls,
        source: str,
        *,
        adapter: str,
        forms: str | None = None,
        device: str = "cpu",
        dtype: str = "float32",
        quantization: str | None = None,
        revision: str | None = None,
        nli: str | None = None,
        nli_revision: str | None = None,
        num_gpus: float = 1.0,
    ) -> Self:
        """`adapter` reads intents, `forms` (none: not read) the form of a question. `nli` decides among labels. A dtype
        of `auto` is `fastest_dtype`'s.
        `num_gpus` bounds the memory that all take on a GPU.

        Raises:
            DeviceMissing: no such device here.
        """
        from transformers import DistilBertModel

        path = resolve(source)
        claim_device(device, num_gpus)
        dtype = fastest_dtype(dtype, device)
        options: dict[str, Any] = {"device": device, "dtype": dtype, "quantization": quantization}
        own = {**options, "revision": revision}
        return cls(
            Tagger.load(path, resolve(adapter), **own),
            Tagger.load(path, resolve(forms), **own) if forms else None,
            Nli.load(nli, revision=nli_revision, **options) if nli else None,
            None if nli else load_pretrained(DistilBertModel, path, **own),
        )

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Intent, names and form of each text, in one pass of each adapter."""
        asked = self.intents.read(texts)
        formed = [_form(*read) for read in self.forms.read(texts)] if self.forms else [None] * len(asked)
        return [Reading(chances, spans, form) for (chances, spans), form in zip(asked, formed, strict=True)]

    def nearest(self, texts: Sequence[str], labels: Sequence[Sequence[str]]) -> list[dict[str, float]]:
        """For each text its own labels with probabilities: by entailment where there is a model for it, else softmax
        over cosine similarity of sentences."""
        if self.nli is not None:
            return self.nli.decide(texts, labels)
        flat = [*texts, *(label for own in labels for label in own)]
        vectors = self._sentences(flat)
        result, start = [], len(texts)
        for i, own in enumerate(labels):
            cosine = vectors[start : start + len(own)] @ vectors[i]
            start += len(own)
            result.append(dict(zip(own, (SHARPNESS * cosine).softmax(0).tolist(), strict=True)))
        return result

    def _sentences(self, texts: Sequence[str]) -> Any:
        """Unit vectors [N, dim] of the plain encoder."""
        import torch

        encoder: Any = self.plain
        batch = self.intents.tokenizer(
            list(texts), padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        batch = {k: batch[k].to(encoder.device) for k in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            hidden = encoder(**batch)[0].float()
            mask = batch["attention_mask"][..., None].float()
            return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1).cpu()


def _form(chances: dict[str, float], roles: list[Span]) -> Form:
    name = max(chances, key=lambda form: chances[form])
    return Form(name, round(chances[name], 4), roles)


def _spans(
    text: str, offsets: Sequence[tuple[int, int]], scores: Sequence[Sequence[float]], roles: Sequence[str]
) -> list[Span]:
    """Tokens that are tagged one after the other, as spans of the text; a piece of a word stands for the word."""
    found: list[tuple[int, int, float, int]] = []
    open_: int | None = None
    for (start, end), row in zip(offsets, scores, strict=True):
        if start == end:  # [CLS], [SEP] and padding lie nowhere
            open_ = None
            continue
        tag = max(range(len(row)), key=lambda i: row[i])
        role = (tag - 1) // 2
        if tag == OUTSIDE:
            open_ = None
        elif tag % 2 == 0 and open_ == role:
            begin, _, least, _ = found[-1]
            found[-1] = (begin, end, min(least, row[tag]), role)
        else:
            found.append((start, end, row[tag], role))
            open_ = role
    whole: list[Span] = []
    for start, end, score, role in found:
        start, end = _words_of(text, start, end)
        if whole and start < whole[-1].end:
            continue
        whole.append(Span(text[start:end], start, end, round(score, 4), roles[role]))
    return whole


def _words_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with the words that it begins and ends in whole, "isn't" among them."""
    while start and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return start, end + 2 * (text[end : end + 2] in ("'t", "\u2019t"))
