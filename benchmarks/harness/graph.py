"""The graph that is measured: one that runs already, or one that is started for it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from benchmarks.harness.run import BenchmarkError
from vlp_graph.spawn import StartError, serving


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
