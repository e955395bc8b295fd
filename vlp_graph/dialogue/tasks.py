"""What each task does with the models: one small coroutine per kind.

Each returns the fields of its `Result`; time, status and errors are the executor's business.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, trim_messages
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable

from vlp_graph.dialogue.alike import alike_of
from vlp_graph.dialogue.claims import Beside, Choice, Reading, Shape, What
from vlp_graph.dialogue.comparison import compared
from vlp_graph.dialogue.evidence import (
    beside,
    best,
    decide,
    doubt,
    odd_one_out,
    painted,
    phrases_of,
    read_off,
    readings,
    subjects,
)
from vlp_graph.dialogue.execute import Run
from vlp_graph.dialogue.few_shot import Asked, label_said
from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.plan import Task
from vlp_graph.dialogue.prompt import neutral
from vlp_graph.dialogue.questions import ODD, claim_of
from vlp_graph.dialogue.referring import choose, read, same_place
from vlp_graph.dialogue.sorting import DESCRIBE, either, sort_picture
from vlp_graph.dialogue.turn import Instance, Picture, Result, Turn
from vlp_graph.dialogue.usage import UsageHandler
from vlp_graph.dialogue.wording import (
    COLOURS,
    SHAPES,
    SIZES,
    is_plural,
    listed,
    plain,
    sentence,
    singular,
    with_article,
)
from vlp_graph.errors import DeadlineExceeded, ModelUnavailable

SURE = 0.5
"""Detector score from which a thing that the words list is believed."""
NAME_IT = "What is this?"
"""The question of a few-shot prompt, whose answers are labels."""
_ITEM = r"an? [\w-]+(?: (?!and\b)[\w-]+){0,4}?"  # "and" only parts items: else matching takes exponential time
_LISTING = re.compile(rf"^{_ITEM}(?:(?:, | and |, and ){_ITEM})*\.?$", re.IGNORECASE)
_OTHER_THAN = re.compile(r"\b(?P<kind>[a-z]+) other than the (?P<not>[a-z -]{1,60}?)(?=\W*$)", re.IGNORECASE)
_ODD = re.compile(r"^odd (?:one|thing|shape|object)?(?: out)?$", re.IGNORECASE)
_ON_A_THING = re.compile(
    r"(?P<thing>.+?) (?:on|in) (?:the|this|my|our|his|her) (?P<base>[a-z]+(?: [a-z]+)?)", re.IGNORECASE
)
SYSTEM = "You are a helpful assistant that talks about pictures. Answer briefly."


@dataclass(frozen=True)
class Tasks:
    """Runs single tasks of one turn. `text` is the turn's own words, typed and spoken; `asked` are the example pictures
    by which it asks for a label. What its chat costs goes to `usage`."""

    models: Models
    turn: Turn
    text: str
    max_answer_tokens: int
    max_history_tokens: int = 400
    asked: Asked | None = None
    usage: UsageHandler = field(default_factory=UsageHandler)

    async def run(self, task: Task, picture: Picture | None, needed: Sequence[Result] = ()) -> dict[str, Any]:
        """The fields of the result: text, count, label, scores, instances, about as the kind of task has them.
        `needed` are the results of the tasks that it needs."""
        if task.task == "chat":
            return {"text": await self._chat()}
        if picture is None:
            raise ValueError(f"task {task.task} needs a picture")
        match task.task:
            case "describe":
                return await self._describe(picture)
            case "answer":
                if needed:
                    return compared(task.question or self.text, needed)
                return await self._answer(picture, task.question or self.text)
            case "classify":
                return await self._classify(picture, task.labels or [], task.question or "")
            case _:
                return await self._find(picture, task.phrases or [], masks=task.task == "segment")

    def runner(self, pictures: Sequence[Picture]) -> Run:
        """What the executor calls: each task with the picture that it looks at."""
        return lambda task, needed: self.run(task, None if task.image is None else pictures[task.image], needed)

    async def chat(self, deadline: float) -> AsyncGenerator[str, None]:
        """The language model's own answer, piece by piece. `deadline` is a time of the running event loop.

        Raises:
            DeadlineExceeded: nothing was said by then; what was said before stands, cut off.
        """
        model = self._talker() | StrOutputParser()
        said = False
        async with aclosing(cast(AsyncGenerator[str, None], model.astream(self._messages()))) as pieces:
            try:
                while True:
                    async with asyncio.timeout_at(deadline):  # never around the yield: it would cancel who reads
                        piece = await anext(pieces, None)
                    if piece is None:
                        return
                    if piece:
                        said = True
                        yield piece
            except TimeoutError:
                if not said:
                    late = "Llama did not answer in time: try again, or raise dialogue.turn_s"
                    raise DeadlineExceeded(late) from None

    async def _chat(self) -> str:
        model = self._talker() | StrOutputParser()
        return (await model.ainvoke(self._messages())).strip()

    def _talker(self) -> Runnable[Any, BaseMessage]:
        model = self.models.talker.bind(**{"max_tokens": self.max_answer_tokens, **self.turn.sampling})
        return model.with_config(callbacks=[self.usage])

    def _messages(self) -> list[BaseMessage]:
        """The dialogue so far for the language model, as much of its end as it is to read."""
        said = [
            HumanMessage(neutral(m.text)) if m.role == "user" else AIMessage(neutral(m.text)) for m in self.turn.history
        ]
        kept = trim_messages(said, max_tokens=self.max_history_tokens, token_counter="approximate", start_on="human")
        return [SystemMessage(neutral(self.turn.system or SYSTEM)), *kept, HumanMessage(neutral(self.text))]

    async def _other_than(self, picture: Picture, text: str) -> str:
        """The text, in which "the circle other than the green circle" is any other thing where there is no other
        circle: so "the other one" means it."""
        found = _OTHER_THAN.search(text)
        if found is None or singular(found["kind"]).lower() in ("thing", "object", "shape"):
            return text
        if await self._seek(picture, [found[0]]):
            return text
        several = is_plural(found["kind"])
        return f"{text[: found.start('kind')]}{'things' if several else 'thing'}{text[found.end('kind') :]}"

    async def _colour_of(self, picture: Picture, name: str) -> str | None:
        """The colour that the detector is surest of; None where it finds no such thing."""
        colours = painted(name)
        found = await self.models.finder.find(picture, list(colours))
        return colours[max(found, key=_score).phrase] if found else None

    async def _find(self, picture: Picture, phrases: Sequence[str], *, masks: bool) -> dict[str, Any]:
        meant = {plain(await self._other_than(picture, phrase)): plain(phrase) for phrase in phrases}
        found = await self._seek(picture, list(meant), masks=masks)
        for phrase in [phrase for phrase in meant if all(i.phrase != phrase for i in found)]:
            if wider := _of_any_kind(phrase, self.text):
                meant[wider] = wider
                found += (there := await self._seek(picture, [wider], masks=masks))
                if there:
                    del meant[phrase]
        instances = [i.model_copy(update={"phrase": meant[i.phrase]}) for i in found]
        return {"instances": instances, "count": len(instances), "about": list(dict.fromkeys(meant.values()))}

    async def _seek(self, picture: Picture, phrases: Sequence[str], *, masks: bool = False) -> list[Instance]:
        """What the phrases mean: the detector finds what they name, boxes decide which of it is meant."""
        meant = {plain(phrase): read(phrase) for phrase in phrases}
        odd = [phrase for phrase in meant if _ODD.match(phrase)]
        names = dict.fromkeys(name for phrase, one in meant.items() if phrase not in odd for name in one.names)
        unlike = odd_one_out(await self._plain_things(picture)) if odd else []
        names |= dict.fromkeys(i.phrase for i in unlike)
        found = await self.models.finder.find(picture, list(names), masks=masks) if names else []
        for phrase in [one.name for one in meant.values() if all(i.phrase != one.name for i in found)]:
            found += await self._on_the_picture(picture, phrase, masks=masks)
        return [
            i.model_copy(update={"phrase": phrase})
            for phrase, one in meant.items()
            for i in (
                [f for f in found if any(same_place(f, u) and f.phrase == u.phrase for u in unlike)]
                if phrase in odd
                else choose(one, found, _size(picture))
            )
        ]

    async def _on_the_picture(self, picture: Picture, phrase: str, *, masks: bool) -> list[Instance]:
        """The hearts, of "hearts on the shelf", where no shelf is seen: that is what the picture is called."""
        if not (found := _ON_A_THING.fullmatch(phrase)):
            return []
        if await self.models.finder.find(picture, [found["base"]]):
            return []
        bare = await self.models.finder.find(picture, [found["thing"]], masks=masks)
        return [i.model_copy(update={"phrase": phrase}) for i in bare]

    async def _describe(self, picture: Picture) -> dict[str, Any]:
        """The caption; where the detector bears out only a part of it, the plain shapes that it is sure of. Where it
        bears out nothing, neither of the two is believed: so they meet a picture of which they know nothing."""
        checked = await self._checked(picture, await self.models.looker.answer([picture], DESCRIBE))
        if checked["text"] is None and checked["instances"]:
            checked["instances"] = await self._plain_things(picture) or checked["instances"]
        return checked

    async def _checked(self, picture: Picture, words: str) -> dict[str, Any]:
        """Words that only list things are checked by the detector: `text` is None where it is not sure of as many of
        each as they say, or where they stutter; `instances` are those that it is sure of."""
        if _stutters(words):
            return {"text": None, "instances": []}
        named = Counter(_listed_things(words))
        if not named:
            return {"text": sentence(words)}
        instances = [i for i in await self.models.finder.find(picture, list(named)) if i.score >= SURE]
        seen = Counter(i.phrase for i in instances)
        return {"text": sentence(words) if named <= seen else None, "instances": instances, "about": list(seen)}

    async def _answer(self, picture: Picture, question: str) -> dict[str, Any]:
        """Words and boxes look side by side; where boxes can decide, they do."""
        question = await self._other_than(picture, question)
        if (alike := alike_of(question)) and (colour := await self._colour_of(picture, alike.of)):
            question = alike.as_coloured(colour)
        claim = claim_of(question)
        if claim is None:
            return await self._checked(picture, await self.models.looker.answer([picture], question))
        if isinstance(claim, What):
            return await self._what(picture, claim, question)
        words, instances = await either(
            self.models.looker.answer([picture], question),
            self._seek(picture, phrases_of(claim)),
        )
        if instances is None:
            return {"text": sentence(words or "")}
        verdict = decide(claim, instances, _size(picture))
        if isinstance(claim, Shape) and not claim.asked and words and _names_no_shape(words):
            verdict = None  # what it is need not be a plain shape
        if verdict is None and words is None:
            raise ModelUnavailable("the model that looks at pictures gave no answer: try again in a few seconds")
        if verdict is None and isinstance(claim, Beside):
            return await self._beside(picture, claim, words or "")
        about = subjects(claim, verdict or "")
        if isinstance(claim, Reading):
            answers = readings(claim)
            instances = [i for i in read_off(claim, instances) if verdict and answers[i.phrase] == verdict]
        fields = {"text": sentence(verdict or words or ""), "instances": instances, "about": about}
        return fields | ({"doubt": other} if verdict and words and (other := doubt(claim, verdict, words)) else {})

    async def _what(self, picture: Picture, claim: What, question: str) -> dict[str, Any]:
        """The plain shape that the claim means by its place or size; for all else the words."""
        meant = read(claim.phrase)
        things = await self._plain_things(picture)
        if claim.phrase == ODD:
            places = odd_one_out(things)
        elif singular(meant.name).lower() in ("thing", "object", "shape", "one"):
            anchors = await self.models.finder.find(picture, meant.names[1:]) if meant.names[1:] else []
            same = [i.model_copy(update={"phrase": meant.name}) for i in things]
            places = choose(meant, [*anchors, *same], _size(picture))
        else:
            places = await self._seek(picture, [claim.phrase])
        chosen = [i for i in things if any(same_place(i, place) for place in places)]
        if not chosen:
            return await self._checked(picture, await self.models.looker.answer([picture], question))
        names = [i.phrase for i in chosen]
        about = names if len(set(names)) == len(names) == 1 else [claim.phrase]
        return {"text": sentence(listed([with_article(n) for n in names])), "instances": chosen, "about": about}

    async def _beside(self, picture: Picture, claim: Beside, words: str) -> dict[str, Any]:
        """What the words name must be found where it was asked for. If not, everything that a caption lists is
        located, and the nearest thing on that side is the answer."""
        named = plain(words)
        instances = await self._seek(picture, [claim.b, named])
        if there := beside(claim, [named], instances):
            nearer = await self._plain_shape(picture, claim, instances)
            if nearer and not any(same_place(nearer[0], i) for i in there):
                both = beside(claim, [named, nearer[0].phrase], [*instances, *nearer])
                if both[0] is nearer[0]:
                    name = nearer[0].phrase
                    return {"text": sentence(with_article(name)), "instances": nearer, "about": [name]}
            return {"text": sentence(words), "instances": there, "about": [named]}
        others = list(dict.fromkeys(_listed_things(await self.models.looker.answer([picture], DESCRIBE))))
        instances += await self.models.finder.find(picture, others)
        if not (there := beside(claim, others, instances)):
            there = await self._plain_shape(picture, claim, instances)
        if there:
            name = there[0].phrase
            return {"text": sentence(with_article(name)), "instances": there[:1], "about": [name]}
        if named.lower() == "nothing" or not others:
            return {"text": sentence(words), "instances": []}
        return {"text": sentence(f"{words.strip('.')}, as far as I can tell"), "instances": []}

    async def _plain_shape(self, picture: Picture, claim: Beside, instances: Sequence[Instance]) -> list[Instance]:
        """The nearest plain shape on the side that the claim asks for; nothing where there is none."""
        reference = best(instances, claim.b)
        things = await self._plain_things(picture)
        others = [i for i in things if reference is None or not same_place(i, reference)]
        return beside(claim, [i.phrase for i in others], [*instances, *others])[:1]

    async def _plain_things(self, picture: Picture) -> list[Instance]:
        """Every plain shape that the detector is sure of, once, with its colour where that is sure, too."""
        shapes = [i for i in await self.models.finder.find(picture, SHAPES) if i.score >= SURE]
        things: list[Instance] = []
        for i in sorted(shapes, key=lambda i: -i.score):
            if not any(same_place(i, other) for other in things):
                things.append(i)
        phrases = [phrase for shape in dict.fromkeys(i.phrase for i in things) for phrase in painted(shape)]
        coloured = [i for i in await self.models.finder.find(picture, phrases) if i.score >= SURE] if phrases else []
        return [
            max((c for c in coloured if same_place(c, i) and c.phrase.endswith(i.phrase)), key=_score, default=i)
            for i in things
        ]

    async def _classify(self, picture: Picture, labels: Sequence[str], question: str) -> dict[str, Any]:
        """Of one thing ("is the blue one a star or a heart?") boxes decide; else the whole picture is sorted."""
        if self.asked and self.asked.labels == tuple(labels):
            return await self._sorted_by_example(picture, self.asked)
        claim = claim_of(question)
        if not isinstance(claim, Choice):
            return await self._sorted(picture, labels)
        seen = await self._seek(picture, phrases_of(claim))
        if (label := decide(claim, seen)) not in labels:
            return await self._sorted(picture, labels)
        answers = readings(claim)
        of_it = read_off(claim, seen)
        best_of = {label: max((i.score for i in of_it if answers[i.phrase] == label), default=0.0) for label in labels}
        total = sum(best_of.values())
        scores = {label: score / total for label, score in best_of.items()}
        instances = [i for i in of_it if answers[i.phrase] == label]
        return {"label": label, "scores": scores, "instances": instances, "about": subjects(claim, "")}

    async def _sorted_by_example(self, picture: Picture, asked: Asked) -> dict[str, Any]:
        """The vision model answers with the examples before its eyes, and tells of each picture what it sees; the
        sentence encoder compares what it saw. Where its answer is one of the labels, that is half of the scores."""
        looker, shots = self.models.looker, [(e.picture, e.label) for e in asked.examples]
        words, *captions = await asyncio.gather(
            looker.answer([picture], NAME_IT, shots),
            *(looker.answer([shown], DESCRIBE) for shown in (picture, *(e.picture for e in asked.examples))),
        )
        seen, like = captions[0], dict.fromkeys(captions[1:], 0.0)
        near = await self.models.sorter.nearest(seen, list(like)) if len(like) > 1 else like
        scores = {
            label: max(
                near[caption] for e, caption in zip(asked.examples, captions[1:], strict=True) if e.label == label
            )
            for label in asked.labels
        }
        total = sum(scores.values())
        scores = {label: score / total if total else 1 / len(scores) for label, score in scores.items()}
        if said := label_said(words, asked.labels):
            scores = {label: (score + (label == said)) / 2 for label, score in scores.items()}
        label = max(scores, key=lambda label: scores[label])
        return {"label": label, "scores": scores, "text": sentence(seen)}

    async def _sorted(self, picture: Picture, labels: Sequence[str]) -> dict[str, Any]:
        sorted_ = await sort_picture(self.models, picture, labels)
        about = [sorted_.thing] if sorted_.thing else None
        return {
            "label": sorted_.label,
            "scores": sorted_.scores,
            "text": sentence(sorted_.caption or ""),
            "about": about,
        }


def _of_any_kind(phrase: str, text: str) -> str | None:
    """ "Blue thing" for "blue cross", where the turn said only "the blue one": its kind was taken from what was spoken
    of before, and need not be the same. None where the turn says the kind."""
    *traits, kind = plain(phrase).lower().split() or [""]
    said = {singular(word) for word in re.findall("[a-z]+", text.lower())}
    guessed = bool(traits) and set(traits) <= {*COLOURS, *SIZES} and singular(kind) not in said
    return f"{' '.join(traits)} thing" if guessed and "one" in said and kind != "thing" else None


def _size(picture: Picture) -> tuple[int, int]:
    """Width and height."""
    return picture.pixels.shape[1], picture.pixels.shape[0]


def _score(instance: Instance) -> float:
    return instance.score


def _listed_things(caption: str) -> list[str]:
    """The things of a caption that only lists things ("a red circle and a star"); else nothing."""
    listing = caption.strip().lower()
    if not _LISTING.match(listing):
        return []
    return [plain(part) for part in re.split(r", and |, | and ", listing.rstrip("."))]


def _names_no_shape(words: str) -> bool:
    """Whether words name a thing, and no plain shape: a colour or a size names nothing."""
    said = plain(words).lower()
    return said not in SHAPES and not set(said.split()) <= {*COLOURS, *SIZES}


def _stutters(words: str) -> bool:
    """Whether an item of the words says the same twice ("a small red a small red star"): nobody saw that."""
    traits = {*COLOURS, *SHAPES, "small", "large"}
    items = ([w for w in re.findall("[a-z]+", part) if w in traits] for part in re.split(r", | and ", words.lower()))
    return any(len(set(item)) < len(item) for item in items)
