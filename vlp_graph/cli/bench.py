"""`vlp bench`: what the graph costs and gains, measured on this machine, and the page of results."""

from __future__ import annotations

from typing import Annotated

import typer

from vlp_graph.cli.exit import BAD_USAGE, FAILED, fail

HELP = ("--help", "-h")


def bench(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="which benchmark; `report` writes RESULTS.md from what they wrote, `all` runs each"),
    ] = None,
) -> None:
    """Run a benchmark: `vlp bench NAME --help` says what it compares and what it takes."""
    try:
        from benchmarks.harness import run
    except ImportError as error:
        fail(f"the benchmarks are not installed ({error}); pip install 'vlp-graph[bench]'", FAILED)
    names = ", ".join((*run.NAMES, "all", "report"))
    if name in HELP or (name in ("all", "report") and set(context.args) & set(HELP)):
        typer.echo(f"{context.get_help()}\n\nThere are {names}.")
        return
    if name is None:
        fail(f"which one? There are {names}", BAD_USAGE)
    if name.startswith("-"):
        fail(f"{name}: options come after the benchmark's name. There are {names}", BAD_USAGE)
    if name == "report":
        _report(context.args)
        return
    if name not in (*run.NAMES, "all"):
        fail(f"no benchmark is named {name!r}: there are {names}", BAD_USAGE)
    failed = [each for each in (run.NAMES if name == "all" else [name]) if not _ran(each, context.args)]
    if failed:
        raise typer.Exit(FAILED)


def _ran(name: str, arguments: list[str]) -> bool:
    """Whether it could be run to its end; says why not. What was wrong with the command ends it."""
    from benchmarks.harness import run
    from vlp_graph.config import ProfileError

    try:
        run.start(name, arguments)
    except ImportError as error:
        typer.echo(f"vlp: {name} needs what is not installed ({error}); pip install 'vlp-graph[bench]'", err=True)
    except run.BenchmarkError as error:
        typer.echo(f"vlp: {name}: {error}", err=True)
    except ProfileError as error:
        fail(str(error), BAD_USAGE)
    else:
        return True
    return False


def _report(arguments: list[str]) -> None:
    from benchmarks import report

    if arguments:
        fail(f"report takes no options: {' '.join(arguments)}", BAD_USAGE)
    try:
        records = report.report()
    except (FileNotFoundError, ValueError) as error:
        fail(str(error), FAILED)
    missed = sum(not target.held for record in records for target in record.targets)
    typer.echo(f"written: benchmarks/RESULTS.md, of {len(records)} benchmarks; targets missed: {missed}")
