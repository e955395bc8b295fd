"""The same engines held in this process, under the same dialogue: no HTTP, no Ray, no other process.

Each engine works on all that waits for it as one batch. They take turns, so that what each takes is its own: of small
models two at once in one process mostly wait for the interpreter's lock.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.graph_overhead.path import Call, about, models_over, path_seconds
from benchmarks.harness.run import WrongAnswer
from benchmarks.harness.turns import KnownTurn
from vlp_graph.config import Profile
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.turn import Answered, Turn, as_json
from vlp_graph.http.media import decode_picture, decode_speech

Work = Callable[[list[Any]], Sequence[Any]]


@dataclass(frozen=True)
class FusedTurn:
    """A turn in one process: its seconds, those of its longest model path, and what it answered."""

    seconds: float
    path: float
    reply: Mapping[str, Any]


class Fused:
    """Engines of a profile, loaded and warm."""

    def __init__(self, profile: Profile, engines: Mapping[str, tuple[Work, int]]) -> None:
        """`engines`: for each lane its work on a batch, and the largest batch."""
        self._profile, self._engines = profile, engines
        models = profile.models
        held = (models.idefics, models.grounded_sam, models.whisper, models.distilbert)
        self._on_cpu = all(model.device == "cpu" for model in held)

    @classmethod
    def load(cls, profile: Profile) -> Fused:
        """As the replicas of the graph load them, by the same code."""
        import torch

        from deployments import distilbert, grounded_sam, idefics, whisper

        torch.set_num_threads(1)
        models = profile.models
        look = idefics.warmed(models.idefics)
        find = grounded_sam.warmed(models.grounded_sam)
        hear = whisper.warmed(models.whisper)
        sort = distilbert.warmed(models.distilbert)
        engines: dict[str, tuple[Work, int]] = {
            "transcribe": (lambda work: [hear.transcribe(samples).text for samples in work], 1),
            "read": (sort.read, models.distilbert.batch.size),
            "nearest": (
                lambda work: sort.nearest([t for t, _ in work], [labels for _, labels in work]),
                models.distilbert.batch.size,
            ),
            "answer": (look.answer, models.idefics.batch.size),
            "find": (
                lambda work: [[grounded_sam.instance(f) for f in found] for found in find.find(work)],
                models.grounded_sam.batch.size,
            ),
        }
        gc.collect()
        gc.freeze()
        return cls(profile, engines)

    def ask(self, known: KnownTurn, padding: int = 0) -> FusedTurn:
        """One turn from its files to its answer. `padding` as in `KnownTurn.body`.

        Raises:
            WrongAnswer: it is not what the scene shows.
        """
        limits, png = self._profile.http.limits, known.png + bytes(padding)
        calls: list[Call] = []

        async def answered() -> tuple[float, Turn, Answered]:
            start = time.perf_counter()
            speech = None if known.wav is None else decode_speech(known.wav, limits)
            turn = Turn("" if known.wav else known.text, (decode_picture(png, limits),), speech)
            answer = await self._answer(models_over(_Lanes(self._engines, calls, on_cpu=self._on_cpu).ask), turn)
            return time.perf_counter() - start, turn, answer

        seconds, turn, answer = asyncio.run(answered())
        reply = {"choices": [{"message": {"content": answer.text}}], "vlp": as_json(answer.vlp)}
        if not known.is_right(reply):
            raise WrongAnswer(f"fused: {known.text!r} was answered {answer.text!r}")
        return FusedTurn(seconds, path_seconds(lambda models: self._answer(models, turn), calls), reply)

    async def _answer(self, models: Models, turn: Turn) -> Answered:
        *_, last = [event async for event in Dialogue(models, self._profile.dialogue).run(turn)]
        assert isinstance(last, Answered)
        return last


class _Lanes:
    """The engines during one turn; `calls` grows by each piece of their work."""

    def __init__(self, engines: Mapping[str, tuple[Work, int]], calls: list[Call], *, on_cpu: bool = True) -> None:
        self._engines, self._calls, self._on_cpu = engines, calls, on_cpu
        self._waiting: dict[str, list[tuple[Any, asyncio.Future[Any]]]] = {lane: [] for lane in engines}
        self._free = asyncio.Lock()
        self._running: dict[str, asyncio.Task[None]] = {}

    def ask(self, lane: str, work: Any) -> Awaitable[Any]:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Any] = loop.create_future()
        self._waiting[lane].append((work, result))
        if lane not in self._running:
            self._running[lane] = loop.create_task(self._drain(lane))
        return result

    async def _drain(self, lane: str) -> None:
        work, most = self._engines[lane]
        await asyncio.sleep(0)  # what is asked for in the same breath is one batch
        while waiting := self._waiting[lane]:
            async with self._free:
                batch, self._waiting[lane] = waiting[:most], waiting[most:]
                pieces = [piece for piece, _ in batch]
                seconds, results = await asyncio.to_thread(_timed, work, pieces, self._on_cpu)
            for (piece, future), result in zip(batch, results, strict=True):
                self._calls.append(Call(lane, about(lane, piece), seconds, result))
                if not future.done():
                    future.set_result(result)
        del self._running[lane]


def _timed(work: Work, pieces: list[Any], on_cpu: bool) -> tuple[float, Sequence[Any]]:
    """Seconds and results of a batch. On a CPU no more seconds than this process computed: to wait for a core that
    others have is not the model's time, and would make the graph look cheap."""
    start, computed = time.perf_counter(), time.process_time()
    results = work(pieces)
    seconds, computed = time.perf_counter() - start, time.process_time() - computed
    return min(seconds, computed) if on_cpu else seconds, results
