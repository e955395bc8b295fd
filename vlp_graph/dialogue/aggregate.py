"""One answer out of all results. Counts, places and existence come from instances, so the words cannot contradict
the boxes; what is absent is said, and a branch that failed is named."""

from __future__ import annotations

from collections.abc import Sequence

from vlp_graph.dialogue.plan import Plan, Task
from vlp_graph.dialogue.turn import Instance, Picture, Result
from vlp_graph.dialogue.wording import are, listed, place, plain, plural, sentence, singular

NOTHING_KNOWN = "I do not recognise anything that I know in this picture."
NOTHING_HEARD = "I could not make out any words in the recording. Please speak again or type your question."
NOTHING_TO_SAY = "I have no answer to that. Please put it another way."
_DOING = {
    "chat": "answer in words",
    "describe": "describe the picture",
    "answer": "look for an answer in the picture",
    "detect": "locate {}",
    "segment": "outline {}",
    "count": "count {}",
    "classify": "choose between {}",
}


def compose(plan: Plan, results: Sequence[Result], pictures: Sequence[Picture]) -> str:
    """The whole answer, in the order of the plan. What only served another task is not said where that one answers."""
    by_id = {r.id: r for r in results}
    serving = {need for task in plan.tasks if task.id in by_id and by_id[task.id].status == "ok" for need in task.needs}
    parts = [_say(task, by_id[task.id], pictures) for task in plan.tasks if task.id in by_id and task.id not in serving]
    return " ".join(dict.fromkeys(part for part in parts if part))


def _say(task: Task, result: Result, pictures: Sequence[Picture]) -> str:
    if result.status != "ok":
        what = _DOING[task.task].format(listed([*(task.phrases or []), *(task.labels or [])]))
        return sentence(f"I could not {what}: {result.error}")
    match task.task:
        case "describe" | "answer":
            said = sentence(result.text or _listing(result.instances or []))
            return f'{said} (A look at the picture as a whole says "{result.doubt}".)' if result.doubt else said
        case "classify":
            return sentence(f"It looks like {result.label}") if result.label else ""
        case "count":
            return " ".join(_count(phrase, result) for phrase in _phrases(task))
        case "detect" | "segment":
            picture = pictures[result.image or 0]
            return " ".join(_found(phrase, result, picture, task.task) for phrase in _phrases(task))
        case _:
            return sentence(result.text or "")


def _phrases(task: Task) -> list[str]:
    return [plain(p) for p in task.phrases or []]


def _named(result: Result, phrase: str) -> list[Instance]:
    return [i for i in result.instances or [] if i.phrase == phrase]


def _count(phrase: str, result: Result) -> str:
    return sentence(f"There {are(len(_named(result, phrase)), phrase)} in this picture")


def _found(phrase: str, result: Result, picture: Picture, task: str) -> str:
    instances = _named(result, phrase)
    if not instances:
        return sentence(f"There is no {singular(phrase)} in this picture")
    height, width = picture.pixels.shape[:2]
    places = [place(i.box, width, height) for i in instances]
    verb = "outlined" if task == "segment" else "found"
    if len(instances) == 1:
        return sentence(f"I {verb} the {singular(phrase)} {places[0]}")
    return sentence(f"I {verb} {len(instances)} {plural(phrase)}: {listed(places)}")


def _listing(instances: Sequence[Instance]) -> str:
    """What is left of a caption of which the detector found only a part."""
    phrases = list(dict.fromkeys(i.phrase for i in instances))
    if not phrases:
        return NOTHING_KNOWN
    return sentence("I can make out " + listed([_some(p, sum(i.phrase == p for i in instances)) for p in phrases]))


def _some(phrase: str, count: int) -> str:
    return are(count, phrase).split(" ", 1)[1]
