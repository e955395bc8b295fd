"""`python -m benchmarks.session_reuse --url http://127.0.0.1:8000`: what the same picture costs again in a session.

Each session shows a new picture and outlines a thing in it, then asks three times more about the picture without
sending it again: for another thing, for its neighbour to be found, and for the first thing once more. Compared are the
seconds of Grounded-SAM's task (`vlp.results[].seconds`, queue and hop included) and of the whole turn. One client,
closed loop, the four turns of a session one after another, so that all see the same machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from vlp_graph.client import Client
from vlp_graph.nano.world import held_out

FIRST = "new picture"
SEED = 929


def sessions(client: Client, count: int, *, seed: int = SEED) -> dict[str, list[tuple[float, float]]]:
    """Seconds of the task and of the turn, for each kind of turn, session by session."""
    scenes = [s for s in held_out(seed, 3 * count) if len({o.name for o in s.objects}) == len(s.objects) >= 3]
    seconds: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for scene in track(scenes[:count], "sessions"):
        name = f"reuse-{uuid.uuid4().hex}"
        a, b, c = (o.name for o in scene.objects[:3])
        turns = {
            FIRST: f"outline the {a}",
            "another thing outlined": f"outline the {b}",
            "another thing found": f"find the {c}",
            "the same thing again": f"outline the {a}",
        }
        for kind, text in turns.items():
            images = [scene.png()] if kind == FIRST else []
            start = time.perf_counter()
            reply = client.ask(text, images=images, session=name)
            seconds[kind].append((_found(reply, text), time.perf_counter() - start))
    return seconds


def _found(reply: dict[str, Any], text: str) -> float:
    """Seconds of the one task.

    Raises:
        RuntimeError: it is another than was asked for, so that its time says nothing.
    """
    results = reply["vlp"]["results"]
    if len(results) != 1 or results[0]["task"] != ("segment" if text.startswith("outline") else "detect"):
        raise RuntimeError(f"{text!r} was not done as one search: {results}")
    return float(results[0]["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    client = Client(options.url)
    sessions(client, 2, seed=SEED + 1)  # warm-up, with other pictures: these shall be new
    seconds = sessions(client, options.sessions)
    first, whole = (statistics.median(column) for column in zip(*seconds[FIRST], strict=True))
    table = Table("turn", "Grounded-SAM, median s", "of the first", "whole turn, median s", "of the first")
    rows: dict[str, Any] = {}
    for kind, pairs in seconds.items():
        task, turn = (statistics.median(column) for column in zip(*pairs, strict=True))
        rows[kind] = {"task_s": round(task, 4), "turn_s": round(turn, 4), "samples": pairs}
        rows[kind] |= {"task_ratio": round(task / first, 3), "turn_ratio": round(turn / whole, 3)}
        table.add_row(kind, f"{task:.3f}", f"{task / first:.2f}x", f"{turn:.3f}", f"{turn / whole:.2f}x")
    later = [task for kind, pairs in seconds.items() if kind != FIRST for task, _ in pairs]
    rows["all later turns"] = {"task_ratio": round(statistics.median(later) / first, 3)}
    table.add_row(
        "all later turns", f"{statistics.median(later):.3f}", f"{statistics.median(later) / first:.2f}x", "", ""
    )
    Console().print(table)
    if options.save:
        options.save.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
