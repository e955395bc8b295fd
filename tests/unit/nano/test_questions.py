"""Answers of generated questions, worked out a second time from the scene's masks alone."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from vlp_graph.nano.questions import KINDS, MARGIN, NUMBERS, Question, as_typed, ask, ask_all, caption
from vlp_graph.nano.world import COLOUR_NAMES, SHAPES, Scene, SceneObject, held_out, render

SCENES = held_out(21, 300, side=96)
WORD = {**{s: s for s in SHAPES}, **{s + "s": s for s in SHAPES}, "crosses": "cross"}


def centre(o: SceneObject) -> tuple[float, float]:
    rows, columns = np.nonzero(o.mask)
    return (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2


def named(scene: Scene, text: str) -> list[SceneObject]:
    """The objects that all colour, shape and size words of a text hold for."""
    words = re.findall(r"[a-z]+", text.lower())
    shapes = {WORD[w] for w in words if w in WORD}
    colours, sizes = set(words) & set(COLOUR_NAMES), set(words) & {"small", "large"}
    return [
        o
        for o in scene.objects
        if (not shapes or o.shape in shapes) and (not colours or o.colour in colours) and (not sizes or o.size in sizes)
    ]


def side(scene: Scene, a: SceneObject, words: str, b: SceneObject) -> bool | None:
    (ax, ay), (bx, by) = centre(a), centre(b)
    x, y = (ax - bx) / scene.width, (ay - by) / scene.height
    (direction,) = set(words.split()) & {"left", "right", "above", "below"}
    shift = {"left": -x, "right": x, "above": -y, "below": y}[direction]
    return None if abs(shift) < MARGIN - 1e-9 else bool(shift > 0)


def right(scene: Scene, question: Question) -> bool:
    text, answer = question.text, question.answer
    match question.kind:
        case "count":
            return NUMBERS.index(answer) == len(named(scene, text))
        case "exist":
            return answer == ("yes" if named(scene, text) else "no")
        case "colour":
            return [o.colour for o in named(scene, text)] == [answer]
        case "shape":
            return [o.shape for o in named(scene, text)] == [answer]
        case "size":
            return [o.size for o in named(scene, text.replace("small or large", ""))] == [answer]
        case "relation":
            found = re.fullmatch(r"is the (\w+ \w+) (.+) the (\w+ \w+)\?", text)
            assert found
            (a,), (b,) = named(scene, found[1]), named(scene, found[3])
            return side(scene, a, found[2], b) is (answer == "yes")
        case "spatial":
            found = re.fullmatch(r"what is (.+) the (\w+ \w+)\?", text)
            assert found
            (b,) = named(scene, found[2])
            there = [o for o in scene.objects if o is not b and side(scene, o, found[1], b)]
            if answer == "nothing":
                return not there
            return [o.name for o in there] == [answer.removeprefix("an ").removeprefix("a ")]
        case _:
            things = [f"{o.size} {o.name}" for o in sorted(scene.objects, key=lambda o: centre(o)[0])]
            return [re.sub("^an? ", "", t) for t in re.split(", | and ", answer.rstrip("."))] == things


def test_every_answer_is_right() -> None:
    rng = np.random.default_rng(7)
    asked: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for scene in SCENES:
        for question in ask_all(rng, scene):
            assert right(scene, question), question
            asked[question.kind] += 1
            answers[question.answer] += 1
    assert set(asked) == set(KINDS)
    assert min(asked.values()) > 60
    assert 0.5 < answers["yes"] / answers["no"] < 2


def test_a_scene_of_nothing_is_not_asked_about() -> None:
    empty = render(np.random.default_rng(0), count=0)
    assert ask_all(np.random.default_rng(0), empty) == []
    assert ask(np.random.default_rng(0), empty, "count") is None


def test_caption_goes_from_left_to_right() -> None:
    def thing(x: int, shape: str, colour: str) -> SceneObject:
        return SceneObject(shape, colour, "small", (x, 0, x + 2, 2), np.ones((1, 1), bool))

    image = np.zeros((9, 9, 3), np.uint8)
    a, b, c = thing(5, "star", "red"), thing(0, "heart", "orange"), thing(3, "cross", "blue")
    assert caption(Scene(image, (a,))) == "a small red star."
    assert caption(Scene(image, (a, b, c))) == "a small orange heart, a small blue cross and a small red star."


@pytest.mark.parametrize("text", ["is there a star?", "describe the image."])
def test_as_typed_changes_no_word(text: str) -> None:
    rng = np.random.default_rng(0)
    typed = {as_typed(rng, text) for _ in range(200)}
    bare = text.rstrip("?.")
    assert typed == {text, text.capitalize(), bare, bare.capitalize()}
