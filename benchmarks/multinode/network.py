"""Network namespaces as machines: each node has an address, ports and loopback of its own.

They hang on one bridge in a namespace that has no way out, so nothing of it is reached from the machine or beyond.
Linux, root and iproute2 (`ip`) are needed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import time
from itertools import count
from types import TracebackType
from typing import Self

CLONE_NEWNET = 0x40000000
SUBNET = "10.77.0"
DRIVER = 1
FIRST_NODE = 10


def missing() -> str | None:
    """What keeps namespaces from being made here; None if nothing does."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "network namespaces need iproute2 (the command ip)"
    done = subprocess.run(["ip", "netns", "add", "vlp-probe"], capture_output=True, text=True)
    if done.returncode:
        return f"no network namespaces here: {done.stderr.strip()}"
    _ip("netns", "del", "vlp-probe")
    return None


class Network:
    """`with Network("vlp") as network: network.join("head")`: everything ends with it.

    The thread that enters stands beside the nodes then, for good, and so does what it starts.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: dict[str, int] = {}
        self._numbers = count(FIRST_NODE)

    def __enter__(self) -> Self:
        _ip("netns", "add", self.name)
        self._inside("link", "add", "bridge", "type", "bridge")
        self._inside("addr", "add", f"{SUBNET}.{DRIVER}/24", "dev", "bridge")
        self._inside("link", "set", "bridge", "up")
        self._inside("link", "set", "lo", "up")
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in list(self._nodes):
            self.kill(node)
        _ip("netns", "del", self.name)

    def join(self, node: str) -> str:
        """A new node; its address."""
        number = self._nodes[node] = next(self._numbers)
        namespace, wire = self._namespace(node), f"wire{number}"
        _ip("netns", "add", namespace)
        self._inside("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        self._inside("link", "set", wire, "master", "bridge", "up")
        _ip("-n", namespace, "addr", "add", f"{self.address(node)}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _ip("-n", namespace, "link", "set", device, "up")
        return self.address(node)

    def address(self, node: str) -> str:
        return f"{SUBNET}.{self._nodes[node]}"

    def inside(self, node: str) -> list[str]:
        """What stands before a command that runs on a node."""
        return ["ip", "netns", "exec", self._namespace(node)]

    def kill(self, node: str) -> None:
        """The power goes: every process of the node at once, and its address."""
        namespace = self._namespace(node)
        end_all(namespace)
        _ip("netns", "del", namespace)
        self._nodes.pop(node)

    def _enter(self) -> None:
        with open(f"/var/run/netns/{self.name}", "rb") as namespace:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def _namespace(self, node: str) -> str:
        return f"{self.name}-{node}"

    def _inside(self, *arguments: str) -> None:
        _ip("-n", self.name, *arguments)


def processes(namespace: str) -> list[int]:
    """Process ids that live in a namespace."""
    done = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True)
    return [int(pid) for pid in done.stdout.split()]


def end_all(namespace: str) -> None:
    """SIGKILL to all that lives in a namespace, until nothing does."""
    while pids := processes(namespace):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.1)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
