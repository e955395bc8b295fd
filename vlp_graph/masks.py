"""Masks as COCO run-length encoding, the form in which they travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def encode(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """bool [H, W] -> {"size": [H, W], "counts": str}, as pycocotools writes it."""
    from pycocotools import mask as coco

    rle = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(v) for v in rle["size"]], "counts": rle["counts"].decode("ascii")}


def decode(rle: Mapping[str, Any]) -> NDArray[np.bool_]:
    """{"size": [H, W], "counts": str} -> bool [H, W]."""
    from pycocotools import mask as coco

    result: NDArray[np.bool_] = coco.decode({"size": list(rle["size"]), "counts": rle["counts"]}).astype(bool)
    return result
