"""What beginning before the plan is there gains: the routers `speculative`, `fast`, `cot`, and strictly one by one.

All four answer the same dialogues with the same replicas, each in sessions of its own, taking turns. "Strictly
sequential" is really run: Llama plans first, and one lock lets one call of a model run at a time, so that no two tasks
overlap. The router `fast` asks Llama only where DistilBERT's reading leaves a doubt; `cot` always, before any task.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness.cluster import joined
from benchmarks.harness.graph import graph
from benchmarks.harness.load import percentile
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record, Table, Target
from benchmarks.harness.rounds import interleaved
from benchmarks.harness.run import BenchmarkError
from benchmarks.harness.show import figure
from vlp_graph.config import Profile, load
from vlp_graph.nano.dialogues import FRESH_DIALOGUES, DialogueTurn, WrittenDialogue, faults, load_dialogues
from vlp_graph.nano.world import Scene, held_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vlp_graph.dialogue.memory import Remembering, Store
    from vlp_graph.dialogue.models import Models

SEQUENTIAL = "strictly sequential"
ROUTERS = {"speculative": "speculative", "fast": "fast", "cot": "cot", SEQUENTIAL: "cot"}
"""The router of each side."""
SEED = 616
OF_SEQUENTIAL, OF_COT, AS_RIGHT = 0.6, 0.75, -0.02
"""The targets: medians of `speculative` over those of the others, and how far its share of right answers may be off."""
LEAST_RIGHT = 0.6
"""A side that is right less often does not answer these dialogues at all."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by-hand", type=int, default=10, help="dialogues in everyday words, 3 to 5 turns each")
    parser.add_argument("--built", type=int, default=5, help="dialogues with a turn of two tasks, 3 turns each")


def run(options: argparse.Namespace) -> Record:
    """
    Raises:
        BenchmarkError: the graph is on another machine, does not answer, or answers wrongly.
    """
    machine, profile = Machine.here(), load(options.profile)
    by_hand, built = (0, 1) if options.quick else (options.by_hand, options.built)
    written = [*load_dialogues(FRESH_DIALOGUES)[:by_hand], *_built(built, 2 if options.quick else 3)]
    with graph(options) as url, joined(url) as handles, tempfile.TemporaryDirectory() as folder:
        samples = asyncio.run(_measure(options, profile, handles, written, Path(folder) / "sessions.sqlite"))
    _check(samples)
    medians = {side: statistics.median(_column(samples, side, "total_s")) for side in ROUTERS}
    right = {side: statistics.mean(_column(samples, side, "right")) for side in ROUTERS}
    turns = len(samples) // len(ROUTERS)
    return Record(
        name="speculation",
        title="Tasks begun before the plan is there",
        method=Method(
            compares="The routers speculative, fast and cot, and cot with one lock around all models (strictly"
            " sequential), on the same dialogues and replicas. Times are those of the dialogue itself, sessions in a"
            " database included, HTTP not. Right is what the known scene says; each side goes on from its own answers.",
            loop="closed, one client",
            lengths=f"{len(written)} dialogues, {turns} turns a side: {by_hand} in everyday words by writers who knew"
            f" no rule, {built} with a turn of two tasks, a question and a follow-up that names nothing",
            warm_up="one dialogue that is not counted" if not options.quick else "one turn with the router fast",
            repeats="every turn once a side, each turn from another side on; pictures are new to every side, later"
            " turns of a dialogue find its own picture's embedding kept",
        ),
        settings={
            side: {"router": router, "one call at a time": side == SEQUENTIAL} | _limits(profile)
            for side, router in ROUTERS.items()
        },
        tables=[_times(samples, medians, right), _doubt(samples), _work(samples)],
        targets=[
            Target(
                what="median of speculative over strictly sequential",
                value=medians["speculative"] / medians[SEQUENTIAL],
                bound=OF_SEQUENTIAL,
                at="most",
            ),
            Target(
                what="median of speculative over cot",
                value=medians["speculative"] / medians["cot"],
                bound=OF_COT,
                at="most",
            ),
            Target(
                what="share of right answers, speculative less cot",
                value=right["speculative"] - right["cot"],
                bound=AS_RIGHT,
                at="least",
            ),
        ],
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


def _limits(profile: Profile) -> dict[str, float]:
    return {name: getattr(profile.dialogue, name) for name in ("sure", "plan_s", "task_s", "turn_s")}


def _built(count: int, turns: int, seed: int = SEED) -> Iterator[WrittenDialogue]:
    """Two wishes at once, then a question, then "outline it", which only the dialogue makes clear."""
    scenes = [s for s in held_out(seed, 12 * count, side=256) if len({o.name for o in s.objects}) == len(s.objects) > 2]
    for number, scene in enumerate(scenes[:count]):
        a, b, c = (o.name for o in scene.objects[:3])
        said: list[tuple[str, dict[str, Any]]] = [
            (f"outline the {a} and tell me where the {b} is", {"masks": [0], "found": [1]}),
            (f"is there a {c}?", {"answer": "yes"}),
            ("outline it", {"masks": [2]}),
        ]
        told = [
            DialogueTurn(say, None if later else 0, None, frozenset(), expect)
            for later, (say, expect) in enumerate(said[:turns])
        ]
        yield WrittenDialogue(f"built {number + 1}", (scene,), tuple(told))


@dataclass
class _Gate:
    """What calls of models pass: one at a time where there is a lock. Counts their seconds by model."""

    lock: asyncio.Lock | None
    spent: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def call(self, model: str) -> AsyncIterator[None]:
        if self.lock is not None:
            await self.lock.acquire()
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spent[model] = self.spent.get(model, 0.0) + time.perf_counter() - start
            if self.lock is not None:
                self.lock.release()


class _Gated:
    """A model, each of whose calls passes the gate."""

    def __init__(self, name: str, model: Any, gate: _Gate) -> None:
        self._name, self._model, self._gate = name, model, gate

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._model, method)

        async def through(*arguments: Any, **options: Any) -> Any:
            async with self._gate.call(self._name):
                return await call(*arguments, **options)

        return through


def _models(handles: Mapping[str, Any], profile: Profile, gate: _Gate) -> Models:
    """The graph's own models, as its ingress has them, behind the gate."""
    from deployments.handles import ServeChatModel, models_over
    from vlp_graph.dialogue.models import Models

    class GatedChat(ServeChatModel):
        gate: Any

        async def _agenerate(self, *arguments: Any, **options: Any) -> Any:
            async with self.gate.call("llama"):
                return await super()._agenerate(*arguments, **options)

        async def _astream(self, *arguments: Any, **options: Any) -> AsyncIterator[Any]:
            async with self.gate.call("llama"):
                async for chunk in super()._astream(*arguments, **options):
                    yield chunk

    async def ready() -> dict[str, bool]:
        return {}

    plain = models_over(handles, planner=profile.models.llama.planner is not None, ready=ready)

    def chat(model: Any) -> ServeChatModel:
        return GatedChat(handle=model.handle, model=model.model, gate=gate)

    return Models(
        planner=chat(plain.planner),
        talker=chat(plain.talker),
        looker=_Gated("idefics", plain.looker, gate),
        finder=_Gated("grounded_sam", plain.finder, gate),
        listener=_Gated("whisper", plain.listener, gate),
        sorter=_Gated("distilbert", plain.sorter, gate),
        ready=ready,
    )


@dataclass(frozen=True)
class _Side:
    name: str
    gate: _Gate
    dialogue: Remembering


def _sides(handles: Mapping[str, Any], profile: Profile, store: Store) -> dict[str, _Side]:
    from vlp_graph.dialogue.dialogue import Dialogue
    from vlp_graph.dialogue.memory import Remembering

    sides = {}
    for name, router in ROUTERS.items():
        gate = _Gate(asyncio.Lock() if name == SEQUENTIAL else None)
        config = profile.dialogue.model_copy(update={"router": router})
        sides[name] = _Side(name, gate, Remembering(Dialogue(_models(handles, profile, gate), config), store))
    return sides


async def _measure(
    options: argparse.Namespace,
    profile: Profile,
    handles: Mapping[str, Any],
    written: Sequence[WrittenDialogue],
    database: Path,
) -> list[dict[str, Any]]:
    from vlp_graph.dialogue.memory import Store

    store = Store(profile.memory.model_copy(update={"url": f"sqlite+aiosqlite:///{database}"}))
    sides, run = _sides(handles, profile, store), uuid.uuid4().hex
    turns = [(dialogue, number) for dialogue in written for number in range(len(dialogue.turns))]
    try:
        (warm,) = _built(1, 3, seed=SEED + 1)
        for number, _ in enumerate(warm.turns[:1] if options.quick else warm.turns):
            for side in [sides["fast"]] if options.quick else sides.values():
                await _turn(side, warm, number, run)
        return [
            await _turn(sides[name], *turns[repeat], run)
            for repeat, name in interleaved(list(sides), len(turns), options.console, "turns")
        ]
    finally:
        await store.close()


async def _turn(side: _Side, written: WrittenDialogue, number: int, run: str) -> dict[str, Any]:
    """One turn of a dialogue, in the side's own session: when what came, whether it is right, and what it took.

    Raises:
        BenchmarkError: a model is down or overloaded, so that times say nothing.
    """
    from vlp_graph.dialogue.turn import Answered, Picture, Turn, Words, as_json
    from vlp_graph.errors import ServingError, Unprocessable

    said = written.turns[number]
    pictures: tuple[Picture, ...] = ()
    if said.shows is not None:
        pixels = written.scenes[said.shows].image
        # a digest of its own: an embedding that another side's turn left behind would be a gift
        digest = hashlib.sha256(pixels.tobytes() + f"{side.name} {run}".encode()).hexdigest()
        pictures = (Picture(pixels, digest),)
    turn = Turn(text=said.say, pictures=pictures, session=f"{run} {written.name} {side.name}")
    side.gate.spent.clear()
    at: dict[str, float] = {}
    start, last = time.perf_counter(), None
    try:
        async for event in side.dialogue.run(turn):
            now = round(time.perf_counter() - start, 4)
            at.setdefault("event_s", now)
            if isinstance(event, Words):
                at.setdefault("word_s", now)
            last = event
    except Unprocessable:  # an answer, too, and a wrong one: these dialogues can all be answered
        last = None
    except ServingError as error:
        raise BenchmarkError(f"{side.name}, {written.name}, turn {number + 1}: {error.message}") from None
    sample: dict[str, Any] = {"dialogue": written.name, "turn": number + 1, "side": side.name, **at}
    sample["total_s"] = round(time.perf_counter() - start, 4)
    sample |= {"right": False, "by": None, "adopted": 0, "cancelled": 0, "wasted": 0}
    if isinstance(last, Answered):
        reply = {"choices": [{"message": {"content": last.text}}], "vlp": as_json(last.vlp)}
        sample |= {"right": not faults(said.expect, reply, _scene(written, number)), "by": last.planned}
        sample |= {key: int(last.vlp.timings.get(key, 0)) for key in ("adopted", "cancelled", "wasted")}
    seen = side.gate.spent
    return sample | {"looking_s": round(seen.get("grounded_sam", 0.0) + seen.get("idefics", 0.0), 4)}


def _scene(written: WrittenDialogue, number: int) -> Scene:
    """What a turn is about: the picture that it means, else the newest."""
    turn = written.turns[number]
    shown = [earlier.shows for earlier in written.turns[: number + 1] if earlier.shows is not None]
    return written.scenes[turn.image if turn.image is not None else shown[-1]]


def _column(samples: Sequence[Mapping[str, Any]], side: str, key: str) -> list[float]:
    return [float(s[key]) for s in samples if s["side"] == side and s.get(key) is not None]


def _check(samples: Sequence[Mapping[str, Any]]) -> None:
    for side in ROUTERS:
        right = statistics.mean(_column(samples, side, "right"))
        if right < LEAST_RIGHT:
            wrong = [f"{s['dialogue']}, turn {s['turn']}" for s in samples if s["side"] == side and not s["right"]]
            raise BenchmarkError(f"{side} is right {right:.2f} of the time; wrong in {'; '.join(wrong[:8])}")


def _times(samples: Sequence[Mapping[str, Any]], medians: Mapping[str, float], right: Mapping[str, float]) -> Table:
    rows: list[list[str | int | float | None]] = []
    for side in ROUTERS:
        total = _column(samples, side, "total_s")
        rows.append(
            [
                side,
                len(total),
                right[side],
                medians[side],
                percentile(total, 0.95),
                statistics.mean(total),
                medians[side] / medians[SEQUENTIAL],
                medians[side] / medians["cot"],
                statistics.median(_column(samples, side, "event_s")),
                statistics.median(_column(samples, side, "word_s")),
            ]
        )
    columns = ["side", "turns", "right", "p50 s", "p95 s", "mean s", "p50 of sequential's", "p50 of cot's"]
    return Table(title="Whole turns", columns=[*columns, "first event p50 s", "first word p50 s"], rows=rows)


def _doubt(samples: Sequence[Mapping[str, Any]]) -> Table:
    """Apart, what Llama's plan was spared and what was begun beside it."""
    asked = {(s["dialogue"], s["turn"]) for s in samples if s["side"] == "speculative" and s["by"] != "reader"}
    rows: list[list[str | int | float | None]] = []
    for name, wanted in (("DistilBERT's reading is sure", False), ("Llama has to plan", True)):
        found = [s for s in samples if ((s["dialogue"], s["turn"]) in asked) is wanted]
        seconds = [_column(found, side, "total_s") for side in ROUTERS]
        rows.append([name, len(seconds[0]), *(statistics.median(each) if each else None for each in seconds)])
    return Table(
        title="Median seconds, by whether the router speculative asked Llama for a plan",
        columns=["turns where", "turns", *ROUTERS],
        rows=rows,
        note="Where the reading is sure, speculative and fast are the same thing. Where Llama has to plan, speculative"
        " gains what the tasks take that were begun beside the plan, and fast gains nothing.",
    )


def _work(samples: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[list[str | int | float | None]] = []
    for side in ROUTERS:
        adopted, cancelled, wasted = (int(sum(_column(samples, side, k))) for k in ("adopted", "cancelled", "wasted"))
        planned = sum(s["by"] == "planner" for s in samples if s["side"] == side)
        stood_in = sum(s["by"] == "stand_in" for s in samples if s["side"] == side)
        looking = statistics.mean(_column(samples, side, "looking_s"))
        rows.append([side, planned, stood_in, adopted + cancelled + wasted, adopted, cancelled, wasted, looking])
    columns = ["side", "Llama's plans", "plans that did not come", "begun ahead", "adopted", "cancelled", "wasted"]
    return Table(
        title="Work",
        columns=[*columns, "s of IDEFICS and Grounded-SAM a turn"],
        rows=rows,
        note="Cancelled: ended before it was done, as the plan had no use for it; wasted: done, and for nothing. A plan"
        " that did not come in plan_s, or not in form, is DistilBERT's reading instead. Seconds of calls, those"
        " of cancelled ones until then, and of pictures prepared for masks.",
    )


def draw(record: Record) -> Figure:
    drawn, (spread, first) = figure(2, record.title)
    sides = list(ROUTERS)
    spread.boxplot([_column(record.samples, side, "total_s") for side in sides], tick_labels=sides, whis=(5, 95))
    spread.set_ylabel("seconds of a turn")
    spread.set_yscale("log")
    times = record.tables[0]
    for name, offset in (("first event p50 s", -0.2), ("first word p50 s", 0.2)):
        column = times.columns.index(name)
        heights = [float(row[column] or 0) for row in times.rows]
        first.bar([n + offset for n in range(len(sides))], heights, 0.4, label=name.removesuffix(" p50 s"))
    first.set_xticks(range(len(sides)), sides)
    first.set_ylabel("median seconds")
    first.legend()
    return drawn
