"""Mistakes in files for clusters, found before anything is deployed.

Ray Serve's own schema takes every key it does not know, and a Kubernetes server drops it: a typo deploys, and does
nothing. Here it is an error with its line and the nearest right key.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from vlp_graph.config import ProfileError, load
from vlp_graph.config.lines import line_of
from vlp_graph.render.serve import BUILDER

_SERVE = "spec.serveConfigV2"


@dataclass(frozen=True)
class Mistake:
    """`line` of the file, or of the document inside the file that `where` names."""

    where: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.what}"


def check(path: Path, crd: Path | None = None) -> list[Mistake]:
    """What is wrong with a Serve config, a RayService, or a config for `ray up`. `crd`: KubeRay's definition of
    RayService, against which that is held key by key.

    Raises:
        ProfileError: the file cannot be read, or is none of them.
    """
    try:
        text = path.read_text(encoding="utf-8")
        documents = [d for d in yaml.safe_load_all(text) if d is not None]
        tree = yaml.compose_all(text, yaml.SafeLoader)
        found = list(zip(documents, (t for t in tree if t is not None), strict=True))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path.name}: {error}") from None
    mistakes: list[Mistake] = []
    for data, node in found:
        mistakes += _checked(path.name, data, node, crd)
    return mistakes


def _checked(name: str, data: Any, tree: yaml.Node, crd: Path | None) -> Iterator[Mistake]:
    match data:
        case {"applications": _}:
            yield from serve_mistakes(name, data, tree)
        case {"kind": "RayService"}:
            if crd is not None:
                yield from _told(name, tree, _against_crd(data, crd))
            yield from _told(name, tree, _rayservice(data))
            yield from _inside(name, data)
        case {"available_node_types": _}:
            yield from _told(name, tree, _ray_up(data))
        case {"kind": kind}:
            raise ProfileError(f"{name}: a {kind}: only RayService, a Serve config and a config for `ray up` are known")
        case _:
            raise ProfileError(
                f"{name}: neither a Serve config (applications), nor a RayService (kind), nor a config for `ray up` "
                "(available_node_types)"
            )


_Found = Iterator[tuple[tuple[str, ...], str]]
"""Locations with what is wrong there."""


def _told(name: str, tree: yaml.Node, found: _Found) -> Iterator[Mistake]:
    for location, what in found:
        place = f"{'.'.join(location)}: " if location else ""
        yield Mistake(name, line_of(tree, location)[1], f"{place}{what}")


def serve_mistakes(name: str, data: Mapping[str, Any], tree: yaml.Node) -> Iterator[Mistake]:
    """What Serve refuses, what it does not know, and arguments that the builder refuses."""
    from ray.serve.schema import ServeDeploySchema

    yield from _told(name, tree, unknown_keys(ServeDeploySchema, data))
    try:
        ServeDeploySchema.model_validate(data)
    except ValidationError as error:
        refused = ((tuple(map(str, e["loc"])), str(e["msg"])) for e in error.errors())
        yield from _told(name, tree, refused)
        return
    yield from _told(name, tree, _arguments(data))


def _arguments(data: Mapping[str, Any]) -> _Found:
    """A profile by name has to be one of the package; a path is one of the cluster's."""
    for place, application in enumerate(data["applications"]):
        location = ("applications", str(place), "args")
        if application["import_path"] != BUILDER:
            continue
        arguments = application.get("args") or {}
        for key in set(arguments) - {"profile"}:
            yield (*location, key), "not an argument of the builder; only profile is"
        named = str(arguments.get("profile", "embedded"))
        if not Path(named).suffix:
            try:
                load(named)
            except ProfileError as error:
                yield (*location, "profile"), str(error)


def unknown_keys(model: type[BaseModel], data: Any, location: tuple[str, ...] = ()) -> _Found:
    """Keys of a mapping that a pydantic model would pass over, at any depth."""
    if not isinstance(data, Mapping):
        return
    known = {field.alias or name: field for name, field in model.model_fields.items()}
    for key, value in data.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            yield (*location, str(key)), f"not a key; {hint}"
        elif inner := _model(known[key].annotation):
            for place, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
                at = () if place is None else (str(place),)
                yield from unknown_keys(inner, item, (*location, str(key), *at))


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds: itself, optional, or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, list):
        return next((m for a in get_args(annotation) if (m := _model(a)) is not None), None)
    return None


def _inside(name: str, data: Mapping[str, Any]) -> Iterator[Mistake]:
    """The Serve config that a RayService holds as a text."""
    text = (data.get("spec") or {}).get("serveConfigV2")
    where = f"{name}: {_SERVE}"
    try:
        config, tree = yaml.safe_load(text or ""), yaml.compose(text or "", yaml.SafeLoader)
    except (yaml.YAMLError, AttributeError) as error:
        yield Mistake(where, 1, f"no YAML: {error}")
        return
    if isinstance(config, Mapping) and tree is not None:
        yield from serve_mistakes(where, config, tree)
    else:
        yield Mistake(where, 1, "the Serve config is missing: `vlp render serve` makes it")


def _rayservice(data: Mapping[str, Any]) -> _Found:
    """What KubeRay takes and what does not work all the same: containers with another Ray than the cluster is told."""
    cluster = (data.get("spec") or {}).get("rayClusterConfig") or {}
    told, at = str(cluster.get("rayVersion", "")), ("spec", "rayClusterConfig")
    groups: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        ((*at, "headGroupSpec"), cluster.get("headGroupSpec") or {})
    ]
    for place, group in enumerate(cluster.get("workerGroupSpecs") or []):
        where: tuple[str, ...] = (*at, "workerGroupSpecs", str(place))
        groups.append((where, group))
        least, most = group.get("minReplicas", 0), group.get("maxReplicas", 0)
        if least > most:
            yield (*where, "minReplicas"), f"minReplicas ({least}) is above maxReplicas ({most})"
    for where, group in groups:
        pod = (group.get("template") or {}).get("spec") or {}
        for place, container in enumerate(pod.get("containers") or []):
            tag = str(container.get("image", "")).rpartition(":")[2]
            if tag.partition("-")[0] != told:
                yield (
                    (*where, "template", "spec", "containers", str(place), "image"),
                    f"the image's tag ({tag}) is not of rayVersion ({told}): the cluster would mix versions of Ray",
                )


def _against_crd(data: Mapping[str, Any], crd: Path) -> _Found:
    from vlp_graph.render.crd import errors

    try:
        definition = yaml.load(crd.read_text(encoding="utf-8"), yaml.CSafeLoader)  # 1 MB: the other takes long
        yield from errors(definition, data)
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ProfileError(f"{crd}: no CustomResourceDefinition: {error}") from None
    except ValueError as error:
        yield ("apiVersion",), str(error)


def _ray_up(data: dict[str, Any]) -> _Found:
    """What Ray's own validator says, which stops at the first mistake, and what it passes over."""
    import copy

    import jsonschema
    from ray.autoscaler._private.util import prepare_config, validate_config

    try:
        validate_config(prepare_config(copy.deepcopy(data)))
    except jsonschema.ValidationError as error:
        yield tuple(map(str, error.absolute_path)), error.message
    except (ValueError, RuntimeError, KeyError, TypeError) as error:
        yield (), f"{type(error).__name__}: {error}"
    types = data["available_node_types"]
    if (head := data.get("head_node_type")) not in types:
        yield ("head_node_type",), f"{head!r} is none of available_node_types: {', '.join(types)}"
    for name, node in types.items():
        least, most = node.get("min_workers", 0), node.get("max_workers", data.get("max_workers", 0))
        if least > most:
            yield ("available_node_types", name), f"min_workers ({least}) is above max_workers ({most})"
