"""`vlp serve` and `vlp fetch`: the graph on this machine, and its weights ahead of it."""

from __future__ import annotations

from typing import Annotated

import typer

from vlp_graph.cli.exit import BAD_USAGE, FAILED, fail


def serve(
    profile: Annotated[str, typer.Option(help="a profile's name, or the path of a YAML file")] = "embedded",
    host: Annotated[str | None, typer.Option(help="address to listen on; else the profile's")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="else the profile's")] = None,
    is_open: Annotated[bool, typer.Option("--open", help="without API keys listen to other machines, too")] = False,
) -> None:
    """Start the graph here and serve it until Ctrl-C."""
    from vlp_graph.config import ProfileError, load

    try:
        load(profile).http.keys_path()
    except ProfileError as error:
        fail(str(error), BAD_USAGE)
    from vlp_graph import serving

    try:
        serving.run(profile, host, port, is_open=is_open)
    except serving.StartError as error:
        fail(str(error), FAILED)


def fetch(
    profile: Annotated[str, typer.Argument(help="a profile's name, or the path of a YAML file")] = "embedded",
) -> None:
    """Download all weights of a profile ahead, into $HF_HOME (else $VLP_CACHE/hub, else the hub client's own cache)."""
    from vlp_graph.config import ProfileError, load
    from vlp_graph.engines.fetching import FetchError, of_models
    from vlp_graph.engines.fetching import fetch as download

    try:
        wanted = of_models(load(profile).models)
        for weights in wanted:
            typer.echo(f"{weights.id}  {weights.revision or 'newest'}", err=True)
            typer.echo(f"{weights.id}: {download(weights)}")
    except ProfileError as error:
        fail(str(error), BAD_USAGE)
    except FetchError as error:
        fail(str(error), FAILED)
    if not wanted:
        typer.echo(f"{profile}: nothing to download, all weights come from packages and paths")
