"""`vlp ask`: one turn to a running graph, and its answer for people, for programs, or drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vlp_graph.cli.exit import BAD_USAGE, FAILED, fail
from vlp_graph.cli.files import A_FILE

_AHEAD = ("adopted", "cancelled", "wasted")


def ask(
    text: Annotated[str | None, typer.Argument(help="the question or request")] = None,
    image: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="a picture; repeatable, newest last", **A_FILE)
    ] = None,
    audio: Annotated[Path | None, typer.Option(metavar="PATH", help="a recording of the question", **A_FILE)] = None,
    session: Annotated[str | None, typer.Option(help="a name under which the server remembers the dialogue")] = None,
    url: Annotated[str, typer.Option(help="where `vlp serve` listens")] = "http://127.0.0.1:8000",
    save: Annotated[Path | None, typer.Option(help="write the picture with boxes, masks, labels here")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the whole reply as JSON")] = False,
    key: Annotated[str | None, typer.Option(help="API key; else $VLP_API_KEY")] = None,
) -> None:
    """Put one turn to a running graph and show what it thought, did and answered."""
    images = image or []
    if not (text or "").strip() and audio is None:
        fail("nothing to ask: give a TEXT or --audio", BAD_USAGE)
    if save is not None and not images:
        fail("--save draws on a picture: give --image", BAD_USAGE)
    from vlp_graph.client import Client, RemoteError
    from vlp_graph.config import api_key

    try:
        with Client(url, key=key or api_key()) as client:
            reply = client.ask(text, images, audio, session=session)
    except (RemoteError, OSError, ValueError) as error:
        fail(str(error), FAILED)
    if as_json:
        typer.echo(json.dumps(reply, indent=2, ensure_ascii=False))
    else:
        for line in describe(reply):
            typer.echo(line)
    if save is not None:
        _save_overlay(images, reply["vlp"]["results"], save)
        typer.echo(f"saved:    {save}", err=as_json)


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
        fail(f"cannot save {save}: {error}", FAILED)
