"""What a session remembers, for how long, and for whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_models import Finder, Sorter, Writer, instance, models

from vlp_graph.config import Dialogue as Limits
from vlp_graph.config import Memory as Config
from vlp_graph.dialogue import memory
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.memory import Past, Remembering, Store
from vlp_graph.dialogue.turn import Answered, Context, Picture, Turn, Words
from vlp_graph.errors import ModelUnavailable, Unprocessable

STAR = instance("star")


def photo(value: int) -> Picture:
    return Picture(np.full((6, 8, 3), value, np.uint8), f"digest {value}")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(Config(url=f"sqlite+aiosqlite:///{tmp_path / 's.sqlite'}", expires_s=100, turns=3))
    yield store
    await store.close()


def dialogue(store: Store, finder: Finder | None = None, **options: Any) -> Remembering:
    graph = models(
        finder=finder or Finder([STAR]), sorter=Sorter("detect", 0.95, ["stars", "star"]), planner=Writer(**options)
    )
    return Remembering(Dialogue(graph, Limits()), store)


async def say(dialogue: Remembering, text: str, *pictures: Picture, session: str = "s", caller: str = "") -> Answered:
    turn = Turn(text=text, pictures=pictures, session=session, caller=caller)
    *_, last = [event async for event in dialogue.run(turn)]
    assert isinstance(last, Answered)
    return last


async def test_a_follow_up_needs_no_second_upload(store: Store) -> None:
    finder = Finder([STAR])
    remembering = dialogue(store, finder)
    await say(remembering, "find the stars", photo(1))
    await say(remembering, "find the stars", photo(2))
    again = await say(remembering, "find the stars in the first picture")
    assert again.vlp.results[0].image == 0
    assert (await say(remembering, "now the left one")).vlp.results[0].image == 0
    assert [digest for digest, *_ in finder.asked] == ["digest 1", "digest 2", "digest 1", "digest 1"]
    assert finder.asked[-1][1] == ("star",)


async def test_the_same_pixels_come_back(store: Store) -> None:
    context = Context("box the star", ("heart", "star"), ("cross",), 0)
    pixels = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)
    await store.keep("k", "hello", "hi", [Picture(pixels, "d")], context)
    past = await store.recall("k")
    assert [(m.role, m.text) for m in past.history] == [("user", "hello"), ("assistant", "hi")]
    assert np.array_equal(past.pictures[0].pixels, pixels)
    assert (past.pictures[0].digest, past.context) == ("d", context)


async def test_a_session_is_its_caller_s(store: Store) -> None:
    remembering = dialogue(store)
    await say(remembering, "find the stars", photo(1), caller="ann")
    with pytest.raises(Unprocessable):
        await say(remembering, "find the stars", caller="bob")
    await say(remembering, "find the stars", caller="ann")


async def test_without_a_session_nothing_is_kept(store: Store) -> None:
    remembering = dialogue(store)
    [_ async for _ in remembering.run(Turn(text="find the stars", pictures=(photo(1),)))]
    assert store._engine is None


async def test_a_turn_that_fails_leaves_no_trace(store: Store) -> None:
    class Broken:
        async def ready(self) -> dict[str, bool]:
            return {}

        async def run(self, turn: Turn) -> AsyncIterator[Any]:
            raise ModelUnavailable("down")
            yield

    with pytest.raises(ModelUnavailable):
        [_ async for _ in Remembering(Broken(), store).run(Turn(text="hello", session="s"))]
    with pytest.raises(Unprocessable):
        await say(dialogue(store), "find the stars")


async def test_old_turns_and_sessions_are_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1000.0
    monkeypatch.setattr(memory.time, "time", lambda: clock)
    for number in range(5):
        await store.keep("long", f"turn {number}", "ok", [photo(number)], Context(picture=0))
    past = await store.recall("long")
    assert [m.text for m in past.history if m.role == "user"] == ["turn 2", "turn 3", "turn 4"]
    assert [p.digest for p in past.pictures] == ["digest 2", "digest 3", "digest 4"]
    clock += 101
    assert await store.recall("long") == Past()
    await store.keep("new", "hello", "hi", [], Context())
    clock -= 101
    assert await store.recall("long") == Past()


async def test_whoever_leaves_stops_the_turn_at_once(store: Store) -> None:
    closed = []

    class Endless:
        async def ready(self) -> dict[str, bool]:
            return {}

        async def run(self, turn: Turn) -> AsyncIterator[Any]:
            try:
                while True:
                    yield Words("so ")
            finally:
                closed.append(turn.session)

    for session in (None, "s"):
        events = Remembering(Endless(), store).run(Turn(text="hello", session=session))
        await anext(events)
        await events.aclose()  # type: ignore[attr-defined]
        assert closed[-1:] == [session]
    assert await store.recall("s") == Past()


async def test_a_database_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Store(Config(url=f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}"))
    with pytest.raises(ModelUnavailable, match="sessions"):
        await say(dialogue(nowhere), "find the stars", photo(1))
    store = Store(Config(url=f"sqlite+aiosqlite:///{tmp_path / 's.sqlite'}"))

    async def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(store, "keep", full)
    assert (await say(dialogue(store), "find the stars", photo(1))).text.startswith("I found")
    await store.close()


async def test_a_new_turn_does_not_bring_an_expired_session_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = memory.time.time()
    await store.keep("s", "find the stars", "One star.", [photo(1)], Context())
    monkeypatch.setattr(memory.time, "time", lambda: now + 101)
    await store.keep("s", "hello", "Hi.", [], Context())
    past = await store.recall("s")
    assert [message.text for message in past.history] == ["hello", "Hi."]
    assert past.pictures == ()
