"""`vlp serve` as a process of its own, for those who measure it or show it: started, waited for, drained."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from vlp_graph.client import Client, RemoteError

START_S, STOP_S = 600.0, 90.0


class StartError(Exception):
    """The server ended, or was not ready in time; the message holds the end of its log."""


@dataclass(frozen=True)
class Served:
    """A graph that is ready. `up_s`: the seconds of its start at which each line of its log was there."""

    url: str
    pid: int
    started: float
    """monotonic"""
    up_s: dict[str, float]


@contextmanager
def serving(
    profile: str, console: Console, environment: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[Served]:
    """`vlp serve` on a port of this machine (None: a free one), ready; stopped afterwards.

    Raises:
        StartError: it ended or was not ready within ten minutes.
    """
    port = free_port() if port is None else port
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "vlp_graph", "serve", "--profile", profile, "--port", str(port)]
    with tempfile.NamedTemporaryFile(prefix="vlp-serve-", suffix=".log") as log:
        started = time.monotonic()
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | (environment or {}),
        )
        try:
            up = _wait_until_ready(server, url, Path(log.name), console, started)
            yield Served(url, server.pid, started, up)
        finally:
            stop(server, console)


def free_port() -> int:
    """Of this machine's loopback, now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop(server: subprocess.Popen[bytes], console: Console) -> None:
    """Let it drain, and kill it where it does not."""
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        console.print(f"[yellow]vlp serve did not drain within {STOP_S:.0f} s and is killed[/]")
        server.kill()
        server.wait()


def _wait_until_ready(
    server: subprocess.Popen[bytes], url: str, log: Path, console: Console, started: float
) -> dict[str, float]:
    """Shows the server's own lines (each model coming up) until it says that it is ready."""
    end, seen = time.monotonic() + START_S, dict[str, float]()
    with Client(url, timeout_s=5) as client:
        shown = 0
        while time.monotonic() < end:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
            lines = [line.rstrip() for line in lines if line.endswith("\n")]
            for line in lines[shown:]:
                console.print(f"  [dim]{escape(line)}[/]")
                seen[line.strip()] = time.monotonic() - started
            shown = len(lines)
            if server.poll() is not None:
                raise StartError(f"vlp serve ended with {server.returncode}:\n{_tail(log)}")
            if _is_ready(client):
                return seen
            time.sleep(0.3)
    raise StartError(f"vlp serve was not ready within {START_S:.0f} s:\n{_tail(log)}")


def _is_ready(client: Client) -> bool:
    try:
        models = client.ready()
    except RemoteError:
        return False
    return bool(models) and all(models.values())


def _tail(log: Path, lines: int = 60) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
