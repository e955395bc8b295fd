"""Generated dialogues: follow-ups about held-out scenes, each turn with its one right answer.

Beside those written by hand they measure what a follow-up does to a dialogue, in wordings and scenes without end.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from vlp_graph.dialogue.wording import plural, with_article
from vlp_graph.nano.dialogues import DialogueTurn, WrittenDialogue
from vlp_graph.nano.world import COLOUR_NAMES, SHAPES, Scene, SceneObject, held_out

APART = 0.25
"""Share of the width between two things of which one is clearly left of the other."""
HOW_MANY = ("how many {} are there?", "count the {}", "could you tell me the number of {}?")
AND_THOSE = ("and the {}?", "what about the {}?", "now the {} please")
OUTLINE = ("outline {}", "can you outline {}?", "trace {} for me please")
BOX = ("box {}", "put a box around {}", "show me where {} is")
IS_THERE = ("is there {}?", "do you see {}?", "can you see {} in it?")
COLOUR = ("what colour is {}?", "which colour does {} have?", "tell me the colour of {}")
THANKS = ("thanks!", "great, thank you", "cheers, that is all")

Turns = list[DialogueTurn]
Course = Callable[[random.Random, Scene, Scene], Turns | None]


def generate_dialogues(seed: int, count: int) -> list[WrittenDialogue]:
    """So many dialogues, each course as often as the others; the same for the same seed."""
    rng = random.Random(seed)
    scenes = iter(_pairs(seed))
    dialogues: list[WrittenDialogue] = []
    while len(dialogues) < count:
        one, other = next(scenes)
        course = COURSES[len(dialogues) % len(COURSES)]
        if turns := course(rng, one, other):
            shown = (one, other) if any(turn.shows == 1 for turn in turns) else (one,)
            dialogues.append(WrittenDialogue(f"generated-{len(dialogues) + 1:03}", shown, tuple(turns)))
    return dialogues


def _pairs(seed: int) -> Iterator[tuple[Scene, Scene]]:
    """Held-out scenes, two by two."""
    for batch in range(1_000):
        scenes = [scene for scene in held_out(seed + batch, 40) if len(scene.objects) > 1]
        yield from zip(scenes[::2], scenes[1::2], strict=False)


def _turn(
    rng: random.Random,
    forms: Sequence[str],
    *words: str,
    task: str,
    expect: Mapping[str, Any],
    shows: int | None = None,
    image: int | None = None,
) -> DialogueTurn:
    return DialogueTurn(rng.choice(forms).format(*words), shows, image, frozenset([task]), expect)


def _unique(scene: Scene) -> list[SceneObject]:
    """The things that no other one shares shape or name with."""
    shapes = Counter(o.shape for o in scene.objects)
    return [o for o in scene.objects if shapes[o.shape] == 1]


def _pair(scene: Scene) -> tuple[SceneObject, SceneObject] | None:
    """Two things of one shape, the left one first, clearly apart and of two colours."""
    shapes = Counter(o.shape for o in scene.objects)
    for shape in (shape for shape, number in shapes.items() if number == 2):
        a, b = sorted((o for o in scene.objects if o.shape == shape), key=lambda o: o.centre[0])
        if b.centre[0] - a.centre[0] > APART * scene.width and a.colour != b.colour:
            return a, b
    return None


def _at(scene: Scene, *objects: SceneObject) -> list[int]:
    return [scene.objects.index(o) for o in objects]


def one_of_two(rng: random.Random, scene: Scene, _: Scene) -> Turns | None:
    """Two things of a kind, one of them by its side, its colour, and the other one."""
    if (pair := _pair(scene)) is None:
        return None
    kind, side = plural(pair[0].shape), rng.randrange(2)
    that, other = pair[side], pair[1 - side]
    return [
        _turn(rng, HOW_MANY, kind, task="count", expect={"count": 2}, shows=0),
        _turn(rng, OUTLINE, f"the {('left', 'right')[side]} one", task="segment", expect={"masks": _at(scene, that)}),
        _turn(rng, COLOUR, "it", task="answer", expect={"answer": that.colour}),
        _turn(rng, ("and the other one?", "and of the other one?"), task="answer", expect={"answer": other.colour}),
    ]


def one_thing(rng: random.Random, scene: Scene, _: Scene) -> Turns | None:
    """Whether a thing is there, where, how large; one that is not; thanks."""
    if not (single := _unique(scene)):
        return None
    that = rng.choice(single)
    name = f"{that.colour} {that.shape}"
    absent = rng.choice([s for s in SHAPES if all(o.shape != s for o in scene.objects)] or [""])
    if not absent:
        return None
    return [
        _turn(rng, IS_THERE, with_article(name), task="answer", expect={"answer": "yes"}, shows=0),
        _turn(rng, BOX, "it", task="detect", expect={"found": _at(scene, that)}),
        _turn(rng, ("is it large or small?", "is it small or large?"), task="answer", expect={"answer": that.size}),
        _turn(rng, IS_THERE, with_article(absent), task="answer", expect={"answer": "no"}),
        _turn(rng, THANKS, task="chat", expect={"chat": True}),
    ]


def kinds(rng: random.Random, scene: Scene, _: Scene) -> Turns | None:
    """One kind, another one, one that is not there, and those of a colour."""
    shapes = Counter(o.shape for o in scene.objects)
    if len(shapes) < 2:
        return None
    first, second = rng.sample(sorted(shapes), 2)
    absent = rng.choice([s for s in SHAPES if s not in shapes] or [""])
    colour = rng.choice([c for c in COLOUR_NAMES if any(o.colour == c for o in scene.objects)])
    if not absent:
        return None
    those = [o for o in scene.objects if o.colour == colour]
    return [
        _turn(rng, HOW_MANY, plural(first), task="count", expect={"count": shapes[first]}, shows=0),
        _turn(rng, AND_THOSE, plural(second), task="count", expect={"count": shapes[second]}),
        _turn(rng, AND_THOSE, plural(absent), task="count", expect={"count": 0}),
        _turn(rng, OUTLINE, f"everything {colour}", task="segment", expect={"masks": _at(scene, *those)}),
    ]


def two_pictures(rng: random.Random, scene: Scene, other: Scene) -> Turns | None:
    """The same question about a second picture, which of them has more, and back to the first."""
    here, there = (Counter(o.shape for o in s.objects) for s in (scene, other))
    shapes = [shape for shape in here if here[shape] != there[shape]]
    if not shapes:
        return None
    shape = rng.choice(sorted(shapes))
    more = "first" if here[shape] > there[shape] else "second"
    those = [o for o in scene.objects if o.shape == shape]
    again = ("and in this one?", "same question for this picture", "how about this one?")
    which = ("which picture has more {}?", "which of the two pictures has more {}?")
    back = ("outline the {} in the first picture", "in the first picture, outline the {}")
    return [
        _turn(rng, HOW_MANY, plural(shape), task="count", expect={"count": here[shape]}, shows=0),
        _turn(rng, again, task="count", expect={"count": there[shape]}, shows=1),
        _turn(rng, which, plural(shape), task="answer", expect={"answer": more}),
        _turn(rng, back, plural(shape), task="segment", expect={"masks": _at(scene, *those)}, image=0),
    ]


def two_things(rng: random.Random, scene: Scene, _: Scene) -> Turns | None:
    """A thing, on which side of another it is, that one's colour and outline."""
    single = sorted(_unique(scene), key=lambda o: o.centre[0])
    if len(single) < 2 or single[-1].centre[0] - single[0].centre[0] < APART * scene.width:
        return None
    a, b = rng.sample([single[0], single[-1]], 2)
    left = a.centre[0] < b.centre[0]
    return [
        _turn(rng, BOX, f"the {a.shape}", task="detect", expect={"found": _at(scene, a)}, shows=0),
        _turn(
            rng,
            ("is it left of the {}?", "is it to the left of the {}?"),
            b.shape,
            task="answer",
            expect={"answer": "yes" if left else "no"},
        ),
        _turn(rng, COLOUR, f"the {b.shape}", task="answer", expect={"answer": b.colour}),
        _turn(rng, OUTLINE, "it", task="segment", expect={"masks": _at(scene, b)}),
    ]


COURSES: tuple[Course, ...] = (one_of_two, one_thing, kinds, two_pictures, two_things)
