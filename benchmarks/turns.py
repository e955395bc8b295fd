"""`python -m benchmarks.turns --url http://127.0.0.1:8000`: seconds of whole turns, alone and side by side.

Closed loop over held-out scenes: each client sends its next turn when the last one is answered. Prints a table and,
with `--save`, writes it as JSON. Compare figures of one run with each other; across machines trust the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from vlp_graph.client import Client
from vlp_graph.nano.speech import speak, wav
from vlp_graph.nano.world import Scene, held_out

Turn = Callable[[Client, Scene], dict[str, Any]]


def _name(scene: Scene) -> str:
    return scene.objects[-1].name


TURNS: dict[str, Turn] = {
    "question": lambda client, scene: client.ask(f"is there a {_name(scene)}?", images=[scene.png()]),
    "count": lambda client, scene: client.ask("how many objects are there?", images=[scene.png()]),
    "outline": lambda client, scene: client.ask(f"outline the {_name(scene)}", images=[scene.png()]),
    "caption": lambda client, scene: client.ask("describe the picture", images=[scene.png()]),
    "spoken": lambda client, scene: client.ask(
        images=[scene.png()], audio=wav(speak(f"Is there a {_name(scene)} in the picture?"))
    ),
}


def measure(url: str, turn: Turn, scenes: list[Scene], clients: int) -> dict[str, Any]:
    """Median and 95th percentile of a turn, turns per second, and the median of each stage, in seconds."""

    def timed(scene: Scene) -> tuple[float, dict[str, float]]:
        start = time.perf_counter()
        reply = turn(Client(url), scene)
        return time.perf_counter() - start, reply["vlp"]["timings"]

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        done = list(pool.map(timed, scenes))
    seconds = sorted(s for s, _ in done)
    common = set.intersection(*(set(timings) for _, timings in done))
    stages = {stage: statistics.median(t[stage] for _, t in done) for stage in done[0][1] if stage in common}
    return {
        "turns": len(done),
        "clients": clients,
        "median_s": round(statistics.median(seconds), 3),
        "p95_s": round(seconds[min(int(0.95 * len(seconds)), len(seconds) - 1)], 3),
        "turns_per_s": round(len(done) / (time.perf_counter() - start), 3),
        "stages_s": {stage: round(s, 3) for stage, s in stages.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--turns", type=int, default=10, help="turns of each kind and number of clients")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    scenes = [s for s in held_out(7, options.turns + 10, side=256) if s.objects][: options.turns]
    table = Table("turn", "clients", "median s", "p95 s", "turns/s", "stages (median s)")
    rows = {}
    for name, turn in TURNS.items():
        for clients in options.clients:
            row = measure(options.url, turn, scenes, clients)
            rows[f"{name} x{clients}"] = row
            stages = " ".join(f"{k} {v:g}" for k, v in row["stages_s"].items())
            table.add_row(name, str(clients), *(str(row[k]) for k in ("median_s", "p95_s", "turns_per_s")), stages)
    Console().print(table)
    if options.save:
        options.save.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
