"""`python -m vlp_graph.config.reference > docs/profiles.md`: every key of a profile, from where it is defined.

Types, defaults and bounds are the tree's own; descriptions are the docstrings under the keys.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from vlp_graph.config.hardware import GPUS, MACHINES
from vlp_graph.config.loading import load, names
from vlp_graph.config.profile import Profile

_HEAD = """# Profiles: every key

Written by `make docs` from `vlp_graph/config/`; a test keeps the two the same.

A profile is one YAML file that holds whatever differs between a laptop and a cluster. `vlp serve --profile NAME` starts
it, `vlp plan NAME` says what it needs. `NAME` is one of those below, or the path of a file.

* `extends: NAME` (or a path beside the file): only what differs has to be said. Mappings are merged key by key,
  everything else is replaced, and `null` brings a key's default back.
* An unknown key, a wrong type or an impossible value is refused with file, line, key, and the nearest right key.
* What follows from other keys is never written: vLLM's `gpu_memory_utilization`, placement bundles, Ray's options.
* Hub ids have no `revision` in the profiles of this package, as nobody has checked those files yet: pin the commits
  that you have tried.
"""


def page() -> str:
    """docs/profiles.md."""
    lines = [_HEAD, "## The profiles", "", "| Profile | Where |", "|---|---|"]
    lines += [f"| `{name}` | {load(name).description} |" for name in names()]
    lines += ["", "## Keys", ""]
    lines += _section(Profile, "")
    lines += ["## Machines and GPUs", "", "`cluster.instance` and `cluster.head` are one of:", ""]
    lines += ["| Machine | GPUs | cores | GiB | for the graph |", "|---|---|---|---|---|"]
    for m in MACHINES.values():
        has = f"{m.gpus} x {m.gpu.name}" if m.gpu else "none"
        lines.append(
            f"| `{m.name}` | {has} | {m.cpus} | {m.ram_gib:g} | {m.free_cpus:g} cores, {m.free_ram_gib:g} GiB |"
        )
    lines += ["", "GPUs (`vlp plan --gpu`), with the GiB that a program can have:", ""]
    lines.append(", ".join(f"`{g.name}` {g.gib:g}" for g in GPUS.values()) + ".")
    return "\n".join(lines) + "\n"


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """The keys of a part, then its parts."""
    parts = []
    if prefix:
        yield f"### `{prefix}`"
        yield ""
        yield " ".join((model.__doc__ or "").split())
        yield ""
    yield "| Key | Type | Default | Bounds | What |"
    yield "|---|---|---|---|---|"
    for name, field in model.model_fields.items():
        inner = part(field.annotation)
        if inner is not None:
            parts.append((name, inner))
        told = " ".join((field.description or (inner.__doc__ if inner else "") or "").split())
        yield f"| `{name}` | {_type(field.annotation)} | {_default(field)} | {_bounds(field)} | {_cell(told)} |"
    yield ""
    for name, inner in parts:
        yield from _section(inner, f"{prefix}.{name}" if prefix else name)


def part(annotation: Any) -> type[BaseModel] | None:
    """The part of the tree that a key holds, if it does."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


_TYPES = {int: "whole number", float: "number", str: "text", bool: "true or false", NoneType: "null"}


def _type(annotation: Any) -> str:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inside[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inside)
    if origin in (Union, UnionType):
        return " or ".join(_type(one) for one in inside)
    if origin is tuple:
        return f"list of {_type(inside[0])}"
    if origin is dict:
        return f"{_type(inside[0])} to {_type(inside[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "keys"
    return _TYPES[annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "see below"
    if value is None:
        return "null"
    if value in ("", (), {}):
        return "empty"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) else value}`"


_SIGNS = {"gt": "> {}", "ge": "≥ {}", "lt": "< {}", "le": "≤ {}", "min_length": "at least {} long"}


def _bounds(field: FieldInfo) -> str:
    inside = [m for one in get_args(field.annotation) for m in getattr(one, "__metadata__", ())]
    rules = [rule for m in (*field.metadata, *inside) for rule in (m, *getattr(m, "metadata", ()))]
    found = []
    for rule in rules:
        for name, sign in _SIGNS.items():
            if (bound := getattr(rule, name, None)) is not None:
                found.append(sign.format(f"{bound:g}" if isinstance(bound, float) else bound))
    return ", ".join(dict.fromkeys(found))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
