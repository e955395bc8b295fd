"""`vlp profiles` and `vlp plan`: which places there are, and what each needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vlp_graph.cli.exit import BAD_USAGE, fail


def profiles() -> None:
    """List the profiles that come with the package, and where each of their models comes from."""
    from vlp_graph.config import ProfileError, load, names

    for name in names():
        try:
            profile = load(name)
        except ProfileError as error:
            fail(str(error), BAD_USAGE)
        typer.echo(f"{name}: {profile.description}")
        for model_name, model in profile.models:
            extras = [getattr(model, key, None) for key in ("sam", "planner", "adapter")]
            sources = " + ".join([model.source, *(extra for extra in extras if extra)])
            share = f"{model.num_gpus:g} GPU" if model.device == "cuda" else f"{model.num_cpus:g} CPU"
            typer.echo(f"  {model_name:<13} {model.dtype:<9} {share:<8} {sources}")


def plan(
    profile: Annotated[str, typer.Argument(help="a profile's name, or the path of a YAML file")] = "embedded",
    gpu: Annotated[str | None, typer.Option(help="a GPU in the place of the machine's (a10g, l4, h100 ...)")] = None,
    gpus: Annotated[int | None, typer.Option(min=1, help="so many of them a machine")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the plan as JSON")] = False,
    load: Annotated[float | None, typer.Option(min=0.001, help="turns a second: how many replicas do it?")] = None,
    slo: Annotated[str, typer.Option(help="with --load: time in which 95 of 100 are answered")] = "3s",
    times: Annotated[
        Path, typer.Option(help="with --load: service times, written by benchmarks/service_times.py")
    ] = Path("benchmarks/results/service_times.json"),
    train: Annotated[bool, typer.Option("--train", help="memory to fine-tune the profile's Llama (LoRA)")] = False,
    base: Annotated[str | None, typer.Option(help="with --train: another base, as `source`")] = None,
    quantization: Annotated[str, typer.Option(help="with --train: nf4, or none for half precision")] = "nf4",
    rank: Annotated[int, typer.Option(min=1, help="with --train: rank of the adapter")] = 16,
    batch: Annotated[int, typer.Option(min=1, help="with --train: examples at once")] = 1,
    length: Annotated[int, typer.Option(min=1, help="with --train: tokens of an example")] = 1024,
    checkpointing: Annotated[bool, typer.Option("--checkpointing", help="with --train: blocks computed again")] = False,
) -> None:
    """What a profile needs: memory of each model, shares, placement, machines; and by how much it does not fit."""
    from rich.console import Console

    from vlp_graph import config
    from vlp_graph.sizing import errors, machines, report, training
    from vlp_graph.sizing import load as loads
    from vlp_graph.sizing import plan as plans
    from vlp_graph.sizing.queueing import Measured

    console = Console(highlight=False)
    try:
        read = config.load(profile)
        if train:
            if quantization not in ("nf4", "none"):
                fail(f"--quantization {quantization}: nf4 or none", BAD_USAGE)
            four = "nf4" if quantization == "nf4" else None
            run = training.Run(base or read.models.llama.source, four, rank, batch, length, checkpointing)
            fits = report.show_training(run, machines.known_gpu(gpu or "a10g"), console)
        elif load is not None:
            limit, measured = loads.seconds(slo), Measured.read(times)
            fits = report.show_load(loads.answer(read, measured, load, limit), measured, load, limit, read, console)
        else:
            made, fits = plans.make(read, gpu, gpus), True
            if as_json:
                typer.echo(json.dumps(report.as_json(made), indent=2))
            else:
                report.show(made, console)
    except config.ProfileError as error:
        fail(errors.placed(profile, error), BAD_USAGE)
    if not fits:
        raise typer.Exit(BAD_USAGE)
