"""The `vlp` command, a module for each group of its subcommands.

Everything heavy is imported inside the command that needs it, so that help is immediate.
"""

from __future__ import annotations

import typer

from vlp_graph.cli.asking import ask
from vlp_graph.cli.bench import bench
from vlp_graph.cli.cluster import check, render
from vlp_graph.cli.evaluation import evaluate
from vlp_graph.cli.finetune import finetune
from vlp_graph.cli.keys import keys
from vlp_graph.cli.profiles import plan, profiles
from vlp_graph.cli.serving import fetch, serve

app = typer.Typer(
    name="vlp",
    help="Dialogue-guided visual language processing: ask about pictures, by text or voice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (serve, ask, profiles, plan, fetch, render, check):
    app.command()(command)
app.command("eval")(evaluate)
app.command(  # its own options are each benchmark's
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)(bench)
app.add_typer(keys, name="keys")
app.add_typer(finetune, name="finetune")


def main() -> None:
    """The console script."""
    app()
