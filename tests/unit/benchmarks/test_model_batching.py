"""The pure parts of the benchmark of batches: how items are batched, what counts as right, what the tables say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record
from benchmarks.harness.show import save
from benchmarks.model_batching import draw, variant
from benchmarks.model_batching.endpoints import endpoints, picture, scenes
from benchmarks.model_batching.tables import (
    ENDPOINT,
    ENGINE,
    by_clients,
    by_size,
    endpoint_table,
    engine_table,
    padding_table,
    wait_table,
)
from benchmarks.model_batching.work import Item, Work, batches, covers
from vlp_graph.config import load

SHORT = [Item(f"s{i}", i) for i in range(4)]
LONG = [Item(f"l{i}", i) for i in range(4)]


def test_batches_of_one_length_and_of_both_hold_the_same_items() -> None:
    equal, mixed = (batches(SHORT, LONG, 4, lengths) for lengths in ("equal", "mixed"))
    assert [[i.value[0] for i in batch] for batch in equal] == [["s"] * 4, ["l"] * 4]
    assert [[i.value[0] for i in batch] for batch in mixed] == [["s", "l", "s", "l"]] * 2
    assert {i.value for b in equal for i in b} == {i.value for b in mixed for i in b}


def test_what_makes_no_whole_batches_is_refused() -> None:
    with pytest.raises(ValueError, match="make no batches of 3"):
        batches(SHORT, LONG, 3, "equal")
    with pytest.raises(ValueError, match="make no batches"):
        batches(SHORT, LONG[:2], 2, "mixed")


def test_only_what_is_right_alone_is_kept() -> None:
    work = Work("w", "items", lambda v: [x[1:] for x in v], lambda i, a: a != "1", SHORT, LONG, "letters")
    assert [i.value for i in work.known(3).short] == ["s0", "s2", "s3"]
    with pytest.raises(ValueError, match="3 short and 3 long items are known, 4 are wanted"):
        work.known(4)


def test_boxes_cover_the_truth_one_by_one() -> None:
    truth = [(0, 0, 10, 10), (20, 20, 30, 30)]
    assert covers([(1, 1, 10, 10), (20, 20, 31, 30)], truth)
    assert not covers([(1, 1, 10, 10)], truth)
    assert not covers([(0, 0, 10, 10), (0, 0, 10, 9)], truth)


def test_a_variant_waits_otherwise_and_is_else_the_same(tmp_path: Path) -> None:
    path = tmp_path / "wait.yaml"
    path.write_text(yaml.safe_dump(variant("embedded", 50)), encoding="utf-8")
    waits, own = load(str(path)), load("embedded")
    assert waits.models.grounded_sam.batch.wait_ms == 50
    assert waits.models.idefics.batch.size == own.models.idefics.batch.size
    assert waits.models.llama == own.models.llama


def test_no_picture_comes_twice() -> None:
    scene = scenes()[0]
    assert len({picture(scene, number) for number in (0, 1, 255, 256, 70_000)}) == 5


def test_replies_are_judged_by_what_is_in_the_scene() -> None:
    by_name = {endpoint.name: endpoint for endpoint in endpoints()}
    scene = scenes()[0]
    name, count = scene.objects[0].name, len(scene.objects)
    found = [{"box": o.box, "mask": {"counts": "x"}} for o in scene.find(name)]
    assert by_name["detect"].build(scene, 1).is_right({"instances": found})
    assert not by_name["detect"].build(scene, 1).is_right({"instances": []})
    assert not by_name["segment"].build(scene, 1).is_right({"instances": [{**found[0], "mask": None}]})
    assert by_name["classify a text"].build(scene, 1).is_right({"label": scene.objects[0].shape})
    assert by_name["describe (a question)"].build(scene, 1).is_right({"descriptions": [{"text": str(count)}]})
    chat = by_name["chat completions"].build(scene, 1)
    assert chat.is_right({"choices": [{"message": {"content": f"{count}."}}]})
    assert not chat.is_right({"choices": [{"message": {"content": f"{count + 1}"}}]})


def _engine(size: int, lengths: str, seconds: float, repeat: int = 0) -> dict[str, Any]:
    work = {"part": ENGINE, "work": "W", "unit": "texts", "differ": "words"}
    return work | {
        "size": size,
        "lengths": lengths,
        "repeat": repeat,
        "items": 16,
        "seconds": seconds,
        "cpu_s": seconds,
    }


def _asked(clients: int, seconds: float, wait: float | None = None) -> dict[str, Any]:
    asked = {"part": ENDPOINT, "endpoint": "detect", "model": "grounded_sam", "batched": True, "wait_ms": wait}
    return asked | {"clients": clients, "repeat": 0, "due": 0.0, "end": seconds}


def test_rates_by_size_are_medians_of_rounds() -> None:
    samples = [_engine(1, "equal", 2.0), _engine(1, "equal", 4.0, 1), _engine(1, "equal", 4.0, 2)]
    samples += [_engine(8, "equal", 1.0), _engine(8, "mixed", 1.5)]
    assert by_size(samples) == {"W": {1: 4.0, 8: 16.0}}
    assert engine_table(samples).rows == [["W (texts/s)", 4.0, 16.0, "4.00x at 8", 1.0]]
    assert padding_table(samples).rows[0][-1] == "+50 %"


def test_rates_by_clients_and_by_wait() -> None:
    samples = [_asked(1, 0.1), _asked(1, 0.2), _asked(16, 0.5), _asked(16, 0.4), _asked(1, 0.3, 50.0)]
    samples += [_asked(16, 1.0, 50.0)]
    assert by_clients(samples) == {"detect": {1: 10.0, 16: 4.0}}
    assert endpoint_table(samples).rows[0][-1] == "0.40x"
    rows = wait_table(samples, 2).rows
    assert [row[1] for row in rows] == [2, 50.0]
    assert [row[3] for row in rows] == [4.0, 1.0]


def test_a_record_is_drawn(tmp_path: Path) -> None:
    machine = Machine(
        processor="p", cores=2, memory_gib=8, gpus=[], system="s", python="3.11", versions={}, load_before=0.1
    )
    method = Method(compares="c", loop="l", lengths="n", warm_up="w", repeats="r")
    common = {"title": "t", "method": method, "settings": {}, "tables": [], "profile": "embedded", "machine": machine}
    samples = [_engine(1, "equal", 2.0), _engine(8, "equal", 1.0), _asked(1, 0.1), _asked(16, 0.5)]
    record = Record(name="model_batching", samples=samples, **common)
    assert save(draw(record), tmp_path / "drawn.png").stat().st_size > 10_000
