"""API keys: shown once, kept as hashes, taken back at once."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vlp_graph import keys
from vlp_graph.keys import KeyFileError, Keys


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "keys.json"


def test_a_key_is_known_by_its_hash_only(path: Path) -> None:
    token = keys.add(path, "ann")
    assert len(token) >= 43
    assert token not in path.read_text()
    (row,) = json.loads(path.read_text())["keys"]
    assert row["sha256"] == hashlib.sha256(token.encode()).hexdigest()
    assert Keys(path).name_of(token.encode()) == "ann"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_two_tokens_are_alike(path: Path) -> None:
    assert len({keys.add(path, f"k{n}") for n in range(20)}) == 20


def test_of_several_keys_each_is_its_own(path: Path) -> None:
    tokens = {name: keys.add(path, name) for name in ("ann", "bob", "cy")}
    known = Keys(path)
    assert {name: known.name_of(token.encode()) for name, token in tokens.items()} == {n: n for n in tokens}


def test_what_is_nearly_a_key_is_none(path: Path) -> None:
    token = keys.add(path, "ann").encode()
    known = Keys(path)
    hashed = json.loads(path.read_text())["keys"][0]["sha256"].encode()
    near = [b"", token[:-1], token + b"a", token.swapcase(), b" " + token, token + b"\0", hashed, token * 20]
    assert [known.name_of(other) for other in near] == [None] * len(near)


def test_a_changed_file_is_seen(path: Path) -> None:
    first = keys.add(path, "ann").encode()
    known = Keys(path)
    second = keys.add(path, "bob").encode()
    assert known.name_of(second) == "bob"
    keys.remove(path, "ann")
    assert known.name_of(first) is None
    assert known.name_of(second) == "bob"


def test_a_file_that_is_gone_lets_nobody_in(path: Path) -> None:
    token = keys.add(path, "ann").encode()
    known = Keys(path)
    path.unlink()
    assert known.name_of(token) is None
    again = keys.add(path, "ann").encode()
    assert known.name_of(again) == "ann"


def test_a_broken_file_changes_nothing(path: Path) -> None:
    token = keys.add(path, "ann").encode()
    known = Keys(path)
    path.write_text('{"keys": [')
    assert known.name_of(token) == "ann"
    assert known.name_of(b"other") is None


def test_names_are_taken_once(path: Path) -> None:
    keys.add(path, "ann")
    with pytest.raises(KeyFileError, match="already"):
        keys.add(path, "ann")
    assert [key.name for key in keys.read(path)] == ["ann"]


@pytest.mark.parametrize("name", ["", "a b", "a\n", "../x", "x" * 65, "é"])
def test_odd_names_are_refused(path: Path, name: str) -> None:
    with pytest.raises(KeyFileError, match="no name"):
        keys.add(path, name)
    assert not path.exists()


def test_removing_what_is_not_there_says_what_is(path: Path) -> None:
    keys.add(path, "ann")
    with pytest.raises(KeyFileError, match="known: ann"):
        keys.remove(path, "bob")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"keys": 5}',
        '{"keys": [{"name": "a"}]}',
        '{"keys": [{"name": "a", "sha256": "", "created": ""}]}',
        '{"keys": [{"name": "", "sha256": "%s", "created": ""}]}' % ("0" * 64),
    ],
)
def test_what_is_no_file_of_keys_is_not_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(KeyFileError, match="no file of keys"):
        Keys(path)


def test_a_missing_file_says_how_to_make_it(path: Path) -> None:
    with pytest.raises(KeyFileError, match="vlp keys add"):
        Keys(path)


def test_writers_do_not_lose_each_others_keys(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: keys.add(path, f"k{n}"), range(24)))
    assert len(keys.read(path)) == 24
    assert os.listdir(path.parent) == ["keys.json"]
