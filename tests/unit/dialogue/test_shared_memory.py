"""Sessions in PostgreSQL, shared by two ingress replicas: each has a store of its own on one server."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vlp_graph.config import Memory as Config
from vlp_graph.dialogue.memory import Past, Store
from vlp_graph.dialogue.turn import Context, Picture


def _binaries() -> Path:
    """PostgreSQL's programs, installed from Debian's packages where they are missing."""
    root = Path("/usr/lib/postgresql")
    if not root.is_dir() and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update"], check=False, capture_output=True, timeout=300)
        install = ["apt-get", "install", "-y", "--no-install-recommends", "postgresql"]
        subprocess.run(install, check=False, capture_output=True, timeout=600)
    found = sorted(root.glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL here, and none could be installed")
    return found[-1].parent


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of our own, on loopback only, that ends with the tests."""
    programs, home, port = _binaries(), Path("/tmp") / f"vlp-postgres-{os.getpid()}", free_port()
    home.mkdir()
    as_user = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(home, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(*command: str) -> None:
        log = home.with_suffix(".log")  # not a pipe: the server inherits it, and would keep it open
        with log.open("ab") as out:
            done = subprocess.run([*as_user, *command], stdout=out, stderr=out, timeout=120, cwd=home, check=False)
        assert done.returncode == 0, log.read_text()

    run(str(programs / "initdb"), "-D", str(home / "data"), "-U", "vlp", "--auth=trust")
    options = f"-p {port} -h 127.0.0.1 -k {home}"
    run(str(programs / "pg_ctl"), "-D", str(home / "data"), "-o", options, "-w", "-l", str(home / "log"), "start")
    yield f"postgresql+asyncpg://vlp@127.0.0.1:{port}/postgres"
    run(str(programs / "pg_ctl"), "-D", str(home / "data"), "-m", "immediate", "stop")
    shutil.rmtree(home)
    home.with_suffix(".log").unlink()


async def test_two_replicas_share_sessions(url: str) -> None:
    one, other = Store(Config(url=url)), Store(Config(url=url))
    picture = Picture(np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8), "digest")
    await asyncio.gather(  # both make the tables: they came up together
        one.keep("a", "find the star", "I found the star.", [picture], Context("find the star", ("star",), (), 0)),
        other.keep("b", "hello", "hi", [], Context()),
    )
    past = await other.recall("a")
    assert [m.text for m in past.history] == ["find the star", "I found the star."]
    assert np.array_equal(past.pictures[0].pixels, picture.pixels)
    assert past.context == Context("find the star", ("star",), (), 0)
    await other.keep("a", "outline it", "I outlined the star.", [picture], Context("find the star", ("star",), (), 0))
    assert len((await one.recall("a")).history) == 4
    assert await one.recall("c") == Past()
    await one.close()
    await other.close()


async def test_turns_of_one_session_at_once_are_all_kept(url: str) -> None:
    stores = [Store(Config(url=url)) for _ in range(2)]
    await asyncio.gather(*(stores[n % 2].keep("busy", f"turn {n}", "ok", [], Context()) for n in range(8)))
    past = await stores[0].recall("busy")
    assert sorted(m.text for m in past.history if m.role == "user") == [f"turn {n}" for n in range(8)]
    for store in stores:
        await store.close()
