"""Nano IDEFICS v1: a `IdeficsForVisionText2Text` that answers questions about nano scenes.

Two phases, one long schedule each: the vision tower alone learns dense patch labels (colour, shape, size, centre);
then everything learns questions and captions together, with the patch loss kept at half weight and with the
cross-attention told where to look (`looking`).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vlp_graph.nano.questions import KINDS, as_typed, ask, ask_all
from vlp_graph.nano.recipes.looking import Attention, Looks, LookTargets, patches
from vlp_graph.nano.training import Average, Schedule, load_matching, normalise, pixels, stream
from vlp_graph.nano.world import COLOUR_NAMES, SHAPES, Scene, held_out, render, scaled, training_scene

if TYPE_CHECKING:
    from transformers import IdeficsForVisionText2Text, IdeficsProcessor, PreTrainedTokenizerFast

SIDE, PATCH, WIDTH = 128, 8, 96
TEXT_LAYERS = 4
"""One more than "what is left of the blue star?" needs: bind the name, find it, find its neighbour."""
GRID = SIDE // PATCH
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGE = "<fake_token_around_image><image><fake_token_around_image>"
DEFAULT_MINUTES = (10.0, 85.0)
"""CPU minutes for the vision tower and for the joint schedule."""
SCENES, QUESTIONS = 8, 12
"""Pictures in a batch, and questions about each."""
WEIGHTS = {"count": 0.8, "colour": 1, "shape": 0.6, "size": 0.4, "exist": 0.9, "spatial": 1, "relation": 1}
"""How often each kind is asked about a scene."""
LOOK_WEIGHT = 0.3
"""What the loss of a look that falls elsewhere counts beside that of a wrong word."""
CAPTIONS, CAPTION_WEIGHT = 0.5, 0.4
"""Share of the scenes that are described as well, and what a token of a caption counts."""


def prompt(question: str) -> str:
    """One turn exactly as `IdeficsProcessor` renders ["User:", picture, question + "\\nAssistant:"]."""
    return f"<s>User:{IMAGE}{question}\nAssistant:"


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE trained on the questions and answers of 3,000 scenes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    rng = np.random.default_rng(0)
    lines = ["User:", "\nAssistant:"] * 50
    for _ in range(3000):
        for q in ask_all(rng, render(rng, 64, 64)):
            lines += [q.text, q.text[0].upper() + q.text[1:], " " + q.answer]
    special = ["<pad>", "<s>", "</s>", "<unk>", "<image>", "<fake_token_around_image>"]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        lines, trainers.BpeTrainer(vocab_size=560, special_tokens=special, initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        padding_side="left",
        additional_special_tokens=special[4:],
        clean_up_tokenization_spaces=False,
    )


def build_processor(tokenizer: PreTrainedTokenizerFast) -> IdeficsProcessor:
    from transformers import IdeficsProcessor
    from transformers.models.idefics.image_processing_pil_idefics import IdeficsImageProcessorPil

    return IdeficsProcessor(IdeficsImageProcessorPil(image_size=SIDE), tokenizer, image_size=SIDE)


def build_model(tokenizer: PreTrainedTokenizerFast) -> IdeficsForVisionText2Text:
    """1.6 M parameters. Gated cross-attention in every layer, open from the start, nothing frozen."""
    from transformers import IdeficsConfig, IdeficsForVisionText2Text
    from transformers.models.idefics.configuration_idefics import IdeficsVisionConfig

    vision = IdeficsVisionConfig(
        embed_dim=WIDTH,
        image_size=SIDE,
        intermediate_size=2 * WIDTH,
        patch_size=PATCH,
        num_hidden_layers=4,
        num_attention_heads=4,
    )
    config = IdeficsConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=4,
        vision_config=vision,
        alpha_initializer="ones",
        alpha_type="vector",
        cross_layer_interval=1,
        freeze_text_layers=False,
        freeze_vision_layers=False,
        freeze_lm_head=False,
        use_resampler=False,
        qk_layer_norms=False,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = IdeficsForVisionText2Text(config)
    tower = model.model.vision_model
    with torch.no_grad():  # similar positions start with similar embeddings
        tower.embeddings.position_embedding.weight[1:] = 0.5 * _sin_cos(GRID, WIDTH)
    for part in (tower, model.model.layers, model.model.gated_cross_attn_layers):
        for module in part.modules():
            if isinstance(module, nn.Linear):  # the default deviation of .02 is tiny at this width
                nn.init.xavier_uniform_(module.weight)
    return model


def _sin_cos(grid: int, width: int) -> Tensor:
    """Two-dimensional sine-cosine table [grid * grid, width]."""
    frequency = 1 / 100 ** (torch.arange(width // 4) / (width // 4))
    y, x = torch.meshgrid(torch.arange(grid).float(), torch.arange(grid).float(), indexing="ij")
    return torch.cat([wave(c.reshape(-1, 1) * frequency) for c in (x, y) for wave in (torch.sin, torch.cos)], 1)


class PatchLabels(NamedTuple):
    """For each patch [B, GRID * GRID]: colour, shape (6 = none), size (2 = none), and 1 where a centre lies."""

    colour: Tensor
    shape: Tensor
    size: Tensor
    centre: Tensor


class PatchHead(nn.Linear):
    """Training only: reads the patch labels off the vision tower."""

    def __init__(self) -> None:
        super().__init__(WIDTH, 7 + 7 + 3 + 1)

    def loss(self, features: Tensor, labels: PatchLabels) -> tuple[Tensor, float, float]:
        """Loss, and the colour and shape accuracy on covered patches. `features` [B, patches, WIDTH]."""
        out = self(features)
        covered = labels.colour < 6
        weight = torch.where(covered, 1.0, 0.1).flatten()

        def entropy(logits: Tensor, target: Tensor) -> Tensor:
            each = F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none")
            return (each * weight).sum() / weight.sum()

        loss = entropy(out[..., :7], labels.colour) + 2 * entropy(out[..., 7:14], labels.shape)
        loss = loss + entropy(out[..., 14:17], labels.size)
        loss = loss + 4 * F.binary_cross_entropy_with_logits(out[..., 17], labels.centre)
        with torch.no_grad():
            colour = (out[..., :6].argmax(-1) == labels.colour)[covered].float().mean()
            shape = (out[..., 7:13].argmax(-1) == labels.shape)[covered].float().mean()
        return loss, float(colour), float(shape)


def patch_labels(scenes: list[Scene]) -> PatchLabels:
    """Labels of SIDE x SIDE scenes: a patch belongs to the object that covers most of at least 40 % of it."""
    shape = (len(scenes), GRID, GRID)
    colours, shapes = np.full(shape, 6), np.full(shape, 6)
    sizes, centres = np.full(shape, 2), np.zeros(shape, np.float32)
    for b, scene in enumerate(scenes):
        for o in scene.objects:
            mine = patches(o, GRID)
            colours[b][mine], shapes[b][mine] = COLOUR_NAMES.index(o.colour), SHAPES.index(o.shape)
            sizes[b][mine] = o.size == "large"
            x, y = o.centre
            centres[b, min(int(y / PATCH), GRID - 1), min(int(x / PATCH), GRID - 1)] = 1
    flat = [torch.from_numpy(a.reshape(len(scenes), -1)) for a in (colours, shapes, sizes, centres)]
    return PatchLabels(*flat)


class Rows(NamedTuple):
    """One row per picture, its questions one after the other, each blind to the others. All [B, S] but `sees`.

    `sees` [B, 1, S, S] is 0 where a token may look back within its own question and minus infinity elsewhere.
    `weight` is what each token counts as a target: 1 for an answer, less for a caption, 0 for the rest.
    """

    ids: Tensor
    positions: Tensor
    sees: Tensor
    weight: Tensor


class Batch(NamedTuple):
    images: Tensor
    patches: PatchLabels
    rows: Rows
    looks: Looks


def _scene(rng: np.random.Generator) -> Scene:
    """A square scene as the image processor will see it: whatever its shape was, resized to SIDE x SIDE."""
    while not (scene := scaled(training_scene(rng), SIDE, SIDE)).objects:
        pass
    return scene


def _jitter(rng: np.random.Generator, x: Tensor) -> Tensor:
    return x * torch.from_numpy(rng.uniform(0.92, 1.08, (len(x), 1, 1, 1)).astype(np.float32))


def vision_batch(rng: np.random.Generator, size: int) -> tuple[Tensor, PatchLabels]:
    scenes = [_scene(rng) for _ in range(size)]
    return normalise(_jitter(rng, pixels([s.image for s in scenes])), MEAN, STD), patch_labels(scenes)


def joint_batch(rng: np.random.Generator, tokenizer: PreTrainedTokenizerFast, size: int, questions: int) -> Batch:
    scenes = [_scene(rng) for _ in range(size)]
    kinds, weights = list(WEIGHTS), np.array(list(WEIGHTS.values()))
    rows: list[list[tuple[list[int], list[int], float]]] = []
    targets = LookTargets(GRID)
    for picture, scene in enumerate(scenes):
        chosen = [str(kind) for kind in rng.choice(kinds, questions, p=weights / weights.sum())]
        if rng.random() < CAPTIONS:
            chosen.append("describe")
        asked = [q for kind in chosen if (q := ask(rng, scene, kind)) is not None]
        rows.append([])
        if not asked:
            continue
        heads = tokenizer([prompt(as_typed(rng, q.text)) for q in asked], add_special_tokens=False).input_ids
        tails = tokenizer([f" {q.answer}</s>" for q in asked], add_special_tokens=False, return_offsets_mapping=True)
        at = 0
        for q, head, tail, offsets in zip(asked, heads, tails.input_ids, tails.offset_mapping, strict=True):
            rows[-1].append((head, tail, CAPTION_WEIGHT if q.kind == "describe" else 1.0))
            targets.add(picture, at + len(head) - 1, q, [start for start, _ in offsets[:-1]])
            at += len(head) + len(tail)
    images = normalise(_jitter(rng, pixels([s.image for s in scenes])), MEAN, STD)
    return Batch(images, patch_labels(scenes), _pack(rows, tokenizer.pad_token_id), targets.looks())


def _pack(rows: list[list[tuple[list[int], list[int], float]]], pad: int) -> Rows:
    """Each row's (question, answer, weight) triples side by side: keys and values of a picture are computed once."""
    shape = (len(rows), max(sum(len(q) + len(a) for q, a, _ in row) for row in rows))
    ids, positions = torch.full(shape, pad), torch.zeros(shape, dtype=torch.long)
    segment, weight = torch.full(shape, -1), torch.zeros(shape)
    for b, row in enumerate(rows):
        at = 0
        for i, (q, a, share) in enumerate(row):
            end = at + len(q) + len(a)
            ids[b, at:end], positions[b, at:end] = torch.tensor(q + a), torch.arange(end - at)
            segment[b, at:end], weight[b, at + len(q) : end] = i, share
            at = end
    same = segment[:, None, :, None] == segment[:, None, None, :]  # padding sees padding: no row of nothing
    sees = torch.zeros_like(same, dtype=torch.float).masked_fill(~same.tril(), torch.finfo(torch.float).min)
    return Rows(ids, positions, sees, weight)


def _answer_loss(model: IdeficsForVisionText2Text, rows: Rows, features: Tensor, image_id: int) -> tuple[Tensor, float]:
    """Weighted mean loss per answer token and the share of answer tokens that are right. `features` as the tower's."""
    where = torch.arange(rows.ids.shape[1]).expand_as(rows.ids)
    image = where.masked_fill(rows.ids != image_id, -1).cummax(1).values
    begun = where - rows.positions  # a token sees the picture from its own question's <image> on, as in the processor
    out = model(
        input_ids=rows.ids,
        attention_mask=rows.sees,
        position_ids=rows.positions,
        image_encoder_embeddings=features[:, None],
        image_attention_mask=(image >= begun).long()[..., None],
        use_cache=False,
    ).logits[:, :-1]
    weight = rows.weight[:, 1:]
    here = weight > 0
    logits, target, weight = out[here], rows.ids[:, 1:][here], weight[here]
    loss = (F.cross_entropy(logits, target, reduction="none") * weight).sum() / weight.sum()
    return loss, float((logits.argmax(-1) == target).float().mean())


def _optimizer(parameters: list[nn.Parameter], lr: float, weight_decay: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, lr=lr, weight_decay=weight_decay, betas=(0.9, 0.98))


def _step(loss: Tensor, parameters: list[nn.Parameter], optimizer: torch.optim.Optimizer, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


def _train_vision(model: Any, head: PatchHead, minutes: float, seed: int) -> None:
    tower = model.model.vision_model
    parameters = [*tower.parameters(), *head.parameters()]
    optimizer = _optimizer(parameters, 1e-3, 0.02)
    batches = stream(partial(vision_batch, size=16), seed)
    schedule = Schedule("idefics: vision tower", minutes, warmup=100, hold=0.7)
    for factor in schedule:
        images, labels = next(batches)
        loss, colour, shape = head.loss(tower(pixel_values=images).last_hidden_state[:, 1:], labels)
        _step(loss, parameters, optimizer, 1e-3 * factor)
        schedule.log(loss=loss.item(), colour=colour, shape=shape)


def train(out: Path, *, minutes: float | None = None, seed: int = 0, start: Path | None = None) -> None:
    """Train and save model and processor in `out`. `minutes` scales both phases together; with a checkpoint to
    `start` from, all of them go to the questions."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    scale = 1.0 if minutes is None else minutes / sum(DEFAULT_MINUTES)
    tokenizer = build_tokenizer()
    build_processor(tokenizer).save_pretrained(out)
    model, head = build_model(tokenizer).train(), PatchHead()
    if start:
        load_matching(model, start)
    else:
        _train_vision(model, head, DEFAULT_MINUTES[0] * scale, seed + 1)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer, average, attention = _optimizer(parameters, 1e-3, 0.01), Average(model, 0.998), Attention(model)
    batches = stream(partial(joint_batch, tokenizer=tokenizer, size=SCENES, questions=QUESTIONS), seed + 2)
    image_id: Any = tokenizer.convert_tokens_to_ids("<image>")
    length = scale * (sum(DEFAULT_MINUTES) if start else DEFAULT_MINUTES[1])
    schedule = Schedule("idefics: questions", length, hold=0.55)
    for factor in schedule:
        batch = next(batches)
        features = model.model.vision_model(pixel_values=batch.images).last_hidden_state
        seen, _, shape = head.loss(features[:, 1:], batch.patches)
        with attention.watched():
            answers, accuracy = _answer_loss(model, batch.rows, features, image_id)
        aim, looked = attention.loss(batch.looks)
        _step(answers + 0.5 * seen + LOOK_WEIGHT * aim, parameters, optimizer, 1e-3 * factor)
        average.update()
        schedule.log(answers=answers.item(), accuracy=accuracy, looked=looked, patches=seen.item(), shape=shape)
        if schedule.step % 500 == 499:
            _save(model, average, out)
    average.apply()
    model.half().save_pretrained(out)


def _save(model: Any, average: Average, out: Path) -> None:
    """The average so far, so that a long run can be looked at (and survives an interruption)."""
    current = {k: v.clone() for k, v in model.state_dict().items()}
    average.apply()
    model.half().save_pretrained(out)
    model.float().load_state_dict(current)


def evaluate(checkpoint: Path, *, scenes: int = 200, seed: int = 11) -> dict[str, float]:
    """Exact match per kind of question and over all, on held-out scenes, through the processor and `generate`."""
    from PIL import Image
    from transformers import AutoProcessor, IdeficsForVisionText2Text

    torch.set_num_threads(1)
    processor = AutoProcessor.from_pretrained(checkpoint)
    model = IdeficsForVisionText2Text.from_pretrained(checkpoint, dtype=torch.float32).eval()
    rng = np.random.default_rng(seed)
    asked = [(s.image, q) for s in held_out(seed, scenes) for q in ask_all(rng, s)]
    asked.sort(key=lambda item: (item[1].kind == "describe", len(item[1].text)))
    right: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    for start in range(0, len(asked), 40):
        part = asked[start : start + 40]
        conversations = [["User:", Image.fromarray(image), q.text + "\nAssistant:"] for image, q in part]
        inputs = processor(text=conversations, return_tensors="pt", padding=True, add_special_tokens=False)
        longest = 72 if any(q.kind == "describe" for _, q in part) else 8
        with torch.inference_mode():
            tokens = model.generate(**inputs, max_new_tokens=longest, do_sample=False)
        answers = processor.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        for (_, q), answer in zip(part, answers, strict=True):
            right[q.kind].append(answer.strip() == q.answer)
    scores = {kind: float(np.mean(hits)) for kind, hits in right.items()}
    return {"exact_match": float(np.mean([hit for hits in right.values() for hit in hits])), **scores}
