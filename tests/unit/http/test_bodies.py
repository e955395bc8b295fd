"""JSON is bounded by what it would become, before it becomes it."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlp_graph.config import Limits
from vlp_graph.errors import InvalidRequest, TooLarge
from vlp_graph.http.bodies import read_json

LIMITS = Limits(json_depth=3, json_values=10)

leaves = st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\[]{},: é', max_size=8)
values = st.recursive(leaves, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text('a"\\[', max_size=3), v))


def shape(value: object) -> tuple[int, int]:
    """Depth and number of brackets and commas."""
    if not isinstance(value, list | dict):
        return 0, 0
    inside = [shape(v) for v in (value.values() if isinstance(value, dict) else value)]
    commas = max(0, len(inside) - 1)
    return 1 + max((d for d, _ in inside), default=0), 1 + commas + sum(n for _, n in inside)


@given(values)
def test_whatever_fits_is_read_and_nothing_else(value: object) -> None:
    depth, count = shape(value)
    text = json.dumps(value)
    if depth > LIMITS.json_depth or count > LIMITS.json_values:
        with pytest.raises((InvalidRequest, TooLarge)):
            read_json(text, limits=LIMITS)
    else:
        assert read_json(text, limits=LIMITS) == value


@pytest.mark.parametrize("text", ["[[[[1]]]]", '{"a":[{"b":[]}]}', "[" * 10_000_000])
def test_too_deep(text: str) -> None:
    with pytest.raises(InvalidRequest, match="deeper than 3"):
        read_json(text, limits=LIMITS)


def test_a_bomb_of_lists_costs_no_memory() -> None:
    text = "[" + "[]," * 5_000_000 + "[]]"
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="20,000 values"):
            read_json(text)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_what_stands_in_a_string_does_not_count() -> None:
    text = json.dumps({"a": '[{,"' * 100 + "\\"})
    assert read_json(text, limits=LIMITS) == json.loads(text)
