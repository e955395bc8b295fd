"""Scenes as PNG files, as a client would upload them."""

from __future__ import annotations

import base64
import io

from PIL import Image

from vlp_graph.nano.world import Scene


def png(scene: Scene) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(scene.image).save(buffer, "PNG")
    return buffer.getvalue()


def data_url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()
