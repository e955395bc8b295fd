"""A turn as wishes that stand alone: taken apart, fragments made whole, pronouns replaced, each read by DistilBERT.

Everything behind this reads plain requests; only here it matters what was said before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from vlp_graph.dialogue.alike import alike_of, made_whole
from vlp_graph.dialogue.claims import (
    All,
    Choice,
    Claim,
    Differences,
    HowMany,
    Is,
    MoreOf,
    MorePictures,
    Rank,
    Same,
    What,
    asks_for_a_name,
)
from vlp_graph.dialogue.clauses import Clause, split, without_interjections
from vlp_graph.dialogue.ellipsis import complete
from vlp_graph.dialogue.evidence import subjects
from vlp_graph.dialogue.forms import fragment, points_only, standard, subject
from vlp_graph.dialogue.models import Sorter
from vlp_graph.dialogue.phrases import labels_in, phrases_in
from vlp_graph.dialogue.pictures import meant_picture, named_picture, with_pictures_kept, with_pictures_named
from vlp_graph.dialogue.plan import TASKS
from vlp_graph.dialogue.prompt import history_line, intent_text, neutral
from vlp_graph.dialogue.questions import claim_of
from vlp_graph.dialogue.references import resolve
from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.spelling import mended
from vlp_graph.dialogue.turn import Context, Form, Message, Named, Understanding
from vlp_graph.dialogue.wording import COLOURS, SHAPES, SIZES, is_plural, plain, plural, singular
from vlp_graph.dialogue.written import written_out

CHATTING = 0.8
"""Intent score from which a clause that names nothing is small talk, whatever its pronouns."""
SURELY_CHATTING = 0.95
"""Intent score from which even a question of a form that boxes could answer is small talk."""
FORM_SURE = 0.6
"""Form score from which a turn is put in the standard words of its form."""
SURELY_A_TASK = 0.9
"""Intent score from which a request that names its things is taken in its own words."""
SURELY_SAYING = 0.85
"""Form score from which a clause only tells something ("here is the second sheet")."""
SURELY_DESCRIBE = 0.8
"""Form score from which a turn asks for the picture as a whole."""
SURELY_NOT_SAYING = 0.88
"""Intent score from which a clause that sounds like telling asks for a task."""
LOOK_BACK = 3
"""How many exchanges are read again where no memory knows what the dialogue is about."""
_LEANS = re.compile(
    r"\b(?:ones?|it|its|that|them|their|they|those|these|other|others|another|same|too|again|else|rest|both|each|all|"
    r"instead|only|just|picture|image|photo|pic|first|second|third|last)\b",
    re.IGNORECASE,
)
_JOINS = re.compile(r"^\W*(?:and|also|what about|how about|now|then|or|but|not|no)\b", re.IGNORECASE)
_TOPIC_LEAD = re.compile(
    r"^(?:(?:and|but|so|now|back to|as for|about|regarding|what about|how about|looking at)\b ?)+", re.IGNORECASE
)
_THIS = re.compile(r"\bthis(?: one)?\b|\bhere\W*$", re.IGNORECASE)
_SAYS_SO = re.compile(
    r"^(?:(?:my|our|the|his|her|a) )?[a-z]+(?: [a-z]+)? (?:says|said|thinks|insists|reckons|claims|swears|told me|is "
    r"sure|wants)\b"
    r"[^?]*$",
    re.IGNORECASE,
)
""" "My son says there are seven hearts." before a question."""
_SEES = re.compile(
    r"^(?:so |and |but )?(?:(?:i'm |we're |i am |we are |just )*(?:counting|checking|comparing|looking at) |i "
    r"(?:think |guess |believe |reckon )?(?:(?:i|we) )?(?:can )?(?:see|saw|spot|spotted|notice|"
    r"noticed|drew|made|added|painted|marked|used)\b|i(?:'m| am) (?:mostly |only |really |just |more |mainly "
    r")*(?:interested in|"
    r"after|looking for|curious about|thinking of|talking about|wondering about)\b|there(?:'s| is| are|'re) "
    r"(?!any\b)|there(?:'s| is| are|'re)? (?:supposed|meant|said) to be\b|there (?:should|must|ought to) be\b)[^?]*$",
    re.IGNORECASE,
)
""" "I think I see crosses at the top." before a question."""
_REMARK = re.compile(
    r"^(?:my [a-z]+|he|she|they|we|i)(?:'s|'m|'ve|'re|'ll)? (?:can'?t|cannot|hates?|loves?|likes?|said|says|thinks?|"
    r"thought|has|"
    r"have|had|am|is|are|was|were|will|never|always|already|just|keep|forgot|promised?|been)\b[^?]*$",
    re.IGNORECASE,
)
""" "My wife can't stand purple." after a question."""
_OF_THAT = re.compile(r"\b(?P<of>of|than|as|above|below|beside|to|under) that(?: one)?(?=\W*$)", re.IGNORECASE)
_ONE_UNLIKE = re.compile(
    r"^(?:so |and |but )?one (?:shape|thing|of (?:them|those|these|the (?:shapes|things)))(?: here)?(?: is not|'s "
    r"not| isn'?t) "
    rf"(?:an? )?(?P<said>{'|'.join((*COLOURS, *SHAPES))})\W*$",
    re.IGNORECASE,
)
""" "One shape isn't a cross." before a question."""
_SAME_FOR = re.compile(
    r"^(?:(?:and|now|then|ok|okay|please|do|repeat)[, ]+)*(?:the )?same (?:things? |again )?(?:for|with|on|here|in)\b",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"\b(?:colou?rs?|siz\w*|big|shapes?|how many|number|count|box\w*|outlines?|outlined|masks?|where|same|find|"
    r"trace)\b",
    re.IGNORECASE,
)
"""Words by which a fragment tells itself what it asks."""
_ISNT = re.compile(
    r"\b(?:the )?(?P<noun>ones?|things?|shapes?) (?:that|which|who)(?: is| are|'s)?(?: not|n't|isn't|aren't| isn't| "
    r"aren't)(?=\W*$)",
    re.IGNORECASE,
)
_WHICH_ISNT = re.compile(
    r"^(?:and |so |but )?(?:which|what) (?P<noun>ones?|things?|shapes?) (?:is not|isn't|are not|aren't)(?=\W*$)",
    re.IGNORECASE,
)
_ONE_OF_THOSE = re.compile(
    rf"^(?P<is>(?:and |so |but )?is (?:the|that|this) [a-z ]{{2,40}}?) (?:one of|among|part of) the "
    rf"(?P<said>{'|'.join(COLOURS)}) (?:things|ones|shapes|objects)\W*$",
    re.IGNORECASE,
)
""" "Is the star one of them?", them being the purple things."""
_NOT_ITSELF = re.compile(
    rf"\b(?P<said>{'|'.join(COLOURS)}) (?P<kind>[a-z]+) other than the (?P=said)(?! [a-z])", re.IGNORECASE
)
""" "The one that is not green" after a green one was spoken of."""
_CAPABLE = re.compile(
    r"\bwhat (?:(?:sort|kind)s? of )?(?:things |stuff |else )?(?:can|could|do) you do\b(?! (?:see|you))", re.I
)
_MORE = re.compile(
    r"^(?:and |so |but )?(?:by )?how many(?: more)?(?: (?:does|has|have|do) .{1,40} (?:have|got)| are there| is "
    r"that)?\W*$",
    re.IGNORECASE,
)
_BY = re.compile(r"\bby how many\b|\bhow many more\b", re.IGNORECASE)
_TASK_OF_FORM = {"find": "detect", "outline": "segment", "number": "count"}
WHOLE = (Rank, All, Same, MorePictures, Differences)
"""Claims that say all that they are about."""
SHORT_TALK = 200
"""Characters of small talk in which a plain name is looked for."""
SHORT = 4
"""Words of a turn that may be a fragment."""


@dataclass(frozen=True)
class Wish:
    """One thing that is asked for, in words that stand alone where that was possible, and what is made of them."""

    text: str
    understanding: Understanding
    leaning: bool = False

    @property
    def intent(self) -> str:
        """The likeliest; a question that boxes can answer is one, whatever it sounds like."""
        label = best(self.understanding.scores)
        if label == "chat" and self.understanding.scores[label] >= SURELY_CHATTING:  # "is the sky blue?"
            return label
        if isinstance(self.claim, HowMany):
            return "count"
        if self.claim is not None and not (label == "classify" and isinstance(self.claim, Choice)):
            return "answer"
        return label

    @property
    def sure(self) -> float:
        """The probability of the intent."""
        return 1.0 if self.claim is not None and self.intent != "chat" else self.understanding.scores[self.intent]

    @cached_property
    def claim(self) -> Claim | None:
        """What the words ask of boxes."""
        return claim_of(self.text)

    @property
    def tells(self) -> bool:
        """Whether it sounds like a question and has the form of none."""
        return self.intent == "answer" and self.claim is None and not self.text.rstrip().endswith("?")

    @property
    def empty(self) -> bool:
        """Whether it is a word or two before another clause that say nothing by themselves: "unrelated, …"."""
        if self.claim is not None or self.names or "?" in self.text:
            return False
        return " " not in self.text.strip() or (self.intent == "classify" and not self.understanding.named)

    @property
    def names(self) -> tuple[str, ...]:
        """What the wish is about; the last is what "it" will mean."""
        if self.claim is not None:
            names = subjects(self.claim, "")
            return tuple(f"{n} thing" if {*n.lower().split()} <= {*COLOURS, *SIZES} else n for n in names)
        if self.intent == "classify":  # its names are labels
            return ()
        form = self.understanding.form
        if self.intent == "answer" and form and form.score >= FORM_SURE and (name := subject(form)):
            return (name,)
        return tuple(phrases_in(self.text, self.understanding.named))


@dataclass(frozen=True)
class Said:
    """What a turn says. `context` is what the dialogue is about after its words, `before` what it was about."""

    wishes: tuple[Wish, ...]
    context: Context
    before: Context

    @property
    def text(self) -> str:
        return " ".join(wish.text for wish in self.wishes)

    def chance(self, task: str) -> float:
        """The highest probability that any of the wishes gives to a task."""
        return max(wish.understanding.scores.get(task, 0.0) for wish in self.wishes)


_PLAIN_NAME = re.compile(
    rf"\b(?:(?:{'|'.join((*COLOURS, *SIZES))}) )+(?:{'|'.join(SHAPES)}|one|thing)(?:e?s)?\b|"
    rf"(?:(?<=the )|(?<=\ba )|(?<=\ban ))(?:{'|'.join(SHAPES)})(?:e?s)?\b",
    re.IGNORECASE,
)


def _small_talk(clause: str, named: Sequence[Named] = ()) -> Wish:
    """A clause that wishes nothing, and may yet say what the next one is about."""
    named = named or [Named(found[0], found.start(), 1.0) for found in _PLAIN_NAME.finditer(clause[:SHORT_TALK])][:1]
    return Wish(clause, Understanding({**dict.fromkeys(TASKS, 0.0), "chat": 1.0}, named))


def _told_of(clause: str, context: Context) -> Context:
    """The context after a clause that only tells something of a thing by its plain name: "she wants the red heart."."""
    if not (found := _PLAIN_NAME.search(clause[:SHORT_TALK])):
        return context
    return context.naming((plain(resolve(f"the {plain(found[0])}", context.named)),))


def _all_again(clause: str, requests: Sequence[str], context: Context, *, shown: bool) -> list[str]:
    """ "Same for the heart" after two wishes in one turn asks for both again; empty for any other clause."""
    if len(requests) < 2 or not _SAME_FOR.match(clause):
        return []
    fragment = resolve(clause, context.named, context.earlier)
    again = [complete(fragment, request, context.named, other_picture=shown) for request in requests]
    return again if fragment not in again else []


def _unlike(clause: str, request: str) -> str:
    """ "The one that isn't" after "is everything red?", as "the thing other than the red"."""
    which = _WHICH_ISNT.match(clause)
    if not (found := which or _ISNT.search(clause)):
        return clause
    match claim_of(request):
        case All(phrase, said) | Is(phrase, said):
            kind = "thing" if said in SHAPES else singular(read(phrase).name)
        case HowMany(phrase) if said := next((word for word in phrase.lower().split() if word in COLOURS), ""):
            kind = singular(phrase.split()[-1])
        case _:
            return clause
    several = found["noun"].lower().endswith("s")
    if which:
        return f"what {'are' if several else 'is'} the {plural(kind) if several else kind} other than the {said}?"
    return (
        f"{clause[: found.start()]}the {plural(kind) if several else kind} other than the {said}{clause[found.end() :]}"
    )


def _how_many_more(clause: str, request: str) -> str | None:
    """ "By how many?" after two things, or one thing in two pictures, were compared."""
    if not (_MORE.match(clause) and _BY.search(clause)):
        return None
    match claim_of(request):
        case MoreOf(a, b):
            return f"how many more {a} than {b} are there?"
        case MorePictures(phrase) | HowMany(phrase):
            return f"how many more {phrase} does the first picture have?"
        case _:
            return None


def _than_that(clause: str, name: str) -> str:
    """The clause with what was spoken of before its topic in the place of "that"."""
    return _OF_THAT.sub(lambda found: f"{found['of']} the {name}", clause)


def _asked_of_any(request: str) -> bool:
    """Whether the last request asked for a thing of any kind, so that "the other one" may be of another."""
    claim = claim_of(request)
    return isinstance(claim, What) and singular(read(claim.phrase).name).lower() == "thing"


def _looking_at(picture: int, wishes: Sequence[Wish], context: Context, count: int) -> Context:
    """The context with the picture that the turn named beside its wishes: "the first picture again: box the stars"."""
    words = " ".join(wish.text for wish in wishes)
    plainly_said = any(meant_picture(words, count, focus) != focus for focus in range(count))
    return context if plainly_said else replace(context, picture=picture)


def _doubted(form: Form, scores: Mapping[str, float]) -> bool:
    """Whether the intent says too clearly that it is something else than the form says."""
    label = best(scores)
    surely = scores[label] >= SURELY_A_TASK
    if form.name == "say":
        return scores[label] >= SURELY_NOT_SAYING and label not in ("chat", "answer")
    if label in ("detect", "segment") and surely:
        return form.name not in ("find", "outline", "ellipsis", "place", "other")
    if label == "classify" and surely:
        return form.name not in ("choice", "size", "rank", "ellipsis", "is")
    return form.name == "number" and label == "answer" and surely


def best(scores: Mapping[str, float]) -> str:
    return max(scores, key=lambda task: scores[task])


def leans(text: str) -> bool:
    """Whether a turn may lean on what was said before it."""
    return points_back(text) or len(text.split()) <= SHORT


def points_back(text: str) -> bool:
    """Whether words of a turn point to what was said before it."""
    return bool(_LEANS.search(text) or _JOINS.search(text))


@dataclass(frozen=True)
class Reader:
    """Reads turns with DistilBERT."""

    sorter: Sorter

    async def read(
        self, text: str, context: Context, exchange: str | None, *, pictures: int = 0, shown: bool = False
    ) -> Said:
        """The wishes of a turn. `exchange` is the last question and its answer on one line; `shown` tells that a
        picture came with the turn, `pictures` how many there are.

        Small talk beside a wish is none.
        """
        wishes: list[Wish] = []
        spoken_of: tuple[str, ...] = ()
        before, requests = context, context.request.split("\n")
        now = context = replace(context, request=requests[-1])
        text = " ".join(neutral(text).split())  # the marks of a model's own language are no words
        alone = bool(context.named) and not is_plural(context.named[-1])
        plainly = with_pictures_named(mended(written_out(text)), pictures, alone=alone, shown=shown)
        clauses = [Clause(plainly)] if labels_in(plainly) else split(plainly)
        for clause in clauses:
            last = clause is clauses[-1]
            if clause.topic:
                spoken_of = now.named
                topic = resolve(_TOPIC_LEAD.sub("", clause.text), now.named, of_any=_asked_of_any(now.request))
                now = now.naming((plain(topic),))
                continue
            if not wishes and (again := _all_again(clause.text, requests, now, shown=shown)):
                wishes = [Wish(one, await self.sorter.read(intent_text(one))) for one in again]
                now = replace(now.naming(wishes[-1].names), request=wishes[-1].text)
                continue
            if _SAYS_SO.match(clause.text) and not last and (told := _told_of(clause.text, now)) != now:
                now = told
                continue
            if wishes and _REMARK.match(clause.text):
                continue
            if (unlike := _ONE_UNLIKE.match(clause.text)) and not last:
                now = now.naming((f"thing other than the {unlike['said'].lower()}",))
                continue
            if _SEES.match(clause.text) and not last:
                seen = phrases_in(clause.text, (await self.sorter.read(intent_text(clause.text))).named)
                now = now.naming(tuple(seen)) if seen else _told_of(clause.text, now)
                continue
            if len(spoken_of) == 1:  # "and the circle, is it left of that?"
                clause = replace(clause, text=_than_that(clause.text, spoken_of[0]))
                spoken_of = ()
            wish = await self._wish(clause.text, now, None if wishes else exchange, shown=shown)
            wishes.append(wish)
            if wish.intent == "chat" and wish.names:  # "i am after anything yellow. can you box it?"
                said = [plain(name.text) for name in wish.understanding.named]
                now = now.naming(tuple(plain(resolve(f"the {name}", now.named)) for name in said))
            elif wish.tells:
                now = _told_of(clause.text, now)
            if wish.intent != "chat":
                now = replace(now.naming(wish.names), request=wish.text)
        wishes = [wish for wish in wishes if not wish.empty] or wishes
        if any(wish.intent != "chat" for wish in wishes):
            wishes = [wish for wish in wishes if wish.intent != "chat"]
        if not wishes:  # nothing but a topic
            wishes = [await self._wish(text, context, exchange, shown=shown)]
        if asked := [wish.text for wish in wishes if wish.intent != "chat"]:
            now = replace(now, request="\n".join(asked))
        else:
            now = replace(now, request=before.request)
        if not shown and (picture := named_picture(plainly, pictures)) is not None:
            now = _looking_at(picture, wishes, now, pictures)
        return Said(tuple(wishes), now, before)

    async def _wish(self, clause: str, context: Context, exchange: str | None, *, shown: bool) -> Wish:
        if not without_interjections(clause).strip(" .!?") or _CAPABLE.search(clause):
            return _small_talk(clause)
        first = await self.sorter.read(intent_text(clause, exchange))
        begins = len(intent_text(clause, exchange)) - len(intent_text(clause))
        first = replace(
            first, named=[Named(n.text, n.start - begins, n.score) for n in first.named if n.start >= begins]
        )
        form = first.form if not exchange else (await self.sorter.read(intent_text(clause))).form
        chatting = best(first.scores) == "chat" and first.scores["chat"] >= CHATTING and not first.named
        whole, completed = self._whole(clause, context, chatting=chatting, shown=shown)
        if alike_of(whole):
            return Wish(whole, await self.sorter.read(intent_text(whole)))
        if form and claim_of(whole) is None:
            fragment = completed and (shown or bool(_JOINS.match(clause)) or len(clause.split()) <= SHORT)
            if form.name == "say" and form.score >= SURELY_SAYING and not fragment and not _doubted(form, first.scores):
                return _small_talk(clause, first.named)
        if form and claim_of(whole) is None and not (completed and not _CUE.search(clause)):
            whole = self._standard(clause, form, context, first, shown=shown) or whole
        if whole != clause:
            return Wish(whole, await self.sorter.read(intent_text(whole)))
        return Wish(clause, first, leaning=bool(exchange) and leans(clause))

    def _standard(self, clause: str, form: Form, context: Context, first: Understanding, *, shown: bool) -> str | None:
        """The clause in the standard words of its form, where boxes can then answer it, or intent and form agree."""
        if form.score < FORM_SURE or _doubted(form, first.scores):
            return None
        if form.name == "ellipsis" and (said := fragment(form, shown=shown)):
            said = with_pictures_kept(clause, said)
            whole, completed = self._whole(said, context, chatting=False, shown=shown)
            return whole if completed or claim_of(whole) is not None else None
        if (plainly := standard(clause, form)) is None:
            return None
        if form.name == "describe":  # "what is on it?" of a table is another question
            whole_picture = best(first.scores) in ("describe", "answer", "chat") and (shown or not context.named)
            return plainly if form.score >= SURELY_DESCRIBE and whole_picture else None
        whole, _ = self._whole(with_pictures_kept(clause, plainly), context, chatting=False, shown=shown)
        if claim_of(whole) is not None:
            return whole
        if _TASK_OF_FORM.get(form.name) != best(first.scores):
            return None
        plain_words = first.scores[best(first.scores)] >= SURELY_A_TASK and first.named and not points_only(form)
        return None if plain_words else whole

    @staticmethod
    def _whole(clause: str, context: Context, *, chatting: bool, shown: bool) -> tuple[str, bool]:
        """The clause in words that stand alone, and whether it was a fragment."""
        named, request = context.named, context.request
        if more := _how_many_more(clause, request):
            return more, False
        clause = made_whole(_unlike(clause, request), named)
        for alike in (clause, resolve(clause, named, context.earlier)):
            if alike_of(alike):
                return alike, False
        asked = claim_of(clause)
        if (
            asked is None
            and shown
            and _THIS.search(clause)
            and (again := complete(clause, request, named, other_picture=True)) != clause
        ):
            return again, True
        if isinstance(asked, WHOLE) and not re.search(r"\b(?:ones?|they|them|these|those|it)\b", clause, re.I):
            return clause, False
        resolved = clause if chatting else resolve(clause, named, context.earlier, of_any=_asked_of_any(request))
        resolved = _NOT_ITSELF.sub(r"\g<kind> other than the \g<said>", resolved)
        resolved = _ONE_OF_THOSE.sub(r"\g<is> \g<said>?", resolved)
        bare = _TOPIC_LEAD.sub("", resolved)
        if claim_of(bare) is not None:  # a question already: "and is the star red?"
            return bare, False
        if not named and claim_of(lone := resolve(bare, ["thing"])) is not None:  # "what colour is this?"
            return lone, False
        completed = complete(resolved, request, named, other_picture=shown)
        return completed, completed != resolved

    async def context_of(self, history: Sequence[Message]) -> Context:
        """What a dialogue is about, read from its last messages."""
        asked = [i for i, message in enumerate(history) if message.role == "user"][-LOOK_BACK:]
        context, exchange = Context(), None
        for i in asked:
            answer = history[i + 1].text if i + 1 < len(history) and history[i + 1].role == "assistant" else ""
            said = await self.read(history[i].text, context, exchange)
            exchange = history_line(history[i].text, answer)
            if said.wishes[-1].intent == "chat":
                continue
            context = said.context
            if (claim := said.wishes[-1].claim) and asks_for_a_name(claim) and answer:
                given = await self.sorter.read(intent_text(answer))
                context = replace(context, named=tuple(plain(n.text) for n in given.named[:1]) or context.named)
        return context
