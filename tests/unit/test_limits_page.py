"""docs/limits.md says what the profile says: every key, and its value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from vlp_graph.config import Http, load

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
HTTP_LIMITS = {"max_ongoing_requests", "max_queued_requests", "concurrent_per_key"}


def rows(section: str) -> dict[str, str]:
    text = PAGE.read_text().split(f"## `{section}`\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", text, re.MULTILINE))


def written(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def values(model: BaseModel) -> dict[str, str]:
    return {name: written(getattr(model, name)) for name in type(model).model_fields}


@pytest.mark.parametrize("section", ["limits", "fetch"])
def test_every_key_has_its_row(section: str) -> None:
    assert rows(f"http.{section}") == values(getattr(load("embedded").http, section))


def test_the_ingress_s_own() -> None:
    assert rows("http") == {name: value for name, value in values(load("embedded").http).items() if name in HTTP_LIMITS}
    assert set(Http.model_fields) >= HTTP_LIMITS
