"""The command: models in turn, each in a process of its own; a table; JSON with `--save`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import benchmarks.gpu_memory as package
from benchmarks.gpu_memory.measure import measured, on_cpu
from benchmarks.gpu_memory.parts import Measured
from vlp_graph.config import Model, Profile, ProfileError, load
from vlp_graph.config.hardware import Gpu
from vlp_graph.sizing.machines import Node, here
from vlp_graph.sizing.memory import RAY_GIB, footprint, runs_in_vllm

FAILED, NOT_HERE = 1, 2
_TOLD_LINES = 12


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """0: all that fit were measured; 1: one failed; 2: no GPU is here, or the profile is at fault."""
    options = _parser().parse_args(arguments)
    console = console or Console(highlight=False)
    try:
        profile = load(options.profile)
        node = here(profile)
        if options.device == "cuda" and node.gpu is None:
            console.print(
                "no GPU is here (nvidia-smi finds no driver or no GPU), so nothing was measured. Run this on a machine "
                "with a GPU; --device cpu shows the same on resident memory"
            )
            return NOT_HERE
        if options.only:
            _child(profile, node, options)
            return 0
        models = [(name, model) for name, model in profile.models if not options.models or name in options.models]
        with tempfile.TemporaryDirectory(prefix="vlp-gpu-memory-", dir=options.weights) as folder:
            results = []
            for name, model in models:
                results.append(_one(name, model, node, options, Path(folder), console))
                _tell(results[-1], console)
    except ProfileError as error:
        console.print(escape(str(error)))
        return NOT_HERE
    console.print(_table(results))
    if options.save:
        kept = {"profile": profile.name, "device": options.device, "depth": options.depth, **_machine(node)}
        kept["models"] = [result.as_json() for result in results]
        options.save.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return FAILED if any(result.said.startswith("failed") for result in results) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu_memory",
        description=package.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ("llama", "idefics", "grounded_sam", "whisper", "distilbert")
    parser.add_argument("profile", help="a profile's name, or the path of a YAML file")
    parser.add_argument("--models", nargs="+", choices=names, help="these alone")
    parser.add_argument(
        "--device", choices=("cuda", "cpu"), default="cuda", help="cuda: each where the profile has it; cpu: all there"
    )
    parser.add_argument("--depth", type=int, help="random weights with the real widths, so many layers deep")
    parser.add_argument("--weights", type=Path, help="folder for random weights while it runs (20 GiB for a large one)")
    parser.add_argument("--save", type=Path, help="JSON file for the figures")
    parser.add_argument("--only", choices=names, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser


def _placed(model: Model, device: str) -> Model:
    return on_cpu(model) if device == "cpu" else model


def _one(
    name: str, profiled: Model, node: Node, options: argparse.Namespace, folder: Path, console: Console
) -> Measured:
    """In a process of its own, if it fits here."""
    model = _placed(profiled, options.device)
    nothing = Measured(name, model.source, model.device)
    if (why := None if options.depth else _too_large(name, model, node)) is not None:
        return _because(nothing, why)
    out, log = folder / f"{name}.json", folder / f"{name}.log"
    command = [sys.executable, "-m", package.__name__, options.profile, "--only", name, "--save", str(out)]
    command += ["--device", options.device, "--folder", str(folder / name)]
    command += ["--depth", str(options.depth)] if options.depth else []
    with log.open("wb") as told, console.status(f"{name}: {model.source}"):
        code = _ended(subprocess.Popen(command, stdout=told, stderr=told, env=_environment(model), process_group=0))
    shutil.rmtree(folder / name, ignore_errors=True)
    if code != 0 or not out.is_file():
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        return _because(nothing, "failed: " + "\n".join(lines[-_TOLD_LINES:]))
    return Measured.of_json(json.loads(out.read_text(encoding="utf-8")))


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Its exit code; none of what it started outlives it, nor this command where somebody ends that."""
    try:
        return process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _because(nothing: Measured, why: str) -> Measured:
    return Measured(nothing.name, nothing.source, nothing.device, said=why)


def _too_large(name: str, model: Model, node: Node) -> str | None:
    """Why it cannot be loaded here."""
    taken = footprint(name, model, node.gpu)
    if model.device == "cuda" and model.ranks > node.gpus:
        return f"not measured: {model.ranks} ranks want as many GPUs, and {node.gpus} are here"
    if taken.missing:
        return f"not measured: by the estimate its share of a GPU is {taken.missing:.1f} GiB too small"
    if taken.ram > node.ram_gib - RAY_GIB:
        return f"not measured: by the estimate it takes {taken.ram:.1f} GiB of this machine's {node.ram_gib:.1f}"
    return None


def _environment(model: Model) -> Mapping[str, str]:
    """As the deployment's; our function is sent to vLLM's workers, and no hub is asked."""
    from deployments.options import environment
    from vlp_graph.config.models import Generating
    from vlp_graph.engines import vllm_options

    variables = {**os.environ, **environment(model), "HF_HUB_OFFLINE": "1", "VLLM_ALLOW_INSECURE_SERIALIZATION": "1"}
    if runs_in_vllm(model) and isinstance(model, Generating):
        variables |= vllm_options.environment(model)
    return variables


def _child(profile: Profile, node: Node, options: argparse.Namespace) -> None:
    model = _placed(getattr(profile.models, options.only), options.device)
    gpu: Gpu | None = node.gpu if model.device == "cuda" else None
    result = measured(options.only, model, gpu, options.folder, options.depth)
    options.save.write_text(json.dumps(result.as_json()), encoding="utf-8")


def _tell(result: Measured, console: Console) -> None:
    """As soon as it is known: how it was measured, or why not."""
    how = result.said or f"{result.weights}; {result.seconds:.0f} s"
    console.print(f"{result.name} ({result.device}): {escape(how)}", style="" if result.said else "dim")


def _table(results: Sequence[Measured]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head, side in (("model", "left"), ("part, GiB", "left"), ("estimated", "right"), ("measured", "right")):
        table.add_column(head, justify="right" if side == "right" else "left")
    table.add_column("est./meas.", justify="right")
    table.add_column("within 15 %")
    for result in results:
        name = result.name
        for part in result.parts:
            judged = part.name == result.judged
            cells = ["" if x is None else f"{x:.2f}" for x in (part.estimated, part.measured, part.ratio)]
            verdict = "" if not judged else "[green]yes[/]" if result.within else "[red]no[/]"
            table.add_row(name, part.name, *cells, verdict, style="bold" if judged else "")
            name = ""
        if not result.parts:
            table.add_row(name, "", "", "", "", "[yellow]failed[/]" if "failed" in result.said else "does not fit")
    return table


def _machine(node: Node) -> dict[str, Any]:
    """After the models have gone: asking for a GPU's name takes some of its memory."""
    from benchmarks.harness.machine import Machine

    return {"gpu_gib": node.gpu.gib if node.gpu else None, "machine": Machine.here().model_dump(mode="json")}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
