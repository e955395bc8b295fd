"""The pure parts of the comparison with neighbours: turns with known answers, batches inside, figures and words."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record
from benchmarks.harness.run import BenchmarkError
from benchmarks.harness.show import save
from benchmarks.neighbours import draw
from benchmarks.neighbours.asked import KINDS, Asked, candidates, chosen, series
from benchmarks.neighbours.figures import MANY, rates, table, targets, who_is_ahead
from benchmarks.neighbours.pipeline import Calls, dialogue_over, reply_to, turn_of
from benchmarks.neighbours.sides import BASE, OURS
from benchmarks.neighbours.sides import candidates as settings_to_try
from vlp_graph.config import load
from vlp_graph.masks import encode


def _asked(kind: str) -> Asked:
    return next(asked for asked in candidates(30) if asked.kind == kind)


def _reply(asked: Asked, text: str = "", instances: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"text": text, "vlp": {"results": [{"instances": instances}]}}


def test_an_outline_is_right_where_it_covers_the_one_thing() -> None:
    asked = _asked("outline")
    (thing,) = asked.scene.find(asked.name)
    mask = encode(thing.mask)
    assert asked.text == f"outline the {asked.name}"
    assert asked.is_right(_reply(asked, instances=[{"mask": mask}]))
    assert not asked.is_right(_reply(asked, instances=[]))
    assert not asked.is_right(_reply(asked, instances=[{"mask": mask}, {"mask": mask}]))
    assert not asked.is_right(_reply(asked, instances=[{"mask": None}]))
    assert not asked.is_right(_reply(asked, instances=[{"mask": encode(~thing.mask)}]))


def test_numbers_and_yes_are_read_from_the_words() -> None:
    count, exist = _asked("count"), _asked("exist")
    number = len(count.scene.objects)
    assert count.is_right(_reply(count, f"There are {number} objects in this picture."))
    assert not count.is_right(_reply(count, f"There are {number + 1} objects in this picture."))
    assert exist.is_right(_reply(exist, f"Yes, there is 1 {exist.name}."))
    assert not exist.is_right(_reply(exist, "No."))


def test_a_turn_sent_again_shows_another_picture() -> None:
    pool = list(itertools.islice(candidates(30), 3))
    sent = series(pool, 7, 100)
    assert [asked.number for asked in sent] == list(range(100, 107))
    assert [asked.text for asked in sent[:3]] == [asked.text for asked in sent[3:6]]
    digests = {turn_of({"text": a.text, "image": a.image}).pictures[0].digest for a in sent}
    assert len(digests) == 7


def test_what_is_not_known_is_not_asked() -> None:
    def ask(asked: Asked) -> dict[str, Any]:
        things = asked.scene.find(asked.name)
        text = f"yes, {len(asked.scene.objects)}"
        return _reply(asked, text, [{"mask": encode(thing.mask)} for thing in things])

    kept = chosen(candidates(30), 6, ask)
    assert [asked.kind for asked in kept] == [*KINDS, *KINDS]
    with pytest.raises(BenchmarkError, match="of each kind 2 turns are wanted"):
        chosen(candidates(30), 6, lambda asked: _reply(asked, "I do not know"))


async def test_a_turn_that_asks_for_llama_ends_in_an_error() -> None:
    from vlp_graph.engines.distilbert import Reading

    async def read(text: str) -> Reading:
        return Reading({"chat": 0.5, "answer": 0.5}, [])

    async def never(item: Any) -> Any:
        raise AssertionError("nothing is looked for")

    dialogue = dialogue_over(Calls(read, never, never), load("embedded"))
    turn = turn_of({"text": "tell me a story about it", "image": _asked("count").image})
    with pytest.raises(RuntimeError, match="does not have"):
        await reply_to(dialogue, turn)


def test_a_reading_survives_the_way_through_json() -> None:
    from benchmarks.neighbours.bentoml_server import _reading
    from vlp_graph.engines.distilbert import Form, Reading, Span

    span = Span("red star", 12, 20, 0.99)
    for form in (None, Form("count", 0.9, [span])):
        reading = Reading({"segment": 0.9, "chat": 0.1}, [span], form)
        assert _reading(json.loads(json.dumps(asdict(reading)))) == reading


def test_settings_follow_the_cores_and_begin_with_the_base() -> None:
    ways = settings_to_try(4)
    assert list(dict.fromkeys(way.family for way in ways)) == [BASE, "Starlette", "LitServe", "BentoML"]
    assert any("4 workers" in way.settings for way in ways)
    for way in ways:
        assert "{port}" in way.command
        assert all(isinstance(part, str) for part in way.command)


def _samples(side: str, seconds: float, cpu: float | None, alone: float = 0.1) -> list[dict[str, Any]]:
    """16 turns by 16 clients in so many seconds, and one alone."""
    common = {"side": side, "repeat": 0, "cpu": cpu, "client_cpu": 0.002}
    many = [{**common, "clients": MANY, "due": 0.0, "end": seconds} for _ in range(16)]
    return [*many, {**common, "clients": 1, "due": 0.0, "end": alone}]


def test_the_targets_are_ratios_with_many_clients() -> None:
    samples = [*_samples(OURS, 1, 0.1), *_samples(BASE, 4, 0.1), *_samples("LitServe", 2, 0.1)]
    samples += _samples("BentoML", 1, 0.1)
    assert rates(samples, OURS) == 16
    assert [(t.value, t.bound, t.held) for t in targets(samples)] == [(4, 3, True), (2, 1.2, True), (1, 1.2, False)]


def test_who_wins_is_said() -> None:
    samples = [*_samples(OURS, 2, 0.12), *_samples(BASE, 4, 0.1, 0.05), *_samples("LitServe", 1, 0.06, 0.2)]
    words = list(who_is_ahead(samples, 2))
    assert words[0] == f"{BASE} wins at 1 client by 50 ms: its turns cross fewer borders between processes."
    assert words[1] == f"LitServe wins at {MANY} clients, 2.00x (60 ms of CPU a turn, ours 120)."
    assert words[2].startswith("3x the base would take 167 ms of CPU a turn on 2 cores")
    assert len(table(samples, 2).rows) == 3


def test_a_graph_that_ran_before_has_no_cpu_seconds() -> None:
    samples = [*_samples(OURS, 2, None), *_samples(BASE, 4, 0.1, 0.05)]
    assert table(samples, 2).rows[0][-2:] == [None, None]
    assert replace(_asked("count"), number=3).number == 3


def test_a_record_is_drawn(tmp_path: Path) -> None:
    machine = Machine(
        processor="p", cores=2, memory_gib=8, gpus=[], system="s", python="3.11", versions={}, load_before=0.1
    )
    method = Method(compares="c", loop="l", lengths="n", warm_up="w", repeats="r")
    common = {"title": "t", "method": method, "settings": {}, "tables": [], "profile": "embedded", "machine": machine}
    samples = [*_samples(OURS, 2, 0.12), *_samples(BASE, 4, 0.1)]
    record = Record(name="neighbours", samples=samples, **common)
    assert save(draw(record), tmp_path / "drawn.png").stat().st_size > 10_000
