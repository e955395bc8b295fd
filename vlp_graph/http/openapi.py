"""`/openapi.json`, generated from the endpoints and the models that validate their bodies.

So the document cannot say something else than the code does; only summaries are written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from vlp_graph import __version__
from vlp_graph.http.endpoint import JSON, Endpoint

_REF = "#/components/schemas/"
_SECURITY = {"key": {"type": "http", "scheme": "bearer", "description": "an API key, where the server has any"}}
_ERRORS = {
    400: "not of the form that is asked for",
    401: "no API key, or one that is not known",
    408: "the body came too slowly",
    413: "more bytes, pixels, seconds or messages than are taken",
    415: "a media type that is not taken",
    422: "a picture or recording that cannot be used",
    429: "overloaded; see Retry-After",
    431: "more or larger headers than are taken",
    503: "a model is not up; see Retry-After",
    504: "no answer in time",
}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI 3.1 description of every endpoint."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    wanted = [*_models((e.takes for e in endpoints), "validation"), *_models(map(_replies, endpoints), "serialization")]
    _, definitions = models_json_schema(wanted, ref_template=_REF + "{model}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "vlp-graph", "version": __version__},
        "paths": paths,
        "components": {"schemas": definitions.get("$defs", {}), "securitySchemes": _SECURITY},
    }


def _replies(endpoint: Endpoint) -> Mapping[Any, type[BaseModel] | None]:
    return {**endpoint.gives, **endpoint.others, "errors": endpoint.errors}


def _models(
    groups: Iterable[Mapping[Any, type[BaseModel] | None]], mode: JsonSchemaMode
) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    return [(model, mode) for model in dict.fromkeys(m for group in groups for m in group.values() if m is not None)]


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": endpoint.summary, "security": [{}] if endpoint.open else [{}, {"key": []}]}
    if parameters := _parameters(endpoint):
        operation["parameters"] = parameters
    if endpoint.takes:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.takes)}
    responses = {"200": _reply("as asked for", endpoint.gives)}
    if endpoint.errors is not None:
        responses |= {str(status): _reply(text, {JSON: endpoint.errors}) for status, text in _ERRORS.items()}
    responses |= {str(status): _reply(endpoint.summary, {JSON: model}) for status, model in endpoint.others.items()}
    return {**operation, "responses": responses}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    """What stands in the path, and behind it."""
    named = re.findall(r"\{(\w+)\}", endpoint.path)
    found = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named]
    schema = endpoint.query.model_json_schema() if endpoint.query else {}
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        found.append({"name": name, "in": "query", "required": name in required, "schema": field})
    return found


def _reply(text: str, gives: Mapping[str, type[BaseModel] | None]) -> dict[str, Any]:
    return {"description": text, **({"content": _content(gives)} if gives else {})}


def _content(models: Mapping[str, type[BaseModel] | None]) -> dict[str, Any]:
    return {
        media_type: {} if model is None else {"schema": {"$ref": _REF + model.__name__}}
        for media_type, model in models.items()
    }
