"""Sessions in PostgreSQL, shared by two ingress replicas: each has a store of its own on one server."""

from __future__ import annotations

import asyncio

import numpy as np

from vlp_graph.config import Memory as Config
from vlp_graph.dialogue.memory import Past, Store
from vlp_graph.dialogue.turn import Context, Picture


async def test_two_replicas_share_sessions(postgres: str) -> None:
    one, other = Store(Config(url=postgres)), Store(Config(url=postgres))
    picture = Picture(np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8), "digest")
    await asyncio.gather(  # both make the tables: they came up together
        one.keep("a", "find the star", "I found the star.", [picture], Context("find the star", ("star",), (), 0)),
        other.keep("b", "hello", "hi", [], Context()),
    )
    past = await other.recall("a")
    assert [m.text for m in past.history] == ["find the star", "I found the star."]
    assert np.array_equal(past.pictures[0].pixels, picture.pixels)
    assert past.context == Context("find the star", ("star",), (), 0)
    await other.keep("a", "outline it", "I outlined the star.", [picture], Context("find the star", ("star",), (), 0))
    assert len((await one.recall("a")).history) == 4
    assert await one.recall("c") == Past()
    await one.close()
    await other.close()


async def test_turns_of_one_session_at_once_are_all_kept(postgres: str) -> None:
    stores = [Store(Config(url=postgres)) for _ in range(2)]
    await asyncio.gather(*(stores[n % 2].keep("busy", f"turn {n}", "ok", [], Context()) for n in range(8)))
    past = await stores[0].recall("busy")
    assert sorted(m.text for m in past.history if m.role == "user") == [f"turn {n}" for n in range(8)]
    for store in stores:
        await store.close()
