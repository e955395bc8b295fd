"""What a start costs: seconds from the command to ready and to the first right answer, by stage, and memory by deployment.

Every start is a whole `vlp serve` with weights that are converted already. The first of a run may find files that are
not in the system's page cache yet, which is why it stands by itself.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record, Table, Target
from benchmarks.harness.run import BenchmarkError
from benchmarks.harness.show import figure
from benchmarks.hostile.watch import own_mib
from vlp_graph.client import Client, RemoteError
from vlp_graph.nano.dialogues import says
from vlp_graph.nano.world import Scene, held_out
from vlp_graph.spawn import Served, StartError, serving

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 811
ANSWER_WITHIN_S = 60.0
"""From the command, on a machine where all is installed: the target."""
BEGUN, RAY, READY, ANSWER = "the command has read its profile", "Ray", "all ready", "first right answer"
_UP = re.compile(r"^[\d.]+ s\s+(?P<name>\S+) is up")
_PARTS = (
    (re.compile(r"ServeReplica:[^:]+:(?P<name>\w+)"), None),
    (re.compile(r"VLLM|EngineCore"), "Llama"),
    (re.compile(r"ServeController"), "Serve's controller"),
    (re.compile(r"ProxyActor|haproxy"), "HTTP proxy"),
    (re.compile(r"vlp_graph serve"), "vlp serve"),
    (re.compile(r"raylet|gcs_server|dashboard|runtime_env|log_monitor|monitor\.py|ray::"), "Ray itself"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--starts", type=int, default=3)


def run(options: argparse.Namespace) -> Record:
    """
    Raises:
        BenchmarkError: it does not start, or the first answer is wrong.
    """
    if options.url is not None:
        raise BenchmarkError("it measures a start, so that it cannot use a graph that runs: leave --url out")
    machine = Machine.here()
    scenes = [scene for scene in held_out(SEED, 20, side=256) if scene.objects]
    starts = [_start(options, scenes[number]) for number in range(1 if options.quick else options.starts)]
    again = starts[1:] or starts
    samples = [
        {"start": number, "kind": kind, "of": name, kind: value}
        for number, one in enumerate(starts, 1)
        for kind, found in (("seconds", one[0]), ("mib", one[1]))
        for name, value in found.items()
    ]
    answered = statistics.median(seconds[ANSWER] for seconds, _ in again)
    return Record(
        name="startup_memory",
        title="From the command to the first right answer, and what stays in memory",
        method=Method(
            compares="One `vlp serve` after the other, each to its first right answer. Memory is what a process holds for"
            " itself (resident pages that are not shared), after that answer, all processes of a deployment together.",
            loop="closed, one client that asks as soon as the graph says that it is ready",
            lengths="one held-out picture of 256 pixels, one question with a known answer",
            warm_up="none: the first start stands by itself, the others find the system's page cache warm",
            repeats=f"{len(starts)} starts",
        ),
        settings={"vlp serve": {"profile": options.profile, "environment": {}}},
        tables=[_times(starts), _memory(starts)],
        targets=[Target(what="command to first right answer, s", value=answered, bound=ANSWER_WITHIN_S, at="most")],
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


Start = tuple[dict[str, float], dict[str, float]]


def _start(options: argparse.Namespace, scene: Scene) -> Start:
    """Seconds from the command to each stage, and MiB of each part."""
    try:
        with serving(options.profile, options.console) as served, Client(served.url) as client:
            stages = dict(_stages(served.up_s))
            stages[READY] = time.monotonic() - served.started
            _ask(client, scene)
            stages[ANSWER] = time.monotonic() - served.started
            return {name: round(at, 2) for name, at in stages.items()}, _parts(own_mib(served.pid))
    except (StartError, RemoteError) as error:
        raise BenchmarkError(str(error)) from None


def _ask(client: Client, scene: Scene) -> None:
    text = client.ask(f"is there a {scene.objects[0].name}?", images=[scene.png()])["choices"][0]["message"]["content"]
    if not says(text, "yes"):
        raise BenchmarkError(f"the first answer is wrong: {text!r}")


def _stages(lines: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """What the lines of a server's log say is up, with the seconds at which they were there, in that order."""
    for line, at in lines.items():
        if line.startswith("vlp-graph:"):
            yield BEGUN, at
        elif up := _UP.match(line):
            yield up["name"].rstrip(","), at


def _parts(held: Mapping[str, float]) -> dict[str, float]:
    """MiB by part of the graph, the largest first, out of MiB by a process's command."""
    found: dict[str, float] = {}
    for command, mib in held.items():
        name = _part(command)
        found[name] = round(found.get(name, 0.0) + mib, 1)
    return dict(sorted(found.items(), key=lambda part: -part[1]))


def _part(command: str) -> str:
    for pattern, name in _PARTS:
        if found := pattern.search(command):
            return name or found["name"]
    return "others"


def _times(starts: list[Start]) -> Table:
    stages = sorted({name for seconds, _ in starts for name in seconds}, key=lambda name: starts[-1][0].get(name, 0.0))
    columns = ["seconds from the command to", "first start", *(f"start {n}" for n in range(2, len(starts) + 1))]
    return Table(
        title="Start, stage by stage",
        columns=columns,
        rows=[[name, *(seconds.get(name) for seconds, _ in starts)] for name in stages],
        note="A deployment is up when its model is loaded and warmed; they load side by side.",
    )


def _memory(starts: list[Start]) -> Table:
    names = list(starts[-1][1])
    middle: dict[str, float] = {
        name: statistics.median(mib.get(name, 0.0) for _, mib in starts) for name in names
    }
    rows: list[list[Any]] = [[name, mib] for name, mib in middle.items()]
    return Table(
        title="Memory after the first answer",
        columns=["part", "MiB of its own (median)"],
        rows=[*rows, ["all", sum(middle.values())]],
    )


def draw(record: Record) -> Figure:
    drawn, (times, memory) = figure(2, record.title)
    stages = [row for row in record.tables[0].rows if isinstance(row[-1], float)]
    times.barh([str(row[0]) for row in stages], [float(row[-1] or 0) for row in stages])
    times.axvline(ANSWER_WITHIN_S, color="black", linestyle="--", linewidth=1)
    times.invert_yaxis()
    times.set_xlabel("seconds from the command (last start)")
    parts = [row for row in record.tables[1].rows if row[0] != "all"]
    memory.barh([str(row[0]) for row in parts], [float(row[1] or 0) for row in parts])
    memory.invert_yaxis()
    memory.set_xlabel("MiB")
    return drawn
