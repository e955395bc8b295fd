"""Dialogues written by hand, and the judge that reads off a reply whether they were answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vlp_graph.nano.dialogues import answer_of, faults, load_dialogues, says, says_number
from vlp_graph.nano.world import Scene, Thing, arrange

SCENE = arrange(
    np.random.default_rng(0),
    128,
    96,
    [Thing("star", "red", "small", (0.2, 0.3)), Thing("circle", "blue", "large", (0.7, 0.6))],
)


def reply(text: str, task: str = "detect", *found: int, masks: bool = False, **fields: Any) -> dict[str, Any]:
    instances = [{"box": list(SCENE.objects[i].box), "mask": {} if not masks else {"counts": "x"}} for i in found]
    result = {"task": task, "instances": instances, **fields}
    return {"choices": [{"message": {"content": text}}], "vlp": {"results": [result]}}


def test_things_stand_where_they_were_put() -> None:
    star, circle = SCENE.objects
    assert (star.name, circle.name) == ("red star", "blue circle")
    assert np.allclose([c / s for c, s in zip(star.centre, (128, 96), strict=True)], (0.2, 0.3), atol=0.03)
    assert circle.box[2] - circle.box[0] > 1.5 * (star.box[2] - star.box[0])


def test_sixty_dialogues_over_scenes_that_hold_what_they_ask_for() -> None:
    dialogues = load_dialogues()
    assert len(dialogues) >= 60
    assert sum(len(d.turns) for d in dialogues) >= 200
    for d in dialogues:
        for t in d.turns:
            scene: Scene = d.scenes[t.image if t.image is not None else 0]
            indices = [*t.expect.get("found", []), *t.expect.get("masks", [])]
            most = max(len(s.objects) for s in d.scenes)
            assert all(i < most for i in indices), (d.name, t.say)
            assert scene.objects


@pytest.mark.parametrize(
    ("expect", "answer", "right"),
    [
        ({"count": 2}, reply("There are 2 stars in this picture."), True),
        ({"count": 2}, reply("There are 3 stars in this picture."), False),
        ({"count": 0}, reply("There are no stars in this picture."), True),
        ({"answer": "yes"}, reply("Yes, there is 1 star."), True),
        ({"answer": "no"}, reply("There is no heart in this picture."), True),
        ({"answer": "red"}, reply('Blue. (A look at the picture as a whole says "red".)'), False),
        ({"answer": ["a blue star", "star"]}, reply("A star."), True),
        ({"words": ["star", "circle"]}, reply("I can make out 2 stars and 1 circle."), True),
        ({"label": "star"}, reply("It looks like star.", label="star"), True),
        ({"chat": True}, reply("Hi!", "chat"), True),
        ({"chat": True}, reply("I found it."), False),
        ({"found": [0]}, reply("I found it.", "detect", 0), True),
        ({"found": [0]}, reply("I found them.", "detect", 0, 1), False),
        ({"found": [0, 1]}, reply("I found it.", "detect", 0), False),
        ({"found": []}, reply("There is no heart in this picture."), True),
        ({"found": []}, reply("I looked."), False),
        ({"masks": [1]}, reply("Done.", "segment", 1, masks=True), True),
        ({"masks": [1]}, reply("Done.", "detect", 1), False),
    ],
)
def test_the_judge(expect: dict[str, Any], answer: dict[str, Any], right: bool) -> None:
    assert (faults(expect, answer, SCENE) == []) is right


def test_words() -> None:
    assert says("Yes.", "yes")
    assert not says("No, yes.", "yes")
    assert says("Crosses and stars", "cross")
    assert says_number("There is one.", 1)
    assert not says_number("There are 11.", 1)
    assert answer_of(reply("Green. (Or red.) So.")) == "Green. So."
