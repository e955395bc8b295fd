"""SAM's weights as transformers publishes them (`facebook/sam-vit-huge`), for the classes of `segment_anything`.

They are the same numbers under other names; the published `.pth` files would be unpickled, safetensors are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_RENAMED = (
    (r"^shared_image_embedding\.positional_embedding", "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"),
    (r"^vision_encoder\.patch_embed\.projection", "image_encoder.patch_embed.proj"),
    (r"^vision_encoder\.neck\.conv1", "image_encoder.neck.0"),
    (r"^vision_encoder\.neck\.layer_norm1", "image_encoder.neck.1"),
    (r"^vision_encoder\.neck\.conv2", "image_encoder.neck.2"),
    (r"^vision_encoder\.neck\.layer_norm2", "image_encoder.neck.3"),
    (r"^vision_encoder\.layers", "image_encoder.blocks"),
    (r"^vision_encoder", "image_encoder"),
    (r"^prompt_encoder\.point_embed\.", "prompt_encoder.point_embeddings."),
    (r"^prompt_encoder\.mask_embed\.conv1", "prompt_encoder.mask_downscaling.0"),
    (r"^prompt_encoder\.mask_embed\.layer_norm1", "prompt_encoder.mask_downscaling.1"),
    (r"^prompt_encoder\.mask_embed\.conv2", "prompt_encoder.mask_downscaling.3"),
    (r"^prompt_encoder\.mask_embed\.layer_norm2", "prompt_encoder.mask_downscaling.4"),
    (r"^prompt_encoder\.mask_embed\.conv3", "prompt_encoder.mask_downscaling.6"),
    (r"^mask_decoder\.upscale_conv1", "mask_decoder.output_upscaling.0"),
    (r"^mask_decoder\.upscale_layer_norm", "mask_decoder.output_upscaling.1"),
    (r"^mask_decoder\.upscale_conv2", "mask_decoder.output_upscaling.3"),
    (r"\.layer_norm_final_attn", ".norm_final_attn"),
    (r"\.layer_norm(\d)", r".norm\1"),
)
_TWICE = "prompt_encoder.shared_embedding.positional_embedding"
"""The same tensor as `shared_image_embedding.positional_embedding`."""
_HEAD = re.compile(
    r"^(.*(?:iou_prediction_head|output_hypernetworks_mlps\.\d+))\.(proj_in|layers\.(\d+)|proj_out)\.(.*)$"
)


def is_transformers(config: Mapping[str, Any]) -> bool:
    """Whether this config.json is that of a transformers SAM."""
    return config.get("model_type") == "sam"


def flat_config(folder: Path) -> dict[str, Any]:
    """The keys of `sam.build_sam` out of a transformers config.json, what it leaves out as transformers has it."""
    from transformers import SamConfig

    config: Any = SamConfig.from_pretrained(folder)
    vision, decoder = config.vision_config, config.mask_decoder_config
    return {
        "image_size": vision.image_size,
        "patch_size": vision.patch_size,
        "width": vision.hidden_size,
        "depth": vision.num_hidden_layers,
        "heads": vision.num_attention_heads,
        "mlp_ratio": vision.mlp_dim / vision.hidden_size,
        "window": vision.window_size,
        "global_layers": list(vision.global_attn_indexes),
        "prompt_width": vision.output_channels,
        "decoder_mlp": decoder.mlp_dim,
        "decoder_heads": decoder.num_attention_heads,
        "iou_hidden": decoder.iou_head_hidden_dim,
    }


def renamed(weights: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors under the names that `segment_anything` gives them."""
    layers = {match[1]: int(match[3]) + 1 for name in weights if (match := _HEAD.match(name)) and match[3]}
    return {_name(name, layers): tensor for name, tensor in weights.items() if name != _TWICE}


def _name(name: str, layers: Mapping[str, int]) -> str:
    """`layers`: how many layers lie between the first and the last of each head."""
    if match := _HEAD.match(name):
        head, part, number, rest = match.groups()
        at = 0 if part == "proj_in" else int(number) + 1 if number else layers.get(head, 0) + 1
        return f"{head}.layers.{at}.{rest}"
    for pattern, new in _RENAMED:
        name = re.sub(pattern, new, name)
    return name
