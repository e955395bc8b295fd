"""`vlp render` and `vlp check`: files for a cluster, made from a profile or looked through for mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlp_graph.cli.exit import BAD_USAGE, FAILED, fail
from vlp_graph.cli.files import A_FILE
from vlp_graph.render.what import What


def render(
    what: Annotated[What, typer.Argument(help="the file to make")],
    profile: Annotated[str, typer.Argument(help="a profile's name, or the path of a YAML file")] = "embedded",
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="write it here instead of printing it")] = None,
) -> None:
    """Make a file for a cluster from a profile: Serve config, its environment, RayService, what goes around that,
    `ray up` config, Karpenter pools, EKS cluster."""
    from vlp_graph.config import ProfileError
    from vlp_graph.render.render import render as rendered

    try:
        text = rendered(what, profile)
    except ProfileError as error:
        fail(str(error), BAD_USAGE)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def check(
    file: Annotated[Path, typer.Argument(help="a Serve config, a RayService, or a config for `ray up`", **A_FILE)],
    crd: Annotated[Path | None, typer.Option(metavar="PATH", help="KubeRay's rayservices CRD", **A_FILE)] = None,
) -> None:
    """Look for mistakes in a file for a cluster: unknown keys, values that Ray refuses, versions that differ."""
    from vlp_graph.config import ProfileError
    from vlp_graph.render.check import check as mistakes_in

    try:
        mistakes = mistakes_in(file, crd)
    except ProfileError as error:
        fail(str(error), BAD_USAGE)
    for mistake in mistakes:
        typer.echo(str(mistake), err=True)
    if mistakes:
        raise typer.Exit(FAILED)
