import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco

from vlp_graph import demo
from vlp_graph.client import Client
from vlp_graph.dialogue.aggregate import NOTHING_KNOWN


def reply(text: str, masks: tuple[np.ndarray, ...] = ()) -> dict[str, Any]:
    instances = []
    for mask in masks:
        rle = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
        rle = {"size": rle["size"], "counts": rle["counts"].decode()}
        instances.append({"phrase": "red star", "score": 0.9, "box": [0, 0, 1, 1], "mask": rle})
    result = {"id": "t1", "task": "segment", "status": "ok", "seconds": 0.1, "instances": instances}
    return {"choices": [{"message": {"content": text}}], "vlp": {"results": [result]}}


@pytest.fixture(scope="module")
def cases() -> dict[str, demo.Case]:
    return {case.name: case for case in demo.cases()}


def test_every_picture_and_recording_is_small_and_there(cases: dict[str, demo.Case]) -> None:
    assert all(0 < len(case.picture.data) < 200_000 for case in cases.values())
    assert {name for name, case in cases.items() if case.audio} == {"spoken", "silence"}
    assert all(case.text or case.audio for case in cases.values())


def test_numbers() -> None:
    for text in ("There are 3 squares in this picture.", "three", "Three squares."):
        assert demo.says_number(3)(reply(text))
    assert demo.says_number(0)(reply("There are no squares in this picture."))
    assert not demo.says_number(3)(reply("There are 4 squares, not 3."))
    assert not demo.says_number(3)(reply("Some."))


def test_colours() -> None:
    assert demo.says_colour("green")(reply("Green."))
    assert not demo.says_colour("green")(reply("Green or blue."))
    assert not demo.says_colour("green")(reply("I see none."))


def test_yes_and_no() -> None:
    assert demo.says_no(reply("No, there is no purple heart in this picture."))
    assert demo.says_no(reply("There is no purple heart in this picture."))
    assert not demo.says_no(reply("I do not know."))
    assert not demo.says_no(reply("Nothing."))
    assert demo.says_yes(reply("Yes, there is 1 blue circle."))


def test_outlines_wants_one_mask_and_the_right_one(cases: dict[str, demo.Case]) -> None:
    scene = demo.find_scene(demo._is_garden, 256, 192, count=5, seed=857)
    star, circle = scene.find("red star")[0], scene.find("blue circle")[0]
    check = cases["outline"].check
    assert check(reply("I outlined the red star.", (star.mask,)))
    assert not check(reply("I outlined the red star.", (circle.mask,)))
    assert not check(reply("I outlined 2 red stars.", (star.mask, circle.mask)))
    assert not check(reply("There is no red star."))
    assert cases["follow-up"].check(reply("I outlined it.", (circle.mask,)))


def test_captions(cases: dict[str, demo.Case]) -> None:
    check = cases["caption"].check
    assert check(reply("a large green square, a large red square, a small purple square and a small green heart."))
    assert check(reply("I can make out a red square and a green heart."))
    assert not check(reply("I can make out a red square."))
    assert not check(reply("a red square, a green heart and a blue star."))


def test_a_photograph_is_answered_modestly() -> None:
    assert demo.is_modest(reply(NOTHING_KNOWN))
    assert demo.is_modest(reply("I can make out a large red circle."))
    assert not demo.is_modest(reply("I can make out 2 red circles."))
    assert not demo.is_modest(reply("a red circle and a blue star."))
    assert not demo.is_modest(reply(""))
    failed = reply("I could not describe the picture: internal error.")
    failed["vlp"]["results"][0]["status"] = "failed"
    assert not demo.is_modest(failed)


def test_a_follow_up_takes_picture_and_words_along(cases: dict[str, demo.Case]) -> None:
    sent: list[Any] = []

    class Graph(Client):
        def ask(
            self, text: Any = None, images: Any = (), audio: Any = None, history: Any = (), session: Any = None
        ) -> dict[str, Any]:
            sent.append((text, images, json.loads(json.dumps(history))))
            return reply("Yes, there is 1 blue circle in this picture.")

    with Graph() as client:
        outcomes = [demo.ask(client, cases["exists"], [])]
        outcomes.append(demo.ask(client, cases["follow-up"], outcomes))
    assert [o.right for o in outcomes] == [True, False]
    text, images, (question, said) = sent[1]
    assert (text, images, said["content"]) == ("Outline it.", [], "Yes, there is 1 blue circle in this picture.")
    assert question["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_what_was_sent_and_what_was_found_are_saved(cases: dict[str, demo.Case], tmp_path: Path) -> None:
    scene = demo.find_scene(demo._is_garden, 256, 192, count=5, seed=857)
    found = reply("I outlined the red star.", (scene.find("red star")[0].mask,))
    saved = demo.save(demo.Outcome(cases["two tasks"], found, 0.1, 0.0, True), tmp_path)
    assert saved == tmp_path / "two-tasks.png"
    assert demo.save(demo.Outcome(cases["spoken"], reply("Green."), 0.1, 0.0, True), tmp_path) is None
    assert demo.save(demo.Outcome(cases["photograph"], None, 0.1, 0.0, False, "503: down"), tmp_path) is None
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"garden.png", "two-tasks.png", "squares.png", "spoken.wav", "photo.jpg"}


def test_a_graph_that_is_not_there_is_a_wrong_answer_not_a_traceback(cases: dict[str, demo.Case]) -> None:
    with Client("http://127.0.0.1:9") as client:
        outcome = demo.ask(client, cases["typed"], [])
    assert not outcome.right
    assert "cannot reach" in (outcome.error or "")
