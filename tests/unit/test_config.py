"""Profiles: what is wrong is said with its line and the nearest right key."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from vlp_graph.config import Profile, ProfileError, load, names

Edit = Callable[[str, str], Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """The embedded profile with one text replaced by another, as a file."""
    embedded = (resources.files("vlp_graph") / "profiles" / "embedded.yaml").read_text(encoding="utf-8")

    def edit(old: str, new: str) -> Path:
        assert embedded.count(old) >= 1
        path = tmp_path / "mine.yaml"
        path.write_text(embedded.replace(old, new, 1), encoding="utf-8")
        return path

    return edit


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize("name", names())
def test_every_profile_of_the_package_loads(name: str) -> None:
    profile = load(name)
    assert isinstance(profile, Profile)
    assert profile.name == name
    assert profile.description


def test_embedded_is_there_and_the_default() -> None:
    assert "embedded" in names()
    assert load().name == "embedded"


def test_a_path_is_a_profile(edited: Edit) -> None:
    assert load(str(edited("turn_s: 60", "turn_s: 61"))).dialogue.turn_s == 61


@pytest.mark.parametrize(
    ("old", "typo", "place", "near"),
    [
        ("max_model_len:", "max_model_length:", "models.llama.max_model_length", "max_model_len"),
        ("turn_s:", "turns:", "dialogue.turns", "turn_s"),
        ("wait_ms: 2", "wait: 2", "models.idefics.batch.wait", "wait_ms"),
        ("http:", "htpp:", "htpp", "http"),
    ],
)
def test_a_typo_names_the_line_and_the_nearest_key(edited: Edit, old: str, typo: str, place: str, near: str) -> None:
    path = edited(old, typo)
    with pytest.raises(ProfileError) as caught:
        load(str(path))
    assert f"mine.yaml:{line_of(path, typo)}: {place}: not a key; did you mean {near}?" in str(caught.value)


def test_every_mistake_is_told_at_once(edited: Edit) -> None:
    path = edited("turn_s: 60\n  task_s: 30", "turns: 60\n  tasks: 30")
    with pytest.raises(ProfileError) as caught:
        load(str(path))
    assert len(str(caught.value).splitlines()) == 2


def test_a_wrong_value_names_its_line(edited: Edit) -> None:
    path = edited("port: 8000", "port: 80000")
    with pytest.raises(ProfileError, match=f"mine.yaml:{line_of(path, 'port:')}: http.port: .*65535"):
        load(str(path))


def test_too_many_cpus_are_refused(edited: Edit) -> None:
    with pytest.raises(ProfileError, match=r"3\.5 CPUs together, cpus says 2: raise cpus"):
        load(str(edited("cpus: 4", "cpus: 2")))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("num_cpus: 1\n", "num_cpus: 1\n    device: cuda\n", "cuda needs num_gpus"),
        ("num_cpus: 1\n", "num_cpus: 1\n    num_gpus: 0.5\n", "needs device cuda"),
        ("num_cpus: 1\n", "num_cpus: 1\n    replicas: {min: 3, max: 2}\n", "max .2. is below min .3."),
    ],
)
def test_contradictions_are_refused(edited: Edit, old: str, new: str, words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        load(str(edited(old, new)))


@pytest.mark.parametrize("text", ["a: [1", "", "- 1\n- 2\n", "just words\n"])
def test_no_profile_at_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=r"broken\.yaml"):
        load(str(path))


def test_an_unknown_profile_suggests() -> None:
    with pytest.raises(ProfileError, match=r"no profile 'embeded'.*did you mean 'embedded'"):
        load("embeded")
    with pytest.raises(ProfileError, match="no profile"):
        load("no/such/file.yaml")


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load("embedded").http.port = 1  # type: ignore[misc]


def test_a_profile_says_only_what_differs_from_another(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: embedded\nname: mine\ndescription: mine\nmodels: {llama: {max_num_seqs: 4, planner: null}}\n"
    )
    (tmp_path / "yours.yaml").write_text("extends: mine.yaml\nname: yours\ndialogue: {router: cot}\n")
    embedded, yours = load("embedded"), load(str(tmp_path / "yours.yaml"))
    assert (yours.name, yours.description, yours.dialogue.router) == ("yours", "mine", "cot")
    assert (yours.models.llama.max_num_seqs, yours.models.llama.planner) == (4, None)
    assert yours.models.llama.source == embedded.models.llama.source
    assert yours.models.whisper == embedded.models.whisper


def test_a_mistake_is_told_in_the_file_that_makes_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: embedded\nname: mine\ndialogue:\n  turns: 3\n")
    (tmp_path / "yours.yaml").write_text("extends: mine.yaml\n\nhttp: {prt: 1}\n")
    with pytest.raises(ProfileError) as caught:
        load(str(tmp_path / "yours.yaml"))
    assert set(str(caught.value).splitlines()) == {
        "mine.yaml:4: dialogue.turns: not a key; did you mean turn_s?",
        "yours.yaml:3: http.prt: not a key; did you mean port?",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: embeded\n", "mine.yaml:1: extends: no profile 'embeded'"),
        ("name: x\nextends: mine.yaml\n", "mine.yaml:2: extends: mine.yaml extends mine.yaml: this does not end"),
        ("extends: 3\n", "mine.yaml:1: extends: the name of a profile"),
        (
            "extends: embedded\ndialogue:\n  turn_s: 1\n  turn_s: 2\n",
            "mine.yaml:4: turn_s: stands twice, first in line 3",
        ),
        ("extends: embedded\ndialogue: {router: fst}\n", "mine.yaml:2: dialogue.router: 'fst' is none of fast, cot"),
        ("extends: embedded\nhttp: {port: abc}\n", "mine.yaml:2: http.port: .* .it is 'abc'"),
    ],
)
def test_what_is_wrong_with_a_file_that_extends(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ProfileError, match=message):
        load(str(tmp_path / "mine.yaml"))
