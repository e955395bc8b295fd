"""The nano world's truth is the truth of its pictures."""

from __future__ import annotations

import numpy as np
import pytest

from vlp_graph.nano.phrases import STRANGERS, Phrase, choose, worded
from vlp_graph.nano.world import (
    COLOUR_NAMES,
    COLOURS,
    PLURAL,
    SHAPES,
    SIZES,
    Scene,
    SceneObject,
    coverage,
    held_out,
    random_size,
    render,
    scaled,
    training_scene,
)

SCENES = held_out(11, 120) + held_out(12, 40, side=96, cut=1.0)


def check(scene: Scene, shared: int = 1) -> None:
    assert scene.image.shape == (scene.height, scene.width, 3)
    assert scene.image.dtype == np.uint8
    taken = np.zeros((scene.height, scene.width), int)
    for o in scene.objects:
        assert o.mask.shape == (scene.height, scene.width)
        x0, y0, x1, y1 = o.box
        assert 0 <= x0 < x1 <= scene.width
        assert 0 <= y0 < y1 <= scene.height
        rows, columns = np.nonzero(o.mask)
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == o.box
        taken += o.mask
    assert taken.max(initial=0) <= shared  # a pixel belongs to the nearest object alone


def test_boxes_surround_masks_inside_the_picture() -> None:
    for scene in SCENES:
        check(scene)
    assert len({(s.width, s.height) for s in SCENES}) > 20
    assert any(s.width != s.height for s in SCENES)


def test_some_objects_are_cut_off_by_the_edge_and_still_inside() -> None:
    touching = [
        o
        for s in SCENES
        for o in s.objects
        if o.box[0] == 0 or o.box[1] == 0 or o.box[2] == s.width or o.box[3] == s.height
    ]
    assert len(touching) > 40
    rng = np.random.default_rng(0)
    assert all(
        o.box[0] > 0 and o.box[1] > 0 and o.box[2] < 128 and o.box[3] < 128
        for _ in range(20)
        for o in render(rng, cut=0.0).objects
    )


def test_pixels_have_the_colour_of_their_object() -> None:
    names, palette = list(COLOURS), np.array(list(COLOURS.values()), float)
    right = total = 0
    for scene in SCENES:
        for o in scene.objects:
            mean = scene.image[o.mask].mean(0)
            right += names[int(np.abs(palette - mean).sum(1).argmin())] == o.colour
            total += 1
    assert right / total > 0.98


def test_sizes_tell_small_from_large() -> None:
    for scene in held_out(13, 60, side=128, cut=0.0, max_objects=1):
        for o in scene.objects:
            side = (o.box[3] - o.box[1]) / np.sqrt(scene.width * scene.height)
            low, high = SIZES[o.size]
            assert low - 0.05 <= side <= high + 0.03, (o.name, o.size)


def test_the_same_seed_gives_the_same_scenes() -> None:
    one, two = held_out(3, 4), held_out(3, 4)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, two, strict=True))
    assert [[o.box for o in s.objects] for s in one] != [[o.box for o in s.objects] for s in held_out(4, 4)]


@pytest.mark.parametrize("shape", SHAPES)
def test_coverage(shape: str) -> None:
    alpha = coverage(shape, 40)
    assert alpha.shape == (40, 40)
    assert (alpha.min(), alpha.max()) == (0.0, 1.0)
    assert 0.2 < (alpha > 0.5).mean() < 0.95


def thing(shape: str = "cross", colour: str = "red", size: str = "small") -> SceneObject:
    return SceneObject(shape, colour, size, (0, 0, 1, 1), np.ones((1, 1), bool))


@pytest.mark.parametrize(
    ("phrase", "named"),
    [
        ("cross", True),
        ("crosses", True),
        ("Red Crosses", True),
        ("small red cross", True),
        ("small object", True),
        ("red things", True),
        ("shapes", True),
        ("blue cross", False),
        ("large red cross", False),
        ("star", False),
        ("dog", False),
        ("crossess", False),
    ],
)
def test_is_a(phrase: str, named: bool) -> None:
    assert thing().is_a(phrase) is named


def test_find_by_every_name() -> None:
    for scene in SCENES[:40]:
        for o in scene.objects:
            for phrase in (o.name, o.colour + " object", PLURAL[o.shape], f"{o.size} {o.colour} {PLURAL[o.shape]}"):
                assert any(other is o for other in scene.find(phrase))
        assert len(scene.find("objects")) == len(scene.objects)
        assert scene.find("dog") == []
        assert sum(len(scene.find(f"{c} {s}")) for c in COLOUR_NAMES for s in SHAPES) == len(scene.objects)


def test_scaled_is_the_same_scene() -> None:
    for scene in SCENES[:30]:
        width, height = scene.width // 2, scene.height // 2
        half = scaled(scene, width, height)
        check(half, shared=2)  # at an edge between two objects, half a pixel each
        assert (half.width, half.height) == (width, height)
        assert [o.name for o in half.objects] == [o.name for o in scene.objects]
        for big, small in zip(scene.objects, half.objects, strict=True):
            assert np.array(small.box) * 2 == pytest.approx(np.array(big.box), abs=3)
            assert small.mask.sum() * 4 == pytest.approx(big.mask.sum(), rel=0.25, abs=24)


def test_training_scenes_have_one_long_side() -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        scene = training_scene(rng)
        check(scene, shared=2)
        assert max(scene.width, scene.height) == 128


def test_random_size() -> None:
    rng = np.random.default_rng(1)
    sizes = [random_size(rng, 100) for _ in range(200)]
    assert all(max(s) == 100 and min(s) >= 60 for s in sizes)
    assert 0.35 < sum(w == h for w, h in sizes) / 200 < 0.65


def test_count_is_kept_where_there_is_room() -> None:
    rng = np.random.default_rng(1)
    assert all(len(render(rng, 128, 128, count=1).objects) == 1 for _ in range(10))
    assert len(render(rng, 128, 128, count=0).objects) == 0


def test_phrases_name_what_their_cores_name() -> None:
    rng = np.random.default_rng(4)
    for scene in SCENES[:60]:
        if not scene.objects:
            continue
        phrases = choose(rng, scene, negatives=2)
        assert 1 <= len(phrases) <= 6
        for o in scene.objects:
            assert sum(p.names(o) for p in phrases) <= 1
        for phrase in phrases:
            assert phrase.core or phrase.text.split()[-1] in STRANGERS
    assert not Phrase("dog", "").names(thing())
    assert {worded(rng, "small red cross").text.split()[-1] for _ in range(50)} == {"cross", "crosses"}
