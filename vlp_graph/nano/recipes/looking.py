"""Where IDEFICS should look: training targets for its cross-attention.

Left to itself a small model answers from what is likely and takes very long to find out that looking pays. The scene
knows which object a question names and which one holds the answer, so two layers are told: the last but one looks at
what the question names, the last one at what the answer is read from. Used in training only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlp_graph.nano.questions import Question
from vlp_graph.nano.world import SceneObject

if TYPE_CHECKING:
    from transformers import IdeficsForVisionText2Text

HEADS = 2
"""Taught heads of a layer; the others are free."""
COVERED = 0.4
"""Share of a patch that an object covers at least to own it."""


class Looks(NamedTuple):
    """N taught tokens: picture of the batch [N], place in its row [N], and for (last but one, last) layer and each
    taught head the patches to look at (bool [N, 2, HEADS, 1 + patches]; the first stands for "nothing"; all False
    where any look will do)."""

    picture: Tensor
    place: Tensor
    wanted: Tensor


def patches(o: SceneObject, grid: int) -> NDArray[np.bool_]:
    """Which patches [grid, grid] of its square picture an object owns; its centre's where it covers none well."""
    side = o.mask.shape[0] // grid
    mine: NDArray[np.bool_] = o.mask.reshape(grid, side, grid, side).mean((1, 3)) > COVERED
    if not mine.any():
        x, y = o.centre
        mine[min(int(y / side), grid - 1), min(int(x / side), grid - 1)] = True
    return mine


class LookTargets:
    """Collects the targets of one batch."""

    def __init__(self, grid: int) -> None:
        self._grid = grid
        self._rows: list[tuple[int, int, NDArray[np.bool_]]] = []

    def add(self, picture: int, begin: int, question: Question, starts: Sequence[int]) -> None:
        """`begin` is the place in the row of the token that writes the first token of the answer, `starts` the
        character at which each token of the answer starts."""
        if question.kind == "describe":
            items = _items(question.answer)
            for i, start in enumerate(starts):
                shown = question.shown[int(np.searchsorted(items, start, "right")) - 1]
                self._rows.append((picture, begin + i, self._wanted([], [shown])))
            return
        wanted = self._wanted(question.about, question.shown)
        self._rows += [(picture, begin + i, wanted) for i in range(len(starts))]

    def _wanted(self, about: Sequence[Sequence[SceneObject]], shown: Sequence[SceneObject]) -> NDArray[np.bool_]:
        wanted = np.zeros((2, HEADS, 1 + self._grid**2), bool)
        for head in range(HEADS):
            if about:
                wanted[0, head] = self._union(about[min(head, len(about) - 1)])
            wanted[1, head] = self._union(shown)
        return wanted

    def _union(self, objects: Sequence[SceneObject]) -> NDArray[np.bool_]:
        union = np.zeros(1 + self._grid**2, bool)
        union[0] = not objects
        for o in objects:
            union[1:] |= patches(o, self._grid).ravel()
        return union

    def looks(self) -> Looks:
        picture, place, wanted = zip(*self._rows, strict=True)
        return Looks(torch.tensor(picture), torch.tensor(place), torch.from_numpy(np.stack(wanted)))


def _items(caption: str) -> list[int]:
    """Where each item of a caption begins, its comma or "and" included, in the answer as written (after a space)."""
    return [0, *(found.start() + 1 for found in re.finditer(", | and ", caption))]


@dataclass
class Attention:
    """What went into the cross-attention of the last two layers in the last forward pass."""

    model: IdeficsForVisionText2Text
    _inputs: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inputs are kept while this is open."""
        layers: Any = self.model.model.gated_cross_attn_layers

        def keep(index: int) -> Any:
            def hook(module: Any, args: Any, kwargs: Any) -> None:
                self._inputs[index] = kwargs["hidden_states"], kwargs["key_value_states"]

            return hook

        hooks = [layers[i].cross_attn.register_forward_pre_hook(keep(i), with_kwargs=True) for i in (-2, -1)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def loss(self, looks: Looks) -> tuple[Tensor, float]:
        """Mean -log of the attention that falls where it should, and its mean share."""
        losses, shares = [], []
        for index, wanted in zip((-2, -1), looks.wanted.unbind(1), strict=True):
            taught = wanted.any(-1).all(-1)
            attention: Any = self.model.model.gated_cross_attn_layers[index].cross_attn
            hidden, image = self._inputs[index]
            width = HEADS * attention.head_dim
            q = attention.q_proj(hidden[looks.picture[taught], looks.place[taught]])[:, :width]
            k = attention.k_proj(image)[..., :width].unflatten(-1, (HEADS, -1))
            k = k[looks.picture[taught]]
            scores = torch.einsum("nhd,nphd->nhp", q.unflatten(-1, (HEADS, -1)), k) * attention.head_dim**-0.5
            aimed = scores.masked_fill(~wanted[taught], -torch.inf).logsumexp(-1) - scores.logsumexp(-1)
            losses.append(-aimed.flatten())
            shares.append(aimed.detach().exp().flatten())
        return torch.cat(losses).mean(), float(torch.cat(shares).mean())
