"""What every benchmark stands on: loops that tell the truth about time, fair turns, records that can be drawn again."""

from __future__ import annotations

import argparse
import io
import json
import statistics
import threading
import time
from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from benchmarks.harness import machine, run
from benchmarks.harness.cluster import cluster_at
from benchmarks.harness.graph import graph
from benchmarks.harness.load import Sample, closed, closed_for, opened, percentile, poisson
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Record, Target
from benchmarks.harness.rounds import interleaved
from benchmarks.harness.run import NAMES, BenchmarkError, parser, start
from benchmarks.harness.show import figure, markdown, number, said, save, show
from tests.bench_records import record
from vlp_graph.config import ProfileError


def quiet() -> Console:
    return Console(file=io.StringIO(), width=160)


# --- load --------------------------------------------------------------------------------------------


def test_a_closed_loop_has_so_many_at_once_and_keeps_the_order() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def send(request: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return -request

    done = closed(send, range(9), clients=3)
    assert [sample.reply for sample in done] == [-n for n in range(9)]
    assert most == 3
    assert all(sample.seconds >= 0.02 for sample in done)
    assert max(sample.end for sample in done) >= 0.06, "each client waits for its answer"


def test_a_closed_loop_for_seconds_waits_for_what_it_began() -> None:
    def send(request: int) -> int:
        time.sleep(0.05)
        return request

    done = closed_for(send, count(), clients=2, seconds=0.12)
    assert sorted(sample.reply for sample in done) == list(range(len(done)))
    assert [sample.due for sample in done] == sorted(sample.due for sample in done)
    assert all(sample.due < 0.12 for sample in done)
    assert max(sample.end for sample in done) > 0.12


def test_turns_that_come_when_they_come_do_not_wait_for_others() -> None:
    def send(request: str) -> str:
        time.sleep(0.2 if request == "slow" else 0.0)
        return request

    done = opened(send, ["slow", "quick", "quick"], [0.0, 0.05, 0.1])
    assert [sample.due for sample in done] == [0.0, 0.05, 0.1]
    assert done[0].seconds >= 0.2
    assert done[2].end < done[0].end, "nobody stood behind the slow one"


def test_a_request_that_is_sent_late_counts_from_when_it_was_due() -> None:
    assert Sample(due=1.0, end=4.0, reply=None).seconds == 3.0


def test_an_error_in_a_request_is_not_swallowed() -> None:
    def send(request: int) -> None:
        raise RuntimeError(f"request {request}")

    with pytest.raises(RuntimeError, match="request 0"):
        closed(send, [0], clients=1)
    with pytest.raises(RuntimeError, match="request 0"):
        closed_for(send, count(), clients=1, seconds=1)
    with pytest.raises(RuntimeError, match="request 0"):
        opened(send, [0], [0.0])


def test_arrivals_by_chance_have_their_rate_and_their_seed() -> None:
    times = poisson(rate=5, seconds=2000, seed=3)
    assert times == sorted(times) == poisson(rate=5, seconds=2000, seed=3) != poisson(rate=5, seconds=2000, seed=4)
    assert times[-1] < 2000
    assert len(times) == pytest.approx(10_000, rel=0.05)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.1), "exponential, not regular"


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 1.0), (0.5, 3.0), (0.95, 5.0), (1.0, 5.0)])
def test_percentiles_are_measured_values(share: float, wanted: float) -> None:
    assert percentile([5.0, 1.0, 4.0, 2.0, 3.0], share) == wanted


def test_a_percentile_of_nothing_is_no_number() -> None:
    assert str(percentile([], 0.5)) == "nan"


# --- rounds ------------------------------------------------------------------------------------------


def test_every_side_comes_once_a_round_and_each_comes_first() -> None:
    turns = list(interleaved(["a", "b", "c"], 3, quiet(), "work"))
    rounds = [[side for repeat, side in turns if repeat == n] for n in range(3)]
    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert {each[0] for each in rounds} == {"a", "b", "c"}


# --- records -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "at", "held"), [(0.6, "most", True), (0.61, "most", False), (0.6, "least", True), (0.59, "least", False)]
)
def test_a_target_is_held_at_its_bound(value: float, at: Any, held: bool) -> None:
    assert Target(what="it", value=value, bound=0.6, at=at).held is held


def test_a_target_without_a_number_is_missed() -> None:
    assert not Target(what="it", value=float("nan"), bound=1, at="most").held
    assert not Target(what="it", value=float("nan"), bound=1, at="least").held


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    kept = record(samples=[{"side": "naïve", "s": n / 10, "of": [1, 2]} for n in range(3)])
    path = kept.write(tmp_path / "new")
    assert path.name == "session_reuse.json"
    assert Record.read(path) == kept
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum('"naïve"' in line for line in lines) == 3, "a sample is a line, as it was said"


def test_a_record_without_samples_is_json_too(tmp_path: Path) -> None:
    assert json.loads(record(samples=[]).write(tmp_path).read_text(encoding="utf-8"))["samples"] == []


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"name": "load", "figures": 1}'])
def test_what_is_no_record_says_which_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "load.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"load\.json is no record.*vlp bench load"):
        Record.read(path)


def test_a_record_knows_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_gpus", list)  # asks torch
    here = Machine.here()
    assert here.cores >= 1
    assert here.memory_gib > 0
    assert {"ray", "torch"} <= set(here.versions)


# --- shown -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [("as it is", "as it is"), (None, ""), (1234567, "1,234,567"), (1234.5, "1,234"), (0.12345, "0.123"), (12.0, "12")],
)
def test_numbers_have_three_digits_that_count(cell: Any, wanted: str) -> None:
    assert number(cell) == wanted


def test_a_target_is_a_sentence() -> None:
    assert said(Target(what="gain", value=1.234, bound=2, at="least")) == "gain: 1.23 (wanted ≥ 2)"


def test_a_table_in_markdown_keeps_its_columns() -> None:
    lines = list(markdown(record().tables[0]))
    assert lines[2:] == ["| side | p50 s |", "|---|---|", "| ours \\| theirs | 0.123 |", "| other |  |", "", "!"]


def test_what_is_shown_says_what_was_missed() -> None:
    console = quiet()
    missed = Target(what="[odd] name", value=2, bound=1, at="most")
    show(record(targets=[missed]), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "missed  [odd] name: 2 (wanted ≤ 1)" in text
    assert "ours | theirs" in text


def test_a_picture_is_a_file(tmp_path: Path) -> None:
    drawn, axes = figure(2, "Two panels")
    axes[0].plot([0, 1], [0, 1])
    path = save(drawn, tmp_path / "deep" / "it.png")
    assert len(axes) == 2
    assert path.read_bytes().startswith(b"\x89PNG")


# --- started -----------------------------------------------------------------------------------------


def benchmark(done: Record | Exception, **more: Any) -> Any:
    """A module as benchmarks are."""

    def go(options: argparse.Namespace) -> Record:
        if isinstance(done, Exception):
            raise done
        options.console.print(f"profile {options.profile}")
        return done

    return SimpleNamespace(__doc__="What it is for.", run=go, draw=lambda record: figure(1, record.title)[0], **more)


def test_a_run_is_shown_kept_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "known", lambda name: benchmark(record()))
    console = quiet()
    done = start("session_reuse", ["--quick", "--out", str(tmp_path)], console)
    assert isinstance(console.file, io.StringIO)
    assert "profile embedded" in console.file.getvalue()
    assert Record.read(tmp_path / "session_reuse.json") == done
    assert (tmp_path / "session_reuse.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--out", "{file}/below"], BenchmarkError),
        (["--out", "{folder}", "--profile", "nonesuch"], ProfileError),
    ],
)
def test_what_cannot_work_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], error: type[Exception]
) -> None:
    monkeypatch.setattr(run, "known", lambda name: benchmark(AssertionError("it ran")))
    (tmp_path / "file").write_text("")
    with pytest.raises(error):
        start("load", [a.format(file=tmp_path / "file", folder=tmp_path) for a in arguments], quiet())


def test_a_benchmark_adds_options_of_its_own() -> None:
    found = parser("load", benchmark(record(), arguments=lambda p: p.add_argument("--rates", type=float, nargs="+")))
    options = found.parse_args(["--rates", "1", "2", "--quick"])
    assert (options.rates, options.quick, options.profile, options.url) == ([1.0, 2.0], True, "embedded", None)
    assert "What it is for." in found.format_help()


def test_a_name_that_nothing_has_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"'nonesuch'.*speculation"):
        run.known("nonesuch")


@pytest.mark.parametrize("name", ["speculation", "session_reuse", "startup_memory"])
def test_every_benchmark_offers_what_the_harness_calls(name: str) -> None:
    module = run.known(name)
    assert name in NAMES
    assert module.__doc__
    assert callable(module.run)
    assert callable(module.draw)


def test_a_graph_that_runs_already_is_used_as_it_is() -> None:
    with graph(argparse.Namespace(url="http://127.0.0.1:9", profile="embedded")) as url:
        assert url == "http://127.0.0.1:9"


def test_only_a_graph_on_this_machine_can_be_joined() -> None:
    with pytest.raises(BenchmarkError, match="not served by a Ray cluster"):
        cluster_at("http://127.0.0.1:1")
