"""What is kept of a run: enough to draw its table and picture again, and to doubt it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmarks.harness.machine import Machine


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Method(_Kept):
    """How it was measured, in words that a sceptic asks for."""

    compares: str
    loop: str
    """closed (clients wait for their answer, how many) or open (turns come when they come)"""
    arrivals: str = "each client's next request when its last is answered"
    lengths: str
    """of prompts, outputs, pictures, sound: whatever decides the work"""
    warm_up: str
    repeats: str
    """and how the sides took turns"""


class Table(_Kept):
    """Rows as they are shown; numbers stay numbers, and are rounded where they are shown."""

    title: str
    columns: list[str]
    rows: list[list[str | int | float | None]]
    note: str = ""


class Target(_Kept):
    """A bound that the run is held against: `value` must be at least, or at most, `bound`."""

    what: str
    value: float
    bound: float
    at: Literal["least", "most"]

    @property
    def held(self) -> bool:
        return self.value >= self.bound if self.at == "least" else self.value <= self.bound


class Record(_Kept):
    """One run of one benchmark. `samples` are raw: what each request took, before any median."""

    name: str
    title: str
    method: Method
    settings: dict[str, Any]
    """of each side: options, environment, flags"""
    tables: list[Table]
    targets: list[Target] = Field(default_factory=list)
    samples: list[dict[str, Any]]
    profile: str
    quick: bool = False
    """A short run that shows that the benchmark works: its figures are no results."""
    taken: str = Field(default_factory=lambda: datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"))
    seconds: float = 0.0
    machine: Machine

    def write(self, folder: Path) -> Path:
        """As `NAME.json`, samples one a line."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        kept = self.model_dump(mode="json")
        samples = kept.pop("samples")
        head = json.dumps(kept, indent=1, ensure_ascii=False).removesuffix("\n}")
        lines = ",\n  ".join(json.dumps(sample, ensure_ascii=False) for sample in samples)
        path.write_text(f'{head},\n "samples": [\n  {lines}\n ]\n}}\n', encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> Record:
        """
        Raises:
            ValueError: the file holds something else.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "it"
            raise ValueError(
                f"{path.name} is no record of a run ({where}: {first['msg']}); run `vlp bench {path.stem}` again"
            ) from None
