"""What the reading models learn from: tags of tokens."""

from __future__ import annotations

from vlp_graph.nano.recipes.reader import ELSEWHERE, Example


def test_the_first_token_of_a_stretch_has_its_tag_and_those_after_it_the_next() -> None:
    example = Example("find the red star", [1.0], [((9, 17), 3)])
    special, find, the, red, st, ar = (0, 0), (0, 4), (5, 8), (9, 12), (13, 15), (15, 17)
    assert example.tags([special, find, the, red, st, ar, special]) == [ELSEWHERE, 0, 0, 3, 4, 4, ELSEWHERE]


def test_stretches_of_two_roles_keep_apart() -> None:
    example = Example("a star b star", [1.0], [((2, 6), 1), ((9, 13), 3)])
    assert example.tags([(0, 1), (2, 6), (7, 8), (9, 13)]) == [0, 1, 0, 3]
