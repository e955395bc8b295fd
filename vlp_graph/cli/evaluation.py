"""`vlp eval`: how often a running graph is right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlp_graph.cli.exit import BAD_USAGE, FAILED, fail


def evaluate(
    url: Annotated[str, typer.Option(help="where `vlp serve` listens")] = "http://127.0.0.1:8000",
    only: Annotated[
        list[str] | None, typer.Option(help="turns, scenes, dialogues, injections; looked-at; repeatable")
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for report.json and confusion.png")] = Path("evaluation"),
    clients: Annotated[int, typer.Option(min=1, max=64, help="turns that are asked side by side")] = 6,
) -> None:
    """Measure a running graph: intent, plans and phrases, answers about scenes, whole dialogues."""
    from rich.console import Console
    from rich.table import Table

    from vlp_graph.client import Client, RemoteError
    from vlp_graph.config import api_key
    from vlp_graph.nano import graph_eval

    known = (*graph_eval.STAGES, graph_eval.LOOKED_AT)
    if unknown := set(only or ()) - set(known):
        fail(f"--only {sorted(unknown)[0]}: known are {', '.join(known)}", BAD_USAGE)
    try:
        with Client(url, key=api_key()) as client:
            report = graph_eval.run(client, only or graph_eval.STAGES, clients=clients)
    except RemoteError as error:
        fail(str(error), FAILED)
    graph_eval.save(report, out)
    table = Table("what", "right", "of", "median s")
    for name, row in report.as_json()["rows"].items():
        table.add_row(name, f"{row['right']:.3f}", str(row["asked"]), f"{row['median_s']:.2f}")
    Console().print(table)
    typer.echo(f"written: {out / 'report.json'}")
