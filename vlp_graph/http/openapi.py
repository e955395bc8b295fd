"""`/openapi.json`, generated from the models that validate the bodies.

So the document cannot say something else than the code does; only summaries are written by hand.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from vlp_graph import __version__
from vlp_graph.http import schema

_REF = "#/components/schemas/"
_ERRORS = {
    "400": "not of the form that is asked for",
    "413": "more bytes, pixels, seconds or messages than are taken",
    "415": "a media type that is not taken",
    "422": "a picture or recording that cannot be used",
    "429": "overloaded; see Retry-After",
    "503": "a model is not up; see Retry-After",
    "504": "no answer in time",
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 description of every route."""
    requests: list[type[BaseModel]] = [schema.ChatRequest, schema.AskForm]
    replies: list[type[BaseModel]] = [
        schema.Completion,
        schema.Chunk,
        schema.ModelList,
        schema.Readiness,
        schema.ErrorReply,
    ]
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in requests]
    wanted += [(model, "serialization") for model in replies]
    _, definitions = models_json_schema(wanted, ref_template=_REF + "{model}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "vlp-graph", "version": __version__},
        "paths": {
            "/v1/chat/completions": {"post": _turn("A turn in OpenAI's form", "application/json", schema.ChatRequest)},
            "/v1/ask": {"post": _turn("A turn as a form, for curl", "multipart/form-data", schema.AskForm)},
            "/v1/models": {"get": _get("The models to ask for", schema.ModelList)},
            "/health/live": {"get": {"summary": "The process answers", "responses": {"200": {"description": "ok"}}}},
            "/health/ready": {
                "get": _get("Every model is loaded and warmed", schema.Readiness, **{"503": schema.Readiness})
            },
        },
        "components": {"schemas": definitions["$defs"]},
    }


def _turn(summary: str, media_type: str, request: type[BaseModel]) -> dict[str, Any]:
    content = {**_json(schema.Completion), "text/event-stream": {"schema": _ref(schema.Chunk)}}
    errors = {status: {"description": text, "content": _json(schema.ErrorReply)} for status, text in _ERRORS.items()}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {media_type: {"schema": _ref(request)}}},
        "responses": {"200": {"description": "the answer", "content": content}, **errors},
    }


def _get(summary: str, reply: type[BaseModel], **others: type[BaseModel]) -> dict[str, Any]:
    replies = {"200": reply, **others}
    return {
        "summary": summary,
        "responses": {s: {"description": summary, "content": _json(model)} for s, model in replies.items()},
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(model)}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF + model.__name__}
