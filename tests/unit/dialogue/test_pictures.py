"""Which picture is meant."""

from __future__ import annotations

import pytest

from vlp_graph.dialogue.pictures import meant_picture


@pytest.mark.parametrize(
    ("text", "count", "index"),
    [
        ("what is this?", 0, None),
        ("outline the star in the first picture", 0, None),
        ("what is this?", 1, 0),
        ("what is this?", 3, 2),
        ("outline the star in the first picture", 3, 0),
        ("And in the SECOND image?", 3, 1),
        ("the 3rd photo", 4, 2),
        ("and the last pic", 3, 2),
        ("in the previous picture", 3, 1),
        ("in the previous picture", 1, 0),
        ("in the fifth picture", 2, 1),
        ("is the second star red?", 3, 2),
        ("the second", 3, 2),
    ],
)
def test_meant_picture(text: str, count: int, index: int | None) -> None:
    assert meant_picture(text, count) == index
