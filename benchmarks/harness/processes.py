"""Sides that are processes of their own: what one computes, imports or leaves in memory is then no other's.

A server is asked over HTTP. A worker is a module of ours, asked one line of JSON at a time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.harness.run import BenchmarkError
from vlp_graph.autogroup import set_niceness

STOP_S = 30.0


@dataclass(frozen=True)
class Launched:
    """A process that runs, and where its log is."""

    process: subprocess.Popen[str]
    log: Path

    def failed(self, what: str) -> BenchmarkError:
        """What to raise where it ended or went wrong: with the end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        return BenchmarkError(f"{what} (exit status {self.process.poll()}):\n" + "\n".join(lines))


@contextmanager
def launched(command: Sequence[str], environment: Mapping[str, str], *, asked: bool = False) -> Iterator[Launched]:
    """A command with `environment` added to this one's; it and what it started ends with the block. `asked`: through
    its standard input and output."""
    with tempfile.NamedTemporaryFile(prefix="vlp-bench-", suffix=".log") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
            stdout=subprocess.PIPE if asked else log,
            stderr=log,
            text=True,
            start_new_session=True,
            env=os.environ | environment,
        )
        set_niceness(process.pid)  # as `vlp serve` has it
        try:
            yield Launched(process, Path(log.name))
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """A worker ends when nothing more is asked, a server by SIGTERM, and what is left of their group is killed."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    if process.stdin is None:
        process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@dataclass(frozen=True)
class Server:
    """A command that serves: up when `url` answers 200."""

    it: Launched
    url: str

    def ready(self, within_s: float = 600) -> None:
        """Waits until it is.

        Raises:
            BenchmarkError: it ended, or was not up in time.
        """
        import httpx

        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if self.it.process.poll() is not None:
                raise self.it.failed("the server ended")
            with suppress(httpx.HTTPError):
                if httpx.get(self.url, timeout=2).is_success:
                    return
            time.sleep(0.3)
        raise self.it.failed(f"the server was not up within {within_s:g} s")


@contextmanager
def server(command: Sequence[str], environment: Mapping[str, str], url: str) -> Iterator[Server]:
    """Starts it, and waits for nothing: several may start at once."""
    with launched(command, environment) as it:
        yield Server(it, url)


@dataclass(frozen=True)
class Worker:
    """A module of ours in its own process."""

    it: Launched

    @cached_property
    def told(self) -> Any:
        """What it told when it was ready; waits until it is.

        Raises:
            BenchmarkError: it ended before.
        """
        return self._line()

    def ask(self, **request: Any) -> Any:
        """Its answer, when it is ready.

        Raises:
            BenchmarkError: it ended instead.
        """
        _ = self.told  # the first line that it writes
        stdin = self.it.process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
        except BrokenPipeError:
            raise self.it.failed("the worker ended") from None
        return self._line()

    def _line(self) -> Any:
        stdout = self.it.process.stdout
        assert stdout is not None
        line = stdout.readline()
        if not line:
            self.it.process.wait(STOP_S)
            raise self.it.failed("the worker ended")
        return json.loads(line)


@contextmanager
def worker(module: str, settings: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[Worker]:
    """`python -m module`, which calls `answering`. Starts it, and waits for nothing: several may start at once."""
    with launched([sys.executable, "-m", module, json.dumps(settings)], environment, asked=True) as it:
        yield Worker(it)


Answers = Callable[[dict[str, Any]], Any]
Start = Callable[[dict[str, Any]], AbstractContextManager[tuple[Any, Answers]]]


def answering(start: Start) -> None:
    """The worker's side: `start` gets the settings, gives what to tell when it is ready and what answers, and ends what
    it started when nothing more is asked. What anything prints meanwhile is log, not answer."""
    with os.fdopen(os.dup(1), "w", buffering=1) as out:
        os.dup2(2, 1)
        with start(json.loads(sys.argv[1])) as (told, answer):
            print(json.dumps(told), file=out)
            for line in sys.stdin:
                print(json.dumps(answer(json.loads(line))), file=out)
