"""A dialogue that the graph remembers: one upload, several turns, and nobody else's."""

from __future__ import annotations

import uuid

import httpx
import numpy as np

from tests.integration.conftest import Graph
from vlp_graph.masks import decode
from vlp_graph.nano.dialogues import answer_of, faults, says, says_number
from vlp_graph.nano.metrics import mask_iou
from vlp_graph.nano.world import Thing, arrange

SQUARES = arrange(
    np.random.default_rng(4),
    256,
    192,
    [
        Thing("square", "red", "large", (0.2, 0.3)),
        Thing("square", "blue", "large", (0.75, 0.35)),
        Thing("circle", "green", "large", (0.45, 0.75)),
    ],
)
HEART = arrange(np.random.default_rng(5), 192, 192, [Thing("heart", "purple", "large", (0.5, 0.5))])


def test_follow_ups_need_no_second_upload(graph: Graph) -> None:
    client, name = graph.client, f"test-{uuid.uuid4()}"
    assert says_number(answer_of(client.ask("how many squares are there?", [SQUARES.png()], session=name)), 2)
    outlined = client.ask("outline the left one", session=name)
    (instance,) = outlined["vlp"]["results"][0]["instances"]
    assert mask_iou(decode(instance["mask"]), SQUARES.objects[0].mask) > 0.8
    assert says(answer_of(client.ask("what colour is the square on the right?", session=name)), "blue")
    assert says(answer_of(client.ask("is there a purple heart?", [HEART.png()], session=name)), "yes")
    first = client.ask("is there a green circle in the first picture?", session=name)
    assert says(answer_of(first), "yes")
    assert first["vlp"]["results"][0]["image"] == 0
    again = client.ask("outline the green circle", session=name)
    assert faults({"masks": [2]}, again, SQUARES) == [], "the first picture goes on to be meant"


def test_a_session_is_its_caller_s(graph: Graph) -> None:
    name = f"test-{uuid.uuid4()}"

    def ask(key: str, **files: bytes) -> httpx.Response:
        parts = [("text", (None, b"outline the green circle")), ("session", (None, name.encode()))]
        parts += [("image", ("picture.png", data)) for data in files.values()]  # type: ignore[misc]
        headers = {"authorization": f"Bearer {key}"}
        return httpx.post(f"{graph.url}/v1/ask", files=parts, headers=headers, timeout=120)

    assert ask("mine", image=SQUARES.png()).status_code == 200
    assert ask("mine").status_code == 200
    refused = ask("another's")
    assert refused.status_code == 422
    assert "picture" in refused.json()["error"]["message"]


def test_pictures_with_labels_teach_them(graph: Graph) -> None:
    zig = [[Thing("star", "red", size, at)] for size, at in (("large", (0.3, 0.4)), ("small", (0.7, 0.6)))]
    zag = [
        [Thing("circle", "blue", "large", (0.7, y)), Thing("square", "green", "large", (0.3, 1 - y))]
        for y in (0.3, 0.7)
    ]
    pictures = [arrange(np.random.default_rng(n), 256, 256, things).png() for n, things in enumerate((*zig, *zag))]
    client, name = graph.client, f"test-{uuid.uuid4()}"
    client.ask("This is a zig.", [pictures[0]], session=name)
    client.ask("And this is a zag.", [pictures[2]], session=name)
    for picture, label in ((pictures[1], "zig"), (pictures[3], "zag")):
        (result,) = client.ask("What is this?", [picture], session=name)["vlp"]["results"]
        assert result["task"] == "classify"
        assert result["label"] == label
        assert set(result["scores"]) == {"zig", "zag"}
        assert result["scores"][label] > 0.6
    text = "The first is a zig, the second one is a zag. What is the third?"
    (result,) = client.ask(text, [pictures[0], pictures[2], pictures[1]])["vlp"]["results"]
    assert result["label"] == "zig"
