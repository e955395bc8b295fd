"""IDEFICS prompts as TGI takes them: text with pictures as markdown, `![](URL)`, at any place.

The pattern is linear in the length of a text, whoever wrote it: a picture may be megabytes of base64.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from vlp_graph.config import Limits
from vlp_graph.errors import InvalidRequest

# ![alt](URL "title"): no part of it is tried twice, and none reaches over the next picture's beginning.
_PICTURE = re.compile(r'!\[[^\[\]]*+\]\(\s*+([^)\s!]*+(?:!(?!\[)[^)\s!]*+)*+)\s*+(?:"[^"\n]*+"\s*+)?\)')

_LONGEST_ADDRESS = 2048


@dataclass(frozen=True)
class PictureUrl:
    """Where a picture is: `data:` with its bytes, or an address."""

    url: str


def split(inputs: str, limits: Limits) -> list[str | PictureUrl]:
    """Texts and pictures in order. A part that is a URL and nothing else is a picture, too, as TGI has it.

    Raises:
        InvalidRequest: more pictures or more text than is taken.
    """
    parts = list(_parts(inputs))
    pictures = sum(isinstance(part, PictureUrl) for part in parts)
    if pictures > limits.pictures:
        raise InvalidRequest(f"`inputs` supports up to {limits.pictures} pictures. Given: {pictures}", param="inputs")
    check_text(sum(len(part) for part in parts if isinstance(part, str)), limits)
    return parts


def check_text(characters: int, limits: Limits) -> None:
    """
    Raises:
        InvalidRequest: more characters than are taken, whatever they come to in tokens.
    """
    if characters > limits.text_chars:
        raise InvalidRequest(
            f"`inputs` must have at most {limits.text_chars} characters of text. Given: {characters}", param="inputs"
        )


def _parts(inputs: str) -> Iterator[str | PictureUrl]:
    begin = 0
    for match in _PICTURE.finditer(inputs):
        if match[1][:5].lower() == "data:" or _is_url(match[1]):
            yield from _text(inputs[begin : match.start()])
            yield PictureUrl(match[1])
            begin = match.end()
    yield from _text(inputs[begin:])


def _text(text: str) -> Iterator[str | PictureUrl]:
    if text:
        yield PictureUrl(text.strip()) if _is_url(text.strip()) else text


def _is_url(text: str) -> bool:
    """A scheme, a host and no space; or a picture's own bytes."""
    data, head = text[:11].lower() == "data:image/", text[:_LONGEST_ADDRESS]
    if not (data or "://" in head) or any(map(str.isspace, text)):
        return False
    try:
        return data or bool(urlsplit(head).scheme and urlsplit(head).netloc)
    except ValueError:
        return False
