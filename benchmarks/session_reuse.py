"""What a dialogue that goes on costs, against one that begins: pictures and prompts that were seen before.

Each picture session shows a new picture and outlines a thing in it, then goes on about the picture without sending it
again: about the same thing and about others, each outlined, found and counted. Each prompt session asks Llama with a
long prompt that is new, then with the same again, then with a next question after its answer.
"""

from __future__ import annotations

import argparse
import statistics
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

from benchmarks.harness.graph import graph
from benchmarks.harness.machine import Machine
from benchmarks.harness.record import Method, Record, Table, Target
from benchmarks.harness.rounds import interleaved
from benchmarks.harness.run import BenchmarkError
from benchmarks.harness.show import figure
from vlp_graph.client import Client, RemoteError
from vlp_graph.nano.metrics import match_instances
from vlp_graph.nano.questions import with_article
from vlp_graph.nano.world import COLOUR_NAMES, PLURAL, SHAPES, Scene, SceneObject, held_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 929
OF_FIRST = 0.4
"""The target: the median of later turns over that of first ones."""
PICTURE, PROMPT = "picture", "prompt"
TASKS = {"outlined": "segment", "found": "detect", "counted": "count"}
FIRST = {PICTURE: "new picture, one thing outlined", PROMPT: "new prompt"}
LATER = {
    PICTURE: tuple(f"{thing} thing {how}" for thing in ("the same", "another") for how in TASKS),
    PROMPT: ("the same prompt again", "the next question after its answer"),
}
TIMED = {PICTURE: "task_s", PROMPT: "turn_s"}
"""What is compared: of a picture the seconds of Grounded-SAM's task, of a prompt those to Llama's first token."""
WRONG = 0.1
"""A greater share of wrong answers than this, and the run says nothing."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sessions", type=int, default=20, help="of each kind")


def run(options: argparse.Namespace) -> Record:
    """
    Raises:
        BenchmarkError: the graph does not answer, too much of it is wrong, or a turn was done in another way than it
            was asked for, so that its time says nothing.
    """
    machine = Machine.here()
    sessions, warm = (4, 1) if options.quick else (options.sessions, 2)
    scenes, rng = _scenes(SEED, sessions), np.random.default_rng(SEED)
    samples: list[dict[str, Any]] = []
    try:
        with graph(options) as url, Client(url) as client, httpx.Client(base_url=url, timeout=120) as llama:
            for number, scene in enumerate(_scenes(SEED + 1, warm)):  # others: those that are measured shall be new
                _picture_session(client, scene, number)
                _prompt_session(llama, rng)
            for number, kind in interleaved((PICTURE, PROMPT), sessions, options.console, "sessions"):
                if kind == PICTURE:
                    found = _picture_session(client, scenes[number], number)
                else:
                    found = _prompt_session(llama, rng)
                samples += [{"session": number, "of": kind, **sample} for sample in found]
    except (RemoteError, httpx.HTTPError) as error:
        raise BenchmarkError(str(error)) from None
    _check(samples)
    return Record(
        name="session_reuse",
        title="The same picture, the same prompt once more",
        method=Method(
            compares="The first turn about a picture with later ones of its session: seconds of Grounded-SAM's task,"
            " queue and hop included, and of the whole turn over HTTP. And a first prompt with later ones that begin"
            " as it does: seconds to Llama's first token, over HTTP. Wrong answers are left out of the medians.",
            loop="closed, one client",
            lengths="pictures of 256 pixels with four different things or more; prompts of so many tokens as the table"
            " says, one written",
            warm_up=f"{warm} sessions of each kind, with other pictures and prompts",
            repeats=f"{sessions} sessions of each kind, the kinds by turns; later turns in another order each time",
        ),
        settings={
            "first": {"picture": "sent with the turn", "prompt": "begins with words that no other has"},
            "later": {"picture": "the session's, not sent", "prompt": "begins with the first one's words"},
        },
        tables=[_pictures(samples), _prompts(samples)],
        targets=[
            Target(
                what="Grounded-SAM's task in later turns over the first, median over all kinds of them",
                value=_middle(samples, LATER[PICTURE]) / _middle(samples, [FIRST[PICTURE]]),
                bound=OF_FIRST,
                at="most",
            ),
            Target(
                what="Llama's first token after a prompt that begins as an earlier one, over the first",
                value=_middle(samples, LATER[PROMPT]) / _middle(samples, [FIRST[PROMPT]]),
                bound=OF_FIRST,
                at="most",
            ),
        ],
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


def _scenes(seed: int, count: int) -> list[Scene]:
    """With four things or more, no two of one name."""
    scenes = held_out(seed, 8 * count + 8, side=256)
    return [s for s in scenes if len({o.name for o in s.objects}) == len(s.objects) >= 4][:count]


def _picture_session(client: Client, scene: Scene, number: int) -> list[dict[str, Any]]:
    """The first turn and every kind of later ones; each other thing is asked for once, as what was found is kept."""
    name, (same, *others) = f"reuse-{uuid.uuid4().hex}", scene.objects
    about = dict(zip(LATER[PICTURE], [same, same, same, *others], strict=False))
    first = number % len(about)
    kinds = [FIRST[PICTURE], *LATER[PICTURE][first:], *LATER[PICTURE][:first]]
    return [_picture_turn(client, scene, name, kind, about.get(kind, same)) for kind in kinds]


def _picture_turn(client: Client, scene: Scene, session: str, kind: str, thing: SceneObject) -> dict[str, Any]:
    how = kind.rpartition(" ")[2]
    text = {
        "outlined": f"outline the {thing.name}",
        "found": f"find the {thing.name}",
        "counted": f"how many {thing.colour} {PLURAL[thing.shape]} are there?",
    }[how]
    images = [scene.png()] if kind == FIRST[PICTURE] else []
    start = time.perf_counter()
    reply = client.ask(text, images=images, session=session)
    spent, results = time.perf_counter() - start, reply["vlp"]["results"]
    if [result["task"] for result in results] != [TASKS[how]] or reply["vlp"]["timings"].get("wasted"):
        raise BenchmarkError(f"{text!r} was not done as one task ({TASKS[how]}): {results}")
    return {
        "kind": kind,
        "task_s": results[0]["seconds"],
        "turn_s": round(spent, 4),
        "right": _right(results[0], thing),
    }


def _right(result: Mapping[str, Any], thing: SceneObject) -> bool:
    found = [(instance["box"], "") for instance in result.get("instances") or []]
    return len(found) == 1 == len(match_instances(found, [(thing.box, "")]))


def _prompt_session(llama: httpx.Client, rng: np.random.Generator) -> list[dict[str, Any]]:
    """A prompt that is new from its first words on, the same again, and a next question after its answer."""
    things = [f"{COLOUR_NAMES[rng.integers(6)]} {SHAPES[rng.integers(6)]}" for _ in range(120)]
    told = f"Box {uuid.uuid4().hex[:8]} holds {', '.join(map(with_article, things))}."
    messages = [{"role": "user", "content": f"{told} What is the first thing in it?"}]
    answered = [*messages, {"role": "assistant", "content": f"It is {with_article(things[0])}."}]
    following = [*answered, {"role": "user", "content": "And what is the second?"}]
    kinds = [FIRST[PROMPT], *LATER[PROMPT]]
    done = [_prompt_turn(llama, kind, m) for kind, m in zip(kinds, (messages, messages, following), strict=True)]
    said = [sample.pop("said") for sample in done]
    for sample in done:  # greedy: the same prompt gives the same word, out of the cache or not
        sample["right"] = sample["kind"] != LATER[PROMPT][0] or said[1] == said[0]
    return done


def _prompt_turn(llama: httpx.Client, kind: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    body = {"model": "llama", "messages": messages, "max_tokens": 1, "temperature": 0}
    start = time.perf_counter()
    reply = llama.post("/v1/chat/completions", json=body)
    spent = time.perf_counter() - start
    if not reply.is_success:
        raise BenchmarkError(f"Llama: {reply.status_code}: {reply.text[:200]}")
    completion = reply.json()
    used = completion["usage"]
    if used["completion_tokens"] != 1:
        raise BenchmarkError(f"Llama wrote {used['completion_tokens']} tokens where one was wanted")
    said = completion["choices"][0]["message"]["content"]
    return {"kind": kind, "turn_s": round(spent, 4), "tokens": used["prompt_tokens"], "said": said}


def _check(samples: Sequence[Mapping[str, Any]]) -> None:
    wrong = [sample for sample in samples if not sample["right"]]
    if len(wrong) > WRONG * len(samples):
        raise BenchmarkError(f"{len(wrong)} of {len(samples)} answers are wrong: {wrong[:5]}")


def _column(samples: Sequence[Mapping[str, Any]], kinds: Sequence[str], key: str) -> list[float]:
    return [float(s[key]) for s in samples if s["kind"] in kinds and s["right"]]


def _middle(samples: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> float:
    """Median of what is compared."""
    of = PICTURE if kinds[0] in (FIRST[PICTURE], *LATER[PICTURE]) else PROMPT
    return statistics.median(_column(samples, kinds, TIMED[of]))


def _pictures(samples: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[list[str | int | float | None]] = []
    first, whole = (statistics.median(_column(samples, [FIRST[PICTURE]], key)) for key in ("task_s", "turn_s"))
    groups = {kind: [kind] for kind in (FIRST[PICTURE], *LATER[PICTURE])} | {"all later turns": LATER[PICTURE]}
    for name, kinds in groups.items():
        task, turn = (_column(samples, kinds, key) for key in ("task_s", "turn_s"))
        wrong = sum(s["kind"] in kinds and not s["right"] for s in samples)
        middle = statistics.median(task), statistics.median(turn)
        rows.append([name, len(task), wrong, middle[0], middle[0] / first, middle[1], middle[1] / whole])
    columns = ["turn", "right", "wrong", "Grounded-SAM's task, median s", "of the first"]
    return Table(
        title="A picture again",
        columns=[*columns, "whole turn, median s", "of the first"],
        rows=rows,
        note="Kept of a picture: SAM's embedding, the detector's picture features, and what was found for a phrase."
        " GroundingDINO reads phrase and picture together from its encoder on, so another phrase has to run through it"
        " again, whatever is kept: that is the floor of what is asked about another thing, and of a plural where the"
        " singular was looked for. A whole turn spends most of its time on reading the words, about which nothing is"
        " kept but the dialogue, which is read from the database: later turns are no shorter.",
    )


def _prompts(samples: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[list[str | int | float | None]] = []
    first = _middle(samples, [FIRST[PROMPT]])
    for kind in (FIRST[PROMPT], *LATER[PROMPT]):
        seconds, tokens = (_column(samples, [kind], key) for key in ("turn_s", "tokens"))
        middle = statistics.median(seconds)
        rows.append([kind, len(seconds), round(statistics.median(tokens)), middle, middle / first])
    return Table(
        title="A prompt again",
        columns=["prompt", "right", "tokens", "first token, median s", "of the first"],
        rows=rows,
        note="vLLM keeps keys and values of whole blocks of a prompt that other prompts begin with, too.",
    )


def draw(record: Record) -> Figure:
    drawn, axes = figure(2, record.title)
    for axis, of, what in zip(axes, (PICTURE, PROMPT), ("Grounded-SAM's task", "Llama's first token"), strict=True):
        kinds = [FIRST[of], *LATER[of]]
        axis.boxplot(
            [_column(record.samples, [kind], TIMED[of]) for kind in kinds], tick_labels=kinds, orientation="horizontal"
        )
        axis.invert_yaxis()
        axis.axvline(OF_FIRST * _middle(record.samples, [FIRST[of]]), color="black", linestyle="--", linewidth=1)
        axis.set_xlabel(f"{what}, s (dashed: {OF_FIRST:g} of the first)")
        axis.set_xlim(left=0)
    return drawn
