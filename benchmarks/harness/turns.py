"""Turns whose right answers are known, ready to be sent: pictures and speech are encoded before anything is timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from vlp_graph.nano.dialogues import answer_of, faults, words_of
from vlp_graph.nano.world import Scene, held_out

KINDS = ("question", "count", "outline", "caption", "spoken", "two tasks")
SIDE = 256
"""Long side of the pictures, in pixels."""


@dataclass(frozen=True)
class Body:
    """A request's body and its type, as they go over the wire."""

    content: bytes
    content_type: str

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": self.content_type}


@dataclass(frozen=True)
class KnownTurn:
    """A turn about a scene: what is typed or said (`text`), and what must be right about the answer (`expect`, in the
    words of `vlp_graph.nano.dialogues.faults`). `wav` is what is said, where it is not typed."""

    kind: str
    text: str
    scene: Scene
    png: bytes
    wav: bytes | None
    expect: Mapping[str, Any]

    def is_right(self, reply: Mapping[str, Any]) -> bool:
        """Whether a reply of `/v1/ask` says what is so."""
        if any(result["status"] != "ok" for result in reply["vlp"]["results"]):
            return False
        if self.kind == "caption":
            words = set(words_of(answer_of(reply)))
            return any({o.colour, o.shape} <= words for o in self.scene.objects)
        return not faults(self.expect, reply, self.scene)

    def body(self, padding: int = 0) -> Body:
        """The form for `/v1/ask`. `padding`: bytes behind the picture's end, which readers of pictures never read: they
        have to come in all the same."""
        parts: list[tuple[str, tuple[str | None, bytes]]] = [("image", ("image", self.png + bytes(padding)))]
        if self.wav is None:
            parts.append(("text", (None, self.text.encode())))
        else:
            parts.append(("audio", ("audio", self.wav)))
        request = httpx.Request("POST", "http://encoded", files=parts)
        return Body(request.read(), request.headers["content-type"])


def known_turn(kind: str, scene: Scene) -> KnownTurn:
    """A turn of this kind about a scene of at least two things, no two of one name.

    Raises:
        ValueError: there is no such kind.
    """
    first, last = scene.objects[0].name, scene.objects[-1].name
    expect: dict[str, Any]
    match kind:
        case "question":
            text, expect = f"is there a {last}?", {"answer": "yes"}
        case "count":
            text, expect = "how many objects are there?", {"count": len(scene.objects)}
        case "outline":
            text, expect = f"outline the {last}", {"masks": _indices(scene, last)}
        case "caption":
            text, expect = "describe the picture", {}
        case "spoken":
            text, expect = f"Is there a {last} in the picture?", {"answer": "yes"}
        case "two tasks":
            text = f"outline the {first} and tell me where the {last} is"
            expect = {"masks": _indices(scene, first), "found": _indices(scene, last)}
        case _:
            raise ValueError(f"no kind of turn is called {kind!r}")
    return KnownTurn(kind, text, scene, scene.png(), _spoken(text) if kind == "spoken" else None, expect)


def clear_scenes(seed: int, count: int) -> list[Scene]:
    """Held-out scenes of two to five things, no two of one name, none cut off by an edge."""
    found: list[Scene] = []
    batch = 0
    while len(found) < count:
        drawn = held_out(seed * 1000 + batch, 2 * count, side=SIDE, max_objects=5, cut=0.0)
        found += [s for s in drawn if len({o.name for o in s.objects}) == len(s.objects) >= 2]
        batch += 1
    return found[:count]


def _indices(scene: Scene, name: str) -> list[int]:
    return [index for index, thing in enumerate(scene.objects) if thing.name == name]


def _spoken(text: str) -> bytes:
    from vlp_graph.nano.speech import speak, wav

    return wav(speak(text))
