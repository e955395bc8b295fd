"""What the environment says: the profile that is served, the client's key, where weights are kept."""

from __future__ import annotations

import os
from pathlib import Path


def served_name() -> str:
    """Name or path of the profile that this cluster serves: $VLP_PROFILE, else the default."""
    return os.environ.get("VLP_PROFILE") or "embedded"


def mark_served(profile: str) -> None:
    """Lets `served` of this process and of those it starts answer with this profile, by name or path."""
    os.environ["VLP_PROFILE"] = str(Path(profile).absolute()) if Path(profile).suffix else profile


def api_key() -> str | None:
    """The key with which the client asks: $VLP_API_KEY."""
    return os.environ.get("VLP_API_KEY") or None


def hub_cache() -> Path | None:
    """Where downloads from a model hub are kept: $HF_HOME, else in $VLP_CACHE; None: where the hub's client wants."""
    if chosen := os.environ.get("HF_HOME"):
        return Path(chosen).expanduser()
    return cache_dir() / "hub" if os.environ.get("VLP_CACHE") else None


def cache_dir() -> Path:
    """Where converted weights are kept: $VLP_CACHE, else $XDG_CACHE_HOME/vlp-graph, else ~/.cache/vlp-graph."""
    if chosen := os.environ.get("VLP_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base).expanduser() if base else Path.home() / ".cache") / "vlp-graph"
