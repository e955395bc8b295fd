"""Dockerfiles, without an engine to build them: a linter, what they copy, versions they name, who runs in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import ray
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
IMAGES = {"cpu": "cpu", "cuda": "gpu"}
"""By the name of the Dockerfile: the lock that goes in."""
FILES = [ROOT / "cluster" / f"Dockerfile.{name}" for name in IMAGES]


def instructions(path: Path) -> list[tuple[str, str]]:
    """In order, with continued lines joined."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def stages(path: Path) -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions(path):
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_linter_has_nothing_to_say(path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def sent(path: str) -> bool:
    """Whether .dockerignore lets a file go to the builder: the last pattern that fits it or a folder above decides."""
    parents = [path, *map(str, Path(path).parents)][:-1]
    decided = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        names = [Path(p).name for p in parents] if pattern.startswith("**/") else parents
        if any(fnmatch(name, pattern.removeprefix("**/")) for name in names):
            decided = line.startswith("!")
    return decided


def test_what_is_not_part_of_an_image_stays_here() -> None:
    assert sent("vlp_graph/cli/__init__.py")
    assert not any(map(sent, ("tests/unit/test_cli.py", ".git/config", "secrets/vlp-api-keys/keys.json", ".env")))
    assert not sent("vlp_graph/__pycache__/cli.cpython-311.pyc")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_what_is_copied_is_there_and_goes_to_the_builder(path: Path) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    copied = [rest.split()[:-1] for word, rest in instructions(path) if word == "COPY" and "--from=" not in rest]
    sources = {source.removeprefix("./") for line in copied for source in line}
    assert {"vlp_graph", "deployments", "pyproject.toml"} <= sources
    for source in sources:
        files = [file for file in tracked if file == source or file.startswith(f"{source}/")]
        assert files, f"{source} is not part of the repository"
        assert all(map(sent, files)), f".dockerignore holds {source} back"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_one_version_of_ray(path: Path) -> None:
    assert ("ARG", f"RAY_VERSION={ray.__version__}") in instructions(path)
    assert {rest.split()[0] for word, rest in instructions(path) if word == "FROM"} == {
        "rayproject/ray:${RAY_VERSION}-py311-cpu"
    }
    lock = (ROOT / f"requirements-{IMAGES[path.suffix[1:]]}.lock").read_text()
    assert f"\nray=={ray.__version__}\n" in lock
    assert f"vlp-graph:{ray.__version__} " in path.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_nobody_is_root_and_somebody_asks_whether_it_lives(path: Path) -> None:
    last = dict(stages(path)[-1])
    assert last["USER"] == "1000:100"
    assert "/health/live" in last["HEALTHCHECK"]
    assert "entrypoint.sh" in last["ENTRYPOINT"]


@pytest.mark.parametrize(("lock", "extras"), [("gpu", ["gpu", "aws"]), ("cpu", ["cpu"])])
def test_a_lock_has_what_the_project_asks_for(lock: str, extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(r for extra in extras for r in project["optional-dependencies"][extra])]
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / f"requirements-{lock}.lock").read_text(), re.M))
    for wanted in map(Requirement, asked):
        assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)], prereleases=True), str(wanted)


@pytest.mark.parametrize(
    ("arguments", "env", "ran"),
    [
        (["serve"], {}, "vlp serve --profile embedded --host 0.0.0.0 --port 8080 --open"),
        (["serve"], {"VLP_PROFILE": "g5"}, "vlp serve --profile g5 --host 0.0.0.0 --port 8080 --open"),
        (["serve"], {"SAGEMAKER_BIND_TO_PORT": "9"}, "vlp serve --profile embedded --host 0.0.0.0 --port 9 --open"),
        (["serve", "deploy", "f.yaml"], {}, "serve deploy f.yaml"),
        (["vlp", "serve", "--host", "0.0.0.0"], {}, "vlp serve --host 0.0.0.0"),
        (["ray", "start", "--head"], {}, "ray start --head"),
    ],
)
def test_a_container_is_started_as_sagemaker_does_and_as_people_do(
    arguments: list[str], env: dict[str, str], ran: str, tmp_path: Path
) -> None:
    for name in ("vlp", "ray", "serve"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho {name} "$@"\n')
        program.chmod(0o755)
    done = subprocess.run(
        [ROOT / "cluster" / "entrypoint.sh", *arguments],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ran
