"""Memory of sessions: turns, pictures and what was found, so that a follow-up needs no second upload.

Kept by SQLAlchemy: a SQLite file by default, PostgreSQL where several ingress replicas share sessions. A session
belongs to the caller who began it; under another caller the same name is another session.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import numpy as np
from PIL import Image
from sqlalchemy import JSON, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text, delete, func, select
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from vlp_graph.config import Memory as Config
from vlp_graph.dialogue.turn import Answered, Context, Event, Message, Picture, Transcribed, Turn
from vlp_graph.errors import ModelUnavailable

log = logging.getLogger(__name__)

_METADATA = MetaData()
_TURNS = Table(
    "vlp_dialogue",
    _METADATA,
    Column("session", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Float, index=True, nullable=False),
    Column("asked", Text, nullable=False),
    Column("answered", Text, nullable=False),
    Column("shown", JSON, nullable=False),  # digests of the pictures that came with the turn
    Column("request", Text, nullable=False),
    Column("named", JSON, nullable=False),
    Column("earlier", JSON, nullable=False),
    Column("picture", Integer, nullable=True),
)
_PICTURES = Table(
    "vlp_pictures",
    _METADATA,
    Column("session", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("png", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Past:
    """What a session remembers: messages, pictures in order of appearance, and what it was about at last."""

    history: tuple[Message, ...] = ()
    pictures: tuple[Picture, ...] = ()
    context: Context = field(default_factory=Context)


class Runs(Protocol):
    """What memory adds to: something that answers turns."""

    def run(self, turn: Turn) -> AsyncIterator[Event]: ...

    async def ready(self) -> dict[str, bool]: ...


class Store:
    """Sessions in a database. Tables are made at the first use; old sessions go while new ones are kept."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    async def recall(self, key: str) -> Past:
        """What the session `key` remembers; nothing for a new or an expired one."""
        oldest = time.time() - self.config.expires_s
        async with (await self._opened()).connect() as db:
            turns = (await db.execute(select(_TURNS).where(_TURNS.c.session == key).order_by(_TURNS.c.number))).all()
            if not turns or turns[-1].at < oldest:
                return Past()
            rows = (await db.execute(select(_PICTURES).where(_PICTURES.c.session == key))).all()
        pictures = {row.digest: await asyncio.to_thread(_unpacked, row.png, row.digest) for row in rows}
        said = [
            message
            for t in turns
            for message in (
                Message("user", t.asked, sum(digest in pictures for digest in t.shown)),
                Message("assistant", t.answered),
            )
        ]
        shown = [pictures[digest] for t in turns for digest in t.shown if digest in pictures]
        last = turns[-1]
        return Past(
            tuple(said), tuple(shown), Context(last.request, tuple(last.named), tuple(last.earlier), last.picture)
        )

    async def keep(self, key: str, asked: str, answered: str, shown: Sequence[Picture], context: Context) -> None:
        """Add a turn to the session `key`, and forget what is too old or too much."""

        async def attempt() -> None:
            await self._keep(key, asked, answered, shown, context)

        await self._opened()
        await _persistently(attempt)

    async def _keep(self, key: str, asked: str, answered: str, shown: Sequence[Picture], context: Context) -> None:
        now = time.time()
        async with (await self._opened()).begin() as db:
            await self._expire(db, now)
            last = await db.scalar(select(func.max(_TURNS.c.number)).where(_TURNS.c.session == key))
            number = 0 if last is None else last + 1
            known = set(await db.scalars(select(_PICTURES.c.digest).where(_PICTURES.c.session == key)))
            for picture in {p.digest: p for p in shown}.values():
                if picture.digest not in known:
                    png = await asyncio.to_thread(_packed, picture)
                    new = _PICTURES.insert().values(session=key, digest=picture.digest, png=png)
                    await db.execute(new)
            turn = {"session": key, "number": number, "at": now, "asked": asked, "answered": answered}
            about = {"request": context.request, "named": list(context.named), "earlier": list(context.earlier)}
            found = {"shown": [p.digest for p in shown], "picture": context.picture, **about}
            await db.execute(_TURNS.insert().values(**turn, **found))
            await self._forget(db, key, number)

    async def _expire(self, db: Any, now: float) -> None:
        """Forgets sessions that have ended, before a new turn would make one of them look alive."""
        ended = select(_TURNS.c.session).group_by(_TURNS.c.session)
        expired = list(await db.scalars(ended.having(func.max(_TURNS.c.at) < now - self.config.expires_s)))
        for table in (_TURNS, _PICTURES):
            await db.execute(delete(table).where(table.c.session.in_(expired)))

    async def _forget(self, db: Any, key: str, number: int) -> None:
        """The oldest turns of a session that is too long, and pictures that only they showed."""
        old = (_TURNS.c.session == key) & (_TURNS.c.number <= number - self.config.turns)
        await db.execute(delete(_TURNS).where(old))
        left = await db.execute(select(_TURNS.c.shown).where(_TURNS.c.session == key))
        used = {digest for (shown,) in left for digest in shown}
        unused = (_PICTURES.c.session == key) & _PICTURES.c.digest.not_in(used)
        await db.execute(delete(_PICTURES).where(unused))

    async def _opened(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                engine = create_async_engine(self.config.address())

                async def make_tables() -> None:
                    async with engine.begin() as db:
                        await db.run_sync(_METADATA.create_all)

                await _persistently(make_tables)
                self._engine = engine
        return self._engine

    async def close(self) -> None:
        """Give the connections back."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None


async def _persistently(attempt: Callable[[], Awaitable[None]]) -> None:
    """Try again where another replica did the same at the same moment (made the tables, took the turn's number)."""
    for pause in (0.02, 0.05, 0.1, 0.2, 0.4, None):
        try:
            return await attempt()
        except (IntegrityError, OperationalError, ProgrammingError):
            if pause is None:
                raise
            await asyncio.sleep(pause * (1 + random.random()))


class Remembering:
    """A dialogue with memory: turns that name a session know what was said, shown and found in it before."""

    def __init__(self, dialogue: Runs, store: Store) -> None:
        self.dialogue, self.store = dialogue, store

    async def ready(self) -> dict[str, bool]:
        return await self.dialogue.ready()

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        """The events of a turn. It is kept when it has been answered; one that fails or is left leaves no trace.

        Raises:
            ModelUnavailable: the database cannot be read. One that cannot be written loses the turn, not its answer.
        """
        if turn.session is None:
            async with aclosing(cast(AsyncGenerator[Event, None], self.dialogue.run(turn))) as events:
                async for event in events:
                    yield event
            return
        key = hashlib.sha256(json.dumps([turn.caller, turn.session]).encode()).hexdigest()
        try:
            past = await self.store.recall(key)
        except (SQLAlchemyError, OSError) as error:
            log.error("sessions cannot be read: %s", type(error).__name__)
            raise ModelUnavailable("sessions cannot be read just now: try again, or send the history along") from None
        whole = replace(
            turn,
            history=(*past.history, *turn.history),
            pictures=(*past.pictures, *turn.pictures),
            context=replace(past.context, picture=None if turn.pictures else past.context.picture),
            shown=len(turn.pictures),
        )
        heard = ""
        async with aclosing(cast(AsyncGenerator[Event, None], self.dialogue.run(whole))) as events:
            async for event in events:
                if isinstance(event, Transcribed):
                    heard = event.text
                if isinstance(event, Answered):
                    asked = " ".join(part for part in (turn.text.strip(), heard) if part)
                    try:
                        await self.store.keep(key, asked, event.text, turn.pictures, event.context)
                    except (SQLAlchemyError, OSError) as error:
                        log.error("a turn cannot be kept: %s", type(error).__name__)
                yield event


def _packed(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _unpacked(png: bytes, digest: str) -> Picture:
    return Picture(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")), digest)
