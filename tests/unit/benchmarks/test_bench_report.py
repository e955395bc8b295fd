"""The page of results: made from records alone, missed targets not hidden, short runs called what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.harness.record import Record, Target
from benchmarks.report import report
from tests.bench_records import record


def page(folder: Path) -> str:
    path = folder.parent / "RESULTS.md"
    report(folder, path)
    return path.read_text(encoding="utf-8")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_records_stand_in_their_order_with_their_pictures(results: Path) -> None:
    for name in ("startup_memory", "speculation"):
        record(name).write(results)
    (results / "speculation.png").write_bytes(b"")
    text = page(results)
    assert text.index("## speculation") < text.index("## startup_memory")
    assert "![Two sides](results/speculation.png)" in text
    assert "startup_memory.png" not in text
    assert "| ours \\| theirs | 0.123 |" in text


def test_the_first_table_says_what_was_held_and_what_was_not(results: Path) -> None:
    targets = [
        Target(what="a gain", value=3, bound=2, at="least"),
        Target(what="a time", value=61.25, bound=60, at="most"),
    ]
    record("load", targets=targets).write(results)
    text = page(results)
    assert "| yes | a gain: 3 (wanted ≥ 2) | [load](#load) |" in text
    assert "| **no** | a time: 61.2 (wanted ≤ 60) | [load](#load) |" in text


def test_what_people_wrote_about_a_result_is_taken_over(results: Path) -> None:
    record("neighbours").write(results)
    (results / "neighbours.md").write_text("LitServe is quicker at **this**.\n", encoding="utf-8")
    assert "LitServe is quicker at **this**." in page(results)


@pytest.mark.parametrize("short", [True, False])
def test_a_quick_run_is_no_result(results: Path, short: bool) -> None:
    record("load", quick=short).write(results)
    assert ("A quick run: no result." in page(results)) is short


def test_how_and_where_it_was_measured_is_said(results: Path) -> None:
    record("load", taken="2030-01-02 03:04 UTC", seconds=75.4).write(results)
    text = page(results)
    for words in (
        "this with that",
        "closed, one client",
        "Warm-up: one",
        "ours: {'threads': 1}",
        "a processor, 2 cores",
    ):
        assert words in text
    assert "2030-01-02 03:04 UTC, 75 s" in text


def test_it_says_which_records_it_took(results: Path) -> None:
    record("load").write(results)
    (results / "other.json").write_text("{}", encoding="utf-8")  # of older benchmarks: none of these
    assert [kept.name for kept in report(results, results / "RESULTS.md")] == ["load"]


def test_nothing_to_report_is_an_error(results: Path) -> None:
    with pytest.raises(FileNotFoundError, match="vlp bench NAME"):
        page(results)


def test_a_record_of_another_form_is_an_error_that_names_it(results: Path) -> None:
    results.mkdir()
    (results / "load.json").write_text('{"figures": []}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"load\.json"):
        page(results)


def test_pictures_elsewhere_go_by_their_name(tmp_path: Path) -> None:
    kept: Record = record("load")
    kept.write(tmp_path / "here")
    (tmp_path / "here" / "load.png").write_bytes(b"")
    (tmp_path / "there").mkdir()
    report(tmp_path / "here", tmp_path / "there" / "RESULTS.md")
    assert "(load.png)" in (tmp_path / "there" / "RESULTS.md").read_text(encoding="utf-8")
