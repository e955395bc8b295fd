"""The turns that every side is asked, and whether what came back is right.

A turn is sent often, each time with one pixel changed: to every cache it is a picture that was never seen.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from PIL import Image

from benchmarks.harness.run import BenchmarkError
from vlp_graph.masks import decode
from vlp_graph.nano.dialogues import says, says_number
from vlp_graph.nano.world import Scene, held_out

SEED, SIDE = 733, 192
IOU = 0.75
"""Of a mask with the true one, from which it counts as right."""
KINDS = ("outline", "count", "exist")

Reply = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A turn: words about a scene. `number` makes its picture another one; `name` is what the words name."""

    kind: Literal["outline", "count", "exist"]
    scene: Scene
    name: str
    number: int = 0

    @property
    def text(self) -> str:
        match self.kind:
            case "outline":
                return f"outline the {self.name}"
            case "exist":
                return f"is there a {self.name}?"
        return "how many objects are there?"

    @property
    def image(self) -> str:
        """The picture as PNG, in base64."""
        pixels = self.scene.image.copy()
        pixels[0, 0, :2] = divmod(self.number % 2**16, 256)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return base64.b64encode(buffer.getvalue()).decode()

    def is_right(self, reply: Reply) -> bool:
        """Whether `text` and `vlp` of a reply say what is in the scene."""
        match self.kind:
            case "outline":
                found = [i for result in reply["vlp"]["results"] for i in result.get("instances") or []]
                return len(found) == 1 and self._overlap(found[0]) >= IOU
            case "exist":
                return says(reply["text"], "yes")
        return says_number(reply["text"], len(self.scene.objects))

    def _overlap(self, instance: Mapping[str, Any]) -> float:
        if not instance.get("mask"):
            return 0.0
        (truth,) = self.scene.find(self.name)
        mask = decode(instance["mask"])
        return float((mask & truth.mask).sum() / (mask | truth.mask).sum())


def candidates(count: int) -> Iterator[Asked]:
    """Turns of all kinds in turn, each about a scene of its own, whose named thing is there once."""
    scenes = (s for s in held_out(SEED, 2 * count, side=SIDE) if _once(s) and len(s.objects) > 1)
    for number, scene in enumerate(scenes):
        yield Asked(KINDS[number % len(KINDS)], scene, _once(scene)[0])  # type: ignore[arg-type]


def _once(scene: Scene) -> list[str]:
    names = [o.name for o in scene.objects]
    return [name for name in names if names.count(name) == 1 and name[0] not in "aeiou"]


def chosen(candidates: Iterator[Asked], count: int, ask: Callable[[Asked], Reply]) -> list[Asked]:
    """As many of each kind, all of which `ask` answers rightly: what the weights do not know is not asked.

    Raises:
        BenchmarkError: there are too few.
    """
    each = count // len(KINDS)
    kept: dict[str, list[Asked]] = {kind: [] for kind in KINDS}
    for asked in candidates:
        known = kept[asked.kind]
        if len(known) < each and asked.is_right(ask(asked)):
            known.append(asked)
        if all(len(known) == each for known in kept.values()):
            return [asked for row in zip(*kept.values(), strict=True) for asked in row]
    raise BenchmarkError(
        f"of each kind {each} turns are wanted, and known are { ({k: len(v) for k, v in kept.items()}) }"
    )


def series(pool: Sequence[Asked], count: int, first: int) -> list[Asked]:
    """So many turns out of the pool, in turn, numbered from `first` on."""
    return [replace(pool[i % len(pool)], number=first + i) for i in range(count)]
