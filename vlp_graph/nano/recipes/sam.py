"""Nano SAM: the `segment_anything` classes at 0.6 M parameters, served by the stock `SamPredictor`."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vlp_graph.engines.sam import Sam, build_sam
from vlp_graph.nano.metrics import mask_iou
from vlp_graph.nano.training import Average, Schedule, stream
from vlp_graph.nano.world import Scene, held_out, training_scene

CONFIG = {
    "image_size": 128,
    "patch_size": 8,
    "width": 96,
    "depth": 4,
    "heads": 4,
    "mlp_ratio": 2.0,
    "window": 8,
    "global_layers": [1, 3],
    "prompt_width": 64,
    "decoder_mlp": 256,
    "decoder_heads": 4,
    "iou_hidden": 64,
}
SIDE = 128
DEFAULT_MINUTES = 20.0


class Batch(NamedTuple):
    """Pictures padded to SIDE [B, 3, S, S] (0..255), and for each of M prompts a box, a point and the mask:
    [B * M, 4], [B * M, 2] and [B * M, S, S]. `inside` is 1 where the picture is not padding."""

    images: Tensor
    boxes: Tensor
    points: Tensor
    masks: Tensor
    inside: Tensor


def make_batch(rng: np.random.Generator, size: int, prompts: int) -> Batch:
    images = np.zeros((size, SIDE, SIDE, 3), np.float32)
    inside = np.zeros((size, SIDE, SIDE), np.float32)
    masks = np.zeros((size * prompts, SIDE, SIDE), np.float32)
    boxes, points = [], []
    for b in range(size):
        scene = _scene(rng)
        h, w = scene.height, scene.width
        images[b, :h, :w], inside[b, :h, :w] = scene.image, 1
        for k in range(prompts):
            o = scene.objects[int(rng.integers(len(scene.objects)))]
            box = np.array(o.box, np.float32)
            boxes.append(box + rng.normal(0, max(1.0, 0.03 * (box[2] - box[0])), 4))
            rows, columns = np.nonzero(o.mask)
            at = int(rng.integers(len(rows)))
            points.append((columns[at], rows[at]))
            masks[b * prompts + k, :h, :w] = o.mask
    return Batch(
        torch.from_numpy(images).permute(0, 3, 1, 2),
        torch.tensor(np.array(boxes), dtype=torch.float32),
        torch.tensor(np.array(points), dtype=torch.float32),
        torch.from_numpy(masks),
        torch.from_numpy(inside).repeat_interleave(prompts, 0),
    )


def _scene(rng: np.random.Generator) -> Scene:
    while not (scene := training_scene(rng, max_objects=8)).objects:
        pass
    return scene


def _preprocess(sam: Any, batch: Batch, prompts: int) -> Tensor:
    """As `Sam.preprocess`: normalised first, padding stays zero."""
    inside = batch.inside[::prompts, None]
    result: Tensor = (batch.images - sam.pixel_mean) / sam.pixel_std * inside
    return result


def _decode(
    decoder: Any, embeddings: Tensor, positions: Tensor, sparse: Tensor, dense: Tensor
) -> tuple[Tensor, Tensor]:
    """`MaskDecoder.predict_masks` with an embedding for each prompt (the original repeats one picture's)."""
    n = len(sparse)
    outputs = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
    tokens = torch.cat([outputs[None].expand(n, -1, -1), sparse], 1)
    source = embeddings + dense
    _, channels, height, width = source.shape
    hidden, source = decoder.transformer(source, positions.expand(n, -1, -1, -1), tokens)
    upscaled = decoder.output_upscaling(source.transpose(1, 2).view(n, channels, height, width))
    weights = [mlp(hidden[:, 1 + i]) for i, mlp in enumerate(decoder.output_hypernetworks_mlps)]
    masks = (torch.stack(weights, 1) @ upscaled.flatten(2)).view(n, -1, *upscaled.shape[-2:])
    return masks, decoder.iou_prediction_head(hidden[:, 0])


def _loss(logits: Tensor, quality: Tensor, batch: Batch) -> tuple[Tensor, float]:
    """20 x focal + dice + 0.5 x error of the predicted IoU, for two of the mask heads; and the true IoU."""
    full = F.interpolate(logits, (SIDE, SIDE), mode="bilinear", align_corners=False)
    truth = batch.masks[:, None].expand_as(full)
    inside = batch.inside[:, None]
    p = full.sigmoid()
    certainty = p * truth + (1 - p) * (1 - truth)
    focal = F.binary_cross_entropy_with_logits(full, truth, reduction="none") * (1 - certainty) ** 2 * inside
    p = p * inside
    dice = 1 - (2 * (p * truth).sum((-1, -2)) + 1) / (p.sum((-1, -2)) + truth.sum((-1, -2)) + 1)
    with torch.no_grad():
        hard, real = (full > 0) & (inside > 0), truth > 0.5
        iou = (hard & real).sum((-1, -2)) / (hard | real).sum((-1, -2)).clamp(1)
    return 20 * focal.mean() + dice.mean() + 0.5 * F.mse_loss(quality, iou), float(iou[:, 0].mean())


def train(out: Path, *, minutes: float | None = None, seed: int = 0) -> None:
    """Train from scratch; save config.json and model.safetensors (float16) in `out`."""
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    size, prompts = 10, 5
    sam = build_sam(CONFIG).train()
    parameters = list(sam.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4)
    average, rng = Average(sam, 0.997), np.random.default_rng(seed)
    batches = stream(partial(make_batch, size=size, prompts=prompts), seed + 1)
    schedule = Schedule("sam", DEFAULT_MINUTES if minutes is None else minutes, warmup=100, hold=0.2)
    for factor in schedule:
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * factor
        batch = next(batches)
        embeddings = sam.image_encoder(_preprocess(sam, batch, prompts)).repeat_interleave(prompts, 0)
        kind = ("box", "box", "point", "box and point")[schedule.step % 4]
        point = (batch.points[:, None], torch.ones(len(batch.points), 1)) if "point" in kind else None
        sparse, dense = sam.prompt_encoder(points=point, boxes=batch.boxes if "box" in kind else None, masks=None)
        masks, quality = _decode(sam.mask_decoder, embeddings, sam.prompt_encoder.get_dense_pe(), sparse, dense)
        heads = [0, 1 + int(rng.integers(3))]
        loss, iou = _loss(masks[:, heads], quality[:, heads], batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        average.update()
        schedule.log(loss=loss.item(), **({"box_iou": iou} if kind == "box" else {}))
    average.apply()
    save_file({k: v.half().contiguous() for k, v in sam.state_dict().items()}, out / "model.safetensors")
    (out / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")


def evaluate(checkpoint: Path, *, scenes: int = 200, seed: int = 31) -> dict[str, float]:
    """Mean IoU of masks prompted with the true box, through the served engine, on held-out scenes."""
    torch.set_num_threads(1)
    engine = Sam.load(str(checkpoint))
    scores: dict[str, list[float]] = {"small": [], "large": []}
    for scene in held_out(seed, scenes):
        masks = engine.segment(scene.image, [o.box for o in scene.objects])
        for o, mask in zip(scene.objects, masks, strict=True):
            scores[o.size].append(mask_iou(mask, o.mask))
    everything = [*scores["small"], *scores["large"]]
    return {
        "box_iou": float(np.mean(everything)),
        "small": float(np.mean(scores["small"])),
        "large": float(np.mean(scores["large"])),
    }
