"""The `vlp` command: start the graph, ask it, see which profiles there are.

Everything heavy is imported inside the command that needs it, so that help is immediate.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vlp_graph.cli_exit import BAD_USAGE, FAILED
from vlp_graph.cli_exit import fail as _fail
from vlp_graph.cli_finetune import finetune
from vlp_graph.render.what import What

_AHEAD = ("adopted", "cancelled", "wasted")

app = typer.Typer(
    name="vlp",
    help="Dialogue-guided visual language processing: ask about pictures, by text or voice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def serve(
    profile: Annotated[str, typer.Option(help="a profile's name, or the path of a YAML file")] = "embedded",
    host: Annotated[str | None, typer.Option(help="address to listen on; else the profile's")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="else the profile's")] = None,
    is_open: Annotated[bool, typer.Option("--open", help="without API keys listen to other machines, too")] = False,
) -> None:
    """Start the graph here and serve it until Ctrl-C."""
    from vlp_graph.config import ProfileError, load

    try:
        load(profile).http.keys_path()
    except ProfileError as error:
        _fail(str(error), BAD_USAGE)
    from vlp_graph import serving

    try:
        serving.run(profile, host, port, is_open=is_open)
    except serving.StartError as error:
        _fail(str(error), FAILED)


@app.command()
def fetch(
    profile: Annotated[str, typer.Argument(help="a profile's name, or the path of a YAML file")] = "embedded",
) -> None:
    """Download all weights of a profile ahead, into $HF_HOME (else $VLP_CACHE/hub, else the hub client's own cache)."""
    from vlp_graph.config import ProfileError, load
    from vlp_graph.engines.fetching import FetchError, of_models
    from vlp_graph.engines.fetching import fetch as download

    try:
        wanted = of_models(load(profile).models)
        for weights in wanted:
            typer.echo(f"{weights.id}  {weights.revision or 'newest'}", err=True)
            typer.echo(f"{weights.id}: {download(weights)}")
    except ProfileError as error:
        _fail(str(error), BAD_USAGE)
    except FetchError as error:
        _fail(str(error), FAILED)
    if not wanted:
        typer.echo(f"{profile}: nothing to download, all weights come from packages and paths")


_FILE = {"exists": True, "dir_okay": False, "readable": True}


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="the question or request")] = None,
    image: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="a picture; repeatable, newest last", **_FILE)
    ] = None,
    audio: Annotated[Path | None, typer.Option(metavar="PATH", help="a recording of the question", **_FILE)] = None,
    session: Annotated[str | None, typer.Option(help="a name under which the server remembers the dialogue")] = None,
    url: Annotated[str, typer.Option(help="where `vlp serve` listens")] = "http://127.0.0.1:8000",
    save: Annotated[Path | None, typer.Option(help="write the picture with boxes, masks, labels here")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the whole reply as JSON")] = False,
    key: Annotated[str | None, typer.Option(help="API key; else $VLP_API_KEY")] = None,
) -> None:
    """Put one turn to a running graph and show what it thought, did and answered."""
    images = image or []
    if not (text or "").strip() and audio is None:
        _fail("nothing to ask: give a TEXT or --audio", BAD_USAGE)
    if save is not None and not images:
        _fail("--save draws on a picture: give --image", BAD_USAGE)
    from vlp_graph.client import Client, RemoteError
    from vlp_graph.config import api_key

    try:
        with Client(url, key=key or api_key()) as client:
            reply = client.ask(text, images, audio, session=session)
    except (RemoteError, OSError, ValueError) as error:
        _fail(str(error), FAILED)
    if as_json:
        typer.echo(json.dumps(reply, indent=2, ensure_ascii=False))
    else:
        for line in describe(reply):
            typer.echo(line)
    if save is not None:
        _save_overlay(images, reply["vlp"]["results"], save)
        typer.echo(f"saved:    {save}", err=as_json)


@app.command("eval")
def evaluate(
    url: Annotated[str, typer.Option(help="where `vlp serve` listens")] = "http://127.0.0.1:8000",
    only: Annotated[
        list[str] | None, typer.Option(help="turns, scenes, dialogues, injections; looked-at; repeatable")
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for report.json and confusion.png")] = Path("evaluation"),
    clients: Annotated[int, typer.Option(min=1, max=64, help="turns that are asked side by side")] = 6,
) -> None:
    """Measure a running graph: intent, plans and phrases, answers about scenes, whole dialogues."""
    from rich.console import Console
    from rich.table import Table

    from vlp_graph.client import Client, RemoteError
    from vlp_graph.config import api_key
    from vlp_graph.nano import graph_eval

    known = (*graph_eval.STAGES, graph_eval.LOOKED_AT)
    if unknown := set(only or ()) - set(known):
        _fail(f"--only {sorted(unknown)[0]}: known are {', '.join(known)}", BAD_USAGE)
    try:
        with Client(url, key=api_key()) as client:
            report = graph_eval.run(client, only or graph_eval.STAGES, clients=clients)
    except RemoteError as error:
        _fail(str(error), FAILED)
    graph_eval.save(report, out)
    table = Table("what", "right", "of", "median s")
    for name, row in report.as_json()["rows"].items():
        table.add_row(name, f"{row['right']:.3f}", str(row["asked"]), f"{row['median_s']:.2f}")
    Console().print(table)
    typer.echo(f"written: {out / 'report.json'}")


app.add_typer(finetune, name="finetune")

keys = typer.Typer(help="API keys: who may ask a server.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(keys, name="keys")

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
        _fail(str(error), FAILED)
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
        _fail(str(error), FAILED)
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
        _fail(str(error), FAILED)


def _keys_path(file: Path | None, profile: str) -> Path:
    """The file that is meant."""
    from vlp_graph.config import ProfileError, load

    try:
        path = file.absolute() if file is not None else load(profile).http.keys_path()
    except ProfileError as error:
        _fail(str(error), BAD_USAGE)
    if path is None:
        _fail("which file of keys? Give --file PATH, VLP_API_KEYS_FILE, or http.keys_file in the profile", BAD_USAGE)
    return path


@app.command()
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
        _fail(str(error), BAD_USAGE)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="a Serve config, a RayService, or a config for `ray up`", **_FILE)],
    crd: Annotated[Path | None, typer.Option(metavar="PATH", help="KubeRay's rayservices CRD", **_FILE)] = None,
) -> None:
    """Look for mistakes in a file for a cluster: unknown keys, values that Ray refuses, versions that differ."""
    from vlp_graph.config import ProfileError
    from vlp_graph.render.check import check as mistakes_in

    try:
        mistakes = mistakes_in(file, crd)
    except ProfileError as error:
        _fail(str(error), BAD_USAGE)
    for mistake in mistakes:
        typer.echo(str(mistake), err=True)
    if mistakes:
        raise typer.Exit(FAILED)


@app.command()
def profiles() -> None:
    """List the profiles that come with the package, and where each of their models comes from."""
    from vlp_graph.config import ProfileError, load, names

    for name in names():
        try:
            profile = load(name)
        except ProfileError as error:
            _fail(str(error), BAD_USAGE)
        typer.echo(f"{name}: {profile.description}")
        for model_name, model in profile.models:
            extras = [getattr(model, key, None) for key in ("sam", "planner", "adapter")]
            sources = " + ".join([model.source, *(extra for extra in extras if extra)])
            share = f"{model.num_gpus:g} GPU" if model.device == "cuda" else f"{model.num_cpus:g} CPU"
            typer.echo(f"  {model_name:<13} {model.dtype:<9} {share:<8} {sources}")


@app.command()
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
                _fail(f"--quantization {quantization}: nf4 or none", BAD_USAGE)
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
        _fail(errors.placed(profile, error), BAD_USAGE)
    if not fits:
        raise typer.Exit(BAD_USAGE)


def describe(reply: dict[str, Any]) -> list[str]:
    """A reply for people: one line per step from what was heard to what was answered."""
    vlp, lines = reply["vlp"], []
    if vlp.get("transcript") is not None:
        lines.append(f"heard:    {vlp['transcript']}")
    if intent := vlp.get("intent"):
        lines.append(f"intent:   {intent['label']} {intent['score']:.2f}")
    if plan := vlp.get("plan"):
        lines.append(f"thought:  {plan['thought']}")
        lines += [f"plan:     {_task_line(task)}" for task in plan["tasks"]]
    lines += [f"result:   {_result_line(result)}" for result in vlp.get("results", [])]
    lines.append(f"answer:   {reply['choices'][0]['message']['content']}")
    timings = vlp.get("timings", {})
    if ahead := [f"{timings[name]:.0f} {name}" for name in _AHEAD if name in timings]:
        lines.append(f"ahead:    {', '.join(ahead)}")
    if seconds := [f"{name} {value:.2f}" for name, value in timings.items() if name not in _AHEAD]:
        lines.append(f"seconds:  {', '.join(seconds)}")
    return lines


def _task_line(task: dict[str, Any]) -> str:
    named = [*(task.get("phrases") or []), *(task.get("labels") or [])]
    what = task.get("question") or ", ".join(named)
    after = f" (after {', '.join(task['needs'])})" if task.get("needs") else ""
    return f"{task['id']} {task['task']} {what}".rstrip() + after


def _result_line(result: dict[str, Any]) -> str:
    line = f"{result['id']} {result['task']} {result['status']} in {result['seconds']:.2f} s"
    facts = [str(result[key]) for key in ("error", "text", "label", "count") if result.get(key) is not None]
    facts += [f"{label} {score:.2f}" for label, score in (result.get("scores") or {}).items()]
    for instance in result.get("instances") or []:
        box = ", ".join(f"{value:.0f}" for value in instance["box"])
        facts.append(f"{instance['phrase']} {instance['score']:.2f} at [{box}]")
    return line + (": " + "; ".join(facts) if facts else "")


def _save_overlay(images: list[Path], results: list[dict[str, Any]], save: Path) -> None:
    """Draws on the picture that was looked at last; results on other pictures are left out."""
    from PIL import Image, ImageOps

    from vlp_graph.overlay import draw

    last = len(images) - 1
    drawable = [result for result in results if result.get("instances")]
    looked_at = last if not drawable or drawable[-1].get("image") is None else drawable[-1]["image"]
    on_it = [r for r in drawable if (last if r.get("image") is None else r["image"]) == looked_at]
    try:
        with Image.open(images[looked_at]) as picture:
            draw(ImageOps.exif_transpose(picture), on_it).save(save)
    except (OSError, ValueError, IndexError) as error:
        _fail(f"cannot save {save}: {error}", FAILED)


def main() -> None:
    """The console script."""
    app()
