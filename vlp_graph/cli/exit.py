"""How a command ends when it cannot go on: one line on stderr, and an exit code that says whose fault it is."""

from __future__ import annotations

from typing import NoReturn

import typer

BAD_USAGE, FAILED = 2, 1


def fail(message: str, code: int) -> NoReturn:
    typer.echo(f"vlp: {message}", err=True)
    raise typer.Exit(code)
