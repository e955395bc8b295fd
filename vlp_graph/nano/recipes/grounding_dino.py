"""Nano GroundingDINO: a `GroundingDinoForObjectDetection` that finds what a phrase names in nano scenes.

Two things in transformers 5.19 would keep it from learning, and are mended here for training only: the
two-stage proposal head gets no gradient (its outputs are detached), and the matcher's class targets are offset
wrongly when a batch holds more than two different prompts.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vlp_graph.nano.phrases import FORMS, SYNONYMS, Phrase, choose, stranger
from vlp_graph.nano.training import Average, Schedule, load_matching, normalise, pixels, stream
from vlp_graph.nano.world import (
    COLOUR_NAMES,
    PLURAL,
    SHAPES,
    Scene,
    held_out,
    random_size,
    render,
    scaled,
    training_scene,
)

if TYPE_CHECKING:
    from transformers import BertTokenizer, GroundingDinoForObjectDetection

SIDE, STRIDES, MAX_TOKENS = 128, (8, 16), 64
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
DEFAULT_MINUTES = 99.0
THRESHOLD = 0.3
"""Score from which an instance counts; the embedded profile's value."""
COMPANION = 0.2
"""Score from which it counts beside another of its name; the embedded profile's value."""
FIXED_IDS = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103, ".": 1012, "?": 1029}
"""Token ids that `GroundingDinoModel` has hard-coded (BERT's own)."""


def vocabulary() -> list[str]:
    """WordPiece vocabulary: the world's words, and single characters for every other word."""
    characters = "abcdefghijklmnopqrstuvwxyz0123456789"
    nouns = [*SHAPES, "object", "shape", "thing"]
    sizes = [word for words in SYNONYMS.values() for word in words]
    words = [*COLOUR_NAMES, *nouns, *(PLURAL[n] for n in nouns), *sizes, "the", "a", "an", "all", "of", "and"]
    words += [*characters, *(f"##{c}" for c in characters), ",", "!", "'", ":", "-"]
    by_id = {i: word for word, i in FIXED_IDS.items()}
    free = (i for i in range(104, 2000) if i not in by_id)
    by_id.update({i: word for word, i in zip(dict.fromkeys(words), free, strict=False)})
    return [by_id.get(i, f"[unused{i}]") for i in range(max(by_id) + 1)]


def build_tokenizer() -> BertTokenizer:
    from transformers import BertTokenizer

    return BertTokenizer(vocab={word: i for i, word in enumerate(vocabulary())}, do_lower_case=True)


def build_model() -> GroundingDinoForObjectDetection:
    """0.9 M parameters: Swin (strides 8 and 16), a two-layer BERT, two encoder and two decoder layers, 30 queries."""
    from transformers import BertConfig, GroundingDinoConfig, GroundingDinoForObjectDetection, SwinConfig

    backbone = SwinConfig(  # type: ignore[call-arg]
        image_size=SIDE,
        patch_size=4,
        embed_dim=32,
        depths=[2, 2, 2],
        num_heads=[2, 4, 8],
        window_size=4,
        mlp_ratio=2.0,
        drop_path_rate=0.0,
        out_indices=[2, 3],
    )
    text = BertConfig(
        vocab_size=len(vocabulary()),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=MAX_TOKENS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    config = GroundingDinoConfig(
        backbone_config=backbone,
        text_config=text,
        num_queries=30,
        encoder_layers=2,
        decoder_layers=2,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        d_model=64,
        dropout=0.0,
        fusion_droppath=0.0,
        num_feature_levels=len(STRIDES),
        max_text_len=MAX_TOKENS,
        auxiliary_loss=True,
        two_stage=True,
        disable_custom_kernels=True,
    )
    model = GroundingDinoForObjectDetection(config)
    with torch.no_grad():  # a fusion scale of 1e-4 is for fine-tuning; from scratch it never opens
        for name, parameter in model.named_parameters():
            if name.endswith(("vision_param", "text_param")):
                parameter.fill_(0.5)
        # class logits are dot products with the text features: start them small
        model.model.encoder.layers[-1].text_enhancer_layer.layer_norm_after.weight.fill_(0.25)
    return model


class Targets(NamedTuple):
    """What one scene should yield: phrase index [N], boxes cx cy w h in 0..1 [N, 4], phrase x token map [P, T]."""

    labels: Tensor
    boxes: Tensor
    tokens: Tensor


class Batch(NamedTuple):
    images: Tensor
    ids: Tensor
    mask: Tensor
    targets: list[Targets]


def _targets(scene: Scene, phrases: list[Phrase], lengths: list[int]) -> Targets:
    labels, boxes = [], []
    for o in scene.objects:
        named = next((i for i, phrase in enumerate(phrases) if phrase.names(o)), None)
        if named is not None:
            x0, y0, x1, y1 = (v / SIDE for v in o.box)
            labels.append(named)
            boxes.append(((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0))
    tokens = torch.zeros(len(phrases), MAX_TOKENS)
    position = 1  # after [CLS]; each phrase is followed by "."
    for i, length in enumerate(lengths):
        tokens[i, position : position + length] = 1
        position += length + 1
    return Targets(torch.tensor(labels, dtype=torch.long), torch.tensor(boxes).view(-1, 4).float(), tokens)


def make_batch(rng: np.random.Generator, tokenizer: BertTokenizer, size: int) -> Batch:
    """Scenes with one phrase each (half of them: as served, often absent) or with several."""
    images: list[Any] = []
    targets, rows = [], []
    while len(images) < size:
        scene = scaled(training_scene(rng, max_objects=8, alike=0.5), SIDE, SIDE)
        if not scene.objects:
            continue
        phrases = choose(rng, scene)
        if rng.random() < 0.5:
            phrases = [stranger(rng)] if rng.random() < 0.1 else phrases[:1]
        pieces = [tokenizer(p.text, add_special_tokens=False).input_ids for p in phrases]
        while sum(len(p) + 1 for p in pieces) > MAX_TOKENS - 4:
            phrases, pieces = phrases[:-1], pieces[:-1]
        row = [FIXED_IDS["[CLS]"]]
        for piece in pieces:
            row += [*piece, FIXED_IDS["."]]
        images.append(scene.image)
        rows.append([*row, FIXED_IDS["[SEP]"]])
        targets.append(_targets(scene, phrases, [len(p) for p in pieces]))
    longest = max(map(len, rows)) + 1  # one [PAD] at least: a delimiter in the last slot is treated apart
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    x = pixels(images) * torch.from_numpy(rng.uniform(0.92, 1.08, (size, 1, 1, 1)).astype(np.float32))
    return Batch(normalise(x, MEAN, STD), ids, (ids != 0).long(), targets)


def _corners(boxes: Tensor) -> Tensor:
    return torch.cat([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1)


def _paired_giou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised IoU of corner boxes, row by row."""
    inner = (torch.min(a[:, 2:], b[:, 2:]) - torch.max(a[:, :2], b[:, :2])).clamp(0).prod(-1)
    union = (a[:, 2:] - a[:, :2]).prod(-1) + (b[:, 2:] - b[:, :2]).prod(-1) - inner
    outer = (torch.max(a[:, 2:], b[:, 2:]) - torch.min(a[:, :2], b[:, :2])).prod(-1).clamp(1e-6)
    return inner / union.clamp(1e-6) - (outer - union) / outer


class GroundingLoss:
    """Hungarian loss of every decoder layer plus a dense loss on the two-stage proposals."""

    def __init__(self) -> None:
        from transformers.loss.loss_grounding_dino import GroundingDinoHungarianMatcher, GroundingDinoImageLoss

        class ImageLoss(GroundingDinoImageLoss):
            def _get_target_classes_one_hot(self, outputs: Any, targets: Any, indices: Any) -> Tensor:
                """Per picture, so that no offset into the other pictures' phrases is needed."""
                wanted = torch.zeros_like(outputs["logits"], dtype=torch.long)
                for b, (query, target) in enumerate(indices):
                    phrase = targets[b]["class_labels"][target]
                    wanted[b, query] = outputs["label_maps"][b][phrase].long()
                return wanted

        matcher = GroundingDinoHungarianMatcher(class_cost=2.0, bbox_cost=5.0, giou_cost=2.0)
        self.image_loss = ImageLoss(matcher, 0.25, ["labels", "boxes"])  # type: ignore[no-untyped-call]
        centres, levels = [], []
        for level, stride in enumerate(STRIDES):
            n = SIDE // stride
            axis = (torch.arange(n) + 0.5) / n
            y, x = torch.meshgrid(axis, axis, indexing="ij")
            centres.append(torch.stack([x, y], -1).view(-1, 2))
            levels.append(torch.full((n * n,), level))
        self.centres, self.levels = torch.cat(centres), torch.cat(levels)

    def __call__(self, model: GroundingDinoForObjectDetection, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        out = model(pixel_values=batch.images, input_ids=batch.ids, attention_mask=batch.mask)
        text = torch.zeros_like(out.logits, dtype=torch.bool)
        text[:, :, : batch.mask.shape[1]] = batch.mask[:, None].bool()
        targets = [{"class_labels": t.labels, "boxes": t.boxes} for t in batch.targets]
        maps = tuple(t.tokens for t in batch.targets)
        total, log = torch.zeros(()), {}
        references = [out.init_reference_points]
        references += [out.intermediate_reference_points[:, i] for i in range(out.intermediate_hidden_states.shape[1])]
        for layer in range(out.intermediate_hidden_states.shape[1]):
            hidden = out.intermediate_hidden_states[:, layer]
            logits = model.class_embed[layer](hidden, out.encoder_last_hidden_state_text, batch.mask.bool())
            boxes = (model.bbox_embed[layer](hidden) + torch.special.logit(references[layer], eps=1e-5)).sigmoid()
            parts = self.image_loss(
                {"logits": logits, "pred_boxes": boxes, "label_maps": maps, "text_mask": text}, targets
            )
            total = total + 2 * parts["loss_ce"] + 5 * parts["loss_bbox"] + 2 * parts["loss_giou"]
            log = {"class": parts["loss_ce"].item(), "box": parts["loss_bbox"].item()}
        proposal_class, proposal_box = self._dense(out, batch)
        return total + 2 * proposal_class + proposal_box, {**log, "dense": proposal_class.item()}

    def _dense(self, out: Any, batch: Batch) -> tuple[Tensor, Tensor]:
        """Supervise each proposal: phrase tokens (focal) on the inner half of a box at the level of its size, and
        the box (L1 and GIoU) there; the rim of a box counts neither for nor against."""
        tokens = batch.mask.shape[1]
        logits = out.enc_outputs_class[..., :tokens].masked_fill(batch.mask[:, None] == 0, 0.0)
        wanted, weight = torch.zeros_like(logits), torch.ones(*logits.shape[:2], 1)
        predicted, true = [], []
        for b, target in enumerate(batch.targets):
            boxes = target.boxes
            if not len(boxes):
                continue
            away = (self.centres[:, None] - boxes[None, :, :2]).abs()
            level = (boxes[:, 2:].max(-1).values > 0.25).long().clamp(max=len(STRIDES) - 1)
            fits = self.levels[:, None] == level[None]
            inside = (away <= boxes[None, :, 2:] / 2).all(-1) & fits
            core = (away <= boxes[None, :, 2:] / 4).all(-1) & fits
            nearest = (away.sum(-1) + (~fits) * 9).argmin(0)
            core[nearest, torch.arange(len(boxes))] = True
            weight[b, inside.any(1) & ~core.any(1), 0] = 0
            best = torch.where(core, away.sum(-1), 9.0).argmin(1)
            positive = core.any(1).nonzero()[:, 0]
            wanted[b, positive] = target.tokens[target.labels[best[positive]]][:, :tokens]
            predicted.append(out.enc_outputs_coord_logits[b, positive].sigmoid())
            true.append(boxes[best[positive]])
        count = max(sum(map(len, predicted)), 1)
        p = logits.sigmoid()
        certainty = p * wanted + (1 - p) * (1 - wanted)
        focal = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * (1 - certainty) ** 2
        focal = focal * (0.25 * wanted + 0.75 * (1 - wanted)) * weight * batch.mask[:, None]
        if not predicted:
            return focal.sum() / count, torch.zeros(())
        found, truth = torch.cat(predicted), torch.cat(true)
        giou = 1 - _paired_giou(_corners(found), _corners(truth))
        return focal.sum() / count, (5 * F.l1_loss(found, truth, reduction="sum") + 2 * giou.sum()) / count


def train(out: Path, *, minutes: float | None = None, seed: int = 0, start: Path | None = None) -> None:
    """Train, from scratch or from the checkpoint `start`; save model and processor (tokenizer and PIL image
    processor) in `out`."""
    from transformers import GroundingDinoProcessor
    from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (
        GroundingDinoImageProcessorPil,
    )

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    tokenizer = build_tokenizer()
    images = GroundingDinoImageProcessorPil(size={"height": SIDE, "width": SIDE}, do_pad=False)
    GroundingDinoProcessor(images, tokenizer).save_pretrained(out)
    model, loss_of = build_model().train(), GroundingLoss()
    if start:
        load_matching(model, start)
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=5e-4, weight_decay=1e-4, betas=(0.9, 0.98))
    average = Average(model, 0.998)
    batches = stream(partial(make_batch, tokenizer=tokenizer, size=8), seed + 1)
    schedule = Schedule("grounding-dino", DEFAULT_MINUTES if minutes is None else minutes)
    for factor in schedule:
        for group in optimizer.param_groups:
            group["lr"] = 5e-4 * factor
        loss, parts = loss_of(model, next(batches))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        average.update()
        schedule.log(loss=loss.item(), **parts)
    average.apply()
    model.half().save_pretrained(out)


def evaluate(checkpoint: Path, *, scenes: int = 300, seed: int = 21) -> dict[str, float]:
    """Phrase grounding through the served engine, one pass per phrase, on held-out scenes of 1 to 6 objects.

    An instance is right when its phrase is and IoU >= 0.5. `absent_found` is the share of scenes in which a phrase
    that names nothing there (half near misses, half strangers) is found, `alike_count` that of shapes whose number is
    right in scenes of one or two shapes in one or two colours.
    """
    from vlp_graph.engines.grounding_dino import GroundingDino
    from vlp_graph.nano.metrics import match_instances
    from vlp_graph.nano.phrases import near_miss

    engine = GroundingDino.load(str(checkpoint), threshold=THRESHOLD, companion=COMPANION)
    rng = np.random.default_rng(seed)
    found = right = true = counted = phrases_asked = absent = absent_asked = 0
    for scene in held_out(seed, scenes):
        phrases = choose(rng, scene, most=4, negatives=2)
        wanted = [(o.box, phrase.text) for o in scene.objects for phrase in phrases if phrase.names(o)]
        (detections,) = engine.detect([scene.image], [[phrase.text for phrase in phrases]])
        matched = match_instances([(d.box, d.phrase) for d in detections], wanted)
        found, right, true = found + len(detections), right + len(matched), true + len(wanted)
        for phrase in phrases:
            phrases_asked += 1
            counted += sum(d.phrase == phrase.text for d in detections) == len(scene.find(phrase.core or "-"))
        core = next(
            (c for c in (near_miss(rng, scene, str(rng.choice(FORMS))) for _ in range(20)) if not scene.find(c)), ""
        )
        text = stranger(rng).text if not core or rng.random() < 0.5 else core
        (nothing,) = engine.detect([scene.image], [[text]])
        absent += bool(nothing)
        absent_asked += 1
    precision, recall = right / max(found, 1), right / max(true, 1)
    alike = alike_asked = 0
    for _ in range(scenes // 2):
        width, height = random_size(rng, int(rng.choice([192, 256, 320])))
        scene = render(rng, width, height, alike=True)
        for shape in dict.fromkeys(o.shape for o in scene.objects):
            (several,) = engine.detect([scene.image], [[shape]])
            alike += len(several) == len(scene.find(shape))
            alike_asked += 1
    return {
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "precision": precision,
        "recall": recall,
        "count_per_phrase": counted / phrases_asked,
        "absent_found": absent / absent_asked,
        "alike_count": alike / alike_asked,
    }
