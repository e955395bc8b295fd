"""`python -m benchmarks.routing`: what each way to find a turn's tasks costs, and whether it is as right.

Joins the graph that runs on this machine (`vlp serve`) and asks every question once per router, the routers in turn,
so that all see the same machine. `one after another` is not run: it is the turn of `cot` with the seconds of its tasks
added up instead of overlapped. One client, closed loop; trust the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray import serve
from rich.console import Console
from rich.table import Table

from deployments import NAME
from deployments.handles import models_over
from vlp_graph.config import load
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.turn import Answered, Picture, Turn
from vlp_graph.nano.dialogues import says, says_number
from vlp_graph.nano.questions import NUMBERS, ask
from vlp_graph.nano.world import Scene, held_out

ROUTERS = ("cot", "fast", "speculative")
SEED = 616
DEPLOYMENTS = {
    "llama": "Llama",
    "idefics": "Idefics",
    "grounded_sam": "GroundedSam",
    "whisper": "Whisper",
    "distilbert": "DistilBert",
}


def questions(count: int) -> Iterator[tuple[str, Picture, Any]]:
    """Words, picture and a check of the answer: single questions, outlines and turns of two tasks, in equal parts."""
    scenes = [s for s in held_out(SEED, 2 * count) if len({o.name for o in s.objects}) == len(s.objects) >= 2]
    rng = np.random.default_rng(SEED)
    for number, scene in enumerate(scenes[:count]):
        picture = Picture(scene.image, hashlib.sha256(scene.image.tobytes()).hexdigest())
        first, second = scene.objects[0], scene.objects[-1]
        match number % 3:
            case 0:
                question = ask(rng, scene, ("colour", "count", "exist")[number // 3 % 3]) or ask(rng, scene, "exist")
                assert question is not None
                yield question.text, picture, _right_words(question)
            case 1:
                yield f"outline the {first.name}", picture, _finds(scene, {"segment": [first.name]})
            case _:
                text = f"outline the {first.name} and tell me where the {second.name} is"
                yield text, picture, _finds(scene, {"segment": [first.name], "detect": [second.name]})


def _right_words(question: Any) -> Any:
    def check(answer: Answered) -> bool:
        if question.kind == "count":
            return says_number(answer.text, NUMBERS.index(question.answer))
        return says(answer.text, question.answer)

    return check


def _finds(scene: Scene, wanted: dict[str, list[str]]) -> Any:
    def check(answer: Answered) -> bool:
        found = sum(len(r.instances or []) for r in answer.vlp.results)
        return found == sum(len(scene.find(name)) for names in wanted.values() for name in names)

    return check


async def measure(count: int) -> dict[str, dict[str, float]]:
    """For each router the median and mean seconds of a turn, its share of right answers, and its work ahead."""
    profile = load("embedded")
    handles = {name: serve.get_deployment_handle(deployment, NAME) for name, deployment in DEPLOYMENTS.items()}

    async def ready() -> dict[str, bool]:
        return {}

    models = models_over(handles, planner=True, ready=ready)
    dialogues = {r: Dialogue(models, profile.dialogue.model_copy(update={"router": r})) for r in ROUTERS}
    seconds: dict[str, list[float]] = {r: [] for r in (*ROUTERS, "one after another")}
    right: dict[str, list[bool]] = {r: [] for r in ROUTERS}
    ahead: dict[str, float] = {}
    for text, picture, check in questions(count):
        for router, dialogue in dialogues.items():
            # a digest of its own: an embedding that another router's turn left behind would be a gift
            own = Picture(picture.pixels, f"{picture.digest}-{router}")
            start = time.perf_counter()
            *_, last = [event async for event in dialogue.run(Turn(text=text, pictures=(own,)))]
            seconds[router].append(time.perf_counter() - start)
            assert isinstance(last, Answered)
            right[router].append(check(last))
            if router == "cot":
                overlapped = sum(r.seconds for r in last.vlp.results) - last.vlp.timings["tasks"]
                seconds["one after another"].append(seconds[router][-1] + max(overlapped, 0.0))
            for key in ("adopted", "cancelled", "wasted"):
                ahead[f"{router} {key}"] = ahead.get(f"{router} {key}", 0) + last.vlp.timings.get(key, 0)
    table = {}
    for router, spent in seconds.items():
        row = {"turns": float(len(spent)), "median_s": statistics.median(spent), "mean_s": statistics.mean(spent)}
        row["right"] = float(np.mean(right.get(router, right["cot"])))
        row |= {key: ahead.get(f"{router} {key}", 0.0) for key in ("adopted", "cancelled", "wasted")}
        table[router] = {key: round(value, 3) for key, value in row.items()}
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    ray.init(address="auto", namespace="serve", log_to_driver=False, configure_logging=False)
    rows = asyncio.run(measure(options.turns))
    base = rows["cot"]["median_s"]
    table = Table("router", "right", "median s", "mean s", "of cot's median", "adopted", "cancelled", "wasted")
    for router, row in rows.items():
        counts = [f"{row[key]:.0f}" for key in ("adopted", "cancelled", "wasted")]
        cells = [
            f"{row['right']:.2f}",
            f"{row['median_s']:.2f}",
            f"{row['mean_s']:.2f}",
            f"{row['median_s'] / base:.2f}",
        ]
        table.add_row(router, *cells, *counts)
    Console().print(table)
    if options.save:
        options.save.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
