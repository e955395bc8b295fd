"""The parts of the batching benchmark that compute: work, bound, checks, tables."""

from __future__ import annotations

import argparse

import pytest

from benchmarks.dynamic_batching import cells, tables, work
from benchmarks.dynamic_batching.runs import Answer, Run, check, check_alike
from benchmarks.dynamic_batching.sides import (
    CONTINUOUS,
    ENGINE,
    GRAPH,
    SEQUENTIAL,
    SERVER,
    STATIC,
    STATIC_ENGINE,
    cores_of,
    server_flags,
)
from benchmarks.harness.record import Target
from benchmarks.harness.run import BenchmarkError
from vlp_graph.config import load


def _sample(side: str, clients: int, wall_s: float, **others: object) -> dict[str, object]:
    tokens = [64] * clients
    whole = {"part": tables.CURVE, "side": side, "lengths": work.LONG, "clients": clients, "repeat": 0}
    whole |= {"wall_s": wall_s, "tokens": tokens, "first_s": [0.1] * clients, "seconds": [wall_s] * clients}
    return whole | others


def _answer(tokens: int = 4, text: str = "once upon a time there was", prompt_tokens: int = 9) -> Answer:
    return Answer(0.1, 0.2, tokens, prompt_tokens, text)


def test_the_bound_is_the_mean_of_maxima_over_the_mean() -> None:
    assert work.scheduling_bound([1, 3, 2, 2], 2) == pytest.approx(2.5 / 2)


def test_there_is_nothing_to_gain_where_all_are_as_long_or_alone() -> None:
    assert work.scheduling_bound([7] * 10, 4) == 1
    assert work.scheduling_bound([1, 5, 9], 1) == 1


def test_a_bound_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no requests"):
        work.scheduling_bound([], 4)


def test_requests_are_the_same_each_time_and_no_two_alike() -> None:
    first = work.requests(work.MIXED, 40, 3)
    assert first == work.requests(work.MIXED, 40, 3)
    assert len({request.prompt[:30] for request in first}) == 40
    low, high = work.RANGES[work.MIXED]
    assert all(low <= request.tokens <= high for request in first)
    assert first != work.requests(work.MIXED, 40, 4)


def test_two_sides_of_one_engine_share_lengths_but_no_prompt() -> None:
    static, continuous = (work.requests(work.MIXED, 40, 3, side) for side in (STATIC_ENGINE, ENGINE))
    assert [request.tokens for request in static] == [request.tokens for request in continuous]
    assert not {request.prompt for request in static} & {request.prompt for request in continuous}


def test_cells_repeat_what_targets_are_about() -> None:
    options = argparse.Namespace(quick=False, lengths=[work.LONG], clients=[1, 2, 16], repeats=3)
    assert [(c.clients, c.count, c.repeats) for c in cells(options)] == [(1, 3, 3), (2, 4, 1), (16, 32, 3)]


def test_another_number_of_tokens_is_no_answer() -> None:
    asked = [work.Request("hello", 4)]
    check(GRAPH, asked, Run(1.0, [_answer()]))
    with pytest.raises(BenchmarkError, match="3 tokens where 4"):
        check(GRAPH, asked, Run(1.0, [_answer(tokens=3)]))


def test_sides_must_do_the_same_work() -> None:
    check_alike(
        {
            GRAPH: Run(1.0, [_answer(text="once upon a time, long")]),
            ENGINE: Run(1.0, [_answer(text="once upon a time, once")]),
        }
    )
    with pytest.raises(BenchmarkError, match="answers differ"):
        check_alike({GRAPH: Run(1.0, [_answer()]), ENGINE: Run(1.0, [_answer(text="twice")])})
    with pytest.raises(BenchmarkError, match="prompts differ"):
        check_alike({GRAPH: Run(1.0, [_answer()]), ENGINE: Run(1.0, [_answer(prompt_tokens=8)])})


def test_targets_are_ratios_of_what_was_measured() -> None:
    samples = [_sample(side, clients, seconds) for side in CONTINUOUS for clients, seconds in ((1, 2.0), (16, 4.0))]
    assert _values(tables.targets_of(samples)) == pytest.approx([1.0, 8.0])


def test_a_gain_above_the_scheduling_bound_misses_its_target() -> None:
    naive = {"part": tables.NAIVE, "lengths": work.MIXED, "tokens": [10, 30]}
    samples = [_sample(ENGINE, 16, 1.0, **naive), _sample(STATIC_ENGINE, 2, 1.4, **naive)]
    assert [target.held for target in tables.targets_of(samples)] == [True]
    samples[1]["wall_s"] = 1.6
    assert [target.held for target in tables.targets_of(samples)] == [False]


def test_tables_hold_a_row_for_each_side() -> None:
    curve = [_sample(side, clients, 2.0) for side in CONTINUOUS for clients in (1, 16)]
    short = [_sample(side, clients, 2.0, lengths=work.SHORT) for side in CONTINUOUS for clients in (1, 8)]
    naive = [_sample(side, 2, 2.0, part=tables.NAIVE) for side in (SEQUENTIAL, STATIC, STATIC_ENGINE, ENGINE, GRAPH)]
    samples = [*curve, *short, *naive]
    made = {table.title: table for table in tables.tables_of(samples)}
    assert made["Tokens a second"].rows[0] == [work.LONG, GRAPH, 32.0, None, 512.0]
    assert [row[:2] for row in made["Time to the first token, short answers"].rows][:2] == [[1, GRAPH], [1, SERVER]]
    against = made["Against naive ways, the same lengths"]
    assert [row[1] for row in against.rows] == [SEQUENTIAL, STATIC, STATIC_ENGINE, ENGINE, GRAPH]
    assert all(len(row) == len(table.columns) for table in made.values() for row in table.rows)


def test_cores_are_read_as_vllm_reads_them() -> None:
    config = load("embedded").models.llama
    assert cores_of(config) == {0}
    assert cores_of(config.model_copy(update={"cores": "0,2-4"})) == {0, 2, 3, 4}
    for many in (None, "auto", "0|1"):
        assert cores_of(config.model_copy(update={"cores": many})) == set()


def test_the_server_is_given_every_option_of_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.dynamic_batching.sides.resolve", lambda source: "/weights")
    flags = server_flags(load("embedded").models.llama)
    assert "--enforce-eager" in flags
    assert flags[flags.index("--max-num-seqs") + 1] == "16"
    assert flags[flags.index("--structured-outputs-config") + 1] == '{"backend": "xgrammar"}'
    assert flags[-1] == "planner=/weights"


def _values(targets: list[Target]) -> list[float]:
    return [target.value for target in targets]


def test_a_picture_is_drawn_from_samples_alone() -> None:
    curve = [_sample(side, clients, 2.0) for side in CONTINUOUS for clients in (1, 16)]
    short = [_sample(side, clients, 2.0, lengths=work.SHORT) for side in CONTINUOUS for clients in (1, 8)]
    panels = tables.drawn(
        [*curve, *short, _sample(STATIC, 8, 2.0, part=tables.NAIVE, lengths=work.SHORT)], "a run"
    ).axes
    assert [len(panel.lines) for panel in panels] == [4, 3, 0]
    assert len(panels[2].patches) == 6
