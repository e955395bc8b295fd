"""The models' own endpoints, each with requests whose answer is known; no picture comes twice."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from PIL import Image

from benchmarks.harness.run import BenchmarkError
from benchmarks.model_batching.work import SEED, SIDE, covers
from vlp_graph.nano.dialogues import says_number, words_of
from vlp_graph.nano.world import SHAPES, Scene, held_out


@dataclass(frozen=True)
class Request:
    """What `httpx` sends, encoded before anything is timed, and whether a reply's JSON is right."""

    content: bytes
    content_type: str
    is_right: Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Endpoint:
    """A route of one model. `batched`: whether its requests form batches at the replica."""

    name: str
    path: str
    model: str
    batched: bool
    build: Callable[[Scene, int], Request]
    pool: tuple[Scene, ...] = ()

    def requests(self, count: int, first: int) -> list[Request]:
        """So many, numbered from `first` on: each picture has a pixel of its own."""
        return [self.build(self.pool[i % len(self.pool)], first + i) for i in range(count)]

    def ask(self, http: httpx.Client, url: str, request: Request) -> bool:
        """Whether the answer is right.

        Raises:
            BenchmarkError: there is none.
        """
        try:
            reply = http.post(url + self.path, content=request.content, headers={"content-type": request.content_type})
        except httpx.HTTPError as error:
            raise BenchmarkError(f"{self.path}: {error!r}") from None
        if not reply.is_success:
            raise BenchmarkError(f"{self.path}: {reply.status_code}: {reply.text[:300]}")
        return request.is_right(reply.json())


def endpoints() -> list[Endpoint]:
    return [
        Endpoint("detect", "/v1/detect", "grounded_sam", True, _detect),
        Endpoint("segment", "/v1/segment", "grounded_sam", True, _segment),
        Endpoint("classify a text", "/v1/classify", "distilbert", True, _classify),
        Endpoint("describe (a question)", "/v1/describe", "idefics", True, _describe),
        Endpoint("chat completions", "/v1/chat/completions", "idefics", False, _chat),
        Endpoint("transcriptions", "/v1/audio/transcriptions", "whisper", False, _transcribe),
    ]


def scenes() -> list[Scene]:
    """What is asked about: two to five things."""
    return [s for s in held_out(SEED + 1, 60, side=SIDE) if 1 < len(s.objects) < 6][:24]


def _json(body: Mapping[str, Any], is_right: Callable[[Mapping[str, Any]], bool]) -> Request:
    request = httpx.Request("POST", "http://encoded", json=body)
    return Request(request.read(), "application/json", is_right)


def picture(scene: Scene, number: int) -> str:
    """As PNG in base64, one pixel changed by the number."""
    pixels = scene.image.copy()
    pixels[0, 0, :2] = divmod(number % 2**16, 256)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def _located(scene: Scene, number: int, path: str) -> Request:
    name = scene.objects[0].name
    truth = [o.box for o in scene.find(name)]

    def right(reply: Mapping[str, Any]) -> bool:
        found: Sequence[Mapping[str, Any]] = reply["instances"]
        return covers([i["box"] for i in found], truth) and (path == "detect" or all(i["mask"] for i in found))

    return _json({"image": picture(scene, number), "prompts": [name]}, right)


def _detect(scene: Scene, number: int) -> Request:
    return _located(scene, number, "detect")


def _segment(scene: Scene, number: int) -> Request:
    return _located(scene, number, "segment")


def _classify(scene: Scene, number: int) -> Request:
    thing = scene.objects[0]
    body = {"text": f"number {number} is a {thing.name}", "labels": list(SHAPES)}
    return _json(body, lambda reply: bool(reply["label"] == thing.shape))


def _describe(scene: Scene, number: int) -> Request:
    body = {"image": picture(scene, number), "question": "how many objects are there?"}
    return _json(body, lambda reply: says_number(reply["descriptions"][0]["text"], len(scene.objects)))


def _chat(scene: Scene, number: int) -> Request:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture(scene, number)}"}}
    content = [image, {"type": "text", "text": "how many objects are there?"}]
    body = {"model": "idefics", "messages": [{"role": "user", "content": content}], "max_tokens": 16, "temperature": 0}
    return _json(body, lambda reply: says_number(reply["choices"][0]["message"]["content"], len(scene.objects)))


def _transcribe(scene: Scene, number: int) -> Request:
    from vlp_graph.nano.speech import speak, wav

    name = scene.objects[0].name
    sound = wav(speak(f"Is there a {name} in the picture?"))
    request = httpx.Request(
        "POST", "http://encoded", files={"file": ("speech.wav", sound)}, data={"model": "whisper-1"}
    )
    return Request(
        request.read(), request.headers["content-type"], lambda reply: set(name.split()) <= set(words_of(reply["text"]))
    )
