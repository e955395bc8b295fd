"""A turn from its words to its answer: understand, plan, execute, aggregate, as a stream of events."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import aclosing
from typing import TypeVar

from vlp_graph.config import Dialogue as DialogueConfig
from vlp_graph.dialogue.aggregate import NOTHING_HEARD, NOTHING_TO_SAY, compose
from vlp_graph.dialogue.execute import execute
from vlp_graph.dialogue.likely import Likely, leans, likely_plan
from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.pictures import meant_picture
from vlp_graph.dialogue.plan import Plan, fallback_plan
from vlp_graph.dialogue.planner import last_exchange, make_plan, planning_chain
from vlp_graph.dialogue.prompt import intent_text
from vlp_graph.dialogue.references import resolve_ones
from vlp_graph.dialogue.speculation import Speculation
from vlp_graph.dialogue.tasks import Tasks
from vlp_graph.dialogue.turn import (
    Answered,
    Event,
    Finished,
    Intent,
    Planned,
    Result,
    Transcribed,
    Turn,
    Understood,
    Vlp,
    Words,
)
from vlp_graph.dialogue.wording import SHAPES, mended
from vlp_graph.errors import DeadlineExceeded, ModelUnavailable, Unprocessable

T = TypeVar("T")

SURE = 0.8
"""Intent score from which a turn that needs a picture is refused without one, before any planning."""
LOOK_BACK = 3
"""How many messages of the user are searched for what "it" may be."""


class Dialogue:
    """Answers turns with the models of the graph. Holds no state between turns."""

    def __init__(self, models: Models, config: DialogueConfig) -> None:
        self.models, self.config = models, config
        self._planning = planning_chain(models.planner, config.max_plan_tokens)

    async def ready(self) -> dict[str, bool]:
        """For each model whether it is loaded and warmed."""
        return await self.models.ready()

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        """The events of a turn, `Answered` last.

        Raises:
            Unprocessable: the turn needs a picture and the dialogue has none.
            ServingError: a model that every answer needs is overloaded, down or late.
        """
        clock = _Clock()
        deadline = asyncio.get_running_loop().time() + self.config.turn_s
        text, transcript = turn.text.strip(), None
        if turn.speech is not None:
            transcript = await _within(deadline, "Whisper", self.models.listener.transcribe(turn.speech))
            clock.lap("transcribe")
            text = " ".join(part for part in (text, transcript) if part)
            yield Transcribed(transcript)
            if not text:
                yield Words(NOTHING_HEARD)
                yield Answered(NOTHING_HEARD, Vlp(transcript=transcript, timings=clock.timings()))
                return
        spoken_of = turn.named or await self._spoken_of(turn, text, deadline)
        own_words, text = text, resolve_ones(mended(text, SHAPES), spoken_of)
        history = last_exchange(turn.history)
        understanding = await _within(deadline, "DistilBERT", self.models.sorter.read(intent_text(text, history)))
        intent = _best(understanding.scores)
        clock.lap("intent")
        yield Understood(intent)
        if not turn.pictures and intent.label != "chat" and intent.score >= SURE:
            raise _no_picture(intent.label)
        likely = likely_plan(understanding, text, history, spoken_of)
        tasks = Tasks(self.models, turn, own_words, self.config.max_answer_tokens, self.config.max_history_tokens)
        limits = {"task_s": self.config.task_s, "deadline": deadline}
        speculation = Speculation(tasks.runner(turn.pictures), **limits)
        try:
            plan = await self._route(turn, text, intent, likely, speculation, deadline)
            speculation.settle(plan)
            clock.lap("plan")
            yield Planned(plan)
            results: list[Result] = []
            if [task.task for task in plan.tasks] == ["chat"]:  # nothing to wait for: the words are the work
                said: list[str] = []
                async with aclosing(tasks.chat(deadline)) as pieces:
                    async for piece in pieces:
                        said.append(piece)
                        yield Words(piece)
                clock.lap("tasks")
                if not "".join(said).strip():
                    said = [NOTHING_TO_SAY]
                    yield Words(NOTHING_TO_SAY)
                answer = "".join(said)
                spent = clock.seconds["tasks"]
                results.append(Result(id=plan.tasks[0].id, task="chat", status="ok", seconds=spent, text=answer))
                yield Finished(results[0])
            else:
                async with aclosing(execute(plan, speculation.result)) as ended:
                    async for result in ended:
                        results.append(result)
                        yield Finished(result)
                clock.lap("tasks")
                results.sort(key=lambda r: [t.id for t in plan.tasks].index(r.id))
                answer = compose(plan, results, turn.pictures)
                for piece in re.findall(r"\S+\s*", answer):
                    yield Words(piece)
        finally:
            speculation.settle(None)
        timings = {**clock.timings(), **{k: float(n) for k, n in speculation.counts.items() if n}}
        vlp = Vlp(transcript=transcript, intent=intent, plan=plan, results=results, timings=timings)
        yield Answered(answer, vlp)

    async def _spoken_of(self, turn: Turn, text: str, deadline: float) -> tuple[str, ...]:
        """The things last named by the user, where the turn leans on what was said before and no memory knows."""
        said = [m.text for m in reversed(turn.history) if m.role == "user"]
        for earlier in said[:LOOK_BACK] if leans(text) else ():
            read = await _within(deadline, "DistilBERT", self.models.sorter.read(intent_text(earlier)))
            if read.named:
                return tuple(name.text for name in read.named)
        return ()

    async def _route(
        self,
        turn: Turn,
        text: str,
        intent: Intent,
        likely: Likely | None,
        speculation: Speculation,
        deadline: float,
    ) -> Plan:
        """The plan of the turn: the likely one where that leaves no doubt, else Llama's, begun meanwhile."""
        if likely and likely.sure >= self.config.sure and self.config.router != "cot":
            return self._placed(likely.plan, turn, text, intent)
        stand_in = likely.plan if likely else fallback_plan(intent.label, text)
        if likely and turn.pictures and self.config.router == "speculative":
            speculation.start(self._placed(likely.plan, turn, text, intent))
        limit = min(deadline, asyncio.get_running_loop().time() + self.config.plan_s)
        try:
            plan = await _within(limit, "Llama", make_plan(self._planning, text, turn.history, stand_in))
        except (ModelUnavailable, DeadlineExceeded):  # the turn survives a planner that is down or late
            plan = stand_in
        return self._placed(plan, turn, text, intent)

    def _placed(self, plan: Plan, turn: Turn, text: str, intent: Intent) -> Plan:
        """The plan with the picture that each task looks at.

        Raises:
            Unprocessable: it looks at a picture, and there is none.
        """
        picture = meant_picture(text, len(turn.pictures), turn.focus)
        tasks = [t.model_copy(update={"image": None if t.task == "chat" else picture}) for t in plan.tasks]
        wants_masks = intent.label == "segment" and intent.score >= SURE
        if wants_masks and all(t.task != "segment" for t in tasks):  # masks come with boxes: nothing is lost
            tasks = [t.model_copy(update={"task": "segment"}) if t.task == "detect" else t for t in tasks]
        if picture is None and any(t.task != "chat" for t in tasks):
            tasks = [t for t in tasks if t.task == "chat"]
            if not tasks:
                raise _no_picture(plan.tasks[0].task)
        return plan.model_copy(update={"tasks": tasks})


class _Clock:
    """Seconds of each stage, one after the other."""

    def __init__(self) -> None:
        self.start = self.last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage], self.last = now - self.last, now

    def timings(self) -> dict[str, float]:
        total = time.perf_counter() - self.start
        return {k: round(v, 4) for k, v in {**self.seconds, "total": total}.items()}


def _best(scores: Mapping[str, float]) -> Intent:
    label = max(scores, key=lambda task: scores[task])
    return Intent(label=label, score=round(scores[label], 4))


def _no_picture(task: str) -> Unprocessable:
    return Unprocessable(
        f"this turn asks to {task} something in a picture, and the dialogue has none: "
        "add an image_url part (or the form field `image`)",
        param="messages",
    )


async def _within(deadline: float, model: str, call: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout_at(deadline):
            return await call
    except TimeoutError:
        raise DeadlineExceeded(f"{model} did not answer in time: try again, or raise dialogue.turn_s") from None
