"""A turn from its words to its answer: understand, plan, execute, aggregate, as a stream of events."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

from vlp_graph.config import Dialogue as DialogueConfig
from vlp_graph.dialogue.aggregate import NOTHING_HEARD, NOTHING_TO_SAY, compose
from vlp_graph.dialogue.execute import execute
from vlp_graph.dialogue.few_shot import asked_by_example
from vlp_graph.dialogue.likely import Likely, likely_plan
from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.once import Once
from vlp_graph.dialogue.pictures import meant_picture
from vlp_graph.dialogue.plan import Plan, Task, fallback_plan
from vlp_graph.dialogue.planner import last_exchange, make_plan, planning_chain
from vlp_graph.dialogue.prompt import intent_text
from vlp_graph.dialogue.reading import Reader, Said, best, leans
from vlp_graph.dialogue.speculation import Speculation
from vlp_graph.dialogue.tasks import Tasks
from vlp_graph.dialogue.turn import (
    Answered,
    Context,
    Event,
    Finished,
    Intent,
    Planned,
    PlannedBy,
    Result,
    Transcribed,
    Turn,
    Understood,
    Vlp,
    Words,
)
from vlp_graph.dialogue.usage import UsageHandler
from vlp_graph.errors import DeadlineExceeded, ModelUnavailable, Unprocessable

T = TypeVar("T")

MASKS_MAY_BE_WANTED = 0.1
"""Probability of an intent to segment from which a picture is prepared for masks while the plan is written."""
SURE = 0.8
"""Intent score from which a turn that needs a picture is refused without one, before any planning."""


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
                yield Answered(
                    NOTHING_HEARD,
                    Vlp(transcript=transcript, timings=clock.timings()),
                    context=turn.context or Context(),
                )
                return
        said, intent = await _within(deadline, "DistilBERT", self._understand(turn, text))
        clock.lap("intent")
        yield Understood(intent)
        if not turn.pictures and intent.label != "chat" and intent.score >= SURE:
            raise _no_picture(intent.label)
        focus, count = said.context.picture, len(turn.pictures)
        likely = likely_plan(said, lambda words: meant_picture(words, count, focus), count)
        asked = asked_by_example(turn, text)
        planning, talking = UsageHandler(), UsageHandler()
        sizes = (self.config.max_answer_tokens, self.config.max_history_tokens)
        tasks = Tasks(self.models, turn, text, *sizes, asked, talking)
        limits = {"task_s": self.config.task_s, "deadline": deadline}
        speculation = Speculation(tasks.runner(turn.pictures), **limits)
        try:
            planned: PlannedBy
            if asked:  # labels that examples taught are no planner's to know
                plan, planned = asked.plan(text), "reader"
            else:
                plan, planned = await self._route(turn, text, said, intent, likely, speculation, deadline, planning)
            speculation.settle(plan)
            clock.lap("plan")
            yield Planned(plan)
            results: list[Result] = []
            if [task.task for task in plan.tasks] == ["chat"]:  # nothing to wait for: the words are the work
                spoken: list[str] = []
                async with aclosing(tasks.chat(deadline)) as pieces:
                    async for piece in pieces:
                        spoken.append(piece)
                        yield Words(piece)
                clock.lap("tasks")
                if not "".join(spoken).strip():
                    spoken = [NOTHING_TO_SAY]
                    yield Words(NOTHING_TO_SAY)
                answer = "".join(spoken)
                seconds = clock.seconds["tasks"]
                results.append(Result(id=plan.tasks[0].id, task="chat", status="ok", seconds=seconds, text=answer))
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
        context = _after(said.before, said.context, plan, results)
        yield Answered(answer, vlp, planned, context, planning.with_(talking), "length" if talking.cut else "stop")

    async def _understand(self, turn: Turn, text: str) -> tuple[Said, Intent]:
        """The turn in words that stand alone, and the intent of its own words."""
        sorter = Once(self.models.sorter)
        own = sorter.read(intent_text(text, last_exchange(turn.history)))
        said, understanding = await asyncio.gather(self._read(turn, text, Reader(sorter)), own)
        label = best(understanding.scores)
        return said, Intent(label=label, score=round(understanding.scores[label], 4))

    async def _read(self, turn: Turn, text: str, reader: Reader) -> Said:
        """The turn in words that stand alone, for which the dialogue before it is read where no memory knows it."""
        context = turn.context
        if context is None:
            context = await reader.context_of(turn.history) if leans(text) else Context()
        exchange = last_exchange(turn.history)
        return await reader.read(text, context, exchange, pictures=len(turn.pictures), shown=bool(turn.shown))

    async def _route(
        self,
        turn: Turn,
        text: str,
        said: Said,
        intent: Intent,
        likely: Likely | None,
        speculation: Speculation,
        deadline: float,
        usage: UsageHandler,
    ) -> tuple[Plan, PlannedBy]:
        """The plan of the turn: the likely one where that leaves no doubt, else Llama's, who reads the turn's own words
        (`text`, typed and spoken) and begins meanwhile. What planning costs goes to `usage`."""
        if likely and likely.sure >= self.config.sure and self.config.router != "cot":
            return self._placed(likely.plan, turn, said, intent), "reader"
        stand_in = likely.plan if likely else fallback_plan(intent.label, said.text)
        if likely and turn.pictures and self.config.router == "speculative":
            speculation.start(self._placed(likely.plan, turn, said, intent))
        if self.config.router == "speculative" and said.chance("segment") >= MASKS_MAY_BE_WANTED:
            picture = meant_picture(said.text, len(turn.pictures), said.context.picture)
            if picture is not None:
                speculation.warm(self.models.finder.prepare(turn.pictures[picture]))
        limit = min(deadline, asyncio.get_running_loop().time() + self.config.plan_s)
        try:
            plan = await _within(limit, "Llama", make_plan(self._planning, text, turn.history, stand_in, usage))
        except (ModelUnavailable, DeadlineExceeded):  # the turn survives a planner that is down or late
            plan = stand_in
        return self._placed(plan, turn, said, intent), "stand_in" if plan is stand_in else "planner"

    def _placed(self, plan: Plan, turn: Turn, said: Said, intent: Intent) -> Plan:
        """The plan with the picture that each task looks at.

        Raises:
            Unprocessable: it looks at a picture, and there is none.
        """
        picture = meant_picture(said.text, len(turn.pictures), said.context.picture)
        tasks = [t if t.task == "chat" or t.image is not None else _at(t, picture) for t in plan.tasks]
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


def _at(task: Task, picture: int | None) -> Task:
    return task.model_copy(update={"image": picture})


def _after(before: Context, context: Context, plan: Plan, results: Sequence[Result]) -> Context:
    """What the dialogue is about after a turn: what its results were about but those that only served others, and the
    picture that was last looked at."""
    serving = {need for task in plan.tasks for need in task.needs}
    asked = [result for result in results if result.id not in serving]
    asked = [result for result in asked if result.task != "describe" and result.about] or asked
    named = [name for result in asked for name in result.about or []]
    looked = [result.image for result in results if result.image is not None]
    return replace(
        before.naming(tuple(dict.fromkeys(named)) or context.named),
        request=context.request,
        picture=looked[-1] if looked else context.picture,
    )


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
