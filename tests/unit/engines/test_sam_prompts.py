"""Boxes, points and phrases with the real nano checkpoints: right masks, and nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from vlp_graph.engines import sam as sam_module
from vlp_graph.engines.grounded_sam import GroundedSam, Query, Showing
from vlp_graph.engines.sam import Prompt, Sam
from vlp_graph.nano.metrics import mask_iou
from vlp_graph.nano.world import Scene, SceneObject, held_out

CHECKPOINTS = "package:vlp_graph/nano/checkpoints"
SCENES = held_out(606, 25, cut=0.0)
pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def engine() -> GroundedSam:
    return GroundedSam.load(f"{CHECKPOINTS}/grounding-dino", sam=f"{CHECKPOINTS}/sam", threshold=0.3, companion=0.2)


@pytest.fixture(scope="module")
def sam(engine: GroundedSam) -> Sam:
    return engine.sam


def middle(o: SceneObject) -> tuple[float, float]:
    """The point of an object that is furthest from its edge."""
    depth = distance_transform_edt(np.pad(o.mask, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return float(x), float(y)


def on(*points: tuple[float, float]) -> Prompt:
    return Prompt(points=points, labels=(1,) * len(points))


def ious(sam: Sam, scene: Scene, prompts: list[Prompt]) -> list[float]:
    outlines = sam.outline(scene.image, prompts)
    return [mask_iou(best.mask, o.mask) for (best,), o in zip(outlines, scene.objects, strict=True)]


def test_a_point_on_an_object_gives_its_mask(sam: Sam) -> None:
    found = [iou for s in SCENES for iou in ious(sam, s, [on(middle(o)) for o in s.objects])]
    assert len(found) > 60
    assert np.mean(found) >= 0.87
    assert np.mean(np.array(found) >= 0.8) >= 0.85


def test_a_box_gives_the_mask_and_a_point_in_it_no_worse_one(sam: Sam) -> None:
    framed = [iou for s in SCENES for iou in ious(sam, s, [Prompt(o.box) for o in s.objects])]
    both = [iou for s in SCENES for iou in ious(sam, s, [Prompt(o.box, (middle(o),), (1,)) for o in s.objects])]
    assert np.mean(framed) >= 0.9
    assert np.mean(both) >= np.mean(framed) - 0.02


def test_the_iou_that_is_predicted_is_about_the_true_one(sam: Sam) -> None:
    pairs = [
        (best.iou, mask_iou(best.mask, o.mask))
        for s in SCENES
        for (best,), o in zip(sam.outline(s.image, [on(middle(o)) for o in s.objects]), s.objects, strict=True)
    ]
    predicted, true = np.array(pairs).T
    assert np.abs(predicted - true).mean() < 0.1
    assert np.corrcoef(predicted, true)[0, 1] > 0.3
    assert predicted.min() >= 0
    assert predicted.max() <= 1


def test_several_masks_best_first(sam: Sam) -> None:
    scene = SCENES[0]
    prompts = [Prompt(o.box) for o in scene.objects] + [on(middle(o)) for o in scene.objects]
    several = list(sam.outline(scene.image, prompts, several=True))
    assert [len(outlines) for outlines in several] == [3] * len(prompts)
    for outlines in several:
        assert [o.iou for o in outlines] == sorted((o.iou for o in outlines), reverse=True)
    (alone,) = sam.outline(scene.image, prompts[-1:])
    assert np.array_equal(alone[0].mask, several[-1][0].mask)


def test_mixed_prompts_come_back_in_their_order(sam: Sam, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = max(SCENES, key=lambda s: len(s.objects))
    prompts = []
    for n, o in enumerate(scene.objects):
        outside = (0.0, 0.0)
        prompts.append([Prompt(o.box), on(middle(o)), Prompt(points=(middle(o), outside), labels=(1, 0))][n % 3])
    together = [best.mask for (best,) in sam.outline(scene.image, prompts)]
    alone = [best.mask for prompt in prompts for (best,) in sam.outline(scene.image, [prompt])]
    monkeypatch.setattr(sam_module, "MASK_PIXELS_AT_ONCE", 1)
    one_by_one = [best.mask for (best,) in sam.outline(scene.image, prompts)]
    assert len(together) == len(prompts)
    for a, b, c in zip(together, alone, one_by_one, strict=True):
        assert mask_iou(a, b) > 0.99
        assert np.array_equal(b, c)


def test_a_point_beside_the_object_takes_away(sam: Sam) -> None:
    """Of two things in one box the one remains on which no such point lies."""
    scene = next(s for s in SCENES if len(s.objects) >= 2)
    a, b = scene.objects[:2]
    (without,) = sam.outline(scene.image, [Prompt(points=(middle(a), middle(b)), labels=(1, 0))])
    assert mask_iou(without[0].mask, a.mask) > mask_iou(without[0].mask, b.mask)
    assert not without[0].mask[int(middle(b)[1]), int(middle(b)[0])]


def test_callers_at_the_same_time_get_their_own_pictures(sam: Sam) -> None:
    def outline(n: int) -> list[float]:
        scene = SCENES[n % 5]
        outlines = sam.outline(scene.image, [Prompt(o.box) for o in scene.objects], f"scene {n % 5}")
        return [mask_iou(best.mask, o.mask) for (best,), o in zip(outlines, scene.objects, strict=True)]

    alone = [outline(n) for n in range(5)]
    with ThreadPoolExecutor(4) as pool:
        for n, found in enumerate(pool.map(outline, range(40))):
            assert found == pytest.approx(alone[n % 5], abs=0.01)


def test_an_embedding_is_kept_by_its_content(sam: Sam) -> None:
    scene = SCENES[7]
    assert not sam.embed(scene.image, "seven")
    assert sam.embed(scene.image, "seven")
    assert not sam.embed(scene.image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (3, 40), (2, 600)])
def test_pictures_that_are_hardly_there(engine: GroundedSam, shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), 120, np.uint8)
    (found,) = engine.find([Query(picture, ("red star",), masks=True)])
    assert list(found) == []
    prompts = (Prompt((0, 0, shape[1], shape[0])), on((0, 0)))
    assert [best.mask.shape for (best,) in engine.outline(Showing(picture, prompts))] == [shape, shape]


def test_thresholds_of_one_query_are_not_anothers(engine: GroundedSam) -> None:
    scene = SCENES[3]
    phrases = tuple(dict.fromkeys(o.name for o in scene.objects))

    def scores(**options: float) -> list[float]:
        (found,) = engine.find([Query(scene.image, phrases, digest="three", **options)])  # type: ignore[arg-type]
        return [f.detection.score for f in found]

    usual = scores()
    assert len(usual) == len(scene.objects)
    assert scores(threshold=0.99) == []
    assert scores() == usual
    low = scores(threshold=0.05, nms=1.0)
    assert len(low) > len(usual)
    assert min(low) >= 0.05
    assert scores() == usual
    assert scores(most=2) == sorted(usual, reverse=True)[:2] or set(scores(most=2)) == set(sorted(usual)[-2:])
    strict, loose = engine.find(
        [
            Query(scene.image, phrases, digest="three", threshold=0.99),
            Query(scene.image, phrases, digest="three", threshold=0.05, nms=1.0),
        ]
    )
    assert list(strict) == []
    assert [f.detection.score for f in loose] == low


def test_what_was_found_under_one_threshold_is_not_searched_again(
    engine: GroundedSam, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, looks = SCENES[4], []
    look = engine.detector._look

    def counted(pictures, pairs, digests):  # type: ignore[no-untyped-def]
        looks.append(list(pairs))
        return look(pictures, pairs, digests)

    monkeypatch.setattr(engine.detector, "_look", counted)
    for threshold in (0.9, 0.3, 0.05):
        list(engine.find([Query(scene.image, ("circle", "star"), digest="four", threshold=threshold)])[0])
    assert [len(pairs) for pairs in looks if pairs] == [2]
