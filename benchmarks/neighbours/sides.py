"""The servers that are compared: how each is started, what it was tuned to, how it is asked, what it uses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.harness.run import BenchmarkError
from benchmarks.neighbours.asked import Asked, Reply
from vlp_graph.autogroup import set_niceness
from vlp_graph.spawn import free_port

BASE, OURS = "one process, sequential", "vlp-graph"
START_S, STOP_S = 180.0, 20.0
ENGINES = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "BENTOML_DO_NOT_TRACK": "True",
}
"""What our own replicas are started with (and no reports home)."""


@dataclass(frozen=True)
class Candidate:
    """One way to set a neighbour up. `{port}` and `{profile}` in the command are filled in."""

    family: str
    settings: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    health: str = "/health"


def candidates(cores: int) -> list[Candidate]:
    """Of each neighbour those that may be its best here, the likeliest first."""

    def module(family: str, name: str, settings: str, **flags: Any) -> Candidate:
        words = [part for flag, value in flags.items() for part in (f"--{flag.replace('_', '-')}", str(value))]
        command = (sys.executable, "-m", f"benchmarks.neighbours.{name}", "--port", "{port}", "--profile", "{profile}")
        return Candidate(family, settings, (*command, *(w for w in words if w != "True")))

    def bento(settings: str, service: str, **environment: Any) -> Candidate:
        command = (sys.executable, "-m", "bentoml", "serve", f"benchmarks.neighbours.bentoml_server:{service}")
        flags = ("--host", "127.0.0.1", "--port", "{port}")
        own = {f"NEIGHBOURS_{name.upper()}": str(value) for name, value in environment.items()}
        return Candidate("BentoML", settings, (*command, *flags), own | {"NEIGHBOURS_PROFILE": "{profile}"}, "/readyz")

    n = cores
    return [
        module(BASE, "starlette_server", "1 torch thread", sequential=True),
        module(BASE, "starlette_server", f"{n} torch threads", sequential=True, torch_threads=n),
        module("Starlette", "starlette_server", "a thread per engine, batches of 8, wait 2 ms", size=8, wait_ms=2),
        module("Starlette", "starlette_server", "a thread per engine, no batches", size=1),
        module(
            "LitServe",
            "litserve_server",
            f"{n} workers, batches of 8 turns, wait 5 ms, what they ask at once together",
            way="batch",
            workers=n,
            turns=8,
            size=8,
            wait_ms=1,
        ),
        module(
            "LitServe",
            "litserve_server",
            f"{n} workers, async, engine batches of 8, wait 2 ms",
            way="async",
            workers=n,
            size=8,
            wait_ms=2,
        ),
        module("LitServe", "litserve_server", f"{n} workers, one turn at a time", way="single", workers=n),
        bento("a service per model, batches of 8, 1 worker each", "Composed"),
        bento(f"a service per model, batches of 8, {n} workers of Grounded-SAM", "Composed", workers=n),
        bento(f"one service, {n} workers, engine batches of 8, wait 2 ms", "Whole", workers=n),
    ]


@dataclass(frozen=True)
class Side:
    """A server that runs. `pid` is the parent of all its processes, where that is known."""

    name: str
    settings: str
    url: str
    pid: int | None
    http: httpx.Client
    log: Path | None = None

    def __str__(self) -> str:
        return self.name

    def ask(self, body: dict[str, Any]) -> Reply:
        """The `text` and `vlp` of the reply.

        Raises:
            BenchmarkError: no answer.
        """
        path = "/v1/chat/completions" if self.name == OURS else "/predict"
        try:
            reply = self.http.post(self.url + path, json=body)
        except httpx.HTTPError as error:
            raise BenchmarkError(f"{self.name}: {error!r}") from None
        if not reply.is_success:
            said = f"{self.name}: {reply.status_code}: {reply.text[:500]}"
            raise BenchmarkError(said if self.log is None else f"{said}\n{_tail(self.log)}")
        said = reply.json()
        if self.name != OURS:
            return dict(said)
        return {"text": said["choices"][0]["message"]["content"], "vlp": said["vlp"]}

    def body(self, asked: Asked) -> dict[str, Any]:
        """A turn as this side takes it: words, and a picture in base64, in JSON."""
        if self.name != OURS:
            return {"text": asked.text, "image": asked.image}
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{asked.image}"}}
        content = [{"type": "text", "text": asked.text}, image]
        return {"model": "vlp", "messages": [{"role": "user", "content": content}]}

    def cpu_seconds(self) -> float:
        """Of all its processes so far; nan where they are not known."""
        import psutil

        if self.pid is None:
            return float("nan")
        total = 0.0
        for process in [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total


@contextmanager
def running(candidate: Candidate, profile: str, http: httpx.Client) -> Iterator[Side]:
    """The candidate's server, ready; ended with all its processes.

    Raises:
        BenchmarkError: it does not start.
    """
    port = free_port()
    values = {"port": str(port), "profile": profile}
    url = f"http://127.0.0.1:{port}"
    own = {name: value.format(**values) for name, value in candidate.environment.items()}
    with tempfile.NamedTemporaryFile(prefix="neighbour-", suffix=".log") as log:
        server = subprocess.Popen(
            [part.format(**values) for part in candidate.command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | ENGINES | own,
        )
        set_niceness(server.pid)  # as `vlp serve` has it
        try:
            _wait(server, url + candidate.health, candidate, Path(log.name), http)
            yield Side(candidate.family, candidate.settings, url, server.pid, http, Path(log.name))
        finally:
            _end(server)


def _wait(server: subprocess.Popen[bytes], health: str, candidate: Candidate, log: Path, http: httpx.Client) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            if http.get(health, timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise BenchmarkError(f"{candidate.family} ({candidate.settings}) does not start:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])


def _end(server: subprocess.Popen[bytes]) -> None:
    """Its whole session: servers with workers leave some behind when their parent is killed."""
    import psutil

    try:
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(family, STOP_S)
    for process in alive:
        process.kill()
    server.wait()
