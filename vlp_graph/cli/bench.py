"""`vlp bench`: what the graph costs and gains, measured on this machine, and the page of results."""

from __future__ import annotations

from typing import Annotated

import typer

from vlp_graph.cli.exit import BAD_USAGE, FAILED, fail


def bench(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="which benchmark; `report` writes RESULTS.md from what they wrote, `all` runs each"),
    ] = None,
) -> None:
    """Run a benchmark: `vlp bench NAME --help` says what it compares and what it takes."""
    try:
        from benchmarks import report
        from benchmarks.harness import run
    except ImportError as error:
        fail(f"the benchmarks are not installed ({error}); pip install 'vlp-graph[bench]'", FAILED)
    names = ", ".join((*run.NAMES, "all", "report"))
    if name is None:
        fail(f"which one? There are {names}", BAD_USAGE)
    if name == "report":
        try:
            records = report.report()
        except FileNotFoundError as error:
            fail(str(error), FAILED)
        missed = sum(not target.held for record in records for target in record.targets)
        typer.echo(f"written: benchmarks/RESULTS.md, of {len(records)} benchmarks; targets missed: {missed}")
        return
    try:
        run.known(name) if name != "all" else None
    except ValueError:
        fail(f"no benchmark is named {name!r}: there are {names}", BAD_USAGE)
    for each in run.NAMES if name == "all" else [name]:
        try:
            run.start(each, context.args)
        except run.BenchmarkError as error:
            fail(f"{each}: {error}", FAILED)
