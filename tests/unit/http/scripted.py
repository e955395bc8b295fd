"""A dialogue that follows a script, with true masks of a drawn scene: what the page can show, without a model."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import uvicorn
from starlette.applications import Starlette

from tests.ports import free_port
from vlp_graph.dialogue.plan import Plan, Task
from vlp_graph.dialogue.turn import (
    Answered,
    Event,
    Finished,
    Instance,
    Intent,
    Planned,
    Result,
    Rle,
    Transcribed,
    Turn,
    Understood,
    Vlp,
    Words,
)
from vlp_graph.masks import encode
from vlp_graph.nano.world import Scene, Thing, arrange

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

SAMPLE = arrange(
    np.random.default_rng(4),
    320,
    240,
    [
        Thing("star", "red", "large", (0.2, 0.3)),
        Thing("circle", "blue", "large", (0.52, 0.25)),
        Thing("square", "blue", "large", (0.78, 0.62)),
        Thing("circle", "yellow", "small", (0.5, 0.75)),
        Thing("heart", "purple", "large", (0.22, 0.75)),
        Thing("circle", "green", "small", (0.85, 0.22)),
    ],
)
"""The scene of the page's own sample picture."""


@dataclass
class Script:
    """What a turn does: the intent, its tasks, what each finds (phrases of the scene), and the answer."""

    tasks: list[Task]
    results: list[Result]
    answer: str
    thought: str = "I look at the picture."
    transcript: str | None = None


def found(scene: Scene, phrase: str, name: str | None = None) -> list[Instance]:
    """The true objects of a scene that a phrase names, as instances."""
    return [
        Instance(phrase=name or phrase, score=0.97, box=o.box, mask=Rle.model_validate(encode(o.mask)))
        for o in scene.find(phrase)
    ]


@dataclass
class Scripted:
    """Plays `scripts` by the turn's text (or by what is "heard"); `error` is raised at the start, or after the first
    word. At the start of each task, and of the answer, it waits until `gate` is set."""

    scripts: dict[str, Script]
    error: Exception | None = None
    late: bool = False
    turns: list[Turn] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    pause_s: float = 0.0

    def __post_init__(self) -> None:
        self.gate.set()

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        self.turns.append(turn)
        self.closed.clear()
        try:
            async for event in self._play(turn):
                yield event
        finally:
            self.closed.set()

    async def _play(self, turn: Turn) -> AsyncIterator[Event]:
        if self.error is not None and not self.late:
            raise self.error
        script = self.scripts["(spoken)" if turn.speech is not None else turn.text]
        if script.transcript is not None:
            yield Transcribed(script.transcript)
        intent = Intent(label=script.tasks[0].task, score=0.98)
        await asyncio.sleep(self.pause_s)
        yield Understood(intent)
        await asyncio.sleep(self.pause_s)
        plan = Plan(thought=script.thought, tasks=script.tasks)
        yield Planned(plan)
        for result in script.results:
            await self._opened()
            yield Finished(result)
        await self._opened()
        for number, word in enumerate(script.answer.split(" ")):
            if number == 1 and self.error is not None:
                raise self.error
            await asyncio.sleep(self.pause_s / 10)
            yield Words((" " if number else "") + word)
        yield Answered(
            script.answer,
            Vlp(
                transcript=script.transcript,
                intent=intent,
                plan=plan,
                results=script.results,
                timings={"intent": 0.01, "total": 0.42},
            ),
            usage={"prompt_tokens": 3, "completion_tokens": 4},
        )

    async def _opened(self) -> None:
        await asyncio.sleep(self.pause_s)
        while not self.gate.is_set():
            await asyncio.sleep(0.01)

    async def ready(self) -> dict[str, bool]:
        return {"llama": True, "whisper": True}


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The address of the application on a real socket of loopback."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "uvicorn did not start"
        assert time.monotonic() < end, "uvicorn did not start"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(20)
