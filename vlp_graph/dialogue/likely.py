"""The plan that intent and names alone amount to, milliseconds after the turn.

It is where speculation starts, what a turn without doubt is answered by, and what stands in when no plan could be
written: one task for every wish of the turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vlp_graph.dialogue.claims import Across, Choice, Differences, HowMany, MorePictures
from vlp_graph.dialogue.phrases import counted_in, labels_in, phrases_in
from vlp_graph.dialogue.plan import MAX_PHRASES, MAX_TASKS, PHRASE_TASKS, Plan, Task
from vlp_graph.dialogue.reading import Said, Wish, best, points_back
from vlp_graph.dialogue.wording import listed

_DOING = {
    "chat": "talk",
    "describe": "describe the picture",
    "answer": "answer about the picture",
    "detect": "find {}",
    "segment": "outline {}",
    "count": "count {}",
    "classify": "choose between {}",
}


@dataclass(frozen=True)
class Likely:
    """A plan and how sure it is: the least sure of its intents and of the names in it."""

    plan: Plan
    sure: float


def likely_plan(said: Said, picture: Callable[[str], int | None], pictures: int = 0) -> Likely | None:
    """None where what an intent needs was not named. `picture` tells which picture words mean, of how many."""
    tasks: list[Task] = []
    doing: list[str] = []
    sure = 1.0
    for wish in said.wishes:
        if pictures > 1 and isinstance(wish.claim, MorePictures | Across | Differences):
            tasks += _comparison(wish.claim, wish.text, picture, pictures, first=len(tasks) + 1)
            doing.append("compare the pictures")
            continue
        if _only_talks(wish, picture):
            tasks.append(_task(tasks, "chat"))
            doing.append(_DOING["chat"])
            sure = min(sure, wish.understanding.scores["chat"])
            continue
        arguments, names, certain = _arguments(wish, said)
        if not all(arguments.values()):
            return None
        doing.append(_DOING[wish.intent].format(listed(names)))
        image = None if wish.intent == "chat" else picture(wish.text)
        task = _task(tasks, wish.intent, image=image, **arguments)
        if tasks and (both := _together(tasks[-1], task)):
            tasks[-1] = both
        elif all(_same(task, other) is False for other in tasks):
            tasks.append(task)
        sure = min(sure, certain, wish.sure)
    if not tasks or len(tasks) > MAX_TASKS:
        return None
    return Likely(Plan(thought=f"user wants me to {', then to '.join(doing)}"[:240], tasks=tasks), sure)


def _only_talks(wish: Wish, picture: Callable[[str], int | None]) -> bool:
    """Whether it sounds like small talk where no picture is ("which is bigger, France or Spain?")."""
    return best(wish.understanding.scores) == "chat" and picture(wish.text) is None


def _comparison(
    claim: MorePictures | Across | Differences,
    question: str,
    picture: Callable[[str], int | None],
    pictures: int,
    *,
    first: int,
) -> list[Task]:
    """A look at each of the pictures, and an answer that needs them all."""
    which: list[int] = list(range(max(0, pictures - MAX_TASKS + 1), pictures))
    if isinstance(claim, Differences) and (said := [word for word in (claim.there, claim.missing) if word]):
        which = [i for i in dict.fromkeys(picture(f"the {word} picture") for word in said) if i is not None]
    looks: dict[str, Any] = {"task": "describe"}
    if isinstance(claim, MorePictures):
        looks = {"task": "count", "phrases": [claim.phrase]}
    if isinstance(claim, Across) or (isinstance(claim, MorePictures) and claim.how in ("more", "less")):
        which = list(dict.fromkeys([_named_picture(question, picture, pictures), pictures - 1]))
    if isinstance(claim, Across):
        looks = {"task": "detect", "phrases": [claim.phrase]}
        if claim.trait != "size":
            looks = {"task": "answer", "question": f"what {claim.trait} is the {claim.phrase}?"}
    tasks = [Task.model_validate({"id": f"t{first + n}", "image": i, **looks}) for n, i in enumerate(which)]
    needs = [task.id for task in tasks]
    about = which[0] if isinstance(claim, Differences) and claim.there else which[-1]
    return [*tasks, Task(id=f"t{first + len(tasks)}", task="answer", question=question, needs=needs, image=about)]


def _named_picture(question: str, picture: Callable[[str], int | None], pictures: int) -> int:
    """The picture that a question compares the newest with: the one before, where it names none."""
    named = picture(question)
    return max(0, pictures - 2) if named is None or named == pictures - 1 else named


def _task(tasks: Sequence[Task], name: str, **arguments: Any) -> Task:
    return Task.model_validate({"id": f"t{len(tasks) + 1}", "task": name, **arguments})


def _together(a: Task, b: Task) -> Task | None:
    """Two counts in the same picture as one: "how many knives and how many forks"."""
    phrases = list(dict.fromkeys([*(a.phrases or []), *(b.phrases or [])]))
    if a.task != b.task or a.task != "count" or a.image != b.image or len(phrases) > MAX_PHRASES:
        return None
    return a.model_copy(update={"phrases": phrases})


def _same(a: Task, b: Task) -> bool:
    return a.model_copy(update={"id": ""}) == b.model_copy(update={"id": ""})


def _arguments(wish: Wish, said: Said) -> tuple[dict[str, Any], list[str], float]:
    """What the task of a wish needs, the names in it, and how sure they are."""
    scores = [name.score for name in wish.understanding.named]
    if wish.intent in PHRASE_TASKS:
        phrases = phrases_in(wish.text, wish.understanding.named)
        if isinstance(wish.claim, HowMany):
            phrases, scores = [counted_in(wish.claim.phrase, wish.understanding.named)], []
        if not phrases and wish.leaning:
            phrases = [name for name in said.context.named if name.strip()]
            scores = [] if points_back(wish.text) else [0.0]  # "cut out whatever moves" need not mean what was named
        return {"phrases": phrases[:MAX_PHRASES]}, phrases, min([1.0, *scores])
    if wish.intent == "classify":
        options = wish.claim.options if isinstance(wish.claim, Choice) else ()
        quoted = labels_in(wish.text)
        scores = [] if options or quoted else scores
        labels = list(options or quoted or dict.fromkeys(name.text for name in wish.understanding.named))[:MAX_PHRASES]
        return {"labels": labels if len(labels) > 1 else [], "question": wish.text}, labels, min([1.0, *scores])
    if wish.intent == "answer":
        # it leans on what was said before, and nothing says on what
        return {"question": wish.text}, [], 0.0 if wish.leaning and wish.claim is None else 1.0
    return {}, [], 1.0
