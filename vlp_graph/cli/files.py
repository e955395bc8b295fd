"""What an argument has to be that names a file or a folder, for typer."""

from __future__ import annotations

from typing import Any

A_FILE: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}
A_FOLDER: dict[str, Any] = {"exists": True, "file_okay": False}
