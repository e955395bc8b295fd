"""What the detector is asked for where people use other words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vlp_graph.engines.grounding_dino import Candidates, GroundingDino


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("red dots", "red circles"),
        ("Dot", "circle"),
        ("small box", "small square"),
        ("boxes", "squares"),
        ("dotty", "dotty"),
    ],
)
def test_a_synonym_is_looked_for_and_what_was_said_is_found(
    said: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = SimpleNamespace(model=SimpleNamespace(backbone=None))
    detector = GroundingDino(model, None, 0.3, 0.6, 0.3, synonyms={"dot": "circle", "box": "square"})  # type: ignore[arg-type]
    looked: list[str] = []

    def look(_: Any, pairs: Any, __: Any) -> list[Candidates]:
        looked.extend(phrase for _, phrase in pairs)
        return [Candidates(np.array([0.9], np.float32), np.array([[0.0, 0.0, 1.0, 1.0]])) for _ in pairs]

    monkeypatch.setattr(detector, "_look", look)
    ((found,),) = detector.detect([SimpleNamespace()], [[said]])  # type: ignore[list-item]
    assert looked == [asked]
    assert found.phrase == said
