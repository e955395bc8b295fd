"""What a request costs where no model works: through the proxy to the ingress, and on to children that do nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from os import environ
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from benchmarks.graph_overhead.flags import environment
from benchmarks.harness.rounds import interleaved
from benchmarks.harness.run import BenchmarkError
from vlp_graph.autogroup import set_niceness
from vlp_graph.spawn import free_port, stop

CHILDREN = (0, 1, 4)
SIZES = {"small": 1_000, "10 MB": 10_000_000}
START_S = 240.0


def measured(
    sides: Sequence[str], repeats: int, each: Mapping[str, int], console: Console
) -> list[dict[str, str | int | float]]:
    """Milliseconds of each request, one client, closed loop: `repeats` rounds over the sides, `each` requests by size
    of body and number of children a round.

    Raises:
        BenchmarkError: a server does not start, or answers wrongly.
    """
    samples: list[dict[str, str | int | float]] = []
    with _servers(sides, console) as urls, ExitStack() as open_clients:
        clients = {
            side: open_clients.enter_context(httpx.Client(base_url=url, timeout=60)) for side, url in urls.items()
        }
        for client in clients.values():
            for _ in range(5):
                for children in CHILDREN:
                    _request(client, children, SIZES["small"])
        for repeat, side in interleaved(sides, repeats, console, "hops"):
            for size, length in SIZES.items():
                for children in CHILDREN:
                    _request(clients[side], children, length)  # the first after the others' turn
                    for _ in range(each[size]):
                        ms = 1000 * _request(clients[side], children, length)
                        kept: dict[str, str | int | float] = {"part": "hop", "side": side, "repeat": repeat}
                        samples.append(kept | {"body": size, "children": children, "ms": round(ms, 3)})
    return samples


def _request(client: httpx.Client, children: int, length: int) -> float:
    """Its seconds."""
    body = bytes(length)
    start = time.perf_counter()
    reply = client.post(f"/{children}", content=body)
    seconds = time.perf_counter() - start
    if reply.text != str(children * length):
        raise BenchmarkError(
            f"{children} children had {length} bytes each and answered {reply.status_code} {reply.text[:200]}"
        )
    return seconds


@contextmanager
def _servers(sides: Sequence[str], console: Console) -> Iterator[dict[str, str]]:
    """All of them, up at once: their URLs by side."""
    with ExitStack() as stack:
        running: dict[str, tuple[subprocess.Popen[bytes], str, Any]] = {}
        try:
            for side in sides:
                log = stack.enter_context(tempfile.NamedTemporaryFile(prefix="vlp-bare-", suffix=".log"))
                port = free_port()
                server = subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.graph_overhead.bare", "--port", str(port)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env=environ | environment(side),
                )
                set_niceness(server.pid)  # as `vlp serve` has it
                running[side] = server, f"http://127.0.0.1:{port}", log
                _wait(side, *running[side])
                console.print(f"  [dim]{side}: ingress and child are up[/]")
            yield {side: url for side, (_, url, _) in running.items()}
        finally:
            for server, _, _ in running.values():
                server.terminate()  # all at once: HAProxy takes half a minute
            for server, _, _ in running.values():
                stop(server, console)


def _wait(side: str, server: subprocess.Popen[bytes], url: str, log: Any) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx.post(f"{url}/1", content=b"x", timeout=5).text == "1":
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    tail = "\n".join(Path(log.name).read_text(encoding="utf-8", errors="replace").splitlines()[-30:])
    raise BenchmarkError(f"{side}: the ingress without models does not answer:\n{tail}")
