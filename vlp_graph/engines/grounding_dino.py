"""GroundingDINO: which boxes a phrase names in a picture.

Every phrase gets a pass of its own (all passes of a batch run together; the vision backbone runs once a picture):
slower than one prompt with all phrases, and clearly better at putting the right phrase to a box.
Paper: arXiv 2303.05499.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.boxes import suppress
from vlp_graph.engines.loading import load_pretrained
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from transformers import GroundingDinoForObjectDetection, GroundingDinoProcessor

    from vlp_graph.engines.remembered import Remembered


PHRASES_KEPT = 64
"""Phrases for each remembered picture, on average, whose boxes are remembered, too."""
LEAST = 0.05
"""Boxes below this score are forgotten; thresholds lie above it."""
MOST = 100
"""Boxes of a phrase that may count; more are noise, and each costs a mask."""


@dataclass(frozen=True)
class Detection:
    """A box x0, y0, x1, y1 in pixels of the picture that was given, and how sure (0..1) it is the phrase."""

    phrase: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Strictness:
    """Which boxes count: a phrase is there where its best box scores `threshold`; its other boxes count from
    `companion` on; the lesser of two goes from the overlap (IoU) `nms` on."""

    threshold: float
    companion: float
    nms: float


@dataclass(frozen=True)
class Candidates:
    """Every box of a phrase that any threshold may let through: scores [K] and corners [K, 4] in pixels."""

    scores: NDArray[np.float32]
    corners: NDArray[np.float64]

    def select(self, phrase: str, strictness: Strictness) -> list[Detection]:
        """Those that count, best first."""
        if not len(self.scores) or self.scores.max() < strictness.threshold:
            return []
        sure = np.flatnonzero(self.scores >= strictness.companion)
        corners, scores = self.corners[sure], self.scores[sure]
        kept = suppress(corners, scores, strictness.nms)[:MOST]
        return [Detection(phrase, float(scores[k]), _box(corners[k])) for k in kept]


class _Backbone:
    """The vision backbone's output for the rows of a batch, computed once for each picture and kept by content.

    A phrase is a row of its own, and the backbone does not read phrases: without this it would run once for every
    phrase. Stands in for `GroundingDinoModel.backbone` while a batch runs.
    """

    def __init__(self, inner: Any, kept: int) -> None:
        from cachetools import LRUCache

        from vlp_graph.engines.remembered import Remembered

        self.inner, self._kept = inner, Remembered[Any, Any](kept)
        self._last: LRUCache[str, Any] = LRUCache(kept)

    def side(self, digest: str | None) -> tuple[int, int] | None:
        """Height and width of a picture without padding, as the model sees it, where its features are kept."""
        key = self._last.get(digest) if digest else None
        if key is None or key not in self._kept or key[3] != key[1] * key[2]:
            return None
        return key[1], key[2]

    def rows(self, images: Any, digests: Sequence[str | None], index: Sequence[int]) -> Any:
        """What the backbone gives for `images` (pixel_values [N, 3, H, W], pixel_mask [N, H, W]) at the rows `index`:
        feature maps with their masks, and position embeddings, one of each for every level."""
        import torch

        pixels, mask = images["pixel_values"], images["pixel_mask"]
        keys = [
            (digest, *pixels.shape[-2:], int(mask[i].sum())) if digest else None for i, digest in enumerate(digests)
        ]
        seen = [self._kept.get(key) if key else None for key in keys]
        if missing := [i for i, one in enumerate(seen) if one is None]:
            features, places = self.inner(pixels[missing], mask[missing])
            for n, i in enumerate(missing):
                seen[i] = [(f[n], m[n], p[n]) for (f, m), p in zip(features, places, strict=True)]
                if key := keys[i]:
                    self._kept[key], self._last[key[0]] = seen[i], key
        levels = zip(*(one for i in index if (one := seen[i]) is not None), strict=True)
        stacked = [[torch.stack(parts) for parts in zip(*level, strict=True)] for level in levels]
        return [(features, masks) for features, masks, _ in stacked], [places for *_, places in stacked]


@dataclass
class GroundingDino:
    """`GroundingDino.load("IDEA-Research/grounding-dino-tiny").detect([picture], [["a cat", "a dog"]])`.

    A phrase is there where its best box scores `threshold`; its other boxes count from `companion` on, as in
    hysteresis thresholding: several alike things share what one of them would score. `nms` is the overlap from which
    the lesser of two boxes goes. `synonyms` are words in the place of which the detector is asked for others that it
    knows ("dot": "circle"); what it finds still has the name that was asked for.
    """

    model: GroundingDinoForObjectDetection
    processor: GroundingDinoProcessor
    threshold: float
    nms: float
    companion: float
    pictures: int = 32
    synonyms: Mapping[str, str] = field(default_factory=dict)
    phrases_at_once: int = 128
    _backbone: _Backbone = field(init=False, repr=False)
    _found: Any = field(init=False, repr=False)
    _other_words: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from vlp_graph.engines.remembered import Remembered

        self._backbone = _Backbone(self.model.model.backbone, self.pictures)
        self._other_words = {**self.synonyms, **{_plural(a): _plural(b) for a, b in self.synonyms.items()}}
        self._found = Remembered[tuple[str, str], Candidates](self.pictures * PHRASES_KEPT)

    @property
    def caches(self) -> dict[str, Remembered[Any, Any]]:
        """What is kept, by name."""
        return {"detector_features": self._backbone._kept, "found_phrases": self._found}

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
        pictures: int = 32,
        synonyms: Mapping[str, str] | None = None,
        phrases_at_once: int = 128,
    ) -> Self:
        """`companion` is the threshold unless it is given; `pictures` are remembered by their content. One pass looks
        for `phrases_at_once`: each is a row of its own, which bounds the memory of a pass."""
        from transformers import AutoProcessor, GroundingDinoForObjectDetection

        path = resolve(source)
        model = load_pretrained(
            GroundingDinoForObjectDetection,
            path,
            device=device,
            dtype=dtype,
            quantization=quantization,
            revision=revision,
        )
        processor = AutoProcessor.from_pretrained(path, revision=revision)
        least = threshold if companion is None else companion
        return cls(model, processor, threshold, nms, least, pictures, synonyms or {}, phrases_at_once)

    def detect(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        phrases: Sequence[Sequence[str]],
        digests: Sequence[str | None] | None = None,
        strictness: Sequence[Strictness | None] | None = None,
    ) -> list[list[Detection]]:
        """For each picture (RGB uint8 [H, W, 3]) what its phrases name, best first within each phrase. `digests` name
        the pictures' contents: what was looked for in a picture before is not looked for again, however strictly.
        `strictness` stands in the place of the detector's own where it is given."""
        digests = digests or [None] * len(pictures)
        own = Strictness(self.threshold, self.companion, self.nms)
        strict = [given or own for given in strictness or [None] * len(pictures)]
        known_as = {phrase: self._known_as(phrase) for named in phrases for phrase in named}
        asked = [(i, known_as[phrase]) for i, named in enumerate(phrases) for phrase in named]
        known = {(i, p): self._found.get((digests[i], p)) for i, p in asked if digests[i]}
        new = [pair for pair in dict.fromkeys(asked) if known.get(pair) is None]
        for start in range(0, len(new), self.phrases_at_once):
            part = new[start : start + self.phrases_at_once]
            for (i, phrase), candidates in zip(part, self._look(pictures, part, digests), strict=True):
                known[i, phrase] = candidates
                if digests[i]:
                    self._found[digests[i], phrase] = candidates
        return [
            [d for phrase in named for d in known[i, known_as[phrase]].select(phrase, strict[i])]
            for i, named in enumerate(phrases)
        ]

    def _known_as(self, phrase: str) -> str:
        """The phrase in the words that the detector knows."""
        return " ".join(self._other_words.get(word.lower(), word) for word in phrase.split())

    def _look(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        pairs: Sequence[tuple[int, str]],
        digests: Sequence[str | None],
    ) -> list[Candidates]:
        """What each of the pairs of picture and phrase may find, in one pass."""
        import torch

        if not pairs:
            return []
        used = sorted({i for i, _ in pairs})
        index = [used.index(i) for i, _ in pairs]
        images = self._images([pictures[i] for i in used], [digests[i] for i in used])
        text = self._tokens([phrase for _, phrase in pairs])
        with torch.inference_mode():
            rows = self._backbone.rows(images, [digests[i] for i in used], index)
            with _standing_in(self.model.model, rows):
                out = self.model(
                    **{k: v[index] for k, v in images.items()},
                    **{k: v.to(self.model.device) for k, v in text.items()},
                )
        names = _phrase_tokens(text["input_ids"], self.processor.tokenizer)
        probability = out.logits.float().sigmoid().cpu()[:, :, : names.shape[1]]
        scores = ((probability * names[:, None]).sum(-1) / names.sum(-1, keepdim=True).clamp(1)).numpy()
        boxes = out.pred_boxes.float().cpu().numpy()
        return [
            _candidates(score, box, pictures[i].shape[1], pictures[i].shape[0])
            for (i, _), score, box in zip(pairs, scores, boxes, strict=True)
        ]

    def _images(self, pictures: Sequence[NDArray[np.uint8]], digests: Sequence[str | None]) -> dict[str, Any]:
        """What the model's processor makes of pictures. Of those whose features are kept only the size is read."""
        import torch

        sides = {self._backbone.side(digest) for digest in digests}
        if len(sides) == 1 and (side := sides.pop()):
            blank = torch.zeros((), dtype=self.model.dtype, device=self.model.device)
            mask = torch.ones((len(pictures), *side), dtype=torch.long, device=self.model.device)
            return {"pixel_values": blank.expand(len(pictures), 3, *side), "pixel_mask": mask}
        images = self.processor.image_processor(
            images=list(pictures), input_data_format="channels_last", return_tensors="pt"
        )  # left to guess, it takes a picture one or three pixels high for channels
        images = {k: v.to(self.model.device) for k, v in images.items()}
        images["pixel_values"] = images["pixel_values"].to(self.model.dtype)
        images.setdefault("pixel_mask", torch.ones_like(images["pixel_values"][:, 0], dtype=torch.long))
        return images

    def _tokens(self, phrases: list[str]) -> dict[str, Any]:
        """Each phrase as a prompt that ends in "."; one [PAD] at least, as the mask builder treats a delimiter in
        the last position apart."""
        import torch

        texts = [phrase.lower().strip(" .") + "." for phrase in phrases]
        longest = self.model.config.max_text_len - 1
        text = self.processor.tokenizer(texts, padding=True, truncation=True, max_length=longest, return_tensors="pt")
        return {k: torch.nn.functional.pad(text[k], (0, 1)) for k in ("input_ids", "attention_mask")}


def _candidates(scores: NDArray[Any], boxes: NDArray[Any], width: int, height: int) -> Candidates:
    """Out of scores [Q] and boxes [Q, 4] (centre and size, as fractions of the picture's)."""
    sure = np.flatnonzero(scores >= LEAST)
    centre, half = boxes[sure, :2], boxes[sure, 2:] / 2
    corners = np.clip(np.concatenate([centre - half, centre + half], 1), 0, 1) * [width, height, width, height]
    return Candidates(scores[sure], corners)


def _box(corners: NDArray[Any]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = corners.tolist()
    return x0, y0, x1, y1


def _plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


@contextmanager
def _standing_in(model: Any, rows: Any) -> Iterator[None]:
    """While it is open, the model's vision backbone gives `rows`."""
    forward = model.backbone.forward
    model.backbone.forward = lambda *_, **__: rows
    try:
        yield
    finally:
        model.backbone.forward = forward


def _phrase_tokens(ids: Any, tokenizer: Any) -> Any:
    """1.0 where a token belongs to the phrase, 0.0 for [CLS], [SEP], [PAD] and the closing mark: float [B, T]."""
    import torch

    outside = torch.tensor([*tokenizer.all_special_ids, tokenizer.convert_tokens_to_ids(".")])
    return (~torch.isin(ids, outside)).float() + _unknown(ids, tokenizer)


def _unknown(ids: Any, tokenizer: Any) -> Any:
    """[UNK] is special to the tokenizer and yet a word of the phrase."""
    return (ids == tokenizer.unk_token_id).float()
