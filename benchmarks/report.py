"""`vlp bench report`: RESULTS.md out of what the benchmarks wrote, so that no figure in it was typed.

What a reader should make of a result (where a neighbour wins, why a bound was missed) is written by people, in
`results/NAME.md`; it is taken over below the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness.record import Record
from benchmarks.harness.run import NAMES, RESULTS
from benchmarks.harness.show import markdown, said

HEAD = """# Results

Made by `vlp bench report` from the JSON files in `results/` (raw samples in each). Compare what stands in one table:
its sides ran in one run and took turns. Do not compare seconds across machines; ratios carry further.
"""


def report(folder: Path = RESULTS, path: Path = RESULTS.parent / "RESULTS.md") -> list[Record]:
    """Writes `path` from the records in `folder`; pictures stay where they are.

    Raises:
        FileNotFoundError: there is no record.
        ValueError: one of them is no record.
    """
    records = [Record.read(file) for name in NAMES if (file := folder / f"{name}.json").is_file()]
    if not records:
        raise FileNotFoundError(f"{folder}: no results; run `vlp bench NAME` first")
    lines = [HEAD, *_targets(records)]
    for record in records:
        lines += ["", *_section(record, folder, path.parent)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return records


def _targets(records: list[Record]) -> Iterator[str]:
    yield "| Held | Target | Benchmark |"
    yield "|---|---|---|"
    for record in records:
        for target in record.targets:
            anchor = f"[{record.name}](#{record.name})"
            yield f"| {'yes' if target.held else '**no**'} | {said(target)} | {anchor} |"


def _section(record: Record, folder: Path, base: Path) -> Iterator[str]:
    method, machine = record.method, record.machine
    yield f"## {record.name}"
    yield ""
    yield f"{record.title}. {method.compares}"
    yield ""
    yield f"* Loop: {method.loop}. Arrivals: {method.arrivals}."
    yield f"* Lengths: {method.lengths}. Warm-up: {method.warm_up}. Repeats: {method.repeats}."
    for side, settings in record.settings.items():
        yield f"* {side}: {settings}"
    for table in record.tables:
        yield ""
        yield from markdown(table)
    picture = folder / f"{record.name}.png"
    if picture.is_file():
        yield ""
        yield f"![{record.title}]({_relative(picture, base)})"
    said_of = folder / f"{record.name}.md"
    if said_of.is_file():
        yield ""
        yield said_of.read_text(encoding="utf-8").strip()
    yield ""
    gpus = f", {', '.join(machine.gpus)}" if machine.gpus else ", no GPU"
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    quick = " **A quick run: no result.**" if record.quick else ""
    yield (
        f"<sub>`vlp bench {record.name}`, profile {record.profile}, {record.taken}, {record.seconds:.0f} s;"
        f" {machine.processor}, {machine.cores} cores, {machine.memory_gib:g} GiB{gpus}; load average before"
        f" {machine.load_before:g}; {versions}.{quick}</sub>"
    )


def _relative(path: Path, base: Path) -> str:
    try:
        return path.resolve().relative_to(base.resolve()).as_posix()
    except ValueError:
        return path.name
