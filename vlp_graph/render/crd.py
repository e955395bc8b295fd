"""A Kubernetes object against its CustomResourceDefinition, made strict.

A Kubernetes server prunes keys that a definition does not have, so that a typo is no error there. Here it is one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

_INT_OR_STRING, _ANY = "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema that takes no key which an `openAPIV3Schema` does not name, except where that takes any."""
    made = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if schema.get(_INT_OR_STRING):
        return {**{k: v for k, v in made.items() if k != "type"}, "anyOf": [{"type": "integer"}, {"type": "string"}]}
    if "properties" in made:
        made["properties"] = {key: strict(value) for key, value in made["properties"].items()}
        if not schema.get(_ANY) and "additionalProperties" not in made:
            made["additionalProperties"] = False
    if isinstance(made.get("items"), Mapping):
        made["items"] = strict(made["items"])
    if isinstance(made.get("additionalProperties"), Mapping):
        made["additionalProperties"] = strict(made["additionalProperties"])
    return made


def errors(definition: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where an object differs from its definition, and how.

    Raises:
        ValueError: the definition has no such version.
    """
    import jsonschema

    _, _, version = str(data.get("apiVersion", "")).rpartition("/")
    served = {v["name"]: v["schema"]["openAPIV3Schema"] for v in definition["spec"]["versions"] if v["served"]}
    if version not in served:
        raise ValueError(f"apiVersion {version!r}: the definition has {', '.join(served)}")
    schema = strict(served[version])
    schema["properties"]["metadata"] = {"type": "object"}  # the server's own
    for error in jsonschema.Draft7Validator(schema).iter_errors(data):
        location = tuple(map(str, error.absolute_path))
        if error.validator != "additionalProperties":
            yield location, error.message
            continue
        known = list(error.schema["properties"])
        for key in set(error.instance) - set(known):
            near = difflib.get_close_matches(key, known, 1, 0.5)
            yield (*location, key), "not a key" + (f"; did you mean {near[0]}?" if near else "")
