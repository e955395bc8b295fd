"""The vision services over plain models: both kinds of body, every form of masks, and what is refused."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw
from plain_vision import PlainFinder, PlainLooker, PlainSorter
from starlette.testclient import TestClient

from vlp_graph.config import Profile
from vlp_graph.dialogue.sorting import DESCRIBE
from vlp_graph.errors import ModelUnavailable
from vlp_graph.http.app import build_app
from vlp_graph.http.backends import Backends
from vlp_graph.http.vision.schema import Classification, Descriptions, Detection, Segmentation
from vlp_graph.masks import decode

WIDTH, HEIGHT = 40, 30
STAR, HEART = (0.75, (2.0, 3.0, 12.0, 13.0)), (0.5, (20.0, 5.0, 38.0, 25.0))
Post = Callable[..., httpx.Response]


def png(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(file, "PNG")
    return file.getvalue()


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def finder(backends: Backends) -> PlainFinder:
    found = backends.finder
    assert isinstance(found, PlainFinder)
    found.things = {"red star": [STAR], "heart": [HEART, (0.25, (1.0, 1.0, 4.0, 4.0))]}
    return found


@pytest.fixture
def post(client: TestClient) -> Post:
    """Posts to a service: as JSON, or with `form=True` as the same form."""

    def send(path: str, image: bytes | None = png(), form: bool = False, **fields: Any) -> httpx.Response:
        if not form:
            shown = {} if image is None else {"image": in_base64(image)}
            return client.post(path, json={**shown, **fields})
        parts: list[Any] = [] if image is None else [("image", ("image", image))]
        for name, value in fields.items():
            words = value if isinstance(value, list) and isinstance(value[0], str) else [value]
            parts += [(name, (None, w if isinstance(w, str) else json.dumps(w))) for w in words]
        return client.post(path, files=parts)

    return send


def error(reply: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    fields: dict[str, Any] = reply.json()["error"]
    return fields


@pytest.mark.parametrize("form", [False, True])
class TestDetect:
    def test_what_is_there_and_what_is_not(self, post: Post, finder: PlainFinder, form: bool) -> None:
        reply = post("/v1/detect", form=form, prompts=["the red star", "heart", "a pink cow"])
        assert reply.json() == {
            "image": {"width": WIDTH, "height": HEIGHT},
            "instances": [
                {"phrase": "the red star", "score": 0.75, "box": [2, 3, 12, 13]},
                {"phrase": "heart", "score": 0.5, "box": [20, 5, 38, 25]},
                {"phrase": "heart", "score": 0.25, "box": [1, 1, 4, 4]},
            ],
            "not_found": ["a pink cow"],
        }
        Detection.model_validate(reply.json())
        (asked,) = finder.located
        assert asked["phrases"] == ["red star", "heart", "pink cow"]
        assert asked["threshold"] is asked["nms"] is None

    def test_thresholds_reach_the_detector(self, post: Post, finder: PlainFinder, form: bool) -> None:
        assert post("/v1/detect", form=form, prompts=["heart"], box_threshold=0.5, nms=1).status_code == 200
        (asked,) = finder.located
        assert (asked["threshold"], asked["nms"], asked["most"]) == (0.5, 1, 200)

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({}, "prompts"),
            ({"prompts": "?!"}, "prompts"),
            ({"prompts": ["star", "..."]}, "prompts.1"),
            ({"prompts": ["x"], "box_threshold": 0.01}, "box_threshold"),
            ({"prompts": ["x"], "box_threshold": 1}, "box_threshold"),
            ({"prompts": ["x"], "box_threshold": True}, "box_threshold"),
            ({"prompts": ["x"], "nms": 0}, "nms"),
            ({"prompts": ["x"], "nms": [1]}, "nms"),
            ({"prompts": ["x"], "threshold": 0.5}, "threshold"),
        ],
    )
    def test_refused_with_the_name_of_the_field(
        self, post: Post, finder: PlainFinder, form: bool, fields: dict[str, Any], param: str
    ) -> None:
        assert str(error(post("/v1/detect", form=form, **fields))["param"]).startswith(param)
        assert not finder.located

    @pytest.mark.parametrize(
        ("fields", "param"), [({"prompts": ["x"] * 17}, "prompts"), ({"prompts": ["a", "x" * 201]}, "prompts.1")]
    )
    def test_no_more_than_the_limits(
        self, post: Post, finder: PlainFinder, form: bool, fields: dict[str, Any], param: str
    ) -> None:
        assert error(post("/v1/detect", form=form, **fields), 413)["param"] == param
        assert not finder.located

    def test_a_picture_is_needed(self, post: Post, form: bool) -> None:
        assert error(post("/v1/detect", None, form, prompts=["x"]))["param"] == "image"
        assert error(post("/v1/detect", b"no picture" * 9, form, prompts=["x"]), 415)["param"] == "image"
        assert error(post("/v1/detect", png()[:50], form, prompts=["x"]), 422)["param"] == "image"


def test_a_data_url_is_a_picture_and_a_link_is_not(client: TestClient, finder: PlainFinder) -> None:
    url = f"data:image/png;base64,{in_base64(png())}"
    assert client.post("/v1/detect", json={"image": url, "prompts": ["heart"]}).status_code == 200
    link = {"image": "http://127.0.0.1/x.png", "prompts": ["heart"]}
    assert error(client.post("/v1/detect", json=link))["param"] == "image"
    assert error(client.post("/v1/detect", json={"image": "%%", "prompts": ["heart"]}))["param"] == "image"


def test_boxes_are_of_the_picture_after_its_rotation(client: TestClient, finder: PlainFinder) -> None:
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (WIDTH, HEIGHT)).save(file, "JPEG", exif=exif)
    reply = client.post("/v1/detect", json={"image": in_base64(file.getvalue()), "prompts": ["heart"]})
    assert reply.json()["image"] == {"width": HEIGHT, "height": WIDTH}
    assert finder.located[0]["size"] == (WIDTH, HEIGHT, 3)


@pytest.mark.parametrize(
    ("content", "type_", "status"),
    [
        (b"[]", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"image": "\xff"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"x", "text/plain", 415),
        (b"x", "", 415),
        (b"x", "multipart/form-data", 400),
    ],
)
def test_other_bodies_are_refused(client: TestClient, content: bytes, type_: str, status: int) -> None:
    for path in ("/v1/detect", "/v1/segment", "/v1/classify", "/v1/describe"):
        assert error(client.post(path, content=content, headers={"content-type": type_}), status)["message"]


def test_numbers_that_json_does_not_have_are_refused(client: TestClient, finder: PlainFinder) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e999", f"1{'0' * 400}"):
        for fields in (f'"boxes": [[0, 0, {number}, 5]]', f'"points": [[{number}, 5]]', f'"tolerance": {number}'):
            body = f'{{"image": "{in_base64(png())}", {fields}}}'
            reply = client.post("/v1/segment", content=body, headers={"content-type": "application/json"})
            assert error(reply)["type"] == "invalid_request_error"
    assert not finder.prompts


@pytest.mark.parametrize("form", [False, True])
class TestSegment:
    def test_phrases_boxes_and_points_in_one_request(self, post: Post, finder: PlainFinder, form: bool) -> None:
        reply = post(
            "/v1/segment",
            form=form,
            prompts=["red star", "cow"],
            boxes=[[1, 2, 6, 9], [-5, -5, 3.5, 99]],
            points=[[[10, 11], [0, 0]], [[20, 21]]],
            labels=[[1, 0], [1]],
        ).json()
        Segmentation.model_validate(reply)
        told = [(i["kind"], i["index"], i.get("phrase"), i["score"], i["predicted_iou"]) for i in reply["instances"]]
        assert told == [
            ("prompt", 0, "red star", 0.75, 0.875),
            ("box", 0, None, 0.75, 0.75),
            ("box", 1, None, 0.75, 0.75),
            ("points", 0, None, 0.75, 0.75),
            ("points", 1, None, 0.75, 0.75),
        ]
        assert [i["area"] for i in reply["instances"]] == [100, 35, 90, 9, 9]
        assert [i["box"] for i in reply["instances"]][2:4] == [[0, 0, 3, 30], [9, 10, 12, 13]]
        assert reply["not_found"] == ["cow"]
        assert decode(reply["instances"][0]["mask"])[3:13, 2:12].all()
        framed, cut, pair, single = finder.prompts
        assert (framed.box, cut.box) == ((1, 2, 6, 9), (0, 0, 3.5, HEIGHT))
        assert (pair.points, pair.labels) == (((10, 11), (0, 0)), (1, 0))
        assert (single.points, single.labels) == (((20, 21),), (1,))

    def test_points_of_one_object(self, post: Post, finder: PlainFinder, form: bool) -> None:
        assert len(post("/v1/segment", form=form, points=[[3, 4], [8, 9]]).json()["instances"]) == 1
        assert len(post("/v1/segment", form=form, points=[[3, 4], [8, 9]], labels=[0, 1]).json()["instances"]) == 1
        assert [p.labels for p in finder.prompts] == [(1, 1), (0, 1)]

    def test_several_masks_of_a_prompt(self, post: Post, finder: PlainFinder, form: bool) -> None:
        reply = post("/v1/segment", form=form, prompts=["heart"], points=[[3, 4]], multimask=True).json()
        assert [i["kind"] for i in reply["instances"]] == ["prompt", "prompt", "points", "points", "points"]

    def test_rle_polygons_and_png_say_the_same(self, post: Post, finder: PlainFinder, form: bool) -> None:
        finder.hole = (4, 6, 9, 8)
        replies = {
            format: post("/v1/segment", form=form, prompts=["red star"], points=[[5, 6]], format=format).json()
            for format in ("rle", "polygon", "png")
        }
        for n in range(2):
            rle, polygon, picture = (replies[format]["instances"][n] for format in ("rle", "polygon", "png"))
            mask = decode(rle["mask"])
            assert mask.sum() == rle["area"] == polygon["area"] == picture["area"]
            drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture["png"]))))
            assert np.array_equal(drawn, mask)
            filled = np.zeros_like(mask)
            for ring in polygon["polygons"]:
                canvas = Image.new("1", (4 * WIDTH, 4 * HEIGHT))
                ImageDraw.Draw(canvas).polygon([(4 * x, 4 * y) for x, y in ring], fill=1)
                filled ^= np.asarray(canvas)[2::4, 2::4]
            assert np.array_equal(filled, mask)
        assert len(replies["polygon"]["instances"][0]["polygons"]) == 2

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({}, None),
            ({"boxes": [[0, 0, 5]]}, "boxes.0"),
            ({"boxes": [0, 0, 5, 5]}, "boxes.0"),
            ({"boxes": [[1, 1, 5, 5], [5, 1, 1, 5]]}, "boxes.1"),
            ({"boxes": [[1, 1, 5, 1]]}, "boxes.0"),
            ({"boxes": [[40, 0, 50, 10]]}, "boxes.0"),
            ({"boxes": [[-9, -9, 0, 10]]}, "boxes.0"),
            ({"boxes": [[0, 0, "5", 5]]}, "boxes.0.2"),
            ({"boxes": [[0, 0, None, 5]]}, "boxes.0.2"),
            ({"points": [[1, 2], [40, 2]]}, "points.1"),
            ({"points": [[[1, 2]], [[3, -1]]]}, "points.1.0"),
            ({"points": [[1, 2, 3]]}, "points.0"),
            ({"points": [[[1, 2]], [3, 4]]}, "points.1.0"),
            ({"points": [[1, 2]], "labels": [0]}, "labels"),
            ({"points": [[1, 2]], "labels": [1, 1]}, "labels"),
            ({"points": [[1, 2]], "labels": [[1]]}, "labels"),
            ({"points": [[[1, 2]]], "labels": [1]}, "labels"),
            ({"points": [[[1, 2]], [[3, 4]]], "labels": [[1]]}, "labels"),
            ({"points": [[[1, 2]], [[3, 4]]], "labels": [[1], [0]]}, "labels.1"),
            ({"points": [[1, 2]], "labels": [2]}, "labels.0"),
            ({"prompts": ["x"], "labels": [1]}, "labels"),
            ({"prompts": ["x"], "format": "jpeg"}, "format"),
            ({"prompts": ["x"], "tolerance": -1}, "tolerance"),
            ({"prompts": ["x"], "multimask": "perhaps"}, "multimask"),
            ({"prompts": ["x"], "box": [[0, 0, 1, 1]]}, "box"),
        ],
    )
    def test_refused_with_the_name_of_the_field(
        self, post: Post, finder: PlainFinder, form: bool, fields: dict[str, Any], param: str | None
    ) -> None:
        assert error(post("/v1/segment", form=form, **fields))["param"] == param
        assert not finder.prompts
        assert not finder.located

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"boxes": [[0, 0, 5, 5]] * 33}, "boxes"),
            ({"boxes": [[0, 0, 5, 5]] * 20, "points": [[[1, 1]]] * 20}, "boxes"),
            ({"points": [[[1, 1]]] * 33}, "points"),
            ({"points": [[1, 1]] * 129}, "points"),
            ({"points": [[[1, 1]] * 100, [[1, 1]] * 100]}, "points"),
            ({"points": [[1, 1]], "labels": [1] * 129}, "labels"),
        ],
    )
    def test_no_more_than_the_limits(
        self, post: Post, finder: PlainFinder, form: bool, fields: dict[str, Any], param: str
    ) -> None:
        assert error(post("/v1/segment", form=form, **fields), 413)["param"] == param
        assert not finder.prompts


def test_masks_of_large_pictures_are_fewer(client: TestClient, finder: PlainFinder) -> None:
    body: dict[str, Any] = {"image": in_base64(png(5000, 4000)), "boxes": [[0, 0, 9, 9]] * 21}
    assert error(client.post("/v1/segment", json=body), 413)["param"] == "boxes"
    several = {**body, "boxes": [], "points": [[[1, 1]]] * 7, "multimask": True}
    assert error(client.post("/v1/segment", json=several), 413)["param"] == "points"
    assert not finder.prompts
    named = {"image": body["image"], "prompts": ["cow"]}
    assert client.post("/v1/segment", json=named).status_code == 200
    assert client.post("/v1/detect", json=named).status_code == 200
    assert [asked["most"] for asked in finder.located] == [20, 200]


def test_one_png_of_all_for_who_takes_only_that(client: TestClient, finder: PlainFinder) -> None:
    body = {"image": in_base64(png()), "prompts": ["red star", "heart"], "points": [[30, 28]]}
    reply = client.post("/v1/segment", json=body, headers={"accept": "image/png"})
    assert reply.headers["content-type"] == "image/png"
    drawn = np.asarray(Image.open(io.BytesIO(reply.content)))
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    for x0, y0, x1, y1 in ((2, 3, 12, 13), (20, 5, 38, 25), (1, 1, 4, 4), (29, 27, 32, 30)):
        wanted[y0:y1, x0:x1] = True
    assert np.array_equal(drawn, wanted)
    both = client.post("/v1/segment", json=body, headers={"accept": "application/json, image/png"})
    assert both.headers["content-type"] == "application/json"
    nothing = client.post("/v1/segment", json={**body, "prompts": ["cow"], "points": None}, headers={"accept": PNG})
    assert not np.asarray(Image.open(io.BytesIO(nothing.content))).any()


PNG = "image/png"


@pytest.mark.parametrize("form", [False, True])
class TestClassify:
    def test_a_picture(self, post: Post, finder: PlainFinder, form: bool) -> None:
        reply = post("/v1/classify", form=form, labels=["star", "heart"]).json()
        Classification.model_validate(reply)
        assert reply["label"] == "heart"  # the finder has hearts and no plain star
        assert sum(reply["scores"].values()) == pytest.approx(1)
        assert reply["seen"] == "a red star."

    def test_a_text(self, post: Post, backends: Backends, form: bool) -> None:
        reply = post("/v1/classify", None, form, text="a story of a dog", labels=["dog", "cat"]).json()
        assert reply == {"label": "dog", "scores": pytest.approx({"dog": 10 / 11, "cat": 1 / 11})}
        assert isinstance(backends.looker, PlainLooker)
        assert not backends.looker.asked

    def test_picture_and_text_count_half_each(self, post: Post, form: bool) -> None:
        reply = post("/v1/classify", form=form, text="a dog", labels=["red", "dog"]).json()
        assert reply["scores"] == pytest.approx({"red": 0.5, "dog": 0.5})

    def test_a_question_directs_the_look(self, post: Post, backends: Backends, finder: PlainFinder, form: bool) -> None:
        reply = post("/v1/classify", form=form, question="what colour is it?", labels=["red", "heart"]).json()
        assert reply["label"] == "red"
        assert isinstance(backends.looker, PlainLooker)
        assert isinstance(backends.sorter, PlainSorter)
        assert [question for _, question, _ in backends.looker.asked] == ["what colour is it?"]
        assert backends.sorter.asked == ["a red star."]

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"labels": ["one"]}, "labels"),
            ({"labels": ["a", " "]}, "labels.1"),
            ({"labels": ["a", "a "]}, None),
            ({"labels": ["a", "b"], "text": "  "}, "text"),
            ({"labels": ["a", "b"], "lables": "c"}, "lables"),
        ],
    )
    def test_refused_with_the_name_of_the_field(
        self, post: Post, form: bool, fields: dict[str, Any], param: str | None
    ) -> None:
        assert error(post("/v1/classify", form=form, **fields))["param"] == param

    def test_nothing_to_sort(self, post: Post, form: bool) -> None:
        assert error(post("/v1/classify", None, form, labels=["a", "b"]))["param"] == "image"

    def test_no_more_than_the_limits(self, post: Post, form: bool) -> None:
        labels = [str(n) for n in range(33)]
        assert error(post("/v1/classify", form=form, labels=labels), 413)["param"] == "labels"
        assert error(post("/v1/classify", form=form, labels=["a", "b"], text="x" * 201), 413)["param"] == "text"


@pytest.mark.parametrize("form", [False, True])
class TestDescribe:
    def test_a_caption(self, post: Post, backends: Backends, form: bool) -> None:
        reply = post("/v1/describe", form=form).json()
        Descriptions.model_validate(reply)
        assert reply == {"descriptions": [{"image": {"width": WIDTH, "height": HEIGHT}, "text": "a red star."}]}
        assert isinstance(backends.looker, PlainLooker)
        assert backends.looker.asked == [((HEIGHT, WIDTH, 3), DESCRIBE, None)]

    def test_a_question_and_a_length(self, post: Post, backends: Backends, form: bool) -> None:
        assert post("/v1/describe", form=form, question="which shape?", max_tokens=7).status_code == 200
        assert isinstance(backends.looker, PlainLooker)
        assert backends.looker.asked == [((HEIGHT, WIDTH, 3), "which shape?", 7)]

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"max_tokens": 0}, "max_tokens"),
            ({"max_tokens": 1_025}, "max_tokens"),
            ({"max_tokens": 10**9}, "max_tokens"),
            ({"max_tokens": 2.5}, "max_tokens"),
            ({"question": " "}, "question"),
            ({"prompt": "what?"}, "prompt"),
        ],
    )
    def test_refused_with_the_name_of_the_field(
        self, post: Post, form: bool, fields: dict[str, Any], param: str
    ) -> None:
        assert error(post("/v1/describe", form=form, **fields))["param"] == param

    def test_a_picture_is_needed(self, post: Post, form: bool) -> None:
        assert error(post("/v1/describe", None, form, question="what?"))["param"] == "image"


def test_several_pictures_are_described_each_for_itself(client: TestClient) -> None:
    sizes = [(5, 6), (7, 8), (9, 10)]
    images = [png(*size) for size in sizes]
    by_json = client.post("/v1/describe", json={"images": [in_base64(image) for image in images]}).json()
    by_form = client.post("/v1/describe", files=[("image", ("x.png", image)) for image in images]).json()
    assert by_json == by_form
    assert [(d["image"]["width"], d["image"]["height"]) for d in by_json["descriptions"]] == sizes
    broken = client.post("/v1/describe", json={"images": [in_base64(images[0]), in_base64(images[1][:40])]})
    assert error(broken, 422)["param"] == "images.1"
    many = client.post("/v1/describe", json={"images": [in_base64(images[0])] * 4})
    assert error(many, 413)["param"] == "images"
    many = client.post("/v1/describe", files=[("image", ("x.png", images[0]))] * 4)
    assert error(many, 413)["param"] == "image"


def test_a_form_has_one_picture_where_one_is_asked_about(client: TestClient) -> None:
    parts = [("image", ("x.png", png()))] * 2 + [("prompts", (None, b"star"))]
    assert error(client.post("/v1/detect", files=parts))["param"] == "image"


def test_errors_of_the_models_are_the_callers(post: Post, finder: PlainFinder) -> None:
    finder.error = ModelUnavailable("Grounded-SAM is being restarted: try again in a few seconds")
    reply = post("/v1/segment", prompts=["star"], points=[[1, 1]])
    assert error(reply, 503)["code"] == "model_unavailable"
    assert reply.headers["retry-after"] == "5"


def test_a_late_answer_is_an_error_and_its_work_is_cancelled(
    dialogue: Any, backends: Backends, profile: Profile, finder: PlainFinder
) -> None:
    finder.wait = 60
    hasty = profile.model_copy(update={"dialogue": profile.dialogue.model_copy(update={"task_s": 0.05})})
    client = TestClient(build_app(dialogue, backends, hasty))
    reply = client.post("/v1/detect", json={"image": in_base64(png()), "prompts": ["star"]})
    assert error(reply, 504)["code"] == "deadline_exceeded"
    assert finder.cancelled


def test_the_description_has_both_kinds_of_body(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path in ("detect", "segment", "classify", "describe"):
        operation = document["paths"][f"/v1/{path}"]["post"]
        assert set(operation["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    segment = document["components"]["schemas"]["SegmentRequest"]["properties"]
    assert {"image", "prompts", "boxes", "points", "labels", "format"} <= set(segment)
    assert set(document["paths"]["/v1/segment"]["post"]["responses"]["200"]["content"]) == {"application/json", PNG}
