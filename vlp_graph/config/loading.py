"""From a YAML file to a profile. A mistake is told with its file, its line and the nearest right key."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from vlp_graph.config.environment import served_name
from vlp_graph.config.profile import Profile
from vlp_graph.config.strict import ProfileError


def names() -> list[str]:
    """The profiles that come with the package."""
    folder = resources.files("vlp_graph") / "profiles"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


@cache
def load(profile: str = "embedded") -> Profile:
    """A profile of the package by name, or any YAML file by path.

    Raises:
        ProfileError: no such profile, no valid YAML, or a key or value that does not belong; with its line.
    """
    path = Path(profile)
    if not path.suffix:
        path = Path(str(resources.files("vlp_graph"))) / "profiles" / f"{profile}.yaml"
    if not path.is_file():
        near = difflib.get_close_matches(profile, names(), 1, 0.0)
        raise ProfileError(f"no profile {profile!r}: known are {', '.join(names())}; did you mean {near[0]!r}?")
    text = path.read_text(encoding="utf-8")
    try:
        tree, data = yaml.compose(text), yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ProfileError(f"{path.name}: {error}") from error
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise ProfileError("\n".join(_explain(path.name, tree, e) for e in error.errors())) from None


def _explain(file: str, tree: Any, error: Any) -> str:
    """`embedded.yaml:12: models.llama.max_model_length: not a key; did you mean max_model_len?`"""
    location = [str(part) for part in error["loc"]]
    line, message = _line(tree, location), str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(location[-1], _keys(location[:-1]), 1, 0.5)
        message = "not a key" + (
            f"; did you mean {near[0]}?" if near else f"; known are {', '.join(_keys(location[:-1]))}"
        )
    return f"{file}:{line}: {'.'.join(location)}: {message}"


def _line(tree: Any, location: list[str]) -> int:
    node, line = tree, 1
    for part in location:
        for key, value in getattr(node, "value", []) if isinstance(node, yaml.MappingNode) else []:
            if key.value == part:
                node, line = value, key.start_mark.line + 1
                break
    return line


def _keys(location: list[str]) -> list[str]:
    """Keys that may stand at this place of the tree."""
    model: Any = Profile
    for part in location:
        model = model.model_fields[part].annotation
    return list(model.model_fields)


def served() -> Profile:
    """The profile that this cluster serves: $VLP_PROFILE, else the default. For processes that are told nothing else.

    Raises:
        ProfileError: as `load`.
    """
    return load(served_name())
