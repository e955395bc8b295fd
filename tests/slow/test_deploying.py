"""The embedded profile, unchanged, by Ray Serve's own commands: `serve run`, and `serve deploy` of what is rendered.

Each on a machine of its own (a network namespace), with the environment that `vlp render env` prints and nothing else
of ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.multinode.network import Network, missing
from vlp_graph.nano.dialogues import answer_of, says_number
from vlp_graph.nano.world import held_out
from vlp_graph.render.render import render
from vlp_graph.render.what import What

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
HEAD = "one"
BIN = Path(sys.executable).parent
SCENE = next(scene for scene in held_out(4002, 10) if len(scene.objects) == 3)


class Machine:
    """One node, and what runs on it as an operator types it."""

    def __init__(self, network: Network, folder: Path) -> None:
        network.join(HEAD)
        self.inside, self.folder = network.inside(HEAD), folder
        self.picture = folder / "scene.png"
        self.picture.write_bytes(SCENE.png())

    def command(self, typed: str) -> list[str]:
        return [*self.inside, "bash", "-c", f'export PATH="{BIN}:$PATH"; eval "$(vlp render env embedded)"; {typed}']

    def run(self, typed: str, within_s: float = 300) -> str:
        done = subprocess.run(self.command(typed), capture_output=True, text=True, timeout=within_s, cwd=self.folder)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    @contextmanager
    def running(self, typed: str) -> Iterator[None]:
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(self.command(typed), stdout=log, stderr=log, cwd=self.folder)
            try:
                yield
            finally:
                process.terminate()
                process.wait(60)

    def wait_ready(self, within_s: float = 420) -> None:
        end = time.monotonic() + within_s
        ready = [*self.inside, sys.executable, "-c", _READY]
        while subprocess.run(ready, capture_output=True, timeout=30).returncode:
            assert time.monotonic() < end, (self.folder / "log").read_text()[-4000:]
            time.sleep(2)

    def counts_right(self) -> bool:
        said = self.run(f"vlp ask 'How many objects are there?' --image {self.picture} --json")
        return says_number(answer_of(json.loads(said)), len(SCENE.objects))


_READY = "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/ready', timeout=10)"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    if reason := missing():
        pytest.skip(reason)
    with Network(f"vlp{os.getpid()}") as network:
        yield Machine(network, tmp_path)


def test_serve_run(machine: Machine) -> None:
    with machine.running("exec serve run deployments.graph:build profile=embedded"):
        machine.wait_ready()
        assert machine.counts_right()


def test_serve_deploy_of_what_is_rendered(machine: Machine) -> None:
    (machine.folder / "serve.yaml").write_text(render(What.SERVE, "embedded"))
    machine.run("ray get-auth-token --generate")
    with machine.running("exec ray start --head --block --node-ip-address=127.0.0.1 --num-cpus=4"):
        machine.run("until serve deploy serve.yaml; do sleep 2; done")
        machine.wait_ready()
        assert machine.counts_right()
