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


@pytest.mark.parametrize(
    ("text", "count", "focus", "meant"),
    [
        ("outline it", 3, 0, 0),
        ("outline it", 3, None, 2),
        ("outline it", 2, 7, 1),
        ("and in the second picture?", 3, 0, 1),
        ("is there one in the other picture?", 2, 1, 0),
        ("is there one in the other photo?", 2, 0, 1),
        ("the other picture", 1, 0, 0),
    ],
)
def test_the_picture_that_was_spoken_of_goes_on_to_be_meant(
    text: str, count: int, focus: int | None, meant: int
) -> None:
    assert meant_picture(text, count, focus) == meant
