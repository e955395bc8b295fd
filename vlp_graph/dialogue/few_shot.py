"""Example pictures: the labels that a dialogue gives to pictures ("this is a zig"), and the turn that asks for one.

In-context learning as IDEFICS was made for (arXiv 2306.16527): the examples are the few-shot prompt of the question
about a new picture, and its label is one of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vlp_graph.dialogue.plan import MAX_PHRASES, Plan, Task
from vlp_graph.dialogue.turn import Picture, Turn
from vlp_graph.dialogue.wording import listed, plain

MOST = 8
"""Example pictures of one prompt: the newest."""
LONGEST = 300
"""Characters of a message that may give or ask for a label."""
_NTH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_PICTURE = r"(?:one|picture|image|photo|photograph|pic|drawing|sheet|thing|kind|type|sort|sample)"
_LABEL = r"[\"'\u201c]?(?P<label>[a-z0-9][\w'-]*(?: [\w'-]+){0,3}?)[\"'\u201d]?"
_GIVES = re.compile(
    r"^(?:(?:ok|okay|now|and|so|look|first|next|then|remember|note)[,:]? )*(?:"
    rf"(?:this|that|it|here|these)(?: {_PICTURE})?(?:'s| is| are| shows| counts as| would be)"
    r"(?: (?:called|named|labell?ed|what i call|what we call|an? example (?:of|for)|also|another|one of|an?|the))* |"
    r"(?:an? |another )?(?:example|sample) (?:of|for)(?: an?)? |(?:example|sample|label|class|category)[:=] ?|"
    rf"(?:call|label|name|tag) (?:this|it|that)(?: {_PICTURE})?(?: as)?(?: an?)? )"
    rf"{_LABEL}\W*$",
    re.IGNORECASE,
)
_GIVES_NTH = re.compile(
    rf"\bthe (?P<nth>{'|'.join(_NTH)}|last)(?: {_PICTURE})?(?: is| shows|:)?(?: called| labell?ed)?(?: an?)? "
    rf"{_LABEL}(?= ?(?:[,.;]|and\b|$))",
    re.IGNORECASE,
)
_NO_LABEL = re.compile(
    r"\b(?:picture|image|photo|photograph|pic|drawing|screenshot|sheet|page|mine|my|your|our|his|her|what|which|it|not|"
    r"nice|good|great|better|worse|new|next|last|first|second|for|from|by|at|in|on)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:(?:and|now|so|then|ok|okay|what about|how about|tell me|can you tell me|please)[,:]? )*(?:"
    rf"(?:what|which)(?: (?:one|{_PICTURE}|class|label|category|of (?:them|those|these|the (?:two|three))))?"
    r"(?: (?:do|would|should) (?:you|i|we) (?:call|label|name|say)| is| of \w+ is|'s)?|"
    r"(?:classify|label|sort|name|identify|guess)(?: it)?|is)? ?"
    rf"(?:this|that|it|the (?:last|new|newest|{'|'.join(_NTH)}))?(?: new)?(?: {_PICTURE})?(?: then| now| called| "
    r"here| is)?"
    r"\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Example:
    """A picture and the label that the dialogue gave it."""

    picture: Picture
    label: str


@dataclass(frozen=True)
class Asked:
    """A turn that asks for the label of the picture with this index, and the examples that teach the labels."""

    image: int
    examples: tuple[Example, ...]
    labels: tuple[str, ...]

    def plan(self, question: str) -> Plan:
        """One task: sort the picture into the labels."""
        task = Task(id="t1", task="classify", image=self.image, labels=list(self.labels), question=question)
        return Plan(
            thought=f"user showed me examples of {listed(self.labels)}, and wants one for this"[:240], tasks=[task]
        )


def asked_by_example(turn: Turn, text: str) -> Asked | None:
    """The label that a turn asks for by examples; None for any other turn. There have to be examples of two labels and
    a newer picture that has none."""
    given = _labels_given(turn, text)
    newest = len(turn.pictures) - 1
    labels = list(dict.fromkeys(given[i] for i in sorted(given)))
    if len(labels) < 2 or newest in given or len(text) > LONGEST:
        return None
    question = re.split(r"(?<=[.!;]) ", " ".join(text.split()))[-1]
    named = [label for label in labels if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", question, re.IGNORECASE)]
    if not _ASKS.match(question) and not (named and question.endswith("?")):
        return None
    wanted = (named if len(named) > 1 else labels)[-MAX_PHRASES:]
    examples = [Example(turn.pictures[i], given[i]) for i in sorted(given) if given[i] in wanted][-MOST:]
    taught = tuple(dict.fromkeys(example.label for example in examples))  # of long dialogues the oldest are forgotten
    return Asked(newest, tuple(examples), taught) if len(taught) > 1 else None


def _labels_given(turn: Turn, text: str) -> dict[int, str]:
    """The labels of the pictures, by index, that messages gave to those that came with them."""
    given: dict[int, str] = {}
    before = 0
    for message in turn.history:
        given |= _labels_in(message.text, before, message.pictures)
        before += message.pictures
    return given | _labels_in(text, before, len(turn.pictures) - before)


def _labels_in(text: str, first: int, count: int) -> dict[int, str]:
    """What one message with `count` pictures, of which the first has the index `first`, calls them."""
    if count < 1 or len(text) > LONGEST or (count == 1 and text.rstrip().endswith("?")):
        return {}
    words = " ".join(text.split())
    if count > 1:
        places = {found["nth"].lower(): found["label"] for found in _GIVES_NTH.finditer(words)}
        spots = {(count - 1 if nth == "last" else _NTH.index(nth)): label for nth, label in places.items()}
        return {first + n: label for n, label in spots.items() if n < count and not _NO_LABEL.search(label)}
    if (found := _GIVES.match(words)) and not _NO_LABEL.search(found["label"]):
        return {first: found["label"]}
    return {}


def label_said(words: str, labels: Sequence[str]) -> str | None:
    """The one of the labels that the words are."""
    said = plain(words).lower()
    return next((label for label in labels if label.lower() == said), None)
