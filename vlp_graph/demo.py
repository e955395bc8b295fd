"""`python -m vlp_graph.demo`: the graph answers questions whose right answers are known.

Pictures are drawn, so the truth is known to the pixel; questions are typed and spoken; everything goes over HTTP, as
anyone would do it. Exits with 1 if one answer is wrong, with 2 if the graph cannot be reached or started.
"""

from __future__ import annotations

import argparse
import base64
import io
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vlp_graph.cli.asking import describe
from vlp_graph.client import Client, RemoteError
from vlp_graph.dialogue.aggregate import NOTHING_HEARD, NOTHING_KNOWN
from vlp_graph.nano.dialogues import answer_of
from vlp_graph.nano.metrics import mask_iou
from vlp_graph.nano.questions import NUMBERS
from vlp_graph.nano.speech import SAMPLE_RATE, speak, wav
from vlp_graph.nano.world import COLOUR_NAMES, PLURAL, SHAPES, SINGULAR, Scene, SceneObject, render
from vlp_graph.spawn import StartError, serving

LEAST_IOU = 0.8
PHOTO = "photo.jpg"

Reply = dict[str, Any]
Check = Callable[[Reply], bool]


# --- what is asked -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """What is sent, under the name by which it is saved for other questions."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Case:
    """One turn. `follows` names an earlier case of which it is the next turn: its picture and words are history."""

    name: str
    text: str | None
    picture: File
    expected: str
    check: Check
    audio: File | None = None
    spoken: str | None = None
    follows: str | None = None


def cases() -> list[Case]:
    """All turns of the demo, in the order in which they are asked."""
    # The seeds are where the search ends in today's world; in another it goes on from there.
    garden = find_scene(_is_garden, 256, 192, count=5, seed=857)
    squares = find_scene(_is_squares, 256, 160, count=4, seed=102)
    first, second = File("garden.png", garden.png()), File("squares.png", squares.png())
    photo = File(PHOTO, (resources.files("vlp_graph") / "nano" / PHOTO).read_bytes())
    triangle, heart = garden.find("triangle")[0], squares.find("heart")[0]
    star, circle = garden.find("red star")[0], garden.find("blue circle")[0]
    circles, count = len(garden.find("circles")), len(squares.find("squares"))
    spoken = "What color is the heart?"
    speech, silence = speak(spoken), np.zeros(2 * SAMPLE_RATE, np.float32)
    return [
        Case("typed", "What colour is the triangle?", first, triangle.colour, says_colour(triangle.colour)),
        Case(
            "spoken",
            None,
            second,
            heart.colour,
            says_colour(heart.colour),
            audio=File("spoken.wav", wav(speech)),
            spoken=spoken,
        ),
        Case("outline", "Outline the red star.", first, f"its mask, IoU ≥ {LEAST_IOU}", outlines(star)),
        Case("absent", "Is there a purple heart?", first, "no", says_no),
        Case("count", "How many squares are there?", second, str(count), says_number(count)),
        Case("exists", "Is there a blue circle?", first, "yes", says_yes),
        Case(
            "follow-up",
            "Outline it.",
            first,
            f"the blue circle's mask, IoU ≥ {LEAST_IOU}",
            outlines(circle),
            follows="exists",
        ),
        Case(
            "two tasks",
            "Count the circles and outline the red star.",
            first,
            f"{circles}, and the star's mask",
            both(says_number(circles), outlines(star)),
        ),
        Case("caption", "Describe the picture.", second, "half of the things or more, nothing else", captions(squares)),
        Case("photograph", "What is in this picture?", photo, "nothing known, or one thing at most", is_modest),
        Case(
            "silence",
            None,
            first,
            "nothing was heard",
            lambda reply: answer_of(reply) == NOTHING_HEARD,
            audio=File("silence.wav", wav(silence)),
            spoken="(2 s of silence)",
        ),
    ]


def find_scene(fits: Callable[[Scene], bool], width: int, height: int, *, count: int, seed: int) -> Scene:
    """The first scene from `seed` on that fits. Recipes never draw from these seeds."""
    while True:
        scene = render(np.random.default_rng([0xDE30, width * height, seed]), width, height, count=count, cut=0)
        if len(scene.objects) == count and fits(scene):
            return scene
        seed += 1


def _is_garden(scene: Scene) -> bool:
    """One large red star, one triangle of another colour, two circles of which one is blue, no purple heart."""
    alone = all(len(scene.find(o.name)) == 1 for o in scene.objects)
    once = all(len(scene.find(phrase)) == 1 for phrase in ("star", "large red star", "triangle", "blue circle"))
    absent = not scene.find("red triangle") and not scene.find("purple heart")
    return alone and once and absent and len(scene.find("circle")) == 2


def _is_squares(scene: Scene) -> bool:
    """Three squares and a heart, no two of a name."""
    alone = all(len(scene.find(o.name)) == 1 for o in scene.objects)
    return alone and len(scene.find("square")) == 3 and len(scene.find("heart")) == 1


# --- what is right -------------------------------------------------------------------------------------

_COLOUR = re.compile(rf"\b({'|'.join(COLOUR_NAMES)})\b", re.IGNORECASE)
_SHAPE = "|".join([*SHAPES, *(PLURAL[shape] for shape in SHAPES)])
_NAME = re.compile(rf"\b({'|'.join(COLOUR_NAMES)}) ({_SHAPE})\b", re.IGNORECASE)
_THING = re.compile(rf"(?:\b(\d+) )?(?:\b[a-z]+ ){{0,2}}?\b(?:{_SHAPE})\b", re.IGNORECASE)
_NUMBER = re.compile(rf"\b(\d+|no|{'|'.join(NUMBERS)})\b", re.IGNORECASE)


def says_colour(colour: str) -> Check:
    """It names this colour and no other."""
    return lambda reply: {found.lower() for found in _COLOUR.findall(answer_of(reply))} == {colour}


def says_number(number: int) -> Check:
    """The first number of the answer is this one."""

    def check(reply: Reply) -> bool:
        found = _NUMBER.search(answer_of(reply))
        if found is None:
            return False
        word = found[1].lower()
        said = int(word) if word.isdecimal() else 0 if word == "no" else NUMBERS.index(word)
        return said == number

    return check


def says_yes(reply: Reply) -> bool:
    return answer_of(reply).lower().startswith("yes")


def says_no(reply: Reply) -> bool:
    return re.match(r"(no\b|there (is|are) no\b)", answer_of(reply), re.IGNORECASE) is not None


def outlines(wanted: SceneObject) -> Check:
    """There is one mask in the reply, and it is this object's."""

    def check(reply: Reply) -> bool:
        from pycocotools import mask as coco

        rles = [i["mask"] for result in reply["vlp"]["results"] for i in result.get("instances") or [] if i.get("mask")]
        return len(rles) == 1 and mask_iou(coco.decode(rles[0]).astype(bool), wanted.mask) >= LEAST_IOU

    return check


def both(one: Check, other: Check) -> Check:
    return lambda reply: one(reply) and other(reply)


def captions(scene: Scene) -> Check:
    """Whatever it names is there, and at least half of what is there is named."""
    truth = {o.name for o in scene.objects}

    def check(reply: Reply) -> bool:
        named = {f"{c} {SINGULAR.get(s, s)}" for c, s in _NAME.findall(answer_of(reply).lower())}
        return named <= truth and 2 * len(named) >= len(truth)

    return check


def is_modest(reply: Reply) -> bool:
    """A photograph is none of the nano models' business: they admit it, or see one of their shapes at most."""
    text, worked = answer_of(reply), all(result["status"] == "ok" for result in reply["vlp"]["results"])
    return (
        bool(text)
        and worked
        and (NOTHING_KNOWN in text or sum(int(number or 1) for number in _THING.findall(text)) <= 1)
    )


# --- asking --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came back for a case. `at` is the monotonic time of the reply; `error` stands where there is none."""

    case: Case
    reply: Reply | None
    seconds: float
    at: float
    right: bool
    error: str | None = None


def ask(client: Client, case: Case, earlier: Sequence[Outcome]) -> Outcome:
    """Put one case to the graph."""
    past = next((o for o in earlier if o.case.name == case.follows), None)
    history = past_turn(past) if past else []
    images = [] if history else [case.picture.data]
    start = time.monotonic()
    try:
        reply = client.ask(case.text, images, case.audio.data if case.audio else None, history)
        right = case.check(reply)
    except RemoteError as error:
        return Outcome(case, None, time.monotonic() - start, time.monotonic(), False, str(error))
    end = time.monotonic()
    return Outcome(case, reply, end - start, end, right)


def past_turn(past: Outcome) -> list[dict[str, Any]]:
    """An answered case as messages; the picture comes along, so that the next turn need not send it again."""
    url = f"data:image/png;base64,{base64.b64encode(past.case.picture.data).decode()}"
    content = [{"type": "text", "text": past.case.text}, {"type": "image_url", "image_url": {"url": url}}]
    said = past.reply["choices"][0]["message"]["content"] if past.reply else ""
    return [{"role": "user", "content": content}, {"role": "assistant", "content": said}]


def save(outcome: Outcome, folder: Path) -> Path | None:
    """What was sent, and where a reply has masks the picture with them (whose path is returned)."""
    from vlp_graph.overlay import draw

    folder.mkdir(parents=True, exist_ok=True)
    sent, results = outcome.case.picture, outcome.reply["vlp"]["results"] if outcome.reply else []
    for file in (sent, outcome.case.audio):
        if file is not None:
            (folder / file.name).write_bytes(file.data)
    if not any(instance.get("mask") for result in results for instance in result.get("instances") or []):
        return None
    path = folder / f"{outcome.case.name.replace(' ', '-')}.png"
    with Image.open(io.BytesIO(sent.data)) as picture:
        draw(picture, results).save(path)
    return path


# --- showing -------------------------------------------------------------------------------------------


def show(outcome: Outcome, console: Console) -> None:
    """One case for people: question, what was heard, thought, plan, results, answer, verdict."""
    case = outcome.case
    console.rule(f"[bold]{case.name}[/]", align="left")
    console.print(f"asked:    {escape(case.text or case.spoken or '')}{'  (spoken)' if case.audio else ''}")
    for line in describe(outcome.reply) if outcome.reply else [f"error:    {outcome.error}"]:
        style = "bold" if line.startswith("answer:") else "dim" if line.startswith(("result:", "seconds:")) else ""
        console.print(line, style=style, markup=False)
    console.print(f"expected: {escape(case.expected)}")
    console.print(f"{_verdict(outcome)} in {outcome.seconds:.2f} s")


def summary(outcomes: Sequence[Outcome]) -> Table:
    """One line per case."""
    table = Table("turn", "asked", "answer", "expected", "seconds", "", title="vlp-graph demo")
    for o in outcomes:
        said = answer_of(o.reply) if o.reply else o.error or ""
        cells = (o.case.name, o.case.text or f'"{o.case.spoken}" (spoken)', said, o.case.expected)
        table.add_row(*map(escape, cells), f"{o.seconds:.2f}", _verdict(o))
    return table


def _verdict(outcome: Outcome) -> str:
    return "[bold green]right[/]" if outcome.right else "[bold red]WRONG[/]"


def run(url: str, folder: Path, console: Console, started: float) -> bool:
    """Ask everything, show everything; True when every answer is right."""
    outcomes: list[Outcome] = []
    with Client(url) as client:
        for case in cases():
            outcomes.append(ask(client, case, outcomes))
            show(outcomes[-1], console)
            if path := save(outcomes[-1], folder):
                console.print(f"saved:    {path}")
    console.print()
    console.print(summary(outcomes))
    right = [o for o in outcomes if o.right]
    if right:
        console.print(f"first right answer {right[0].at - started:.1f} s after the start")
    console.print(f"{len(right)} of {len(outcomes)} right")
    return len(right) == len(outcomes)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vlp_graph.demo", description="Ask what has known answers.")
    parser.add_argument("--url", help="a running server; without it one is started, and stopped at the end")
    parser.add_argument("--profile", default="embedded", help="profile of the server that is started")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for pictures and recordings")
    options = parser.parse_args()
    console, started = Console(highlight=False), time.monotonic()
    try:
        if options.url:
            all_right = run(options.url, options.out, console, started)
        else:
            with serving(options.profile, console) as server:
                all_right = run(server.url, options.out, console, started)
    except StartError as error:
        console.print(f"[bold red]the graph cannot be started[/]\n{escape(str(error))}")
        sys.exit(2)
    sys.exit(0 if all_right else 1)


if __name__ == "__main__":
    main()
