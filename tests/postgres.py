"""A PostgreSQL server that tests may share sessions on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
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
