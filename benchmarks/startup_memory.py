"""What a start costs: seconds from the command to the first right answer, stage by stage, and memory by deployment.

Every start is a whole `vlp serve` with weights that are converted already. The first of a run may find files that are
not in the system's page cache yet, which is why it stands by itself.
"""

from __future__ import annotations

import argparse
import re
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record, Table, Target
from benchmarks.harness.run import BenchmarkError
from benchmarks.harness.show import figure
from benchmarks.hostile.watch import cpu_seconds, own_mib
from vlp_graph.client import Client, RemoteError
from vlp_graph.nano.dialogues import says
from vlp_graph.nano.world import Scene, held_out
from vlp_graph.spawn import StartError, free_port, serving

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 811
ANSWER_WITHIN_S = 60.0
"""From the command, on a machine where all is installed: the target."""
ANSWER_AFTER_READY_S = 60.0
BEGUN, ANSWER, READY = "the profile, read", "the first right answer about a picture", "all models, ready"
CHAT = "the first words of Llama's"
_UP = re.compile(r"^(?P<at>[\d.]+) s\s+(?P<name>\S+) is up")
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
        for kind, found in (("up_s", one.up_s), ("mib", one.mib), ("cpu_s", one.cpu_s))
        for name, value in found.items()
    ]
    answered = statistics.median(one.up_s[ANSWER] for one in again)
    return Record(
        name="startup_memory",
        title="From the command to the first right answer, and what stays in memory",
        method=Method(
            compares="One `vlp serve` after the other, each to its first right answer. Memory is what a process holds"
            " for itself (resident pages that are not shared), after that answer, a deployment's processes together.",
            loop="closed, one client that asks about a picture from the start on, until it is answered (a request waits"
            " for models that are not up), then Llama for a few words, when all are ready",
            lengths="one held-out picture of 256 pixels, one question with a known answer",
            warm_up="none: the first start stands by itself, the others find the system's page cache warm",
            repeats=f"{len(starts)} starts",
        ),
        settings={"vlp serve": {"profile": options.profile, "environment": {}}},
        tables=[_times(starts), _memory(starts)],
        targets=[
            Target(
                what="seconds from the command to the first right answer",
                value=answered,
                bound=ANSWER_WITHIN_S,
                at="most",
            )
        ],
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


@dataclass(frozen=True)
class Start:
    """One start: seconds from the command to each stage; MiB and seconds of computing, by part, at the first answer."""

    up_s: Mapping[str, float]
    mib: Mapping[str, float]
    cpu_s: Mapping[str, float]


def _start(options: argparse.Namespace, scene: Scene) -> Start:
    port = free_port()
    try:
        with ThreadPoolExecutor(1) as client, _giving_up() as given_up:
            answered = client.submit(_answered, f"http://127.0.0.1:{port}", scene, given_up)
            with serving(options.profile, options.console, port=port) as served, Client(served.url) as ready:
                stages = dict(_stages(served.up_s))
                stages[READY] = time.monotonic() - served.started
                stages[ANSWER] = answered.result(ANSWER_AFTER_READY_S) - served.started
                _chat(ready)
                stages[CHAT] = time.monotonic() - served.started
                parts = (_parts(measure(served.pid)) for measure in (own_mib, cpu_seconds))
                return Start({name: round(at, 2) for name, at in stages.items()}, *parts)
    except TimeoutError:
        raise BenchmarkError(f"no right answer within {ANSWER_AFTER_READY_S:g} s of being ready") from None
    except (StartError, RemoteError) as error:
        raise BenchmarkError(str(error)) from None


@contextmanager
def _giving_up() -> Iterator[threading.Event]:
    """Set at the end, so that nobody asks a server for ever that never came."""
    event = threading.Event()
    try:
        yield event
    finally:
        event.set()


def _answered(url: str, scene: Scene, given_up: threading.Event) -> float:
    """When (monotonic) a client that asks from the start on had its first right answer.

    Raises:
        BenchmarkError: an answer is wrong.
    """
    while not given_up.wait(0.5):
        try:
            with Client(url) as client:
                reply = client.ask(f"is there a {scene.objects[0].name}?", images=[scene.png()])
        except RemoteError:  # nothing listens yet, or the models that this turn needs are not up
            continue
        if any(result["status"] != "ok" for result in reply["vlp"]["results"]):
            continue
        if not says(text := reply["choices"][0]["message"]["content"], "yes"):
            raise BenchmarkError(f"the first answer is wrong: {text!r}")
        return time.monotonic()
    raise BenchmarkError("no answer came")


def _chat(client: Client) -> None:
    reply = client.ask("hello, who are you?")
    if [result["task"] for result in reply["vlp"]["results"]] != ["chat"]:
        raise BenchmarkError(f"a greeting was not answered by Llama: {reply['vlp']['results']}")


def _stages(lines: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """What the lines of a server's log say is up, and when. By the server's own clock, which starts with its first
    line: who waits for it looks less often."""
    begun = next(iter(lines.values()), 0.0)
    yield BEGUN, begun
    for line in lines:
        if up := _UP.match(line):
            yield up["name"], begun + float(up["at"])


def _parts(by_command: Mapping[str, float]) -> dict[str, float]:
    """What is known by a process's command, by part of the graph, the largest first."""
    found: dict[str, float] = {}
    for command, value in by_command.items():
        name = _part(command)
        found[name] = round(found.get(name, 0.0) + value, 1)
    return dict(sorted(found.items(), key=lambda part: -part[1]))


def _part(command: str) -> str:
    for pattern, name in _PARTS:
        if found := pattern.search(command):
            return name or found["name"]
    return "others"


def _times(starts: list[Start]) -> Table:
    stages = sorted({name for one in starts for name in one.up_s}, key=lambda name: starts[-1].up_s.get(name, 0.0))
    columns = ["seconds from the command to", "first start", *(f"start {n}" for n in range(2, len(starts) + 1))]
    return Table(
        title="Start, stage by stage",
        columns=columns,
        rows=[[name, *(one.up_s.get(name) for one in starts)] for name in stages],
        note="A deployment is up when its model is loaded and warmed; they load side by side. A question of which the"
        " reading is sure needs no Llama, so that it can be answered before that is up.",
    )


def _memory(starts: list[Start]) -> Table:
    rows: list[list[str | int | float | None]] = []
    for name in starts[-1].mib:
        rows.append([name, *(statistics.median(of.get(name, 0.0) for of in each) for each in _of(starts))])
    totals = [statistics.median(sum(of.values()) for of in each) for each in _of(starts)]
    return Table(
        title="Memory after the first answer, and what was computed until then (medians)",
        columns=["part", "MiB of its own", "CPU seconds"],
        rows=[*rows, ["all", *totals]],
        note="A start can be no shorter than its CPU seconds over the number of cores.",
    )


def _of(starts: list[Start]) -> tuple[list[Mapping[str, float]], list[Mapping[str, float]]]:
    return [one.mib for one in starts], [one.cpu_s for one in starts]


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
