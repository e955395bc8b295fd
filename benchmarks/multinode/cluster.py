"""Ray on the nodes of a network, and the graph deployed on it by `serve deploy`."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from benchmarks.multinode.network import Network
from vlp_graph.render.render import render
from vlp_graph.render.what import What

HEAD, GCS_PORT, DASHBOARD_PORT, HTTP_PORT = "head", 6379, 8265, 8000
SLOT = "accelerator"
"""The resource that stands for a GPU: every worker has one, replicas take shares of it."""


@dataclass
class Cluster:
    """A head without work and workers with one accelerator each. `folder` takes Ray's files and the logs of nodes."""

    network: Network
    folder: Path
    environment: dict[str, str]
    cpus: int = 8
    token: str = field(default_factory=lambda: secrets.token_hex(32))
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        address = self.network.join(HEAD)
        ports = [f"--port={GCS_PORT}", f"--dashboard-host={address}", f"--dashboard-port={DASHBOARD_PORT}"]
        self._start(HEAD, "--head", *ports, f"--temp-dir={self.folder / 'ray'}", "--num-cpus=0")
        self._wait(lambda: bool(self.nodes()), 120, "the head")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in list(self._running):
            self.kill(node)

    def add(self, node: str) -> None:
        """A worker joins."""
        self.network.join(node)
        head = f"{self.network.address(HEAD)}:{GCS_PORT}"
        resources = json.dumps({SLOT: 1})
        self._start(node, f"--address={head}", f"--num-cpus={self.cpus}", f"--resources={resources}")
        self._wait(lambda: node in self.nodes(), 120, node)

    def kill(self, node: str) -> None:
        """A node is gone at once."""
        self.network.kill(node)
        self._running.pop(node).wait()

    def deploy(self, profile: str) -> None:
        """`serve deploy` of what `vlp render serve` makes of a profile; returns when Serve has taken it.

        Raises:
            RuntimeError: it was refused; with what the command said.
        """
        path = self.folder / "serve.yaml"
        path.write_text(render(What.SERVE, profile), encoding="utf-8")
        done = self._run([_program("serve"), "deploy", str(path), "--address", self._dashboard()])
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def status(self) -> dict[str, Any]:
        """What Serve says of itself: applications, deployments, replicas with their nodes, proxies."""
        reply = httpx.get(f"{self._dashboard()}/api/serve/applications/", headers=self._authorized(), timeout=30)
        answer: dict[str, Any] = reply.raise_for_status().json()
        return answer

    def replicas(self) -> dict[str, list[dict[str, Any]]]:
        """Running replicas of each deployment: `replica_id`, `node`, `pid`."""
        names = {address: node for node, address in self.addresses().items()}
        found: dict[str, list[dict[str, Any]]] = {}
        for application in self.status().get("applications", {}).values():
            for deployment, told in application.get("deployments", {}).items():
                found[deployment] = [
                    {"replica_id": r["replica_id"], "node": names.get(r["node_ip"], r["node_ip"]), "pid": r["pid"]}
                    for r in told.get("replicas", [])
                    if r["state"] == "RUNNING"
                ]
        return found

    def placed(self) -> dict[str, dict[str, int]]:
        """For each node its replicas of each deployment."""
        table: dict[str, Counter[str]] = {}
        for deployment, replicas in self.replicas().items():
            for replica in replicas:
                table.setdefault(replica["node"], Counter())[deployment] += 1
        return {node: dict(sorted(count.items())) for node, count in sorted(table.items())}

    def wait_running(self, within_s: float) -> float:
        """Seconds until the application runs whole.

        Raises:
            TimeoutError: it does not.
        """

        def running() -> bool:
            applications = self.status().get("applications", {})
            states = [a["status"] for a in applications.values()]
            if "DEPLOY_FAILED" in states:
                raise RuntimeError(json.dumps(applications, indent=1)[:4000])
            return states == ["RUNNING"]

        return self._wait(running, within_s, "the application")

    def nodes(self) -> list[str]:
        """Names of the nodes that Ray holds for alive."""
        try:
            reply = httpx.get(f"{self._dashboard()}/nodes?view=summary", headers=self._authorized(), timeout=10)
            summary = reply.raise_for_status().json()["data"]["summary"]
        except (httpx.HTTPError, ValueError, KeyError):
            return []
        alive = {n.get("ip") for n in summary if n["raylet"].get("state") == "ALIVE"}
        return [name for name, address in self.addresses().items() if address in alive]

    def addresses(self) -> dict[str, str]:
        return {node: self.network.address(node) for node in self._running}

    def url(self, node: str = HEAD) -> str:
        """Where a node's HTTP proxy listens."""
        return f"http://{self.network.address(node)}:{HTTP_PORT}"

    def _start(self, node: str, *options: str) -> None:
        address = f"--node-ip-address={self.network.address(node)}"
        command = [
            _program("ray"),
            "start",
            "--block",
            "--disable-usage-stats",
            address,
            "--object-store-memory=268435456",
        ]
        with (self.folder / f"{node}.log").open("wb") as log:
            self._running[node] = subprocess.Popen(
                [*self.network.inside(node), *command, *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self._variables(),
            )

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Beside the nodes, as an operator does."""
        return subprocess.run(command, capture_output=True, text=True, env=self._variables(), timeout=300)

    def _variables(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
        return inherited | self.environment | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}

    def _authorized(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def _dashboard(self) -> str:
        return f"http://{self.network.address(HEAD)}:{DASHBOARD_PORT}"

    def _wait(self, done: Any, within_s: float, what: str) -> float:
        start = time.monotonic()
        while time.monotonic() - start < within_s:
            try:
                if done():
                    return time.monotonic() - start
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        logs = "\n".join(f"{p.name}: {p.read_text(errors='replace')[-800:]}" for p in self.folder.glob("*.log"))
        raise TimeoutError(f"{what} is not there after {within_s:g} s\n{logs}")


def _program(name: str) -> str:
    """A command of this installation."""
    return str(Path(sys.executable).parent / name)
