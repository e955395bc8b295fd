"""Questions about a nano scene with their one right answer.

Only questions that have exactly one answer are asked, so that exact match means right. The same generator
feeds the IDEFICS recipe, the evaluation and the end-to-end tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from vlp_graph.nano.world import COLOUR_NAMES, PLURAL, SHAPES, Scene, SceneObject

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MARGIN = 0.07
"""Two centres count as level unless they differ by this share of the picture's side."""

T = TypeVar("T")
Objects = Sequence[SceneObject]


@dataclass(frozen=True)
class Question:
    """`kind` is the skill that is asked for; `answer` is in the words of the training data.

    `about` are the groups of objects that the question names (two for a relation; an empty group names nothing there),
    `shown` those that the answer is read from; of a caption, in the order in which it names them.
    """

    kind: str
    text: str
    answer: str
    about: tuple[tuple[SceneObject, ...], ...] = field(default=(), compare=False)
    shown: tuple[SceneObject, ...] = field(default=(), compare=False)


def with_article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def _pick(rng: np.random.Generator, items: Sequence[T]) -> T:
    return items[int(rng.integers(len(items)))]


def _unique(objects: Objects, key: Callable[[SceneObject], str]) -> list[SceneObject]:
    """The objects whose key nobody shares."""
    seen = Counter(map(key, objects))
    return [o for o in objects if seen[key(o)] == 1]


def _count(rng: np.random.Generator, scene: Scene) -> Question:
    o = _pick(rng, scene.objects)
    colour = _pick(rng, COLOUR_NAMES) if rng.random() < 0.3 else o.colour
    shape = _pick(rng, SHAPES) if rng.random() < 0.3 else o.shape
    form = rng.random()
    if form < 0.45:
        phrase = f"{colour} {PLURAL[shape]}"
    elif form < 0.65:
        phrase = PLURAL[shape]
    elif form < 0.8:
        phrase = f"{colour} objects"
    else:
        phrase = "objects"
    text = _pick(
        rng,
        (
            "how many {} are there?",
            "how many {} are in the image?",
            "how many {} are in the picture?",
            "how many {} do you see?",
            "count the {}.",
        ),
    )
    found = tuple(scene.find(phrase))
    return Question("count", text.format(phrase), NUMBERS[len(found)], (found,), found)


def _colour(rng: np.random.Generator, scene: Scene) -> Question | None:
    named = [(o, o.shape) for o in _unique(scene.objects, lambda o: o.shape)]
    named += [
        (o, f"{o.size} {o.shape}") for o in _unique(scene.objects, lambda o: o.size + o.shape) if rng.random() < 0.3
    ]
    if not named:
        return None
    o, name = _pick(rng, named)
    text = _pick(
        rng,
        (
            "what colour is the {}?",
            "what color is the {}?",
            "which colour does the {} have?",
            "what is the colour of the {}?",
            "what is the color of the {}?",
        ),
    )
    return Question("colour", text.format(name), o.colour, ((o,),), (o,))


def _shape(rng: np.random.Generator, scene: Scene) -> Question | None:
    unique = _unique(scene.objects, lambda o: o.colour)
    if not unique:
        return None
    o = _pick(rng, unique)
    text = _pick(
        rng,
        ("what shape is the {} object?", "what is the {} object?", "what shape is the {} thing?", "which shape is {}?"),
    )
    return Question("shape", text.format(o.colour), o.shape, ((o,),), (o,))


def _size(rng: np.random.Generator, scene: Scene) -> Question | None:
    unique = _unique(scene.objects, lambda o: o.name)
    if not unique:
        return None
    o = _pick(rng, unique)
    text = _pick(rng, ("is the {} small or large?", "what size is the {}?", "how big is the {}?"))
    return Question("size", text.format(o.name), o.size, ((o,),), (o,))


def _exist(rng: np.random.Generator, scene: Scene) -> Question:
    o = _pick(rng, scene.objects)
    colour, shape = o.colour, o.shape
    if rng.random() < 0.6:
        if rng.random() < 0.5:
            colour = _pick(rng, COLOUR_NAMES)
        else:
            shape = _pick(rng, SHAPES)
    phrase = shape if rng.random() < 0.2 else f"{colour} {shape}"
    text = _pick(rng, ("is there {}?", "is there {} in the image?", "is there {} in the picture?", "do you see {}?"))
    found = tuple(scene.find(phrase))
    return Question("exist", text.format(with_article(phrase)), "yes" if found else "no", (found,), found)


_DIRECTIONS: dict[str, tuple[int, int]] = {
    "to the left of": (0, -1),
    "to the right of": (0, 1),
    "left of": (0, -1),
    "right of": (0, 1),
    "above": (1, -1),
    "below": (1, 1),
}


def lies(o: SceneObject, direction: str, reference: SceneObject, scene: Scene) -> bool | None:
    """Whether `o` lies in that direction of `reference`; None where the centres are too level to say."""
    axis, sign = _DIRECTIONS[direction]
    distance = (o.centre[axis] - reference.centre[axis]) * sign
    if abs(distance) < MARGIN * (scene.width, scene.height)[axis]:
        return None
    return distance > 0


def _spatial(rng: np.random.Generator, scene: Scene) -> Question | None:
    cases: list[tuple[SceneObject, str, tuple[SceneObject, ...]]] = []
    for reference in _unique(scene.objects, lambda o: o.name):
        others = [o for o in scene.objects if o is not reference]
        for direction in _DIRECTIONS:
            sides = [lies(o, direction, reference, scene) for o in others]
            there = [o for o, side in zip(others, sides, strict=True) if side]
            if None in sides or len(there) > 1:
                continue
            if there or rng.random() < 0.1:
                cases.append((reference, direction, tuple(there)))
    if not cases:
        return None
    reference, direction, answer = _pick(rng, cases)
    text = f"what is {direction} the {reference.name}?"
    words = with_article(answer[0].name) if answer else "nothing"
    return Question("spatial", text, words, ((reference,),), answer)


def _relation(rng: np.random.Generator, scene: Scene) -> Question | None:
    unique = _unique(scene.objects, lambda o: o.name)
    if len(unique) < 2:
        return None
    i, j = rng.permutation(len(unique))[:2]
    a, b = unique[i], unique[j]
    known = [(d, truth) for d in _DIRECTIONS if (truth := lies(a, d, b, scene)) is not None]
    if not known:
        return None
    direction, truth = _pick(rng, known)
    text = f"is the {a.name} {direction} the {b.name}?"
    return Question("relation", text, "yes" if truth else "no", ((a,), (b,)), (a, b))


def _left_to_right(scene: Scene) -> tuple[SceneObject, ...]:
    return tuple(sorted(scene.objects, key=lambda o: o.centre[0]))


def caption(scene: Scene) -> str:
    """Every object from left to right, in one sentence."""
    things = [with_article(f"{o.size} {o.name}") for o in _left_to_right(scene)]
    if len(things) == 1:
        return things[0] + "."
    return ", ".join(things[:-1]) + " and " + things[-1] + "."


def _describe(rng: np.random.Generator, scene: Scene) -> Question:
    text = _pick(
        rng,
        (
            "describe the image.",
            "describe the picture.",
            "what is in the image?",
            "what is in the picture?",
            "give a caption.",
            "what do you see?",
        ),
    )
    return Question("describe", text, caption(scene), shown=_left_to_right(scene))


_KINDS: dict[str, Callable[[np.random.Generator, Scene], Question | None]] = {
    "count": _count,
    "colour": _colour,
    "shape": _shape,
    "size": _size,
    "exist": _exist,
    "spatial": _spatial,
    "relation": _relation,
    "describe": _describe,
}
KINDS = tuple(_KINDS)


def ask(rng: np.random.Generator, scene: Scene, kind: str) -> Question | None:
    """One question of that kind, or None where the scene allows no unambiguous one."""
    return _KINDS[kind](rng, scene) if scene.objects else None


def ask_all(rng: np.random.Generator, scene: Scene, kinds: Sequence[str] = KINDS) -> list[Question]:
    """One question of each kind that the scene allows."""
    return [q for kind in kinds if (q := ask(rng, scene, kind)) is not None]


def as_typed(rng: np.random.Generator, text: str) -> str:
    """The question as different people type it: capital letter or not, with or without the last mark."""
    if rng.random() < 0.35:
        text = text[0].upper() + text[1:]
    if rng.random() < 0.15:
        text = text.rstrip("?.")
    return text
