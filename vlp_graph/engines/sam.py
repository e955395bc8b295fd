"""Segment Anything: the mask of what a box or a point shows.

The picture's embedding is the cost; each further prompt is cheap. So embeddings are kept by content, and the
second question about a picture does not pay again. Paper: arXiv 2304.02643; classes of `segment_anything`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines import sam_weights
from vlp_graph.engines.torchvision_shim import ensure_torchvision
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from segment_anything import SamPredictor

    from vlp_graph.engines.remembered import Remembered

PROMPTS_AT_ONCE = 16
MASK_PIXELS_AT_ONCE = 32_000_000
"""Prompts decoded together; together they bound the memory that masks of a large picture take."""


@dataclass(frozen=True)
class Prompt:
    """What shows one object, in pixels of the picture: a box x0, y0, x1, y1, points (x, y) that lie on it (`labels` 1)
    or beside it (0), or both. There are as many labels as points."""

    box: tuple[float, float, float, float] | None = None
    points: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()

    @property
    def form(self) -> tuple[bool, int]:
        """Prompts of one form can be decoded together."""
        return self.box is not None, len(self.points)

    @property
    def ambiguous(self) -> bool:
        """A lone point may mean a part, or what it is a part of."""
        return self.box is None and len(self.points) == 1


@dataclass(frozen=True)
class Outline:
    """A mask (bool [H, W]) and what the model believes its IoU with the true one to be (0..1)."""

    mask: NDArray[np.bool_]
    iou: float


def build_sam(config: dict[str, Any]) -> Any:
    """A `segment_anything` model of any size from a flat config (the keys of our checkpoints' config.json)."""
    ensure_torchvision()
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
    from torch import nn

    side, grid, width = config["image_size"], config["image_size"] // config["patch_size"], config["prompt_width"]
    encoder = ImageEncoderViT(
        img_size=side,
        patch_size=config["patch_size"],
        embed_dim=config["width"],
        depth=config["depth"],
        num_heads=config["heads"],
        mlp_ratio=config["mlp_ratio"],
        out_chans=width,
        qkv_bias=True,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=config["window"],
        global_attn_indexes=tuple(config["global_layers"]),
    )
    prompts = PromptEncoder(
        embed_dim=width, image_embedding_size=(grid, grid), input_image_size=(side, side), mask_in_chans=8
    )
    decoder = MaskDecoder(
        num_multimask_outputs=3,
        transformer=TwoWayTransformer(
            depth=2, embedding_dim=width, mlp_dim=config["decoder_mlp"], num_heads=config["decoder_heads"]
        ),
        transformer_dim=width,
        iou_head_depth=3,
        iou_head_hidden_dim=config["iou_hidden"],
    )
    return Sam(image_encoder=encoder, prompt_encoder=prompts, mask_decoder=decoder)


def load_sam(source: str, *, revision: str | None = None) -> Any:
    """A model from a folder or hub id with config.json and model.safetensors (of ours, or of a transformers SAM), or
    from one of the published `sam_vit_h*.pth`, `sam_vit_l*.pth`, `sam_vit_b*.pth` files."""
    ensure_torchvision()
    path = Path(resolve(source))
    if path.suffix == ".pth":
        from segment_anything import sam_model_registry

        size = next((size for size in ("vit_h", "vit_l", "vit_b") if size in path.name), "default")
        return sam_model_registry[size](checkpoint=str(path))
    if not path.exists():
        from huggingface_hub import snapshot_download

        patterns = ["config.json", "model.safetensors"]
        path = Path(snapshot_download(source, revision=revision, allow_patterns=patterns))
    from safetensors.torch import load_file

    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    weights = load_file(path / "model.safetensors")
    if sam_weights.is_transformers(config):
        config, weights = sam_weights.flat_config(path), sam_weights.renamed(weights)
    sam = build_sam(config)
    sam.load_state_dict({k: v.float() for k, v in weights.items()})
    return sam


@dataclass
class Sam:
    """`Sam.load("sam_vit_b_01ec64.pth").segment(picture, [(10, 10, 90, 90)])`."""

    predictor: SamPredictor
    embeddings: int = 32
    _kept: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from vlp_graph.engines.remembered import Remembered

        self._kept = Remembered[str, Any](self.embeddings)

    @property
    def caches(self) -> dict[str, Remembered[Any, Any]]:
        """What is kept, by name."""
        return {"sam_embedding": self._kept}

    @classmethod
    def load(
        cls,
        source: str,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        revision: str | None = None,
        embeddings: int = 32,
    ) -> Self:
        ensure_torchvision()
        from segment_anything import SamPredictor

        from vlp_graph.engines.loading import check_device, torch_dtype

        sam = check_device(load_sam(source, revision=revision).to(device).eval(), device)
        _compute_in(sam.image_encoder, torch_dtype(dtype))
        predictor = SamPredictor(sam)
        predictor.transform.get_preprocess_shape = _scaled
        return cls(predictor, embeddings)

    def embed(self, picture: NDArray[np.uint8], digest: str | None = None) -> bool:
        """Make the embedding of `picture` (RGB uint8 [H, W, 3]); True where it was kept from before."""
        kept = bool(digest) and digest in self._kept
        self._shown(picture, digest)
        return kept

    def segment(
        self,
        picture: NDArray[np.uint8],
        boxes: Sequence[tuple[float, float, float, float]],
        digest: str | None = None,
    ) -> NDArray[np.bool_]:
        """One mask for each box (pixels of the picture): bool [N, H, W]. `digest` names the picture's content."""
        outlines = self.outline(picture, [Prompt(box) for box in boxes], digest)
        masks = [best.mask for best, *_ in outlines]
        return np.stack(masks) if masks else np.zeros((0, *picture.shape[:2]), bool)

    def outline(
        self,
        picture: NDArray[np.uint8],
        prompts: Sequence[Prompt],
        digest: str | None = None,
        *,
        several: bool = False,
    ) -> Iterator[list[Outline]]:
        """For each prompt in turn its outline, as a list of one; with `several` the three that the model makes, best
        first. Masks are made as they are read: those of a large picture together can be larger than the memory.

        Of an ambiguous prompt's three the best is taken, of others the one that the model makes for such prompts
        (as its paper recommends).
        """
        if not prompts:
            return
        shown = self._shown(picture, digest)
        at_once = max(1, min(PROMPTS_AT_ONCE, MASK_PIXELS_AT_ONCE // (picture.shape[0] * picture.shape[1])))
        for start in range(0, len(prompts), at_once):
            part = prompts[start : start + at_once]
            found: dict[int, list[Outline]] = {}
            for form in dict.fromkeys(p.form for p in part):
                alike = [i for i, p in enumerate(part) if p.form == form]
                found |= zip(alike, self._decode(shown, [part[i] for i in alike], several), strict=True)
            yield from (found[i] for i in range(len(part)))

    def _shown(self, picture: NDArray[np.uint8], digest: str | None) -> SamPredictor:
        """A predictor of this picture alone, so that nobody else's can come between picture and prompts."""
        shown = copy(self.predictor)
        kept = self._kept.get(digest) if digest else None
        if kept is None:
            shown.set_image(np.ascontiguousarray(picture))
            if digest:
                self._kept[digest] = shown.features, shown.original_size, shown.input_size
        else:
            shown.reset_image()
            shown.features, shown.original_size, shown.input_size = kept
            shown.is_image_set = True
        return shown

    def _decode(self, shown: SamPredictor, prompts: Sequence[Prompt], several: bool) -> list[list[Outline]]:
        """Prompts of one form, decoded together. Only masks that are wanted are brought to the picture's size."""
        import torch

        model, boxes, points = shown.model, _boxes(shown, prompts), _points(shown, prompts)
        choose = several or prompts[0].ambiguous
        with torch.inference_mode():
            sparse, dense = model.prompt_encoder(points=points, boxes=boxes, masks=None)
            small, quality = model.mask_decoder(
                image_embeddings=shown.features,
                image_pe=model.prompt_encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=choose,
            )
            order = quality.argsort(dim=1, descending=True)[:, : None if several else 1]
            outlines = []
            for row, kept, iou in zip(small, order, quality.float().clamp(0, 1).tolist(), strict=True):
                full = model.postprocess_masks(row[kept][:, None], shown.input_size, shown.original_size)
                masks = (full[:, 0] > model.mask_threshold).cpu().numpy()
                outlines.append([Outline(mask, iou[k]) for mask, k in zip(masks, kept.tolist(), strict=True)])
        return outlines


def _compute_in(encoder: Any, dtype: Any) -> None:
    """Nearly all of a picture's cost is in the encoder: it alone has the precision of the profile. Prompts and masks
    stay in float32, which segment-anything's position encoding asks for, too."""
    encoder.to(dtype)
    encoder.register_forward_pre_hook(lambda _, pixels: (pixels[0].to(dtype),))
    encoder.register_forward_hook(lambda *done: done[-1].float())


def _scaled(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of a picture whose longer side becomes `side`; the shorter one of a thin picture stays there."""
    scale = side / max(height, width)
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def _boxes(shown: SamPredictor, prompts: Sequence[Prompt]) -> Any:
    """Boxes [N, 4] as the model sees the picture; None where the prompts have none."""
    import torch

    if prompts[0].box is None:
        return None
    corners = torch.tensor(np.array([p.box for p in prompts], np.float32), device=shown.device)
    return shown.transform.apply_boxes_torch(corners, shown.original_size)


def _points(shown: SamPredictor, prompts: Sequence[Prompt]) -> Any:
    """Points [N, P, 2] as the model sees the picture with their labels [N, P]; None where the prompts have none."""
    import torch

    if not prompts[0].points:
        return None
    places = torch.tensor(np.array([p.points for p in prompts], np.float32), device=shown.device)
    labels = torch.tensor([p.labels for p in prompts], dtype=torch.int, device=shown.device)
    return shown.transform.apply_coords_torch(places, shown.original_size), labels
