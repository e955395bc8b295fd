"""JSONL of one's own: every line is checked before anything heavy is loaded, and a broken one is told by its number."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from vlp_graph.config.strict import Strict

T = TypeVar("T", bound=Strict)


class DataError(ValueError):
    """A line of the data cannot be learned from; says which line and why."""


class EntryError(ValueError):
    """What a line says is of the right form, but cannot be meant."""


@dataclass(frozen=True)
class Lines(Generic[T]):
    """The entries of a JSONL file, each with the number of its line."""

    path: Path
    numbers: tuple[int, ...]
    entries: tuple[T, ...]

    def error(self, index: int, reason: str) -> DataError:
        """The error of the entry at that index."""
        return DataError(f"{self.path.name}:{self.numbers[index]}: {reason}")

    def split(self, share: float, of: Callable[[T], str], seed: int) -> tuple[list[T], list[T]]:
        """What to learn from, and about `share` of the entries held out (one at least, where it is not 0). Entries that
        are alike in `of` stay on one side, wherever they stand in the file.

        Raises:
            DataError: nothing would be left to learn from.
        """

        def place(key: str) -> bytes:
            return hashlib.sha256(f"{seed} {key}".encode()).digest()

        keys = sorted({of(entry) for entry in self.entries}, key=place)
        apart = set(keys[: max(1, round(share * len(keys)))] if share else [])
        if len(apart) == len(keys):
            raise DataError(
                f"{self.path.name}: {len(keys)} different lines are too few to hold {share:.0%} of them out"
            )
        sides: tuple[list[T], list[T]] = ([], [])
        for entry in self.entries:
            sides[of(entry) in apart].append(entry)
        return sides


def read(path: Path, form: type[T], check: Callable[[T], None]) -> Lines[T]:
    """All entries of a JSONL file; empty lines are skipped. `check` raises EntryError for what the form cannot tell.

    Raises:
        DataError: a line is no JSON, not of the form, or refused by `check`; or there is none.
    """
    numbers, entries = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = form.model_validate(_object(line))
            check(entry)
        except ValidationError as error:
            raise DataError(f"{path.name}:{number}: {_told(form, error)}") from None
        except EntryError as error:
            raise DataError(f"{path.name}:{number}: {error}") from None
        numbers.append(number)
        entries.append(entry)
    if not entries:
        raise DataError(f"{path.name}: no lines in it")
    return Lines(path, tuple(numbers), tuple(entries))


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise EntryError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise EntryError("not JSON that can be meant: nested too deep") from None
    if not isinstance(value, dict):
        raise EntryError(f"a line is a JSON object {{...}}, this is a {type(value).__name__}")
    return value


def _told(form: type[BaseModel], error: ValidationError) -> str:
    """The first mistake of a line: where it is, what is wrong, and what was likely meant."""
    first = error.errors(include_url=False)[0]
    location = [part for part in first["loc"] if part not in ("plan", "text")]
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        known = _keys(form, location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, 1, 0.5)
        message = "no such key" + (f": did you mean {near[0]!r}?" if near else f": known are {', '.join(known)}")
    elif first["type"] == "literal_error":
        known = [name.strip().strip("'") for name in first["ctx"]["expected"].replace(" or ", ",").split(",")]
        near = difflib.get_close_matches(str(first["input"]), known, 1, 0.5)
        message = f"{first['input']!r} is none of {', '.join(known)}" + (f": did you mean {near[0]!r}?" if near else "")
    elif first["type"] == "missing":
        message = "is missing"
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")
    return f"{where}: {message}" if where else message


def _keys(form: type[BaseModel], location: list[Any]) -> list[str]:
    """The keys that may stand at this place of the form."""
    at: type[BaseModel] = form
    for part in location:
        if isinstance(part, str):
            at = next(_models(at.model_fields[part].annotation), at)
    return list(at.model_fields)


def _models(annotation: Any) -> Any:
    """The models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
