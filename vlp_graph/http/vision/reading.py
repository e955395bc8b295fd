"""From the body of a vision request to what it asks and the pictures it shows, in JSON and as a form alike.

Everything is checked here, before a model is asked: a batch is shared by several callers, so what one of them sends
must not break it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request

from vlp_graph.config import Limits
from vlp_graph.dialogue.turn import Picture
from vlp_graph.engines.sam import Prompt
from vlp_graph.errors import InvalidRequest, ServingError, TooLarge, UnsupportedMedia
from vlp_graph.http import bodies, media
from vlp_graph.http.endpoint import FORM, JSON
from vlp_graph.http.errors import from_validation
from vlp_graph.http.fetch import is_link
from vlp_graph.http.intake import Intake
from vlp_graph.http.vision.schema import Asked, Box, Segment, Ways

A = TypeVar("A", bound=Asked)


async def read(request: Request, ways: Ways[A], intake: Intake) -> tuple[A, list[Picture]]:
    """What a request asks, and its pictures.

    Raises:
        InvalidRequest: of another form; `param` names the field.
        TooLarge: more than the profile takes.
        UnsupportedMedia, Unprocessable: no JSON and no form, or a picture that cannot be used.
    """
    match bodies.media_type(request):
        case "application/json":
            asked, sent = await intake.run(_from_json, await request.body(), ways.body, intake.limits)
            links = [(place, image) for place, image in sent if is_link(image)]
            fetched = await intake.fetched(request, links)
            return asked, await intake.run(lambda: [_picture(image, place, fetched, intake) for place, image in sent])
        case "multipart/form-data":
            return await _from_form(request, ways.asked, ways.form, intake)
    given = bodies.media_type(request)[:100] or "missing"
    raise UnsupportedMedia(f"the body's Content-Type is {given}; send {JSON} or {FORM}")


def shown(asked: Segment, picture: Picture, limits: Limits) -> tuple[list[Prompt], list[Prompt]]:
    """The objects that are framed by boxes, and those that are shown by points.

    Raises:
        InvalidRequest: outside of the picture, or labels that do not fit the points; `param` says which.
        TooLarge: more of them than the profile takes.
    """
    height, width = picture.pixels.shape[:2]
    points = _objects(asked)
    if (count := sum(len(p.points) for p in points)) > limits.points:
        raise _too_many("points", count, limits.points)
    if (count := len(asked.boxes) + len(points)) > limits.prompts:
        raise _too_many("boxes" if asked.boxes else "points", count, limits.prompts, "objects (boxes, points)")
    masks = count * (3 if asked.multimask else 1)
    if masks > (most := most_masks(picture, limits)):
        text = f"{masks} masks of {width} x {height} pixels are more than the {most} taken; scale the picture down"
        raise TooLarge(text, param="boxes" if asked.boxes else "points")
    for i, prompt in enumerate(points):
        for n, (x, y) in enumerate(prompt.points):
            if not (0 <= x < width and 0 <= y < height):
                place = f"points.{n}" if asked.one_object else f"points.{i}.{n}"
                raise InvalidRequest(f"{place} lies outside of the picture ({width} x {height} pixels)", param=place)
    return [Prompt(_inside(box, width, height, f"boxes.{i}")) for i, box in enumerate(asked.boxes)], points


def most_masks(picture: Picture, limits: Limits) -> int:
    """How many masks of a picture one request may ask for: a batch that makes them keeps other callers waiting."""
    height, width = picture.pixels.shape[:2]
    return max(1, limits.mask_pixels // int(height * width))


def _objects(asked: Segment) -> list[Prompt]:
    """The objects that are shown by points."""
    points: Any = [asked.points] if asked.points and asked.one_object else asked.points or []
    labels: Any = [[1] * len(own) for own in points]
    if asked.labels is not None:
        nested = any(isinstance(label, list) for label in asked.labels)
        if nested == asked.one_object:
            raise InvalidRequest("labels are nested as points are: one list for each object", param="labels")
        labels = asked.labels if nested else [asked.labels]
    if len(labels) != len(points):
        raise InvalidRequest(f"labels are {len(labels)} lists for the {len(points)} objects of points", param="labels")
    for i, (own, signs) in enumerate(zip(points, labels, strict=True)):
        place = "labels" if asked.one_object else f"labels.{i}"
        if len(own) != len(signs):
            raise InvalidRequest(f"{place}: {len(signs)} labels for {len(own)} points; send one for each", param=place)
        if 1 not in signs:
            raise InvalidRequest(f"{place}: no point lies on the object; label one of them 1", param=place)
    return [
        Prompt(points=tuple((x, y) for x, y in own), labels=tuple(signs))
        for own, signs in zip(points, labels, strict=True)
    ]


def _inside(box: Sequence[float], width: int, height: int, param: str) -> Box:
    """The part of a box that lies in the picture."""
    x0, y0, x1, y1 = box
    if x0 >= x1 or y0 >= y1:
        raise InvalidRequest(f"{param} is empty; a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1", param=param)
    cut = max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
    if cut[0] >= cut[2] or cut[1] >= cut[3]:
        raise InvalidRequest(f"{param} lies outside of the picture ({width} x {height} pixels)", param=param)
    return cut


def _from_json(text: bytes, model: type[A], limits: Limits) -> tuple[A, list[tuple[str, str]]]:
    """What is asked, and its pictures as they were written, each after its place."""
    body = bodies.read_json(text, limits=limits)
    if not isinstance(body, dict):
        raise InvalidRequest(f"the body is a JSON object with {', '.join(model.model_fields)}")
    for name in body:
        if name not in model.model_fields:
            raise bodies.unknown_field(name, model.model_fields, "request")
    asked = _validated(model, body, limits)
    one, several = getattr(asked, "image", None), getattr(asked, "images", [])
    sent = [*([("image", one)] if one is not None else []), *((f"images.{i}", n) for i, n in enumerate(several))]
    return asked, sent


async def _from_form(request: Request, asked: type[A], form: type[A], intake: Intake) -> tuple[A, list[Picture]]:
    limits = intake.limits
    fields = (*asked.model_fields, "image")
    async with bodies.read_form(request, limits, fields, form.REPEATED) as sent:
        files = await bodies.files(sent, "image")
        body = {name: _value(asked, name, sent) for name in asked.model_fields if any(bodies.texts(sent, name))}
    if form.model_fields["image"].is_required() and not files:
        raise InvalidRequest("image: Field required", param="image")
    if len(files) > limits.pictures:
        raise _too_many("image", len(files), limits.pictures)

    def given() -> tuple[A, list[Picture]]:
        return _validated(asked, body, limits), [_picture(data, "image", {}, intake) for data in files]

    return await intake.run(given)


def _value(asked: type[Asked], name: str, form: FormData) -> Any:
    """What a form's field says, as JSON would have it."""
    if name in asked.REPEATED:
        return bodies.texts(form, name)
    if asked.model_fields[name].annotation is bool:
        return bodies.flag(form, name)
    text = bodies.text(form, name) or ""
    return text if name in asked.WORDS else bodies.read_json(text, name)


def _validated(model: type[A], body: dict[str, Any], limits: Limits) -> A:
    """Lengths come first: what is too long is not worth reading."""
    for name, limit in model.MOST.items():
        value, most = body.get(name), getattr(limits, limit)
        if isinstance(value, list) and len(value) > most:
            raise _too_many(name, len(value), most)
        if name in model.REPEATED and isinstance(value, list):
            for i, text in enumerate(value):
                _check_length(text, f"{name}.{i}", limits.label_chars)
    for name in model.WORDS:
        _check_length(body.get(name), name, limits.text_chars)
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise from_validation(error, body) from None


def _check_length(text: Any, param: str, most: int) -> None:
    if isinstance(text, str) and len(text) > most:
        message = f"{param} has {len(text):,} characters, more than the {most:,} taken; shorten it"
        raise TooLarge(message, param=param)


def _too_many(param: str, count: int, most: int, what: str | None = None) -> TooLarge:
    return TooLarge(f"{count:,} {what or param} are more than the {most:,} taken; send fewer", param=param)


def _picture(sent: str | bytes, param: str, fetched: Mapping[str, bytes], intake: Intake) -> Picture:
    """A picture as a file's bytes, as base64, as a data: URL, or as one that was fetched."""
    try:
        if isinstance(sent, bytes):
            return media.decode_picture(sent, intake.limits)
        if sent[:5].lower() == "data:" or "://" in sent[:64]:
            return intake.picture(sent, fetched)
        return media.decode_picture(media.decode_base64(sent), intake.limits)
    except ServingError as error:
        error.param = error.param or param
        raise
