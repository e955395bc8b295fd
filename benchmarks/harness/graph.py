"""The graph that is measured: one that runs already, or one that is started for it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness.run import BenchmarkError
from vlp_graph.config import load
from vlp_graph.spawn import StartError, serving

NO_LIMIT = 100_000
"""Turns that wait: more than ever come."""


@contextmanager
def graph(options: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The URL of `--url`, or of the profile served on a free port, with `environment` added to this one's.

    Raises:
        BenchmarkError: it does not start.
    """
    if options.url is not None:
        yield options.url
        return
    try:
        with serving(options.profile, options.console, environment) as served:
            yield served.url
    except StartError as error:
        raise BenchmarkError(str(error)) from None


@contextmanager
def unlimited(profile: str) -> Iterator[Path]:
    """The file of a profile with limits that nothing reaches; otherwise the same."""
    import yaml

    base = str(Path(profile).resolve()) if Path(profile).suffix else profile
    most = {"max_ongoing_requests": NO_LIMIT, "max_queued_requests": NO_LIMIT}
    known = type(load(profile).models).model_fields
    says = {"extends": base, "name": "unlimited", "http": most, "models": dict.fromkeys(known, most)}
    with tempfile.TemporaryDirectory(prefix="vlp-load-") as folder:
        path = Path(folder) / "unlimited.yaml"
        path.write_text(yaml.safe_dump(says), encoding="utf-8")
        yield path
