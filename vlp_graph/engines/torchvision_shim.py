"""A stand-in for the four torchvision functions that segment-anything imports.

No CPU build of torchvision is on PyPI, and the CUDA-linked one breaks beside a CPU build of torch. Where
torchvision cannot be imported, this puts PIL's resize and our own suppression in its place, for this process only.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def ensure_torchvision() -> None:
    """Make `import segment_anything` work with or without torchvision. Call before that import."""
    if "torchvision" in sys.modules or importlib.util.find_spec("torchvision") is not None:
        return
    from transformers.utils.import_utils import is_torchvision_available

    is_torchvision_available()  # the answer is cached: transformers keeps using PIL
    modules = {
        "torchvision": {},
        "torchvision.transforms": {},
        "torchvision.transforms.functional": {"resize": _resize, "to_pil_image": _to_pil_image},
        "torchvision.ops": {},
        "torchvision.ops.boxes": {"batched_nms": _batched_nms, "box_area": _box_area},
    }
    for name, functions in modules.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, loader=None, is_package=True)
        module.__path__ = []
        for key, value in functions.items():
            setattr(module, key, value)
        sys.modules[name] = module


def _to_pil_image(array: Any) -> Any:
    from PIL import Image

    return Image.fromarray(array)


def _resize(image: Any, size: tuple[int, int]) -> Any:
    """`size` is (height, width); bilinear with antialiasing, as torchvision does for PIL images."""
    from PIL import Image

    return image.resize((size[1], size[0]), Image.Resampling.BILINEAR)


def _box_area(boxes: Any) -> Any:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _batched_nms(boxes: Any, scores: Any, groups: Any, overlap: float) -> Any:
    """Suppression within each group: boxes of different groups are moved apart first."""
    import torch

    from vlp_graph.engines.boxes import suppress

    apart = boxes + (groups.to(boxes) * (boxes.max() + 1))[:, None]
    return torch.as_tensor(suppress(apart.numpy(), scores.numpy(), overlap), dtype=torch.long)
