"""What a checkpoint's files say of their tensors, read from the headers alone: nothing is loaded."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

Shapes = dict[str, tuple[int, ...]]
_NOT_PACKED = ("embed", "lm_head", "shared")


def safetensors_shapes(folder: Path) -> Shapes:
    """Name and shape of every tensor in a folder's *.safetensors. Format: eight bytes little endian that say how long
    the JSON header is, then the header (huggingface/safetensors, README)."""
    shapes: Shapes = {}
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
        shapes |= {name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}
    return shapes


def ctranslate2_shapes(path: Path) -> Shapes:
    """Name and shape of every tensor in a CTranslate2 `model.bin`; scales of int8 tensors and options are left out.

    Format (CTranslate2 python/ctranslate2/specs/model_spec.py, binary version 6): version, specification's name and
    revision, number of tensors; of each its name, rank, dimensions, type, length in bytes, and content.
    """
    with path.open("rb") as file:
        return {
            name: shape
            for name, shape in _tensors(file)
            if shape and math.prod(shape) > 1 and not name.endswith("_scale")
        }


def _tensors(file: BinaryIO) -> Iterator[tuple[str, tuple[int, ...]]]:
    def number(form: str) -> int:
        return int(struct.unpack(f"<{form}", file.read(struct.calcsize(form)))[0])

    def text() -> str:
        return file.read(number("H")).rstrip(b"\0").decode()

    number("I"), text(), number("I")
    for _ in range(number("I")):
        name = text()
        shape = tuple(number("I") for _ in range(number("B")))
        number("B")
        file.seek(number("I"), 1)
        yield name, shape


def counts(shapes: Shapes) -> tuple[int, int]:
    """Parameters in all, and those in linear layers other than embeddings and the output head."""
    linear = (
        math.prod(shape)
        for name, shape in shapes.items()
        if len(shape) == 2 and name.endswith("weight") and not any(part in name for part in _NOT_PACKED)
    )
    return sum(math.prod(shape) for shape in shapes.values()), sum(linear)
