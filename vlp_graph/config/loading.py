"""From a YAML file to a profile. A mistake is told with its file, its line and the nearest right key.

A file that says `extends: OTHER` holds only what differs from that profile: mappings are merged key by key, everything
else is replaced, and `null` brings a key's default back. What is wrong is told where it is written, in whichever file
of the chain that is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from vlp_graph.config.environment import served_name
from vlp_graph.config.lines import line_of
from vlp_graph.config.profile import Profile
from vlp_graph.config.strict import Misplaced, ProfileError

EXTENDS = "extends"
_LONGEST_CHAIN = 8


def names() -> list[str]:
    """The profiles that come with the package."""
    folder = resources.files("vlp_graph") / "profiles"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


@cache
def load(profile: str = "embedded") -> Profile:
    """A profile of the package by name, or any YAML file by path.

    Raises:
        ProfileError: no such profile, no valid YAML, or a key or value that does not belong; with its file and line.
    """
    chain = list(_chain(profile))
    merged: dict[str, Any] = {}
    for file in reversed(chain):
        merged = _merged(merged, file.data)
    try:
        return Profile.model_validate(merged)
    except ValidationError as error:
        raise ProfileError("\n".join(_explain(chain, e) for e in error.errors())) from None


def place(profile: str, location: Sequence[str]) -> str:
    """`file:line` of a key of the profile (of the nearest above it that is written), wherever in its chain that is."""
    return _place(list(_chain(profile)), location)


def served() -> Profile:
    """The profile that this cluster serves: $VLP_PROFILE, else the default. For processes that are told nothing else.

    Raises:
        ProfileError: as `load`.
    """
    return load(served_name())


@dataclass(frozen=True)
class _File:
    """One file of a chain: its name, what it says, and where."""

    name: str
    data: dict[str, Any]
    tree: yaml.Node

    def line(self, location: Sequence[str]) -> tuple[int, int]:
        """How much of the location stands in this file, and the line of the last part that does."""
        return line_of(self.tree, location)


def _chain(profile: str) -> Iterator[_File]:
    """The file of that name and those that it extends, one after the other."""
    path, seen = _path(profile), list[Path]()
    while True:
        seen.append(path)
        file = _read(path)
        base = file.data.pop(EXTENDS, None)
        yield file
        if base is None:
            return
        where = f"{file.name}:{file.line([EXTENDS])[1]}: {EXTENDS}"
        if not isinstance(base, str):
            raise ProfileError(f"{where}: the name of a profile or the path of a file is wanted, not {base!r}")
        try:
            path = _path(base, path.parent)
        except ProfileError as error:
            raise ProfileError(f"{where}: {error}") from None
        if path in seen or len(seen) == _LONGEST_CHAIN:
            raise ProfileError(f"{where}: {' extends '.join(p.name for p in [*seen, path])}: this does not end")


def _path(profile: str, beside: Path = Path()) -> Path:
    """Where a profile is: a name belongs to the package, what ends in .yaml is a path (`beside` which folder)."""
    path = beside / Path(profile).expanduser()
    if not path.suffix:
        path = Path(str(resources.files("vlp_graph"))) / "profiles" / f"{profile}.yaml"
    if not path.is_file():
        near = difflib.get_close_matches(profile, names(), 1, 0.0)
        raise ProfileError(f"no profile {profile!r}: known are {', '.join(names())}; did you mean {near[0]!r}?")
    return path.resolve()


class _NoKeyTwice(yaml.SafeLoader):
    """YAML lets a key stand twice and takes the last; a profile does not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            key, line = self.construct_object(key_node, deep=deep), key_node.start_mark.line + 1
            if key in lines:
                raise ProfileError(f"{line}: {key}: stands twice, first in line {lines[key]}")
            lines[key] = line
        return super().construct_mapping(node, deep=deep)


def _read(path: Path) -> _File:
    try:
        text = path.read_text(encoding="utf-8")
        tree, data = yaml.compose(text, yaml.SafeLoader), yaml.load(text, _NoKeyTwice)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path.name}: {error}") from error
    except ProfileError as error:
        raise ProfileError(f"{path.name}:{error}") from None
    if tree is None or not isinstance(data, dict):
        raise ProfileError(f"{path.name}:1: keys with values are wanted (name, description, models ...)")
    return _File(path.name, data, tree)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`, mappings key by key. A key that is null has its default again."""
    both = dict(base)
    for key, value in over.items():
        below = both.pop(key, None)
        if isinstance(value, dict):
            both[key] = _merged(below if isinstance(below, dict) else {}, value)
        elif value is not None:
            both[key] = value
    return both


def _explain(chain: list[_File], error: Any) -> str:
    """`embedded.yaml:12: models.llama.max_model_length: not a key; did you mean max_model_len?`"""
    cause = error.get("ctx", {}).get("error")
    location = [*map(str, error["loc"]), *(cause.location if isinstance(cause, Misplaced) else ())]
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        known = _keys(location[:-1])
        near = difflib.get_close_matches(location[-1], known, 1, 0.5)
        message = "not a key" + (f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}")
    elif error["type"] == "literal_error":
        wanted = [part.strip().strip("'") for part in error["ctx"]["expected"].replace(" or ", ",").split(",")]
        near = difflib.get_close_matches(str(error["input"]), wanted, 1, 0.5)
        message = f"{error['input']!r} is none of {', '.join(wanted)}" + (f"; did you mean {near[0]}?" if near else "")
    elif error["type"] != "missing" and not isinstance(error["input"], dict):
        message += f" (it is {error['input']!r})"
    return f"{_place(chain, location)}: {'.'.join(location)}: {message}".replace(": : ", ": ")


def _place(chain: list[_File], location: Sequence[str]) -> str:
    """File and line of the last part of the location that is written anywhere, in the file that goes before others."""
    (_, line), file = max(((f.line(location), f) for f in chain), key=lambda told: told[0][0])
    return f"{file.name}:{line}"


def _keys(location: list[str]) -> list[str]:
    """Keys that may stand at this place of the tree."""
    model: Any = Profile
    for part in location:
        annotation = model.model_fields[part].annotation
        inner = [t for t in get_args(annotation) if isinstance(t, type) and issubclass(t, BaseModel)]
        model = inner[0] if inner else annotation
    return [*model.model_fields, *([EXTENDS] if model is Profile else [])]
