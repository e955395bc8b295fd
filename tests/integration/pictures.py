"""Scenes as PNG files, as a client would upload them."""

from __future__ import annotations

import base64


def data_url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()
