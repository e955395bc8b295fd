"""Whole dialogues, written by hand in everyday words, over scenes whose truth is known.

Each turn says what must be right about its answer; a judge reads that off the reply that a client gets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vlp_graph.nano.metrics import match_instances
from vlp_graph.nano.questions import NUMBERS
from vlp_graph.nano.world import Scene, Thing, arrange

HAND_DIALOGUES = Path(__file__).with_name("hand_dialogues.jsonl")
"""Looked at while the dialogue was made."""
FRESH_DIALOGUES = Path(__file__).with_name("hand_dialogues_fresh.jsonl")
"""The last two batches, written without a look at the rules. Looked at only after they had been measured: 0.67 of them
were whole then, what the dialogue is worth to a stranger."""


@dataclass(frozen=True)
class DialogueTurn:
    """What is said, the scene that is shown with it, the scene that it is about (None: the newest), the tasks of a good
    plan, and what must be right: `count`, `answer`, `found`, `masks`, `label`, `words` or `chat`."""

    say: str
    shows: int | None
    image: int | None
    tasks: frozenset[str]
    expect: Mapping[str, Any]


@dataclass(frozen=True)
class WrittenDialogue:
    """A dialogue and its pictures."""

    name: str
    scenes: tuple[Scene, ...]
    turns: tuple[DialogueTurn, ...]


def load_dialogues(path: Path = HAND_DIALOGUES) -> list[WrittenDialogue]:
    """All dialogues, their scenes drawn; the same pixels every time."""
    dialogues = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        entry = json.loads(line)
        rng = np.random.default_rng([0xD1A, number])
        scenes = tuple(
            arrange(
                rng,
                s["size"][0],
                s["size"][1],
                [Thing(o["shape"], o["colour"], o["size"], tuple(o["at"])) for o in s["objects"]],
            )
            for s in entry["scenes"]
        )
        turns = tuple(
            DialogueTurn(
                t["say"],
                t.get("shows"),
                t.get("image"),
                frozenset([t["task"]] if isinstance(t["task"], str) else t["task"]),
                t["expect"],
            )
            for t in entry["turns"]
        )
        dialogues.append(WrittenDialogue(entry["id"], scenes, turns))
    return dialogues


def answer_of(reply: Mapping[str, Any]) -> str:
    """What a reply states: its words without what stands in brackets, which is doubt about them."""
    return re.sub(r"\s*\([^()]*\)", "", str(reply["choices"][0]["message"]["content"]))


def faults(expect: Mapping[str, Any], reply: Mapping[str, Any], scene: Scene) -> list[str]:
    """What is wrong with a reply about a scene; empty when everything that was expected holds."""
    text, results = answer_of(reply), reply["vlp"]["results"]
    wrong = []
    for what, wanted in expect.items():
        match what:
            case "count":
                right = says_number(text, wanted)
            case "answer":  # of a turn with two wishes, the answer to either
                texts = [text, *(r.get("text") or "" for r in results if r["task"] == "answer" and len(results) > 1)]
                options = [wanted] if isinstance(wanted, str) else wanted
                right = any(says(said, option) for said in texts for option in options)
            case "words":
                right = set(wanted) <= set(words_of(text))
            case "label":
                right = any(r.get("label") == wanted for r in results) or wanted in words_of(text)
            case "chat":
                right = all(r["task"] == "chat" for r in results)
            case "found" | "masks":
                kind = "detect" if what == "found" else "segment"
                shown = [r for r in results if r["task"] == kind]
                shown = shown or [r for r in results if r["task"] in ("detect", "segment")] or results
                boxes = [i["box"] for r in shown for i in r.get("instances") or [] if what == "found" or i.get("mask")]
                truth = [scene.objects[index].box for index in wanted]
                pairs = match_instances([(box, "") for box in boxes], [(box, "") for box in truth])
                covered = {j for _, j in pairs}
                right = len(covered) == len(truth) and _only(boxes, truth) and (bool(truth) or "no" in words_of(text))
            case _:
                raise ValueError(f"nothing is known about expecting {what!r}")
        if not right:
            wrong.append(f"{what} {wanted!r}")
    return wrong


def _only(boxes: Sequence[Sequence[float]], truth: Sequence[Sequence[float]]) -> bool:
    """Whether every box is one of the truth's (two tasks of a turn may both bring the same)."""
    return all(match_instances([(box, "")], [(t, "") for t in truth]) for box in boxes)


def words_of(text: str) -> list[str]:
    """The words of a text, lower case, plurals of shapes as singulars beside them."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [*words, *(word[:-2] if word.endswith("sses") else word[:-1] for word in words if word.endswith("s"))]


def says(text: str, truth: str) -> bool:
    """Whether an answer says `truth`: yes or no as its first word, else all words of the truth in it."""
    words = words_of(text)
    if truth in ("yes", "no"):
        return words[:1] == [truth] or (truth == "no" and text.lower().startswith(("there is no ", "there are no ")))
    return set(truth.lower().split()) - {"a", "an", "the"} <= set(words)


def says_number(text: str, number: int) -> bool:
    """Whether an answer says this number, in digits or words; none is "no" or "none"."""
    names = {str(number), NUMBERS[number]} | ({"no", "none"} if number == 0 else set())
    return bool(names & set(words_of(text)))
