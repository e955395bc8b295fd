"""How many replicas a load wants: a simulation of turns that arrive by chance and wait for models.

What it assumes (and `vlp plan --load` prints):

* Turns arrive as a Poisson process; each is of a kind and takes the steps of a measured turn of that kind, drawn anew.
* A step is work at one deployment; steps of one stage run side by side, stages one after another (what speculation
  begins ahead counts where it was measured).
* A replica works on `slots` requests at once. With n of them its speed is n to the power of `gain`: 0, they share what
  one would have (no batching); 1, company costs nothing.
* Deployments on the CPU share `cores`: where more replicas are busy than there are cores, all slow down alike. Those on
  GPUs have their share for themselves.
* A request waits at its deployment for the first free replica, in order; queues are not bounded here.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from vlp_graph.config.strict import ProfileError

Step = tuple[str, float]
"""A deployment's name, and the seconds of work there where nobody else is."""
Stages = tuple[tuple[Step, ...], ...]

ASSUMPTIONS = tuple(" ".join(line.split()) for line in (__doc__ or "").split("\n* ")[1:])


@dataclass(frozen=True)
class Station:
    """A deployment as the simulation knows it. `on_cpu`: its busy replicas take a core each."""

    replicas: int = 1
    slots: int = 1
    gain: float = 0.0
    on_cpu: bool = True


class Measured(BaseModel):
    """Service times that benchmarks/service_times.py wrote: turns of each kind, and how often a kind comes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: str
    machine: str
    cores: float
    """turns' worth of work that the machine does at once, as a closed loop showed: threads overlap, others disturb"""
    mix: dict[str, float]
    turns: dict[str, list[Stages]]
    gains: dict[str, float]

    @classmethod
    def read(cls, path: Path) -> Measured:
        """
        Raises:
            ProfileError: no such file, or no service times in it.
        """
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8"))["measured"])
        except (OSError, KeyError, ValueError, ValidationError) as error:
            raise ProfileError(
                f"{path}: no measured service times ({str(error).splitlines()[0]}); write them with "
                "`python -m benchmarks.service_times --save FILE` against a running graph"
            ) from None

    def work(self) -> dict[str, float]:
        """Mean seconds of work that a turn brings to each deployment."""
        whole, spent = sum(self.mix.values()), dict[str, float]()
        for kind, share in self.mix.items():
            samples = self.turns[kind]
            for name, seconds in (step for stages in samples for stage in stages for step in stage):
                spent[name] = spent.get(name, 0.0) + seconds * share / whole / len(samples)
        return spent


@dataclass(frozen=True)
class Outcome:
    """Seconds from arrival to answer, and how busy each deployment's replicas were (0..1)."""

    seconds: list[float]
    busy: dict[str, float]

    def percentile(self, share: float) -> float:
        """Nearest rank."""
        ordered = sorted(self.seconds)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(eq=False)
class _Turn:
    arrived: float
    stages: Stages
    stage: int = -1
    left: int = 0


@dataclass(eq=False)
class _Job:
    turn: _Turn
    left: float


@dataclass
class _Replica:
    station: Station
    jobs: list[_Job] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Of each of its jobs, where cores are free."""
        n = len(self.jobs)
        return float(n**self.station.gain / n)


@dataclass(frozen=True)
class Arrival:
    """A turn of that kind, `at` seconds after the start."""

    at: float
    kind: str


def poisson(measured: Measured, rate: float, turns: int, seed: int = 0) -> list[Arrival]:
    """`turns` turns of the measured mix, `rate` a second."""
    rng = random.Random(seed)
    times = itertools.accumulate(rng.expovariate(rate) for _ in range(turns))
    return [Arrival(at, rng.choices(list(measured.mix), list(measured.mix.values()))[0]) for at in times]


def simulate(
    stations: Mapping[str, Station],
    measured: Measured,
    arrivals: Sequence[Arrival],
    *,
    cores: float,
    seed: int = 0,
    warm_up: float = 0.1,
) -> Outcome:
    """Each arrival followed to its end; the first `warm_up` of them only fill the system."""
    rng = random.Random(seed)
    coming = deque(_Turn(arrival.at, rng.choice(measured.turns[arrival.kind])) for arrival in arrivals)
    return _Run(stations, cores).run(coming, int(len(arrivals) * warm_up))


class _Run:
    """One simulation: jobs on replicas, queues before them, and the time."""

    def __init__(self, stations: Mapping[str, Station], cores: float) -> None:
        self.replicas = {name: [_Replica(s) for _ in range(s.replicas)] for name, s in stations.items()}
        self.queues: dict[str, deque[_Job]] = {name: deque() for name in stations}
        self.cores, self.now = cores, 0.0
        self.busy = dict.fromkeys(stations, 0.0)
        self.ended: list[tuple[float, float]] = []

    def run(self, coming: deque[_Turn], warm_up: int) -> Outcome:
        first = coming[warm_up].arrived
        while coming or any(r.jobs for replicas in self.replicas.values() for r in replicas):
            slow = self._slowness()
            ends, at = math.inf, None
            for name, replicas in self.replicas.items():
                factor = slow if replicas and replicas[0].station.on_cpu else 1.0
                for replica in replicas:
                    for job in replica.jobs:
                        due = job.left / (replica.speed * factor)
                        if due < ends:
                            ends, at = due, (name, replica, job)
            until = coming[0].arrived - self.now if coming else math.inf
            self._pass(min(ends, until), slow)
            if until <= ends:
                self._next(coming.popleft())
            elif at is not None:
                self._end(*at)
        seconds = [end - arrived for arrived, end in self.ended if arrived >= first]
        share = {name: spent / (self.now * len(self.replicas[name])) for name, spent in self.busy.items()}
        return Outcome(seconds, share)

    def _slowness(self) -> float:
        """What is left of a core for each busy replica that wants one."""
        wanted = sum(bool(r.jobs) and r.station.on_cpu for replicas in self.replicas.values() for r in replicas)
        return min(1.0, self.cores / wanted) if wanted else 1.0

    def _pass(self, seconds: float, slow: float) -> None:
        for name, replicas in self.replicas.items():
            for replica in replicas:
                if replica.jobs:
                    self.busy[name] += seconds
                    step = seconds * replica.speed * (slow if replica.station.on_cpu else 1.0)
                    for job in replica.jobs:
                        job.left -= step
        self.now += seconds

    def _next(self, turn: _Turn) -> None:
        """The turn's next stage that has any work, or its end."""
        turn.stage += 1
        while turn.stage < len(turn.stages) and not turn.stages[turn.stage]:
            turn.stage += 1
        if turn.stage == len(turn.stages):
            self.ended.append((turn.arrived, self.now))
            return
        steps = turn.stages[turn.stage]
        turn.left = len(steps)
        for name, seconds in steps:
            self.queues[name].append(_Job(turn, max(seconds, 1e-6)))
            self._fill(name)

    def _fill(self, name: str) -> None:
        """Waiting jobs onto the replica with the fewest, while one has a free slot."""
        queue = self.queues[name]
        while queue:
            replica = min(self.replicas[name], key=lambda r: len(r.jobs))
            if len(replica.jobs) >= replica.station.slots:
                return
            replica.jobs.append(queue.popleft())

    def _end(self, name: str, replica: _Replica, job: _Job) -> None:
        replica.jobs.remove(job)
        self._fill(name)
        job.turn.left -= 1
        if not job.turn.left:
            self._next(job.turn)


@dataclass(frozen=True)
class Sized:
    """The fewest replicas found for a load, on `machines` of the measured kind where deployments share cores; and how
    long turns take then."""

    replicas: dict[str, int]
    machines: int
    outcome: Outcome


def size(
    stations: Mapping[str, Station],
    measured: Measured,
    *,
    rate: float,
    slo_s: float,
    cores: float,
    most: int = 64,
    seeds: Sequence[int] = (0, 1),
) -> Sized | None:
    """Adds what is short, one by one, until 95 of 100 turns are answered in `slo_s`: a machine (its cores and one
    replica of everything on it) where the cores are, else a replica of the busiest deployment. None: not with `most`
    machines or replicas, or not even for a turn that is alone.
    """
    alone = simulate(stations, measured, poisson(measured, 1e-4, 200), cores=cores)
    if alone.percentile(0.95) > slo_s:
        return None
    now, machines = dict(stations), 1
    work = measured.work()
    wanted = sum(seconds for name, seconds in work.items() if now[name].on_cpu) * rate
    if any(s.on_cpu for s in now.values()):
        machines = max(1, math.ceil(wanted / cores))
    for name, seconds in work.items():
        capacity = now[name].slots ** now[name].gain
        least = max(now[name].replicas, math.ceil(seconds * rate / capacity))
        now[name] = replace(now[name], replicas=max(least, machines if now[name].on_cpu else 1))
    while machines <= most and max(s.replicas for s in now.values()) <= most:
        outcomes = [
            simulate(now, measured, poisson(measured, rate, 600, seed), cores=cores * machines, seed=seed)
            for seed in seeds
        ]
        worst = max(outcomes, key=lambda o: o.percentile(0.95))
        if worst.percentile(0.95) <= slo_s:
            return Sized({name: s.replicas for name, s in now.items()}, machines, worst)
        busiest = max(worst.busy, key=lambda name: worst.busy[name])
        if now[busiest].on_cpu:
            machines += 1
            now = {n: replace(s, replicas=max(s.replicas, machines)) if s.on_cpu else s for n, s in now.items()}
        else:
            now[busiest] = replace(now[busiest], replicas=now[busiest].replicas + 1)
    return None
