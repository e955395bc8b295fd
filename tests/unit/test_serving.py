"""Nobody is let in by forgetting something."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlp_graph import keys
from vlp_graph.config import Profile, load
from vlp_graph.serving import StartError, _who_may_ask


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLP_API_KEYS_FILE", raising=False)


def with_keys(path: Path) -> Profile:
    profile = load("embedded")
    return profile.model_copy(update={"http": profile.http.model_copy(update={"keys_file": str(path)})})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_needs_no_key(host: str) -> None:
    assert "only this machine" in _who_may_ask(load("embedded"), host, is_open=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_other_machines_do_unless_it_is_said(host: str) -> None:
    with pytest.raises(StartError, match="--open"):
        _who_may_ask(load("embedded"), host, is_open=False)
    assert "Anyone" in _who_may_ask(load("embedded"), host, is_open=True)


def test_with_keys_any_address_may_be_listened_to(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(StartError, match="vlp keys add"):
        _who_may_ask(with_keys(path), "127.0.0.1", is_open=True)
    keys.add(path, "ann")
    assert "1 in" in _who_may_ask(with_keys(path), "0.0.0.0", is_open=False)
    keys.remove(path, "ann")
    assert "nobody" in _who_may_ask(with_keys(path), "0.0.0.0", is_open=False)


def test_the_environment_goes_before_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLP_API_KEYS_FILE", str(tmp_path / "other.json"))
    assert with_keys(tmp_path / "keys.json").http.keys_path() == tmp_path / "other.json"
