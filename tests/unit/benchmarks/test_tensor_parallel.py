"""The parts of the tensor-parallel benchmark that compute: settings, cost, checks, tables."""

from __future__ import annotations

import pytest

from benchmarks.harness.run import BenchmarkError
from benchmarks.tensor_parallel import _check
from benchmarks.tensor_parallel.settings import compared, dollars_per_million, published_gain
from benchmarks.tensor_parallel.tables import drawn, tables_of


def _sample(setting: str, ranks: int, devices: int, wall_s: float, **others: object) -> dict[str, object]:
    whole = {"setting": setting, "ranks": ranks, "devices": devices, "users": 2, "repeat": 0, "wall_s": wall_s}
    whole |= {"tokens": [8, 8], "first_s": [0.1, 0.3], "token_s": [0.02, 0.04], "begun": [[5, 6], [7, 8]]}
    whole["memory"] = [{"weights": 1.0 / ranks, "held": 2.0}] * ranks
    return whole | others


def test_on_a_cpu_ranks_are_compared_with_threads() -> None:
    chosen = compared([1, 2], [0, 1], "cpu")
    assert [(s.name, s.places) for s in chosen] == [
        ("TP 1, 1 core", ((0,),)),
        ("TP 1, 2 cores", ((0, 1),)),
        ("TP 2, 2 cores", ((0,), (1,))),
    ]
    assert [s.environment()["VLLM_CPU_OMP_THREADS_BIND"] for s in chosen] == ["0", "0,1", "0|1"]


def test_on_gpus_a_rank_has_one_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    chosen = compared([4], [0, 1, 2, 3], "cuda")
    assert [s.name for s in chosen] == ["TP 1, 1 GPU", "TP 4, 4 GPUs"]
    assert chosen[1].environment()["CUDA_VISIBLE_DEVICES"] == "0,1,2,3"
    assert "VLLM_CPU_OMP_THREADS_BIND" not in chosen[1].environment()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,GPU-5,2,1")
    assert chosen[1].environment()["CUDA_VISIBLE_DEVICES"] == "7,GPU-5,2,1"
    assert chosen[0].environment()["CUDA_VISIBLE_DEVICES"] == "7"


def test_more_ranks_than_devices_are_refused() -> None:
    with pytest.raises(ValueError, match="4 ranks want a core each, and there are 2"):
        compared([4], [0, 1], "cpu")


def test_a_setting_pays_for_its_devices() -> None:
    assert dollars_per_million(3.6, 1000, 1, 1) == pytest.approx(1.0)
    assert dollars_per_million(3.6, 1000, 1, 4) == pytest.approx(0.25)
    for speed, devices in ((0, 1), (10, 0), (10, 5)):
        with pytest.raises(ValueError, match="no price"):
            dollars_per_million(1, speed, devices, 4)


def test_published_gains() -> None:
    assert published_gain(4) == pytest.approx(1.435, abs=0.001)
    assert published_gain(2) is None


def test_tables_have_gain_efficiency_memory_and_cost() -> None:
    samples = [_sample("TP 2, 2 cores", 2, 2, 1.25), _sample("TP 1, 1 core", 1, 1, 2.0)]
    fast, memory, cost, published = tables_of(samples, 3.6, 2)
    assert [row[1] for row in fast.rows] == ["TP 1, 1 core", "TP 2, 2 cores"]
    row = dict(zip(fast.columns, fast.rows[1], strict=True))
    assert row["gain"] == pytest.approx(1.6)
    assert row["efficiency %"] == pytest.approx(80)
    assert row["TTFT ms"] == pytest.approx(200)
    assert memory.rows[1][:2] == ["TP 2, 2 cores", pytest.approx(0.5)]
    assert cost.rows[1][-1] == pytest.approx(3.6 / (12.8 * 3600) * 1e6)
    assert all(len(line) == len(published.columns) for line in published.rows)
    assert published.rows[1][3:] == pytest.approx([1.435, 35.88, 4.38], abs=0.01)


def test_without_a_price_there_is_no_cost() -> None:
    titles = [table.title for table in tables_of([_sample("TP 1, 1 core", 1, 1, 2.0)], None, 2)]
    assert "Cost" not in titles


def test_settings_must_compute_the_same() -> None:
    same = [_sample("one", 1, 1, 1.0), _sample("two", 2, 2, 1.0)]
    _check(same, 8)
    with pytest.raises(BenchmarkError, match="instead of 9"):
        _check(same, 9)
    with pytest.raises(BenchmarkError, match="do not compute the same"):
        _check([same[0], _sample("two", 2, 2, 1.0, begun=[[1, 6], [2, 8]])], 8)


def test_a_picture_is_drawn_from_samples_alone() -> None:
    samples = [_sample("TP 2, 2 cores", 2, 2, 1.25), _sample("TP 1, 1 core", 1, 1, 2.0)]
    assert [len(panel.patches) for panel in drawn(samples, "a run").axes] == [2, 2, 2]
