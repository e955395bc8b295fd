"""Which parts of a prompt are pictures, however the text is meant."""

from __future__ import annotations

import pytest

from vlp_graph.config import Limits
from vlp_graph.errors import InvalidRequest
from vlp_graph.http.tgi.prompt import PictureUrl, split

DATA = "data:image/png;base64,iVBORw0KGgo="
LIMITS = Limits(text_chars=1000, pictures=3)


def test_pictures_stand_at_any_place() -> None:
    inputs = f'![]({DATA})User: what?![a cat](https://host/a_(1.png)![]({DATA} "title")\nAssistant:'
    assert split(inputs, LIMITS) == [
        PictureUrl(DATA),
        "User: what?",
        PictureUrl("https://host/a_(1.png"),
        PictureUrl(DATA),
        "\nAssistant:",
    ]


@pytest.mark.parametrize(
    "text",
    ["a ![chart](chart.png)", "![]()", "![](not a url)", "[link](https://host)", "![](https://host/a b)", "data: 1, 2"],
)
def test_what_is_no_url_stays_text(text: str) -> None:
    assert split(text, LIMITS) == [text]


def test_a_url_alone_is_a_picture() -> None:
    assert split("https://host/a.png", LIMITS) == [PictureUrl("https://host/a.png")]
    assert split(f"![]({DATA}) {DATA}", LIMITS) == [PictureUrl(DATA), PictureUrl(DATA)]
    assert split("see https://host/a.png", LIMITS) == ["see https://host/a.png"]


def test_more_pictures_or_text_than_is_taken() -> None:
    with pytest.raises(InvalidRequest, match=r"`inputs` supports up to 3 pictures\. Given: 4"):
        split(f"![]({DATA})" * 4, LIMITS)
    with pytest.raises(InvalidRequest, match=r"at most 1000 characters of text\. Given: 1001"):
        split(f"![]({DATA})" + "x" * 1001, LIMITS)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["![", "![](", "![](x ", '![](x "', "![]", "!", '![](data:x "a" ', "![](a://b"])
def test_hostile_text_is_read_as_fast_as_any(piece: str) -> None:
    """Four megabytes of beginnings. Tried again from each, the rest of the text would take hours."""
    with pytest.raises(InvalidRequest):
        split(piece * (4_000_000 // len(piece)), LIMITS)
