"""docs/profiles.md is what the tree of keys says."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from vlp_graph.config import Profile, reference

PAGE = Path(__file__).parents[2] / "docs" / "profiles.md"


def test_the_page_is_the_generated_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), "run make docs"


def test_every_key_is_explained() -> None:
    left, unexplained = [Profile], []
    while left:
        model: type[BaseModel] = left.pop()
        for name, field in model.model_fields.items():
            if (inner := reference.part(field.annotation)) is not None:
                left.append(inner)  # type: ignore[arg-type]
            elif not field.description:
                unexplained.append(f"{model.__name__}.{name}")
    assert unexplained == []
