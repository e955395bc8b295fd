"""One way to start any benchmark: `vlp bench NAME …`, `python -m benchmarks NAME …`.

A benchmark is a module (or package) of `benchmarks` with a docstring, which its help shows, and

* `run(options) -> Record`;
* `draw(record) -> Figure`, which sees no more than the record, so that a picture can be drawn again;
* `arguments(parser)`, where it takes more than the common options.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

from rich.console import Console

from benchmarks.harness.record import Record
from benchmarks.harness.show import save, show
from vlp_graph.config import load

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS = Path(__file__).parents[1] / "results"
NAMES = (
    "dynamic_batching",
    "model_batching",
    "tensor_parallel",
    "graph_overhead",
    "speculation",
    "session_reuse",
    "load",
    "neighbours",
    "startup_memory",
)
"""In the order in which RESULTS.md shows them."""


class BenchmarkError(Exception):
    """It cannot be run here, or what it compares did not answer as it must."""


class WrongAnswer(BenchmarkError):
    """What was asked has another answer: small weights miss a few. Too many of them, and a run says nothing."""


class Benchmark(Protocol):
    """What a module offers."""

    __doc__: str | None

    def run(self, options: argparse.Namespace) -> Record: ...
    def draw(self, record: Record) -> Figure: ...


def known(name: str) -> Benchmark:
    """
    Raises:
        ValueError: there is none of that name.
    """
    if name not in NAMES:
        raise ValueError(f"no benchmark is named {name!r}: there are {', '.join(NAMES)}")
    return cast(Benchmark, importlib.import_module(f"benchmarks.{name}"))


def parser(name: str, benchmark: Benchmark) -> argparse.ArgumentParser:
    """The common options and the benchmark's own."""
    found = argparse.ArgumentParser(
        prog=f"vlp bench {name}",
        description=benchmark.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("--profile", default="embedded", help="profile that is served (a name or a file)")
    found.add_argument("--url", help="a graph that runs already; without it one is started, and stopped at the end")
    found.add_argument("--out", type=Path, default=RESULTS, help="folder for NAME.json and NAME.png")
    found.add_argument("--quick", action="store_true", help="seconds instead of minutes: shows that it works, no more")
    more = getattr(cast(ModuleType, benchmark), "arguments", None)
    if more is not None:
        more(found)
    return found


def start(name: str, arguments: Sequence[str], console: Console | None = None) -> Record:
    """Run it, show its table, keep its figures and its picture. `options.console` is for what it says meanwhile.

    Raises:
        BenchmarkError: it cannot be run here, nothing can be kept in `--out`, or a side is wrong.
        ProfileError: the profile cannot be used.
        ImportError: it needs what is not installed.
    """
    console = console or Console(highlight=False)
    benchmark = known(name)
    options = parser(name, benchmark).parse_args(arguments, argparse.Namespace(console=console))
    load(options.profile)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    try:  # now, not after minutes
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchmarkError(f"--out {options.out}: {error.strerror}") from None
    began = time.perf_counter()
    record = benchmark.run(options)
    record = record.model_copy(update={"seconds": round(time.perf_counter() - began, 1)})
    show(record, console)
    for path in (record.write(options.out), save(benchmark.draw(record), options.out / f"{name}.png")):
        console.print(f"written: {path}", soft_wrap=True)
    return record
