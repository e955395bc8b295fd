"""Phrases that name objects of a scene, and phrases that name nothing in it.

Grounding is trained and measured on these: with and without articles, singular and plural, by colour, shape and
size, together with near misses and with words that the nano world does not know.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlp_graph.nano.world import COLOUR_NAMES, PLURAL, SHAPES, Scene, SceneObject

FORMS = ("colour shape", "shape", "colour", "size colour shape", "size shape", "any")
FORM_WEIGHTS = (0.48, 0.16, 0.12, 0.12, 0.06, 0.06)
SYNONYMS = {"small": ("small", "small", "little", "tiny"), "large": ("large", "large", "big")}
STRANGERS = tuple(
    "dog cat car bus bird horse person man woman child cup bottle plate fork chair table lamp book phone apple "
    "banana orange pizza cake tree flower house window door bridge boat plane train kite ball football box bag hat "
    "shoe sign wheel clock key coin face hand cloud candle drone umbrella duck elephant fish snake spider hexagon "
    "diamond ring arrow line rectangle pentagon moon sun snail turtle frog zebra guitar scratch crack".split()
)
"""Things that the nano world does not have; asked for, they must not be found."""


@dataclass(frozen=True)
class Phrase:
    """`text` as a person would write it; `core` in the words of the world, or empty for a stranger."""

    text: str
    core: str

    def names(self, o: SceneObject) -> bool:
        return bool(self.core) and o.is_a(self.core)


def _core(o: SceneObject, form: str, colour: str | None = None, shape: str | None = None) -> str:
    words = {"colour": colour or o.colour, "shape": shape or o.shape, "size": o.size}
    if form == "any":
        return "object"
    parts = [words[part] for part in form.split()]
    return " ".join(parts if "shape" in form else [*parts, "object"])


def worded(rng: np.random.Generator, core: str) -> Phrase:
    """One of the ways to write `core`: "red circle", "the red circles", "a big star", "blue things"."""
    *attributes, noun = core.split()
    if noun == "object":
        noun = str(rng.choice(["object", "object", "thing", "shape"]))
    if rng.random() < 0.35:
        noun = PLURAL[noun]
    attributes = [str(rng.choice(SYNONYMS[word])) if word in SYNONYMS else word for word in attributes]
    article = str(rng.choice(["", "", "", "the", "a", "all"]))
    return Phrase(" ".join(word for word in (article, *attributes, noun) if word), core)


def stranger(rng: np.random.Generator) -> Phrase:
    words = [str(rng.choice(STRANGERS))]
    if rng.random() < 0.4:
        words.insert(0, str(rng.choice(COLOUR_NAMES)))
    if rng.random() < 0.3:
        words.insert(0, str(rng.choice(["the", "a"])))
    return Phrase(" ".join(words), "")


def near_miss(rng: np.random.Generator, scene: Scene, form: str) -> str:
    """A core that shares colour or shape with an object of the scene; it may still name another one."""
    o = scene.objects[int(rng.integers(len(scene.objects)))]
    change = int(rng.integers(3))
    colour = None if change == 1 else str(rng.choice(COLOUR_NAMES))
    shape = None if change == 0 else str(rng.choice(SHAPES))
    return _core(o, "colour shape" if form == "any" else form, colour, shape)


def choose(rng: np.random.Generator, scene: Scene, *, most: int = 6, negatives: int | None = None) -> list[Phrase]:
    """1 to `most` phrases of one form, shuffled: the scene's own, near misses, strangers.

    Every object is named by at most one of them, as they share a form.
    """
    form = str(rng.choice(FORMS, p=FORM_WEIGHTS))
    present = list(dict.fromkeys(_core(o, form) for o in scene.objects))
    count = int(rng.integers(0, 4)) if negatives is None else negatives
    absent = [core for core in (near_miss(rng, scene, form) for _ in range(count)) if not scene.find(core)]
    phrases = [worded(rng, core) for core in dict.fromkeys(present + absent)]
    if rng.random() < 0.2:
        phrases.append(stranger(rng))
    order = rng.permutation(len(phrases))[:most]
    return [phrases[i] for i in order]
