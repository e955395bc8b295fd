"""The real graph, started once per run as a user starts it, and spoken to over a real socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.collector import Collector
from tests.ports import free_port
from vlp_graph.client import Client

START_WITHIN_S = 420


@dataclass(frozen=True)
class Graph:
    """A running graph; `process` is the server where the tests started it, `log` what that prints."""

    url: str
    process: subprocess.Popen[bytes] | None
    log: Path | None = None

    @property
    def client(self) -> Client:
        return Client(self.url)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the graph that the tests start sends its spans."""
    listening = Collector()
    yield listening
    listening.close()


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Graph]:
    if url := os.environ.get("VLP_TEST_URL"):
        yield Graph(url, None)
        return
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "500"}
    with serving(tmp_path_factory.mktemp("graph") / "serve.log", traced) as started:
        yield started


@contextmanager
def serving(log: Path, environment: Mapping[str, str]) -> Iterator[Graph]:
    """`vlp serve` on a free port until all of it is ready; afterwards it has to drain and end well."""
    port = free_port()
    command = [sys.executable, "-m", "vlp_graph", "serve", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=os.environ | environment)
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(url, process, log)
            yield Graph(url, process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(90) == 0, log.read_text()[-4000:]
            assert "draining" in log.read_text()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_WITHIN_S
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"vlp serve ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        if Graph(url, process).ready():
            return
        time.sleep(1)
    pytest.fail(f"not ready within {START_WITHIN_S} s:\n{log.read_text()[-4000:]}")


@pytest.fixture
def client(graph: Graph) -> Client:
    return graph.client


@pytest.fixture(autouse=True)
def _healthy(graph: Graph) -> None:
    """Every test starts on a graph that is up, whatever the one before did to it."""
    end = time.monotonic() + 180
    while not graph.ready():
        assert time.monotonic() < end, "the graph did not come back within 180 s"
        time.sleep(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "integration" in item.path.parts:
            item.add_marker(pytest.mark.graph)
            item.add_marker(pytest.mark.timeout(900))
