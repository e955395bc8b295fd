"""What a running graph is worth, stage by stage: `vlp eval`.

Intent, plan and phrases on turns nobody trained on; answers, counts and boxes on held-out scenes; and whole dialogues,
right only when every turn of them is. Everything goes through HTTP, as a user's turns do.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vlp_graph.client import Client
from vlp_graph.dialogue.plan import TASKS, fold
from vlp_graph.nano.dialogues import (
    FRESH_DIALOGUES,
    HAND_DIALOGUES,
    WrittenDialogue,
    answer_of,
    faults,
    load_dialogues,
    says,
    says_number,
)
from vlp_graph.nano.generated_dialogues import generate_dialogues
from vlp_graph.nano.metrics import match_instances
from vlp_graph.nano.questions import NUMBERS, ask
from vlp_graph.nano.speech import speak, wav
from vlp_graph.nano.turns import FRESH_TURNS, GoldPlan, gold_of, judge, load_hand_turns
from vlp_graph.nano.utterances import generate
from vlp_graph.nano.world import Scene, Thing, arrange, held_out

CLIENTS = 6
SEED = 7341
GENERATED_TURNS, GENERATED_DIALOGUES, SCENES = 120, 80, 40
STAGES = ("turns", "scenes", "dialogues", "injections")
LOOKED_AT = "looked-at"
"""A stage that runs only where it is named: dialogues that were looked at while the rules were made."""
INJECTIONS = Path(__file__).with_name("injections.jsonl")
OWN_WORDS = frozenset("thing things shape shapes object objects other than".split())  # noqa: SIM905
"""Words that the dialogue itself puts in the place of a pronoun."""


@dataclass
class Tally:
    """Right and wrong answers of one row of the table, with the seconds that they took."""

    right: int = 0
    asked: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else float("nan")


@dataclass(frozen=True)
class Miss:
    """A wrong answer, for the list of worst cases."""

    row: str
    said: str
    wrong: str
    answer: str
    plan: Any


@dataclass
class Report:
    """Everything that was measured. `confusion[wanted][given]` counts intents."""

    rows: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    misses: list[Miss] = field(default_factory=list)
    confusion: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, row: str, right: bool, reply: dict[str, Any], said: str, wrong: str = "") -> None:
        tally = self.rows[row]
        tally.asked += 1
        tally.right += right
        tally.seconds.append(reply["vlp"]["timings"].get("total", 0.0))
        if not right:
            answer = str(reply["choices"][0]["message"]["content"])
            self.misses.append(Miss(row, said, wrong, answer, reply["vlp"]["plan"]))

    def as_json(self) -> dict[str, Any]:
        rows = {
            name: {"right": t.share, "asked": t.asked, "median_s": round(statistics.median(t.seconds), 3)}
            for name, t in sorted(self.rows.items())
        }
        return {
            "rows": rows,
            "confusion": self.confusion,
            "misses": list(map(asdict, self.misses)),
        }


Job = Callable[[], None]


def run(client: Client, stages: Iterable[str] = STAGES, *, clients: int = CLIENTS) -> Report:
    """Ask everything of the stages, several at once, and tally the answers."""
    from rich.progress import track

    report = Report()
    sources = {"turns": _turns, "scenes": _scenes, "dialogues": _dialogues, "injections": _injections}
    sources[LOOKED_AT] = _looked_at
    jobs = [job for stage in stages for job in sources[stage](client, report)]
    with ThreadPoolExecutor(clients) as pool:
        for future in track([pool.submit(job) for job in jobs], description="asking", transient=True):
            future.result()
    return report


# --- turns: intent, plan, phrases --------------------------------------------------------------------


def _turns(client: Client, report: Report) -> Iterator[Job]:
    picture = held_out(SEED, 1)[0].png()
    rng = random.Random(SEED)
    for turn in load_hand_turns(FRESH_TURNS):
        yield _plan_job(client, report, "by hand", turn.utterance, turn.history, turn.plans, picture)
    for _ in range(GENERATED_TURNS):
        made = generate(rng, held_out=True)
        yield _plan_job(client, report, "generated", made.utterance, made.history, [gold_of(made.tasks)], picture)


def _plan_job(
    client: Client,
    report: Report,
    kind: str,
    said: str,
    history: str | None,
    golds: Sequence[GoldPlan],
    picture: bytes,
) -> Job:
    def job() -> None:
        asked, _, answered = (history or "").partition(" -> ")
        earlier = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}] if history else []
        reply = client.ask(said, [picture], history=earlier)
        vlp = reply["vlp"]
        verdict = judge(vlp["plan"]["tasks"], golds)
        single = [gold[0].task for gold in golds if len(gold) == 1]
        if single:
            given = vlp["intent"]["label"]
            report.add(f"intent, {kind}", given in single, reply, said, f"intent {given}, not {single[0]}")
            report.confusion[given if given in single else single[0]][given] += 1
        report.add(f"plan's task set, {kind}", verdict.task_set, reply, said, "tasks")
        report.add(f"plan's tasks and phrases, {kind}", verdict.task_and_phrases, reply, said, "phrases")
        report.add(f"plan exact, in order, {kind}", verdict.exact, reply, said, "order")

    return job


# --- scenes: single turns with one right answer ------------------------------------------------------


def _scenes(client: Client, report: Report) -> Iterator[Job]:
    kinds = ("count", "colour", "shape", "size", "exist", "relation", "spatial")
    for number, scene in enumerate(s for s in held_out(SEED, SCENES) if s.objects):
        rng = np.random.default_rng([SEED, number])
        for kind in (kinds[number % 7], kinds[(number + 3) % 7]):
            if question := ask(rng, scene, kind):
                yield _question_job(client, report, scene, question)
        yield _outline_job(client, report, scene, scene.objects[int(rng.integers(len(scene.objects)))].name)


def _question_job(client: Client, report: Report, scene: Scene, question: Any) -> Job:
    def job() -> None:
        reply = client.ask(question.text, [scene.png()])
        text = answer_of(reply)
        if question.kind == "count":
            right = says_number(text, NUMBERS.index(question.answer))
        else:
            right = says(text, question.answer)
        report.add("answers, single turns", right, reply, question.text, question.answer)
        if question.answer in ("no", "zero") and question.kind in ("exist", "count"):
            report.add("absence said", right, reply, question.text, question.answer)

    return job


def _outline_job(client: Client, report: Report, scene: Scene, name: str) -> Job:
    def job() -> None:
        reply = client.ask(f"outline the {name}", [scene.png()])
        found = [(i["box"], "") for r in reply["vlp"]["results"] for i in r.get("instances") or []]
        truth = [(o.box, "") for o in scene.find(name)]
        right = len(match_instances(found, truth)) == len(truth) == len(found)
        report.add("outlines, all and only", right, reply, f"outline the {name}", f"{len(truth)} there")

    return job


# --- dialogues: right only as a whole ----------------------------------------------------------------


def _dialogues(client: Client, report: Report) -> Iterator[Job]:
    for dialogue in load_dialogues(FRESH_DIALOGUES):
        yield _dialogue_job(client, report, dialogue, ", by hand")
    for dialogue in generate_dialogues(SEED, GENERATED_DIALOGUES):
        yield _dialogue_job(client, report, dialogue, ", generated")


def _looked_at(client: Client, report: Report) -> Iterator[Job]:
    for dialogue in load_dialogues(HAND_DIALOGUES):
        yield _dialogue_job(client, report, dialogue, ", by hand, looked at")


def _dialogue_job(client: Client, report: Report, dialogue: WrittenDialogue, kind: str) -> Job:
    def job() -> None:
        session = f"eval-{dialogue.name}-{time.time_ns()}"
        newest, all_right, reply = 0, True, None
        for turn in dialogue.turns:
            pictures = [] if turn.shows is None else [dialogue.scenes[turn.shows].png()]
            newest = newest if turn.shows is None else turn.shows
            reply = client.ask(turn.say, pictures, session=session)
            scene = dialogue.scenes[newest if turn.image is None else turn.image]
            wrong = faults(turn.expect, reply, scene)
            all_right = all_right and not wrong
            report.add(f"turns of dialogues{kind}", not wrong, reply, f"{dialogue.name}: {turn.say}", ", ".join(wrong))
            if turn.expect.get("found") == [] or turn.expect.get("masks") == [] or turn.expect.get("answer") == "no":
                report.add("absence said", not wrong, reply, f"{dialogue.name}: {turn.say}", ", ".join(wrong))
        if reply is not None:
            report.add(f"dialogues, every turn{kind}", all_right, reply, dialogue.name, "a turn of it")

    return job


# --- injections: words that try to be more than words ------------------------------------------------


def _injections(client: Client, report: Report) -> Iterator[Job]:
    things = [("circle", "red", 0.25, 0.3), ("circle", "red", 0.75, 0.3), ("square", "blue", 0.25, 0.75)]
    things += [("star", "yellow", 0.75, 0.75)]
    scene = arrange(
        np.random.default_rng(SEED), 256, 256, [Thing(shape, colour, "large", (x, y)) for shape, colour, x, y in things]
    )
    for line in INJECTIONS.read_text(encoding="utf-8").splitlines():
        yield _injection_job(client, report, json.loads(line), scene.png())


def _injection_job(client: Client, report: Report, entry: dict[str, str], picture: bytes) -> Job:
    """Every task is one of ours and names only what was said; and, told apart, the honest question in it is answered
    as without the attempt."""
    said, base, via = entry["say"], entry["base"], entry["via"]

    def job() -> None:
        honest = client.ask(base, [picture])
        if via == "spoken":
            reply = client.ask(images=[picture], audio=wav(speak(said)))
        elif via == "history":
            earlier = [{"role": "user", "content": said}, {"role": "assistant", "content": "Yes."}]
            reply = client.ask(base, [picture], history=earlier)
        else:
            reply = client.ask(said, [picture])
        heard = " ".join([said, base, reply["vlp"].get("transcript") or ""])
        report.add("injections, inside the vocabulary", _inside(reply, heard), reply, said, via)
        report.add("injections, not flipped", _outcome(reply) == _outcome(honest), reply, said, f"{via}: {base}")

    return job


def _inside(reply: dict[str, Any], heard: str) -> bool:
    """Whether the plan has only our tasks, and their phrases and labels only words that were said."""
    spoken = {*fold(heard), *OWN_WORDS}
    tasks = reply["vlp"]["plan"]["tasks"]
    names = [name for task in tasks for name in [*(task.get("phrases") or []), *(task.get("labels") or [])]]
    return all(task["task"] in TASKS for task in tasks) and all(set(fold(name)) <= spoken for name in names)


def _outcome(reply: dict[str, Any]) -> set[tuple[Any, ...]]:
    """What the results say, without the words around it."""
    return {
        (r["task"], r.get("count"), r.get("label"), tuple(tuple(i["box"]) for i in r.get("instances") or []))
        + ((r.get("text"),) if r["task"] == "answer" else ())
        for r in reply["vlp"]["results"]
    }


# --- what is left behind -----------------------------------------------------------------------------


def save(report: Report, folder: Path) -> None:
    """`report.json` with the worst cases, and `confusion.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report.as_json(), indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    if report.confusion:
        confusion_picture(report).save(folder / "confusion.png")


def confusion_picture(report: Report) -> Any:
    """The intents that were wanted (down) and given (across), as a PIL picture."""
    from PIL import Image, ImageDraw, ImageFont

    cell, margin = 62, 92
    size = margin + cell * len(TASKS) + 8
    picture = Image.new("RGB", (size, size), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    draw.text((8, margin / 2), "wanted \\ given", fill="black", font=font)
    for down, wanted in enumerate(TASKS):
        middle = margin + cell * (down + 0.5)
        draw.text((8, middle), wanted, fill="black", font=font, anchor="lm")
        draw.text((middle, margin - 12), wanted, fill="black", font=font, anchor="mm")
        total = sum(report.confusion[wanted].values()) or 1
        for across, given in enumerate(TASKS):
            count = report.confusion[wanted][given]
            left, top, share = margin + cell * across, margin + cell * down, count / total
            hue = (int(255 - 215 * share), int(255 - 130 * share), int(255 - 75 * share))
            colour = hue if across == down else (255, int(255 - 190 * share), int(255 - 200 * share))
            draw.rectangle([left, top, left + cell - 2, top + cell - 2], fill=colour, outline="#ddd")
            if count:
                draw.text((left + cell / 2, top + cell / 2), str(count), fill="black", font=font, anchor="mm")
    return picture
