"""The models that see, as services of their own: detect, segment, classify, describe, past the dialogue.

One picture, one question, one answer in numbers: for callers who know what they want and need no words around it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from vlp_graph.dialogue import sorting
from vlp_graph.dialogue.turn import Picture
from vlp_graph.engines.sam import Prompt
from vlp_graph.errors import DeadlineExceeded, InvalidRequest
from vlp_graph.http.backends import Backends, Located
from vlp_graph.http.endpoint import FORM, JSON, Endpoint, Handler
from vlp_graph.http.intake import Intake
from vlp_graph.http.reply import until_gone
from vlp_graph.http.schema import ErrorReply
from vlp_graph.http.vision.outlines import Shown, union
from vlp_graph.http.vision.reading import most_masks, read, shown
from vlp_graph.http.vision.schema import (
    CLASSIFY,
    DESCRIBE,
    DETECT,
    SEGMENT,
    Classification,
    Classify,
    Described,
    Descriptions,
    Detect,
    Detected,
    Detection,
    Segment,
    Segmentation,
    Size,
    Ways,
    bare,
)

T = TypeVar("T")
PNG = "image/png"


class Vision:
    """The endpoints of the single models. An answer is there within `wait_s` seconds, or is an error."""

    def __init__(self, backends: Backends, intake: Intake, wait_s: float) -> None:
        self.backends, self.intake, self.limits, self.wait_s = backends, intake, intake.limits, wait_s

    def endpoints(self) -> list[Endpoint]:
        return [
            _endpoint("/v1/detect", self.detect, "Boxes of what phrases name", DETECT, Detection),
            _endpoint("/v1/segment", self.segment, "Masks by phrases, boxes or points", SEGMENT, Segmentation, PNG),
            _endpoint("/v1/classify", self.classify, "The fitting one of some labels", CLASSIFY, Classification),
            _endpoint("/v1/describe", self.describe, "What pictures show, in words", DESCRIBE, Descriptions),
        ]

    async def detect(self, request: Request) -> Response:
        asked, (picture,) = await read(request, DETECT, self.intake)
        located = await self._in_time(request, self._located(picture, asked, masks=False))
        return _json(
            Detection(
                image=_size(picture),
                instances=[Detected(phrase=asked.prompts[i], score=one.score, box=one.box) for i, one in located],
                not_found=_absent(asked.prompts, located),
            )
        )

    async def segment(self, request: Request) -> Response:
        asked, (picture,) = await read(request, SEGMENT, self.intake)
        framed, pointed = shown(asked, picture, self.limits)
        found = await self._in_time(request, self._segmented(asked, picture, framed, pointed))
        if _wants_png(request):
            return Response(await run_in_threadpool(union, found, picture), media_type=PNG)
        instances = await run_in_threadpool(lambda: [one.written(asked) for one in found])
        absent = [p for i, p in enumerate(asked.prompts) if ("prompt", i) not in {(f.kind, f.index) for f in found}]
        return _json(Segmentation(image=_size(picture), instances=instances, not_found=absent))

    async def classify(self, request: Request) -> Response:
        asked, pictures = await read(request, CLASSIFY, self.intake)
        if not pictures and asked.text is None:
            raise InvalidRequest("send an image, a text, or both: what is to be sorted?", param="image")
        return _json(await self._in_time(request, self._classified(asked, pictures[0] if pictures else None)))

    async def describe(self, request: Request) -> Response:
        asked, pictures = await read(request, DESCRIBE, self.intake)
        if not pictures:
            raise InvalidRequest("send an image, or several images: what is to be described?", param="image")
        if (asked.max_tokens or 0) > self.limits.max_tokens:
            raise InvalidRequest(f"max_tokens is at most {self.limits.max_tokens} here", param="max_tokens")
        looks = (
            self.backends.looker.answer([picture], asked.question or sorting.DESCRIBE, max_tokens=asked.max_tokens)
            for picture in pictures
        )
        texts = await self._in_time(request, _together(looks))
        described = [Described(image=_size(p), text=text) for p, text in zip(pictures, texts, strict=True)]
        return _json(Descriptions(descriptions=described))

    async def _located(self, picture: Picture, asked: Detect | Segment, *, masks: bool) -> list[tuple[int, Located]]:
        """What the phrases name, each with its phrase's number."""
        words = [bare(phrase) for phrase in asked.prompts]
        if not words:
            return []
        most = min(self.limits.instances, most_masks(picture, self.limits)) if masks else self.limits.instances
        found = await self.backends.finder.locate(
            picture,
            list(dict.fromkeys(words)),
            masks=masks,
            threshold=asked.box_threshold,
            nms=asked.nms,
            most=most,
        )
        return [(i, one) for i, word in enumerate(words) for one in found if one.phrase == word]

    async def _segmented(
        self, asked: Segment, picture: Picture, framed: list[Prompt], pointed: list[Prompt]
    ) -> list[Shown]:
        """Phrases and prompts side by side; both need the picture's one embedding."""

        async def named() -> list[Shown]:
            located = await self._located(picture, asked, masks=True)
            return [Shown("prompt", i, one.outline, one) for i, one in located if one.outline is not None]

        async def prompted() -> list[Shown]:
            prompts = [*framed, *pointed]
            if not prompts:
                return []
            outlined = await self.backends.finder.outline(picture, prompts, several=asked.multimask)
            boxes, points = outlined[: len(framed)], outlined[len(framed) :]
            shown = [Shown("box", i, one) for i, several in enumerate(boxes) for one in several]
            return shown + [Shown("points", i, one) for i, several in enumerate(points) for one in several]

        first, second = await _together([named(), prompted()])
        return first + second

    async def _classified(self, asked: Classify, picture: Picture | None) -> Classification:
        """The picture's scores, the text's, or the mean of both."""
        seen: str | None = None
        scores: list[Mapping[str, float]] = []
        if picture is not None and asked.question:
            seen = await self.backends.looker.answer([picture], asked.question)
            scores.append(await self.backends.sorter.nearest(seen, asked.labels))
        elif picture is not None:
            by_sight = await sorting.sort_picture(self.backends, picture, asked.labels)
            seen = by_sight.caption
            scores.append(by_sight.scores)
        if asked.text is not None:
            scores.append(await self.backends.sorter.nearest(asked.text, asked.labels))
        mean = {label: sum(s[label] for s in scores) / len(scores) for label in asked.labels}
        return Classification(label=max(mean, key=lambda label: mean[label]), scores=mean, seen=seen)

    async def _in_time(self, request: Request, work: Coroutine[Any, Any, T]) -> T:
        """What the work comes to; it is cancelled when the caller leaves, or when time is up."""

        async def bounded() -> T:
            try:
                async with asyncio.timeout(self.wait_s):
                    return await work
            except TimeoutError:
                raise DeadlineExceeded(f"no answer within {self.wait_s:g} s: try again, or ask for less") from None

        return await until_gone(request.receive, bounded())


def _endpoint(
    path: str, handler: Handler, summary: str, ways: Ways[Any], reply: type[BaseModel], *also: str
) -> Endpoint:
    """`also` are other media types of the reply."""
    takes = {JSON: ways.body, FORM: ways.form}
    return Endpoint("POST", path, handler, summary, takes, {JSON: reply, **dict.fromkeys(also)}, errors=ErrorReply)


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All at once; when one fails, the others are cancelled."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _absent(phrases: list[str], located: Sequence[tuple[int, Located]]) -> list[str]:
    there = {i for i, _ in located}
    return [phrase for i, phrase in enumerate(phrases) if i not in there]


def _size(picture: Picture) -> Size:
    return Size(width=picture.pixels.shape[1], height=picture.pixels.shape[0])


def _json(reply: BaseModel) -> Response:
    return Response(reply.model_dump_json(exclude_none=True), media_type=JSON)


def _wants_png(request: Request) -> bool:
    """Whether the caller takes a PNG, and no JSON."""
    taken = {part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")}
    return PNG in taken and JSON not in taken
