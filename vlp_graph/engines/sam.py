"""Segment Anything: the mask of what a box or a point shows.

The picture's embedding is the cost; each further prompt is cheap. So embeddings are kept by content, and the
second question about a picture does not pay again. Paper: arXiv 2304.02643; classes of `segment_anything`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vlp_graph.engines.torchvision_shim import ensure_torchvision
from vlp_graph.engines.weights import resolve

if TYPE_CHECKING:
    from segment_anything import SamPredictor

    from vlp_graph.engines.remembered import Remembered

PROMPTS_AT_ONCE = 16
"""Boxes decoded together; bounds the memory that masks of a large picture take."""


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
    """A model from a folder or hub id with config.json and model.safetensors, or from one of the published
    `sam_vit_h*.pth`, `sam_vit_l*.pth`, `sam_vit_b*.pth` files."""
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

    sam = build_sam(json.loads((path / "config.json").read_text(encoding="utf-8")))
    sam.load_state_dict({k: v.float() for k, v in load_file(path / "model.safetensors").items()})
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

        from vlp_graph.engines.loading import torch_dtype

        sam = load_sam(source, revision=revision).to(device=device, dtype=torch_dtype(dtype)).eval()
        return cls(SamPredictor(sam), embeddings)

    def embed(self, picture: NDArray[np.uint8], digest: str | None = None) -> bool:
        """Make `picture` (RGB uint8 [H, W, 3]) the current one; True where its embedding was kept from before."""
        kept = self._kept.get(digest) if digest else None
        if kept is None:
            self.predictor.set_image(np.ascontiguousarray(picture))
            if digest:
                self._kept[digest] = (
                    self.predictor.features,
                    self.predictor.original_size,
                    self.predictor.input_size,
                )
            return False
        self.predictor.reset_image()
        self.predictor.features, self.predictor.original_size, self.predictor.input_size = kept
        self.predictor.is_image_set = True
        return True

    def segment(
        self,
        picture: NDArray[np.uint8],
        boxes: Sequence[tuple[float, float, float, float]],
        digest: str | None = None,
    ) -> NDArray[np.bool_]:
        """One mask for each box (pixels of the picture): bool [N, H, W]. `digest` names the picture's content."""
        import torch

        height, width = picture.shape[:2]
        if not len(boxes):
            return np.zeros((0, height, width), bool)
        masks = []
        with torch.inference_mode():
            self.embed(picture, digest)
            corners = torch.tensor(np.asarray(boxes, np.float32), device=self.predictor.device)
            prompts = self.predictor.transform.apply_boxes_torch(corners, (height, width))
            for part in prompts.split(PROMPTS_AT_ONCE):
                found, _, _ = self.predictor.predict_torch(None, None, boxes=part, multimask_output=False)
                masks.append(found[:, 0].cpu().numpy())
        return np.concatenate(masks)
