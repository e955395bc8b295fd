"""The `vlp finetune` commands: from JSONL to an adapter or to weights that a profile can name.

Everything heavy is imported inside the command that needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from vlp_graph.cli.exit import BAD_USAGE, FAILED, fail
from vlp_graph.cli.files import A_FILE, A_FOLDER

finetune = typer.Typer(
    help="Make a planner or a looker of your own (docs/finetune.md).", no_args_is_help=True, rich_markup_mode=None
)

Out = Annotated[Path, typer.Option(help="folder for the adapter, its figures and its curve")]
Judge = Annotated[
    Path | None, typer.Option(help="turns (JSONL) that plans are judged on; else what is held out", **A_FILE)
]
Preset = Annotated[str | None, typer.Option(help="ready settings: smollm2, llama-2-7b-g5, llama-2-13b-g5, idefics-…")]
Base = Annotated[str | None, typer.Option(help="hub id, local path or package:NAME")]
Revision = Annotated[str | None, typer.Option(help="commit of a hub id")]
Quantization = Annotated[str | None, typer.Option(help="nf4: the base in four bits (bitsandbytes)")]
Rank = Annotated[int | None, typer.Option(help="rank of the adapter")]
Epochs = Annotated[float | None, typer.Option(help="how often each line is learned from")]
Steps = Annotated[int | None, typer.Option(help="at most so many optimiser steps")]
Batch = Annotated[int | None, typer.Option(help="lines that are computed at once")]
Accumulate = Annotated[int | None, typer.Option(help="batches whose gradients make one step")]
Checkpointing = Annotated[bool | None, typer.Option(help="less memory for activations, about a fifth slower")]
MaxLength = Annotated[int | None, typer.Option(help="tokens of a line at most; a longer one is refused")]
LearningRate = Annotated[float | None, typer.Option()]
Warmup = Annotated[int | None, typer.Option(help="steps until the learning rate is reached")]
HeldOut = Annotated[float | None, typer.Option(help="share of the lines that is measured on, not learned from")]
Judged = Annotated[int | None, typer.Option(help="turns that are judged at most, before and after")]
SaveSteps = Annotated[int | None, typer.Option(help="steps between checkpoints and looks at what is held out")]
LogSteps = Annotated[int | None, typer.Option(help="steps between points of the curve")]
Seed = Annotated[int | None, typer.Option()]
Resume = Annotated[bool, typer.Option("--resume", help="go on from the last checkpoint in the folder")]


@finetune.command("data")
def data_(
    out: Annotated[Path, typer.Argument(help="JSONL file to write")],
    turns: Annotated[int, typer.Option(min=1)] = 2000,
    seed: Annotated[int, typer.Option()] = 0,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="from the templates that are kept apart: to judge on")
    ] = False,
) -> None:
    """Write generated turns with their plans: what the embedded planner learned from, and a start for your own."""
    from vlp_graph.finetune import data

    typer.echo(f"{data.write(data.generated(turns, seed, held_out=held_out), out)} turns in {out}")


@finetune.command("sft")
def sft_(
    data: Annotated[Path, typer.Argument(help="JSONL, one turn (or one picture and question) a line", **A_FILE)],
    out: Out,
    model: Annotated[Literal["llama", "idefics"], typer.Option(help="which of the models learns")] = "llama",
    preset: Preset = None,
    judge: Judge = None,
    resume: Resume = False,
    base: Base = None,
    revision: Revision = None,
    quantization: Quantization = None,
    rank: Rank = None,
    epochs: Epochs = None,
    steps: Steps = None,
    batch: Batch = None,
    accumulate: Accumulate = None,
    checkpointing: Checkpointing = None,
    max_length: MaxLength = None,
    learning_rate: LearningRate = None,
    warmup: Warmup = None,
    held_out: HeldOut = None,
    judged: Judged = None,
    save_steps: SaveSteps = None,
    log_steps: LogSteps = None,
    lowercase: Annotated[bool | None, typer.Option(help="idefics: questions in lower case")] = None,
    seed: Seed = None,
) -> None:
    """Train a LoRA adapter: a planner for models.llama.planner, or eyes to be merged for models.idefics.source."""
    given = _given(locals(), "data", "out", "model", "preset", "judge", "resume")
    from vlp_graph.finetune.settings import Eyes, Sft, settings

    with _explained(out):
        if model == "idefics":
            from vlp_graph.finetune.eyes import eyes

            metrics = eyes(data, out, settings(Eyes, preset, **given), judge=judge, resume=resume)
        else:
            from vlp_graph.finetune.sft import sft

            metrics = sft(data, out, settings(Sft, preset, **given), judge=judge, resume=resume)
    _report(out, metrics)


@finetune.command("dpo")
def dpo_(
    data: Annotated[Path, typer.Argument(help="JSONL, one pair of plans a line", **A_FILE)],
    adapter: Annotated[Path, typer.Option(help="the adapter that sft made: where it starts", **A_FOLDER)],
    out: Out,
    preset: Preset = None,
    judge: Judge = None,
    resume: Resume = False,
    base: Base = None,
    revision: Revision = None,
    quantization: Quantization = None,
    epochs: Epochs = None,
    steps: Steps = None,
    batch: Batch = None,
    accumulate: Accumulate = None,
    checkpointing: Checkpointing = None,
    max_length: MaxLength = None,
    learning_rate: LearningRate = None,
    warmup: Warmup = None,
    beta: Annotated[float | None, typer.Option(help="how dear it is to leave the adapter it starts from")] = None,
    keep: Annotated[
        float | None, typer.Option(help="weight of the chosen plan's own loss beside the preference")
    ] = None,
    held_out: HeldOut = None,
    judged: Judged = None,
    save_steps: SaveSteps = None,
    log_steps: LogSteps = None,
    seed: Seed = None,
) -> None:
    """Train an adapter further, away from rejected plans and towards chosen ones."""
    given = _given(locals(), "data", "adapter", "out", "preset", "judge", "resume")
    from vlp_graph.finetune.settings import Dpo, settings

    with _explained(out):
        from vlp_graph.finetune.dpo import dpo

        metrics = dpo(data, adapter, out, settings(Dpo, preset, **given), judge=judge, resume=resume)
    _report(out, metrics)


@finetune.command("mistakes")
def mistakes_(
    data: Annotated[Path, typer.Argument(help="JSONL, one turn with its plan a line", **A_FILE)],
    adapter: Annotated[Path, typer.Option(help="the adapter whose mistakes are wanted", **A_FOLDER)],
    out: Annotated[Path, typer.Option(help="JSONL file for the pairs")],
    preset: Preset = None,
    base: Base = None,
    revision: Revision = None,
    quantization: Quantization = None,
    samples: Annotated[
        int, typer.Option(min=0, help="plans that are sampled for each turn, beside the greedy one")
    ] = 0,
    temperature: Annotated[float, typer.Option(min=0.01, help="of the sampled plans")] = 1.0,
    seed: Seed = None,
) -> None:
    """Write pairs for dpo: plans that the model gets wrong, beside the known ones."""
    given = _given(locals(), "data", "adapter", "out", "preset", "samples", "temperature")
    from vlp_graph.finetune.settings import Dpo, settings

    with _explained(out):
        from vlp_graph.finetune.mistakes import mistakes

        found = mistakes(data, adapter, out, settings(Dpo, preset, **given), samples=samples, temperature=temperature)
    typer.echo(f"{found.right} of {found.turns} greedy plans are right; {found.pairs} pairs in {out}")


@finetune.command("merge")
def merge_(
    adapter: Annotated[Path, typer.Option(help="the adapter that sft or dpo made", **A_FOLDER)],
    out: Annotated[Path, typer.Option(help="folder for the merged weights")],
    base: Annotated[str | None, typer.Option(help="as in a profile; else what the adapter was trained on")] = None,
    revision: Revision = None,
) -> None:
    """Merge an adapter into its base: weights that models.llama.source or models.idefics.source can name."""
    with _explained(out):
        from vlp_graph.finetune.merge import merge

        kind = merge(adapter, out, base=base, revision=revision)
    typer.echo(f"{out}: merged weights of a {kind}")


@finetune.command("curve")
def curve_(
    runs: Annotated[list[Path], typer.Argument(help="folders of finished runs", **A_FOLDER)],
    out: Annotated[Path, typer.Option(help="PNG file to write")],
) -> None:
    """Draw the curves of several runs side by side."""
    with _explained(out):
        from vlp_graph.finetune.curve import draw, panels
        from vlp_graph.finetune.folder import read_metrics

        draw([panel for run in runs for panel in panels(read_metrics(run))]).save(out)
    typer.echo(f"written: {out}")


def _given(arguments: dict[str, Any], *others: str) -> dict[str, Any]:
    """The settings among a command's arguments."""
    return {name: value for name, value in arguments.items() if name not in others}


@contextmanager
def _explained(out: Path) -> Iterator[None]:
    """Errors that somebody can mend as one line; Ctrl-C with how to go on."""
    from vlp_graph.finetune.folder import RunError
    from vlp_graph.finetune.lines import DataError
    from vlp_graph.finetune.lora import AdapterError
    from vlp_graph.finetune.settings import SettingsError

    try:
        yield
    except (AdapterError, DataError, RunError, SettingsError, FileNotFoundError) as error:
        fail(str(error), BAD_USAGE)
    except KeyboardInterrupt:
        fail(f"stopped; the same command with --resume goes on from the last checkpoint in {out}", FAILED)


def _report(out: Path, metrics: Any) -> None:
    typer.echo(f"{out}: {metrics.steps} steps on {metrics.lines} lines in {metrics.seconds:.0f} s")
    for name, after in metrics.after.items():
        typer.echo(f"  {name:<14} {metrics.before[name]:.3f} -> {after:.3f}")
    typer.echo(f"  figures in {out / 'metrics.json'}, curve in {out / 'curve.png'}")
