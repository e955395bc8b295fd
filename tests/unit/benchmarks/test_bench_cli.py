"""`vlp bench` as people mistype it: what went wrong in one line, and whose fault it was in the exit code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks import report
from benchmarks.harness import run
from benchmarks.harness.run import NAMES, BenchmarkError
from tests.bench_records import record
from vlp_graph.cli import app

FINE, FAILED, BAD_USAGE = 0, 1, 2


def bench(*words: str) -> Any:
    return CliRunner().invoke(app, ["bench", *words])


class Started:
    """Takes the place of the harness's `start`: keeps what was asked for, fails where it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[str]]] = []
        self.fails: dict[str, Exception] = {}

    def __call__(self, name: str, arguments: list[str]) -> None:
        self.calls.append((name, list(arguments)))
        if name in self.fails:
            raise self.fails[name]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    found = Started()
    monkeypatch.setattr(run, "start", found)
    return found


@pytest.mark.parametrize("words", [[], ["nonesuch"], ["--quick", "speculation"], ["report", "--quick"]])
def test_a_wrong_command_says_what_there_is(started: Started, words: list[str]) -> None:
    done = bench(*words)
    assert done.exit_code == BAD_USAGE
    assert done.stderr.startswith("vlp: ")
    assert "speculation" in done.stderr or "report takes no options" in done.stderr
    assert started.calls == []


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["all", "--help"], ["report", "--help"]])
def test_help_lists_the_benchmarks(started: Started, words: list[str]) -> None:
    done = bench(*words)
    assert done.exit_code == FINE
    assert all(name in done.stdout for name in (*NAMES, "all", "report"))
    assert started.calls == []


def test_help_of_a_benchmark_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    done = bench("session_reuse", "--help")
    assert done.exit_code == FINE
    for words in ("vlp bench session_reuse", "What a dialogue that goes on costs", "--sessions", "--quick"):
        assert words in done.stdout


def test_an_option_that_a_benchmark_has_not_is_bad_usage() -> None:
    done = bench("session_reuse", "--sesions", "2")
    assert done.exit_code == BAD_USAGE
    assert "--sesions" in done.stderr


def test_a_profile_that_there_is_not_is_bad_usage(tmp_path: Path) -> None:
    done = bench("session_reuse", "--profile", "embeded", "--out", str(tmp_path))
    assert done.exit_code == BAD_USAGE
    assert "did you mean 'embedded'?" in done.stderr


def test_options_are_the_benchmarks(started: Started) -> None:
    assert bench("load", "--quick", "--rates", "1", "2").exit_code == FINE
    assert started.calls == [("load", ["--quick", "--rates", "1", "2"])]


def test_what_cannot_be_run_here_is_a_failure(started: Started) -> None:
    started.fails["load"] = BenchmarkError("the graph is gone")
    done = bench("load")
    assert done.exit_code == FAILED
    assert done.stderr == "vlp: load: the graph is gone\n"


def test_one_that_fails_does_not_keep_the_others_from_running(started: Started) -> None:
    started.fails["load"] = BenchmarkError("the graph is gone")
    started.fails["neighbours"] = ImportError("No module named 'litserve'")
    done = bench("all", "--quick")
    assert done.exit_code == FAILED
    assert [name for name, _ in started.calls] == list(NAMES)
    assert "vlp-graph[bench]" in done.stderr


def test_without_the_benchmarks_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "benchmarks.harness", None)
    done = bench("load")
    assert done.exit_code == FAILED
    assert "pip install 'vlp-graph[bench]'" in done.stderr


def test_a_report_says_how_many_targets_were_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "report", lambda: [record("load"), record("speculation")])
    done = bench("report")
    assert done.exit_code == FINE
    assert "2 benchmarks; targets missed: 0" in done.stdout


@pytest.mark.parametrize("error", [FileNotFoundError("no results"), ValueError("load.json is no record")])
def test_a_report_of_nothing_is_a_failure(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def nothing() -> None:
        raise error

    monkeypatch.setattr(report, "report", nothing)
    done = bench("report")
    assert done.exit_code == FAILED
    assert done.stderr == f"vlp: {error}\n"
