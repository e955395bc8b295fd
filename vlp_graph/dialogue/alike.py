"""Questions after something of the same colour: "is there a star in that colour as well?".

Which colour that is stands in the picture, not in the words: the words are made whole here, the colour is looked up
when the question is answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.wording import plain, plural, singular

_KIND = (
    r"(?P<kind>(?:(?:an?|any|some|another|one|other|more) ){1,3}[a-z]+|(?:any|some)(?:thing|one)(?: else)?|"
    r"another(?: one)?|others?)"
)
_ASKS = (
    r"(?:and |so |but |also |ok |now )*"
    r"(?:(?:is|are) there (?:also )?|(?:do|can) (?:you|we) see |does |do |has |have )?"
)
_OF = r"(?:,? (?:of|in|with|that (?:is|has)|which (?:is|has)|who has|have|has|having|sharing))?(?: exactly| got)?"
_WHOLE = re.compile(
    rf"^{_ASKS}{_KIND}{_OF} the same colou?r as (?:the |that |this |my )?(?P<of>[a-z][a-z -]*?)(?: has| is)?\W*$",
    re.IGNORECASE,
)
_LEANING = re.compile(
    rf"^{_ASKS}{_KIND}{_OF} (?:that|the same|this|its)(?: same)? colou?r(?: as (?:it|that)(?: one)?)?"
    r"(?: as well| too| here| in (?:it|here))?\W*$",
    re.IGNORECASE,
)
_ANY_KIND = re.compile(r"^(?:any|some)|\b(?:ones?|others?|another|things?|objects?|shapes?|else)$", re.IGNORECASE)


@dataclass(frozen=True)
class Alike:
    """Whether there are `kinds` (plural) of the colour of `of`, itself left out."""

    kinds: str
    of: str

    def as_coloured(self, colour: str) -> str:
        """The question once the colour is known."""
        return f"are there any {colour} {self.kinds} other than the {self.of}?"


def alike_of(question: str) -> Alike | None:
    """What a whole question asks; None for any other."""
    if not (found := _WHOLE.match(question)):
        return None
    return Alike(_kinds(found["kind"]), plain(found["of"]))


def made_whole(clause: str, named: Sequence[str]) -> str:
    """The clause with "that colour" as the colour of what was named last; any other clause as it is."""
    if not named or not (found := _LEANING.match(clause)):
        return clause
    kinds = _kinds(found["kind"])
    return f"is there another {singular(kinds)} the same colour as the {singular(read(plain(named[-1])).name)}?"


def _kinds(kind: str) -> str:
    word = kind.lower().split()[-1]
    return "things" if word.endswith("thing") or _ANY_KIND.search(word) else plural(word)
