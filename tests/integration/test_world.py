"""Whether the graph is *right*: held-out scenes through real HTTP, judged against the truth of each scene."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.integration.conftest import Graph
from vlp_graph.client import Client
from vlp_graph.masks import decode
from vlp_graph.nano.dialogues import answer_of, says, says_number
from vlp_graph.nano.metrics import mask_iou, match_instances
from vlp_graph.nano.questions import NUMBERS, ask
from vlp_graph.nano.speech import speak, wav
from vlp_graph.nano.world import COLOUR_NAMES, PLURAL, SHAPES, Scene, held_out

SCENES = 42
SEED = 5151
CLIENTS = 6
OUTLINE = ("outline the {}", "Segment the {}.", "give me a mask of the {}", "cut out the {} please", "trace the {}")
COUNT = ("how many {} are there?", "Count the {}.", "how many {} do you see?", "How many {} are in the picture?")
KINDS = ("colour", "shape", "size", "exist", "relation", "spatial")


@dataclass
class Score:
    """What was found, wanted and right over all scenes."""

    found: int = 0
    wanted: int = 0
    right: int = 0
    ious: list[float] = field(default_factory=list)
    counts: list[bool] = field(default_factory=list)
    answers: list[tuple[str, bool]] = field(default_factory=list)
    spoken: list[bool] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)

    def share(self, kind: str) -> float:
        return float(np.mean([hit for k, hit in self.answers if k == kind] or [np.nan]))


def _results(reply: dict[str, Any], *tasks: str) -> list[dict[str, Any]]:
    return [r for r in reply["vlp"]["results"] if r["task"] in tasks]


def _text(reply: dict[str, Any]) -> str:
    return str(reply["choices"][0]["message"]["content"])


def _outline(client: Client, scene: Scene, rng: np.random.Generator, score: Score) -> None:
    o = scene.objects[int(rng.integers(len(scene.objects)))]
    text = str(rng.choice(OUTLINE)).format(o.name)
    reply = client.ask(text, images=[scene.png()])
    instances = [i for r in _results(reply, "segment") for i in r["instances"]]
    truth = scene.find(o.name)
    pairs = match_instances([(i["box"], o.name) for i in instances], [(t.box, o.name) for t in truth])
    score.found, score.wanted, score.right = (
        score.found + len(instances),
        score.wanted + len(truth),
        score.right + len(pairs),
    )
    matched = {j: i for i, j in pairs}
    for j, t in enumerate(truth):
        score.ious.append(mask_iou(decode(instances[matched[j]]["mask"]), t.mask) if j in matched else 0.0)
    if len(pairs) != len(truth) or len(instances) != len(truth):
        score.misses.append(f"{text} -> {len(instances)} found, {len(truth)} there; plan {reply['vlp']['plan']}")


def _count(client: Client, scene: Scene, rng: np.random.Generator, score: Score) -> None:
    colour, shape = str(rng.choice(COLOUR_NAMES)), str(rng.choice(SHAPES))
    if rng.random() < 0.8:
        o = scene.objects[int(rng.integers(len(scene.objects)))]
        colour, shape = o.colour, o.shape
    phrase = str(rng.choice([f"{colour} {PLURAL[shape]}", PLURAL[shape], f"{colour} objects"]))
    text = str(rng.choice(COUNT)).format(phrase)
    reply = client.ask(text, images=[scene.png()])
    truth = len(scene.find(phrase))
    score.counts.append(says_number(answer_of(reply), truth))
    if not score.counts[-1]:
        score.misses.append(f"{text} -> {_text(reply)} (truth {truth}); plan {reply['vlp']['plan']}")


def _question(client: Client, scene: Scene, rng: np.random.Generator, score: Score, kind: str) -> None:
    question = ask(rng, scene, kind)
    if question is None:
        return
    reply = client.ask(question.text, images=[scene.png()])
    hit = says(answer_of(reply), question.answer)
    score.answers.append((kind, hit))
    if not hit:
        score.misses.append(f"{question.text} -> {_text(reply)} ({question.answer}); plan {reply['vlp']['plan']}")


def _words(text: str) -> list[str]:
    return re.findall("[a-z]+", text.lower().replace("colour", "color"))


def _spoken(client: Client, scene: Scene, rng: np.random.Generator, score: Score) -> None:
    """Understood: heard word for word, or answered right all the same."""
    question = ask(rng, scene, str(rng.choice(["exist", "count", "colour"])))
    if question is None:
        return
    reply = client.ask(images=[scene.png()], audio=wav(speak(question.text)))
    truth, heard = question.answer, str(reply["vlp"]["transcript"])
    if question.kind == "count":
        hit = says_number(answer_of(reply), NUMBERS.index(truth))
    else:
        hit = says(answer_of(reply), truth)
    hit = hit or _words(heard) == _words(question.text)
    score.spoken.append(hit)
    if not hit:
        score.misses.append(
            f"(spoken) {question.text} heard as {reply['vlp']['transcript']!r} -> {_text(reply)} ({truth})"
        )


@pytest.fixture(scope="module")
def score(graph: Graph) -> Score:
    """One run over all scenes, several clients side by side; every test below reads one figure of it."""
    score, client = Score(), graph.client
    jobs: list[Callable[[], None]] = []
    for n, scene in enumerate(s for s in held_out(SEED, SCENES) if s.objects):

        def rng(job: int, n: int = n) -> np.random.Generator:
            return np.random.default_rng([SEED, n, job])

        jobs.append(partial(_outline, client, scene, rng(0), score))
        jobs.append(partial(_count, client, scene, rng(1), score))
        for job, kind in enumerate((KINDS[n % 6], KINDS[(n + 3) % 6]), 2):
            jobs.append(partial(_question, client, scene, rng(job), score, kind))
        if n % 2 == 0:
            jobs.append(partial(_spoken, client, scene, rng(4), score))
    with ThreadPoolExecutor(CLIENTS) as pool:
        for future in [pool.submit(job) for job in jobs]:
            future.result()
    precision, recall = score.right / max(score.found, 1), score.right / max(score.wanted, 1)
    print(f"\n{len(jobs)} turns: outline P {precision:.3f} R {recall:.3f} IoU {np.mean(score.ious):.3f}")
    print(f"count {np.mean(score.counts):.3f} of {len(score.counts)}, spoken {np.mean(score.spoken):.3f}")
    print("answers", {kind: round(score.share(kind), 3) for kind in KINDS}, f"(n={len(score.answers)})")
    print("\n".join(score.misses))
    return score


def test_what_is_named_is_found(score: Score) -> None:
    precision, recall = score.right / score.found, score.right / score.wanted
    assert score.wanted >= 40
    assert 2 * precision * recall / (precision + recall) >= 0.90


def test_masks_fit(score: Score) -> None:
    assert np.mean(score.ious) >= 0.85


def test_counts_are_right(score: Score) -> None:
    assert len(score.counts) >= 40
    assert np.mean(score.counts) >= 0.90


def test_answers_are_right(score: Score) -> None:
    assert len(score.answers) >= 40
    assert np.mean([hit for _, hit in score.answers]) >= 0.85


def test_spoken_questions_are_understood(score: Score) -> None:
    assert len(score.spoken) >= 20
    assert np.mean(score.spoken) >= 0.8
