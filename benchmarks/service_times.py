"""`python -m benchmarks.service_times --url http://127.0.0.1:8000 --save benchmarks/results/service_times.json`

What turns cost, for `vlp plan --load`, and whether its simulation tells the truth:

1. every kind of turn, one at a time: the seconds of each stage, from the reply's own `vlp.timings` and `results`;
2. Llama by itself, alone and eight at once: what batching gains;
3. eight clients in a closed loop over the mix: turns' worth of work that the machine does at once (its `cores`);
4. turns that arrive by chance (open loop, Poisson) at a part of what 3. showed, and the same arrivals simulated. Prints
   p50 and p95 of both, and whether they are within 25 %.

1., 3. and 4. in rounds, so that all see the same machine. It should have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.harness.load import closed, opened
from benchmarks.harness.turns import Body, clear_scenes, known_turn
from vlp_graph.config import load
from vlp_graph.nano.world import Scene
from vlp_graph.sizing.load import INGRESS, TASK_STATIONS, stations
from vlp_graph.sizing.queueing import Arrival, Measured, Outcome, Stages, poisson, simulate

MIX = {"question": 0.3, "count": 0.2, "outline": 0.25, "caption": 0.15, "spoken": 0.1}
WITHIN = 0.25
CLOSED = 32
SEED = 1207


def stages(reply: dict[str, Any], wall: float) -> Stages:
    """Where a turn that was alone spent its time. What a task was ahead of its plan stands beside the plan; what
    belongs to no model is the ingress's."""
    vlp = reply["vlp"]
    timings, tasks = vlp["timings"], vlp.get("results", [])
    after = timings.get("tasks", 0.0)
    beside, then = [], []
    for task in tasks:
        station, spent = TASK_STATIONS[task["task"]], task["seconds"]
        then.append((station, min(spent, after)))
        if spent > after:
            beside.append((station, spent - after))
    plan = timings.get("plan", 0.0)
    named = timings.get("transcribe", 0.0) + timings.get("intent", 0.0) + plan + max((s for _, s in then), default=0.0)
    return (
        ((INGRESS, max(0.0, wall - named)),),
        (("whisper", timings["transcribe"]),) if "transcribe" in timings else (),
        (("distilbert", timings.get("intent", 0.0)),),
        (("llama", plan), *beside),
        tuple(then),
    )


@dataclass(frozen=True)
class Graph:
    """The running graph as one client sees it: connections are kept, and turns are encoded before they are sent."""

    url: str
    http: httpx.Client

    def ask(self, body: Body) -> dict[str, Any]:
        """
        Raises:
            httpx.HTTPStatusError: it refused or failed.
        """
        reply = self.http.post(f"{self.url}/v1/ask", content=body.content, headers=body.headers)
        reply.raise_for_status()
        return dict(reply.json())


def alone(graph: Graph, scenes: list[Scene]) -> dict[str, list[Stages]]:
    """Every kind of turn on every scene, one at a time, the kinds in turn."""
    found: dict[str, list[Stages]] = {kind: [] for kind in MIX}
    for kind in MIX:
        graph.ask(known_turn(kind, scenes[0]).body())
    for scene in scenes[1:]:
        for kind in MIX:
            body = known_turn(kind, scene).body()
            start = time.perf_counter()
            reply = graph.ask(body)
            found[kind].append(stages(reply, time.perf_counter() - start))
    return found


def llama_gain(url: str, at_once: int = 8) -> float:
    """The exponent by which Llama's speed grows with company: tokens a second of `at_once` answers over one's."""

    def tokens(number: int) -> int:
        words = f"Tell a long story about the number {number}."
        body = {"model": "llama", "messages": [{"role": "user", "content": words}], "max_tokens": 48}
        reply = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=120)
        reply.raise_for_status()
        return int(reply.json()["usage"]["completion_tokens"])

    def rate(numbers: range, clients: int) -> float:
        done = closed(tokens, numbers, clients)
        return sum(sample.reply for sample in done) / max(sample.end for sample in done)

    tokens(0)
    one, many = rate(range(1, 5), 1), rate(range(10, 10 + 2 * at_once), at_once)
    return min(1.0, max(0.0, math.log(many / one) / math.log(at_once)))


def closed_loop(graph: Graph, scenes: list[Scene], kinds: list[str], clients: int = 8) -> float:
    """Turns a second where each of the clients sends its next turn when the last one is answered."""
    bodies = [known_turn(kind, scene).body() for kind, scene in zip(kinds, scenes, strict=True)]
    done = closed(graph.ask, bodies, clients)
    return len(done) / max(sample.end for sample in done)


def open_loop(graph: Graph, scenes: list[Scene], arrivals: list[Arrival]) -> list[float]:
    """Seconds of each turn from when it was due."""
    bodies = [known_turn(arrival.kind, scene).body() for arrival, scene in zip(arrivals, scenes, strict=True)]
    return [sample.seconds for sample in opened(graph.ask, bodies, [arrival.at for arrival in arrivals])]


@dataclass(frozen=True)
class Round:
    """One round: what turns cost alone, turns a second of the closed loop, and the seconds of those that arrived."""

    turns: dict[str, list[Stages]]
    throughput: float
    arrivals: list[Arrival]
    seconds: list[float]


def _round(
    graph: Graph, options: Any, scenes: Iterator[Scene], kinds: list[str], seed: int, rate: float | None = None
) -> Round:
    """Alone, closed loop, open loop. `rate`: turns a second of the last, else a part of what the second showed."""
    turns = alone(graph, list(islice(scenes, options.alone + 1)))
    throughput = closed_loop(graph, list(islice(scenes, CLOSED)), kinds)
    mix = Measured(profile="", machine="", cores=1, mix=MIX, turns=turns, gains={})
    arrivals = poisson(mix, rate or options.part * throughput, options.turns, seed)
    seconds = open_loop(graph, list(islice(scenes, options.turns)), arrivals)
    return Round(turns, throughput, arrivals, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--profile", default="embedded", help="the profile that is served there")
    parser.add_argument("--rounds", type=int, default=4, help="how often all is measured, by turns")
    parser.add_argument("--alone", type=int, default=4, help="turns of each kind that are asked alone, a round")
    parser.add_argument("--turns", type=int, default=50, help="turns that arrive by chance, a round")
    parser.add_argument("--part", type=float, default=0.5, help="their rate, as a part of the closed loop's")
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    console, profile = Console(highlight=False), load(options.profile)
    wanted = options.rounds * (options.alone + 1 + CLOSED + options.turns)
    scenes = iter(clear_scenes(SEED, wanted))
    many = httpx.Limits(max_connections=None, max_keepalive_connections=options.turns)
    graph = Graph(options.url, httpx.Client(timeout=120, limits=many))
    rng = random.Random(SEED)
    gain = llama_gain(options.url)
    rounds = [_round(graph, options, scenes, rng.choices(list(MIX), list(MIX.values()), k=CLOSED), SEED)]
    part = options.part * rounds[0].throughput
    rounds += [
        _round(graph, options, scenes, rng.choices(list(MIX), list(MIX.values()), k=CLOSED), SEED + n, part)
        for n in range(1, options.rounds)
    ]
    turns = {kind: [turn for one in rounds for turn in one.turns[kind]] for kind in MIX}
    throughput = statistics.mean(one.throughput for one in rounds)
    measured = Measured(
        profile=profile.name,
        machine=f"{os.cpu_count()} cores ({platform.machine()})",
        cores=1.0,
        mix=MIX,
        turns=turns,
        gains={"llama": round(gain, 3)},
    )
    work = measured.work()
    measured = measured.model_copy(update={"cores": round(throughput * sum(work.values()), 3)})
    told = " ".join(f"{name} {spent:.3f}" for name, spent in work.items())
    console.print(f"alone, mean seconds of a turn by deployment: {told}")
    console.print(f"closed loop, 8 clients: {throughput:.2f} turns/s, {measured.cores:g} turns' worth of work at once")

    warm = options.turns // 10
    real = Outcome([s for one in rounds for s in one.seconds[warm:]], {})
    known = stations(profile, measured)
    simulated = [
        Outcome(
            [
                s
                for one in rounds
                for s in simulate(known, measured, one.arrivals, cores=measured.cores, seed=seed).seconds
            ],
            {},
        )
        for seed in range(20)
    ]
    table = Table("turns that arrive by chance", "measured s", "simulated s", "simulated over measured")
    rows: dict[str, Any] = {"rate": round(part, 3), "turns": options.rounds * options.turns}
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        was, said = real.percentile(share), statistics.median(o.percentile(share) for o in simulated)
        rows[name] = {
            "measured_s": round(was, 3),
            "simulated_s": round(said, 3),
            "within": abs(said / was - 1) <= WITHIN,
        }
        table.add_row(name, f"{was:.2f}", f"{said:.2f}", f"{said / was:.2f}")
    console.print(table)
    console.print("within 25 %" if rows["p50"]["within"] and rows["p95"]["within"] else "[red]not within 25 %[/]")
    if options.save:
        kept = {"measured": measured.model_dump(mode="json"), "closed_loop_turns_per_s": throughput, "open_loop": rows}
        kept["load_average"] = os.getloadavg()  # high: others computed here, too, and the comparison says little
        options.save.write_text(json.dumps(kept, indent=None) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
