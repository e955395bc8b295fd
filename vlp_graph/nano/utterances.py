"""Turns with their gold plans, generated: what the planner and the intent model learn from.

Templates (`vlp_graph.nano.templates`) are filled with everyday things and with the words of the nano
world, joined to turns of one to three tasks, put after history lines, and dressed as people type or as a
speech recogniser writes. One fifth of the templates of every task is held out whole.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vlp_graph.dialogue.plan import PHRASE_TASKS, TASKS, wire_text
from vlp_graph.dialogue.prompt import history_line
from vlp_graph.dialogue.wording import are, listed, singular
from vlp_graph.nano import templates, templates_more
from vlp_graph.nano.words import COLOURS, label_list, nano_noun, noun, thing

HELD_OUT = 0.2

Wire = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One generated turn; `tasks` are in wire form, `kind` is its task, `multi` or `history`."""

    utterance: str
    history: str | None
    thought: str
    tasks: tuple[Wire, ...]
    kind: str

    @property
    def completion(self) -> str:
        """What the planner has to write."""
        return wire_text(self.thought, self.tasks)


# --- templates, split --------------------------------------------------------------------------------


def _split(block: str, name: str) -> tuple[list[str], list[str]]:
    lines = [line.strip() for line in block.strip().splitlines()]
    random.Random(f"held-out {name}").shuffle(lines)
    held_out = max(2, round(HELD_OUT * len(lines)))
    return lines[held_out:], lines[:held_out]


@dataclass(frozen=True)
class Templates:
    """One side of the split."""

    single: dict[str, list[str]]
    it: dict[str, list[str]]
    them: dict[str, list[str]]
    ellipsis: list[str]
    ellipsis_colour: list[str]
    also: dict[str, list[str]]


@functools.cache
def load_templates(held_out: bool) -> Templates:
    """The templates to train on, or those that training never sees."""

    def side(block: str, more: str, name: str) -> list[str]:
        lines = _split(block, name)[held_out]
        return lines if held_out else lines + [line.strip() for line in more.strip().splitlines()]

    def sides(blocks: dict[str, str], more: dict[str, str], name: str) -> dict[str, list[str]]:
        return {task: side(block, more[task], f"{name} {task}") for task, block in blocks.items()}

    first, later = templates, templates_more
    return Templates(
        single=sides(first.SINGLE, later.SINGLE, "single"),
        it=sides(first.FOLLOW_UP_IT, later.FOLLOW_UP_IT, "it"),
        them=sides(first.FOLLOW_UP_THEM, later.FOLLOW_UP_THEM, "them"),
        ellipsis=side(first.ELLIPSIS, later.ELLIPSIS, "ellipsis"),
        ellipsis_colour=side(first.ELLIPSIS_COLOUR, later.ELLIPSIS_COLOUR, "ellipsis colour"),
        also=sides(first.AND_ALSO, later.AND_ALSO, "also"),
    )


# --- filling -----------------------------------------------------------------------------------------


def article(text: str) -> str:
    """The text with "a" and "an" as the words behind them want it."""
    return re.sub(r"\b(an?) (?=(\w))", lambda m: "an " if m[2] in "aeio" else "a ", text)


def _list_of_things(rng: random.Random) -> tuple[str, list[str]]:
    names = list(dict.fromkeys(thing(rng, rng.random() < 0.6, 0) for _ in range(rng.choice([2, 2, 2, 3]))))
    written = [rng.choice(["the ", "the ", "", "all "]) + name for name in names]
    if rng.random() < 0.5:
        written = [f"the {name}" for name in names] if rng.random() < 0.5 else names[:]
    return ", ".join(written[:-1]) + (" and " if len(written) > 1 else "") + written[-1], names


def fill(rng: random.Random, task: str, template: str) -> tuple[str, Wire]:
    """The clause and its gold task (the question of an `answer` is the clause itself)."""
    text, names = template, list[str]()
    gold: Wire = {"task": task}
    if "{L}" in text:
        written, gold["labels"] = label_list(rng)
        text = text.replace("{L}", written)
    if "{M}" in text:
        written, names = _list_of_things(rng)
        text = text.replace("{M}", written)
    while "{C}" in text:
        text = text.replace("{C}", rng.choice(COLOURS), 1)
    relation = 0.14 if task in PHRASE_TASKS else 0.03
    while slot := re.search(r"\{([PSNT])\}", text):
        plural = slot[1] == "P" or (slot[1] == "N" and rng.random() < 0.5)
        name = thing(rng, plural, relation if slot[1] != "T" else 0)
        last = slot.end() >= len(text.rstrip("?")) and task in PHRASE_TASKS
        names.append(name)
        if last and rng.random() < 0.1:
            names.append(thing(rng, plural, 0))
            name += rng.choice([" and ", " and the ", " or ", ", "]) + names[-1]
        text = text[: slot.start()] + name + text[slot.end() :]
    if task in PHRASE_TASKS:
        gold["phrases"] = list(dict.fromkeys(names))
    text = article(text) if rng.random() < 0.9 else text
    if task in PHRASE_TASKS:
        gold["phrases"] = [name if name in text else article(name) for name in gold["phrases"]]
    if task == "answer":
        gold["question"] = text
    return text, gold


VERBS = {
    "chat": "talk",
    "describe": "describe the picture",
    "answer": "answer about the picture",
    "detect": "find",
    "segment": "outline",
    "count": "count",
    "classify": "choose",
}


def thought(tasks: list[Wire]) -> str:
    """One thought for all: the verb after "me to" decides, the rest repeats what it is about."""
    parts = []
    for task in tasks:
        about = ", ".join(task.get("phrases", [])) or " or ".join(task.get("labels", []))
        parts.append(f"{VERBS[task['task']]} {about}".strip())
    return "user wants me to " + "; then ".join(parts)


# --- kinds of turns ----------------------------------------------------------------------------------

_SINGLE_WEIGHTS = {
    "chat": 1.1,
    "describe": 0.9,
    "answer": 1.5,
    "detect": 1.2,
    "segment": 1.1,
    "count": 1.0,
    "classify": 1.2,
}
_JOINTS = [
    " and ",
    " and ",
    " and then ",
    ", then ",
    " and also ",
    ". then ",
    ". ",
    "; ",
    ", and ",
    ", ",
    " & ",
    " plus ",
    ", after that ",
    "? ",
]
_NUMBERS = ["one", "two", "three", "four", "five", "2", "3", "4", "6"]
_SPOTS = ["at the top left", "in the middle", "on the right", "at the bottom", "at the bottom right", "on the left"]


def _single(rng: random.Random, side: Templates, task: str | None = None) -> tuple[str, Wire]:
    task = task or rng.choices(list(_SINGLE_WEIGHTS), list(_SINGLE_WEIGHTS.values()))[0]
    return fill(rng, task, rng.choice(side.single[task]))


def _multi(rng: random.Random, side: Templates) -> tuple[list[str], list[Wire]]:
    if rng.random() < 0.35:
        first = rng.choice(sorted(PHRASE_TASKS))
        second = rng.choice([task for task in side.also if task != first])
        plain = [t for t in side.single[first] if "{P}" in t or "{M}" in t]
        clause, gold = fill(rng, first, rng.choice(plain))
        return [clause, rng.choice(side.also[second])], [
            gold,
            {"task": second, "phrases": gold["phrases"][:]},
        ]
    tasks = rng.sample([t for t in TASKS if t != "chat"], 3 if rng.random() < 0.15 else 2)
    clauses, golds = zip(*(_single(rng, side, task) for task in tasks), strict=True)
    return list(clauses), list(golds)


def _as_answered(rng: random.Random, verb: str, names: str, plural: bool) -> list[str]:
    """What `vlp_graph.dialogue.aggregate` says of things that were found, twice as often as other wordings."""
    if not plural:
        return [f"I {verb} the {names} {rng.choice(_SPOTS)}."] * 2
    count = rng.randint(2, 4)
    return [f"I {verb} {count} {names}: {listed([rng.choice(_SPOTS) for _ in range(count)])}."] * 2


def _counted(rng: random.Random, names: str) -> str:
    return f"There {are(rng.randint(0, 5), names)} in this picture."


def past_turn(rng: random.Random, task: str, names: str, plural: bool) -> str:
    """A history line: what was asked about `names`, and what came out."""
    side = load_templates(False)
    slot = "{P}" if plural else "{S}"
    usable = [t for t in side.single[task] if t.count("{") == 1 and slot in t]
    asked = article(rng.choice(usable).replace(slot, names)) if usable else f"show me the {names}"
    number = rng.choice(_NUMBERS) if plural else "one"
    spot = rng.choice(_SPOTS)
    outcome = {
        "detect": [
            f"{number} boxes",
            f"found {number}",
            f"The {names}: {spot}.",
            *_as_answered(rng, "found", names, plural),
        ],
        "segment": [f"{number} masks", "done", *_as_answered(rng, "outlined", names, plural)],
        "count": [f"{number}", f"I count {number} {names}.", *[_counted(rng, names)] * 2],
        "answer": [
            "yes",
            f"Yes, {spot}.",
            "no",
            rng.choice(COLOURS),
            rng.choice(COLOURS).capitalize() + ".",
            f"Yes, there {are(1 + plural, names)}.",
            f"No, there is no {singular(names)} in this picture.",
        ],
        "describe": [f"There are {number} {names} {spot}.", f"I see {names} and some other things."],
    }[task]
    if task == "describe":
        asked = rng.choice(["what is in the picture?", "describe it", "what do you see"])
    return history_line(asked, rng.choice(outcome))


def _follow_up(rng: random.Random, side: Templates) -> tuple[str, str, Wire]:
    """History, a clause that leans on it, and the task with the reference resolved."""
    plural = rng.random() < 0.5
    names = thing(rng, plural, 0.05)
    past = rng.choice(
        ["detect", "segment", "count", "answer", "describe"] if plural else ["detect", "segment", "answer"]
    )
    history = past_turn(rng, past, names, plural)
    blocks = side.them if plural else side.it
    task = rng.choice([t for t in blocks if t != past or t == "answer"])
    clause = rng.choice(blocks[task]).replace("{C}", rng.choice(COLOURS)).replace("{T}", thing(rng, False, 0))
    if task in PHRASE_TASKS:
        return history, clause, {"task": task, "phrases": [names]}
    question = re.sub(
        r"\b(of them|them|they|it)\b",
        lambda m: ("of " * m[1].startswith("of")) + f"the {names}",
        clause,
        count=1,
    )
    return history, clause, {"task": task, "question": question}


def _again(rng: random.Random, side: Templates) -> tuple[str, str, Wire]:
    """ "and the dogs?", "what about the blue ones?": the task of the turn before, about something else."""
    past = rng.choice(["count", "count", "detect", "segment", "answer"])
    if rng.random() < 0.5:
        kind = nano_noun(rng)[1] if rng.random() < 0.6 else noun(rng)[1]
        before, now = rng.sample(COLOURS, 2)
        names, new = f"{before} {kind}", f"{now} {kind}"
        clause = rng.choice(side.ellipsis_colour).replace("{C}", now)
    else:
        names, new = thing(rng, True, 0), thing(rng, True, 0.05)
        clause = rng.choice(side.ellipsis).replace("{P}", new)
    if past == "answer":
        asked = rng.choice(
            [
                "are there any {P}?",
                "are there {P}?",
                "do you see any {P}?",
                "what colour are the {P}?",
                "are the {P} bigger than the rest?",
            ]
        )
        if "colour" in asked and " ones" in clause:
            asked = "are there any {P}?"
        history = history_line(asked.replace("{P}", names), rng.choice(["yes", "No.", "Yes.", "no, there are none"]))
        return history, clause, {"task": "answer", "question": asked.replace("{P}", new)}
    return past_turn(rng, past, names, True), clause, {"task": past, "phrases": [new]}


# --- dress -------------------------------------------------------------------------------------------

_POLITE = [
    "please ",
    "can you ",
    "could you ",
    "can you please ",
    "would you ",
    "i want you to ",
    "you should ",
    "kindly ",
    "would you please ",
    "i'd like you to ",
    "could you please ",
    "let's ",
    "try to ",
]
_OPENERS = [
    "hey, ",
    "ok, ",
    "so ",
    "um, ",
    "well, ",
    "hi, ",
    "hello, ",
    "and ",
    "now ",
    "alright, ",
    "hmm ",
    "uh ",
    "great, ",
    "lovely. ",
    "nice, now ",
    "thanks. ",
    "perfect, ",
    "cool, then ",
    "right, ",
]
_CLOSERS = [" please", ", please", " thanks", ", thank you", " for me", " now", " if you can", " pls"]
_IN_PICTURE = [" in the picture", " in this image", " in the photo", " here", " in the scene"]
_SHORT = [
    ("you", "u"),
    ("please", "plz"),
    ("are", "r"),
    ("what is", "whats"),
    ("where is", "wheres"),
    ("picture", "pic"),
    ("image", "img"),
    ("photo", "pic"),
    ("what's", "whats"),
    ("there are", "theres"),
    ("give me", "gimme"),
    ("want to", "wanna"),
    ("i am", "im"),
    ("can not", "cant"),
    ("them", "em"),
]
_ORDER = set(
    """
    add assign answer box calculate caption categorise categorize check choose circle classify clip
    color come compute count create crop cut decide delete describe detect determine do draw
    enumerate erase estimate explain extract figure fill find frame generate get give go have help
    highlight identify indicate isolate judge keep label list locate localize look make mark mask
    name number outline paint pick pinpoint point produce put rate read remove reply report return
    run say search segment select separate shade show sort spot start sum summarise summarize tag
    take talk tally tell trace track translate use walk work write
    """.split()
)


def _is_order(clause: str) -> bool:
    return clause.split()[0].strip(",:") in _ORDER


def typo(rng: random.Random, text: str, keep: set[str]) -> str:
    """The text with one word mistyped, none of those to keep."""
    words = text.split()
    spots = [i for i, w in enumerate(words) if len(w) > 3 and w.isalpha() and w.lower() not in keep]
    if not spots:
        return text
    spot = rng.choice(spots)
    word, at = words[spot], rng.randrange(1, len(words[spot]) - 1)
    kinds: list[Callable[[], str]] = [
        lambda: word[:at] + word[at + 1 :],
        lambda: word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        lambda: word[:at] + word[at] + word[at:],
    ]
    words[spot] = rng.choice(kinds)()
    return " ".join(words)


def _dress(rng: random.Random, clauses: list[str], golds: list[Wire]) -> str:
    """The turn as typed or spoken; the question of an `answer` follows the clause it stands for."""
    keep = {w for gold in golds for p in [*gold.get("phrases", []), *gold.get("labels", [])] for w in p.lower().split()}
    spoken = rng.random() < 0.25
    worn = []
    for clause, gold in zip(clauses, golds, strict=True):
        own_question = gold.get("question") == clause
        if spoken:
            clause = clause.replace("colour", "color").replace("summaris", "summariz")
        elif rng.random() < 0.1:
            long, short = rng.choice(_SHORT)
            if not set(long.split()) & keep:
                clause = re.sub(rf"\b{long}\b", short, clause)
        if not spoken and rng.random() < 0.1:
            clause = typo(rng, clause, keep)
        if len(clauses) > 1:
            clause = clause.rstrip("?!. ")
        if own_question:
            gold["question"] = clause
        worn.append(clause)
    text = worn[0]
    for clause in worn[1:]:
        joint = rng.choice(_JOINTS)
        text += (". Then " if spoken and joint == ". then " else joint) + clause
    if _is_order(clauses[0]):
        if rng.random() < 0.35:
            text = rng.choice(_POLITE) + text + ("?" if rng.random() < 0.2 else "")
        if len(clauses) == 1 and golds[0]["task"] in PHRASE_TASKS and rng.random() < 0.12:
            text = text.rstrip("?.") + rng.choice(_IN_PICTURE)
        if rng.random() < 0.12:
            text = text.rstrip("?.") + rng.choice(_CLOSERS)
    elif golds[0]["task"] != "chat" and rng.random() < 0.1:
        text = rng.choice(_OPENERS) + text
    if golds[0]["task"] != "chat" and rng.random() < 0.08:
        text = rng.choice(_OPENERS) + text
    return letter_case(rng, text, spoken)


def letter_case(rng: random.Random, text: str, spoken: bool) -> str:
    """The text as typed in haste, or as a speech recogniser writes it."""
    if spoken:
        text = re.sub(r"\bi\b", "I", text[0].upper() + text[1:])
        text = re.sub(r"([.?!] )(\w)", lambda m: m[1] + m[2].upper(), text)
        return text if text[-1] in "?.!" else text + "."
    if rng.random() < 0.4:
        text = text.rstrip("?.!")
    form = rng.random()
    if form < 0.03:
        return text.upper()
    return text[0].upper() + text[1:] if form < 0.25 else text


def generate(rng: random.Random, *, held_out: bool = False, multi: float = 0.2, history: float = 0.36) -> Turn:
    """One turn; `multi` and `history` are the shares of turns with several tasks and after a history line."""
    side = load_templates(held_out)
    past, kind, roll = None, "", rng.random()
    if roll < history:
        lean = rng.random()
        if lean < 0.34:
            past, clause, gold = _follow_up(rng, side)
        elif lean < 0.56:
            past, clause, gold = _again(rng, side)
        else:
            plural = rng.random() < 0.5
            past = past_turn(rng, rng.choice(["detect", "segment", "count", "answer"]), thing(rng, plural, 0), plural)
            clause, gold = _single(rng, side)
        clauses, golds, kind = [clause], [gold], "history"
    elif roll < history + multi:
        clauses, golds = _multi(rng, side)
        kind = "multi"
    else:
        clause, gold = _single(rng, side)
        clauses, golds, kind = [clause], [gold], gold["task"]
    utterance = _dress(rng, clauses, golds)
    for gold in golds:
        if "question" in gold:
            words = re.escape(gold["question"].rstrip("?.! "))
            found = re.search(words + r"[?.!]?", utterance, re.IGNORECASE)
            gold["question"] = found[0] if found else gold["question"]
    return Turn(utterance, past, thought(golds), tuple(golds), kind)
