"""The web page at `/`: a chat with the graph for people, served from files of this package.

No build step and nothing from elsewhere, so that it works where the network ends. The files are read once; a browser
asks again each time and gets 304 while they are the same, so that it never mixes the modules of two versions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from vlp_graph.config import Profile
from vlp_graph.http.endpoint import Endpoint
from vlp_graph.http.limits import MIB

START = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
}
_POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",  # what was recorded is played back from memory
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",  # with no policy to make any: text can never become markup
    "trusted-types": "'none'",
}
_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
}


@dataclass(frozen=True)
class Asset:
    """One file of the page as it goes out."""

    body: bytes
    media_type: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class Page:
    """`/` and, under `/page/`, what it is made of. All of it is open: the key is asked for by what it calls."""

    def __init__(self, profile: Profile) -> None:
        self.assets = {**_files(), "limits.json": Asset(json.dumps(_limits(profile)).encode(), _TYPES[".json"])}

    def endpoints(self) -> list[Endpoint]:
        start = partial(self._reply, START)
        return [
            Endpoint("GET", "/", start, "The web page", open=True),
            Endpoint("GET", "/page/{asset}", self.asset, "What the web page is made of", open=True),
        ]

    async def asset(self, request: Request) -> Response:
        return await self._reply(request.path_params["asset"], request)

    async def _reply(self, name: str, request: Request) -> Response:
        asset = self.assets.get(name)
        if asset is None:
            raise HTTPException(404)
        headers = {**_HEADERS, "etag": asset.etag}
        if asset.etag in _known(request):
            return Response(status_code=304, headers=headers)
        return Response(asset.body, headers=headers, media_type=asset.media_type)


def _known(request: Request) -> set[str]:
    """The versions that the browser has."""
    tags = request.headers.get("if-none-match", "").split(",")
    return {tag.strip().removeprefix("W/") for tag in tags}


def _files() -> dict[str, Asset]:
    folder = files(__package__).joinpath("page")
    return {
        file.name: Asset(file.read_bytes(), _TYPES[suffix])
        for file in folder.iterdir()
        if (suffix := "." + file.name.rpartition(".")[2]) in _TYPES
    }


def _limits(profile: Profile) -> dict[str, float]:
    """What the page must know to ask for no more than is taken, and how long the server remembers a session."""
    limits, memory = profile.http.limits, profile.memory
    return {
        "body_bytes": int(limits.body_mib * MIB),
        "pictures": limits.pictures,
        "pixels": limits.pixels,
        "audio_seconds": limits.audio_seconds,
        "text_chars": limits.text_chars,
        "turns": memory.turns,
        "expires_s": memory.expires_s,
    }
