"""YAML for people: keys in the order in which they were written, texts of several lines as such, no anchors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _string)


def dumped(data: Mapping[str, Any]) -> str:
    """One document."""
    return yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def file(header: str, documents: Iterable[Mapping[str, Any]]) -> str:
    """A file of one or several documents under a comment."""
    return "".join(f"# {line}\n" for line in header.splitlines()) + "---\n".join(map(dumped, documents))
