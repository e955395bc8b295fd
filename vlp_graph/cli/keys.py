"""`vlp keys`: who may ask a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlp_graph.cli.exit import BAD_USAGE, FAILED, fail

keys = typer.Typer(help="API keys: who may ask a server.", no_args_is_help=True, rich_markup_mode=None)

_KEY_NAME = typer.Argument(help="whose key it is; sessions belong to this name")
_KEY_FILE = typer.Option("--file", metavar="PATH", help="the file of keys; else $VLP_API_KEYS_FILE or the profile's")
_KEY_PROFILE = typer.Option("--profile", help="whose http.keys_file is meant")


@keys.command("add")
def keys_add(
    name: Annotated[str, _KEY_NAME],
    file: Annotated[Path | None, _KEY_FILE] = None,
    profile: Annotated[str, _KEY_PROFILE] = "embedded",
) -> None:
    """Make a key and print it, once: only its hash is kept. A running server takes it from now on."""
    from vlp_graph import keys as kept

    path = _keys_path(file, profile)
    try:
        typer.echo(kept.add(path, name))
    except kept.KeyFileError as error:
        fail(str(error), FAILED)
    typer.echo(f"vlp: the key of {name} is kept in {path} as a hash; nobody can print it again", err=True)


@keys.command("list")
def keys_list(
    file: Annotated[Path | None, _KEY_FILE] = None, profile: Annotated[str, _KEY_PROFILE] = "embedded"
) -> None:
    """Whose keys there are, since when, and the first digits of their hashes."""
    from vlp_graph import keys as kept

    try:
        known = kept.read(_keys_path(file, profile))
    except kept.KeyFileError as error:
        fail(str(error), FAILED)
    for key in known:
        typer.echo(f"{key.name}  {key.created}  {key.sha256[:12]}")


@keys.command("remove")
def keys_remove(
    name: Annotated[str, _KEY_NAME],
    file: Annotated[Path | None, _KEY_FILE] = None,
    profile: Annotated[str, _KEY_PROFILE] = "embedded",
) -> None:
    """Take a key back. A running server refuses it from now on."""
    from vlp_graph import keys as kept

    try:
        kept.remove(_keys_path(file, profile), name)
    except kept.KeyFileError as error:
        fail(str(error), FAILED)


def _keys_path(file: Path | None, profile: str) -> Path:
    """The file that is meant."""
    from vlp_graph.config import ProfileError, load

    try:
        path = file.absolute() if file is not None else load(profile).http.keys_path()
    except ProfileError as error:
        fail(str(error), BAD_USAGE)
    if path is None:
        fail("which file of keys? Give --file PATH, VLP_API_KEYS_FILE, or http.keys_file in the profile", BAD_USAGE)
    return path
