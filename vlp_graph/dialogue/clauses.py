"""A turn as the clauses that each ask for one thing: "count the stars, and outline the red one" is two.

Intent and names are read clause by clause, so that a turn with several wishes needs no language model to be understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vlp_graph.dialogue.wording import COLOURS, SHAPES, SIZES

_POLITE = (
    r"(?:please |pls |plz |kindly |also |then |just |next |now |finally |instead |first |last |lastly |afterwards |"
    r"after that )*"
)
_WISH = (
    r"(?:(?:can|could|would|will) you|i(?:'d| would)? (?:want|like|need)(?: you)?(?: to)?|let me know|say|tell me) "
    rf"{_POLITE}"
)
_OBJECT = (
    r"(?= (?:it|that|this|them|those|these|both|all|each|every\w*|the|any\w*|an?|one|just|only|me|out|up|round|around|"
    r"\w+s)\b)"
)
_VERB = (
    r"(?:find|show|outline|segment|count|describe|locate|highlight|detect|identify|trace|label|tell|say(?= me| the| "
    r"if)|spot|compare|"
    r"(?:draw|put|mark|give|cut|point|box|mask|frame|circle|stick|make|get|pick|select|read|colou?r in|"
    rf"ring){_OBJECT})\b"
)
_NOUN = (
    r"(?:(?:an? |the |some )?(?:quick |total |bounding )?(?:(?:count|tally|total|outline|mask)s? (?:of|for)|the "
    r"(?:total )?number of|"
    r"box(?:es)? (?:round|around|on|over|for))|work out (?=how|which|whether))\b"
)
_ASKED = (
    r"(?:what(?:'s|s)?|which|where(?:'s|s)?|who|how (?:many|big|large|small|about|far)|whether|"
    r"(?:is|are|was|were|does|do|did|has|have|can) (?:it|its|that|this|they|those|these|the|there|any\w*|an?|you|we|"
    r"both|all|one|every\w*)|(?:isn't|aren't) (?:it|there|the))\b"
)
_BEGINS = rf"(?={_POLITE}(?:{_WISH})?(?:if |whether )?(?:{_VERB}|{_NOUN}|{_ASKED}))"
_JOINT = re.compile(
    r"(?:(?<=[.?!;])\s+|\s*[;\n]\s*|\s+(?:-+|\u2013|\u2014)\s+|\s*,?\s*(?:\b(?:and then|and also|and|then|plus|but|"
    r"(?<!you )(?<!to )(?<!i )(?<!we )also)\b"
    rf",?|&|\+)\s+{_BEGINS}|\s*[,:]\s*(?:(?:and|then|but|so)\s+)?(?:{_BEGINS}|(?=any(?:thing|one|where)?\b)))",
    re.IGNORECASE,
)
_INTERJECTION = re.compile(
    r"^(?:(?:hi|hiya|hello|hey|yo|oi|lol|haha|ok|okay|right(?=\W*(?:[,.!;:-]|$))|well|great|nice one|nice|lovely|"
    r"cool|perfect|nice work|"
    r"brilliant|awesome|super|wonderful|excellent|fantastic|splendid|amazing|"
    r"good job|good|well done|thanks|thank you|thx|ta|cheers|alright|all right|hmm+|umm?|"
    r"er+m?|oh|ah|wow|sorry|yes|yeah|yep|no|nope|sure|so|(?:firstly|secondly|lastly|finally|first|second|third)(?=,|"
    r"\W*$)|"
    r"anyway|actually|fine|fair enough|i see|got it|gotcha|noted|"
    r"that(?:'s| is) (?:all|it|great|perfect|everything|enough)(?: (?:i|we|for) [a-z ]*)?|lgtm|ty|tysm|mate|"
    r"there(?! (?:is|are|was|were|should|must|ought|may|might|seems?)\b|'s)|"
    r"friend|folks|nah|naw|na|then|again|next(?=,)|very much|so much|a lot|if (?:so|not|there (?:is|are)))\b[ "
    r",.!;:…-]*)+",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"^(?:and |but |so |now )*(?:(?:back to|as for|about|regarding|what about|how about|looking at) )?"
    r"(?:(?:the|that|this|those|these|my|his|her|our|your|their|it|them)\b|[a-z]+s$|"
    rf"(?:(?:{'|'.join((*COLOURS, *SIZES))}|left|right|top|bottom|middle) )+(?:{'|'.join(SHAPES)}|thing|shape|"
    r"object)(?:e?s)?$)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"^(?:(?:and|but|so|now|ok|okay|please|let's|lets|go|going|return|look|looking|back|to|on|at|what about|how "
    r"about|about|"
    r"for|regarding|as for|concerning|(?:just )?one more(?: thing| question)?|one last (?:thing|question)|(?:a|"
    r"another) "
    r"question|last (?:one|question)),? )*"
    r"(?P<place>(?:(?:in|on|for|with|from) )?(?:(?:the|this|that|my|his|her|our|their|your) (?:[a-z]+(?:st|nd|rd|"
    r"th)? |very first )?"
    r"(?:picture|image|photo|photograph|pic|scene)(?: (?:before|earlier|one|two|three|\d|from before|(?:i|you) [a-z "
    r"]+))?|(?:picture|image|photo|pic) (?:one|two|three|\d|[abc])|"
    r"(?:first|second|third|last|next|new|previous|1st|2nd|3rd) "
    r"(?:picture|image|photo|pic)))$",
    re.IGNORECASE,
)
_WHICH_THEN = re.compile(
    r"^(?:and |so )?(?:which|what)(?: one)?(?: of (?:the|these|those)(?: two| three| four| five)?)?(?: is it| is "
    r"that| is right| would you say| do you think| fits(?: "
    r"best)?)?\W*$",
    re.IGNORECASE,
)
_RIGHT_THEN = re.compile(
    r"^(?:and |so )?(?:is (?:she|he|it|that|this)|are they|am i) (?:right|correct|true|so)\W*$", re.IGNORECASE
)
_OPTIONS = re.compile(r"\bor\b|,.*,|/", re.IGNORECASE)
_SHOWN = re.compile(
    r"^(?:(?:ok|okay|now|and|so) )*(?:here(?:'s|s| is| comes)|this is|take|look at|i have|i've got|have a look at|"
    r"check|new|next|another|one more) "
    r"(?:(?:a|an|my|the|another|this|one) )?(?!about\b|from\b|for\b|on\b)[a-z ]*(?:picture|image|photo|photograph|"
    r"pic|scene|one)(?: (?:one|two|"
    r"three|\d))?\W*$|^(?:(?:ok|okay|now|and|so) )*(?:this|that) one(?:'s| is) (?:from|by|for|of) [^?,]{2,50}$",
    re.IGNORECASE,
)
_NEVER_MIND = re.compile(r"^(?:never ?mind|forget(?: about)?|no need (?:for|to)) ", re.IGNORECASE)
_TOLD_OF = re.compile(
    r"^(?:but |and |so )*(?:there (?:was|were|is|are)|(?:i|we) (?:saw|had|remember)) (?:one|some|it|another|more|a "
    r"few)\b"
    r"[^?]{0,20}? (?P<place>(?:in|on) (?:the|that|my) [a-z]+ (?:picture|image|photo|pic|scene))(?: [a-z]+)?\W*$",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"^(?:no|just|only|so) [a-z ]+(?:, (?:huh|eh|then|ok|okay)|\.)\W*$", re.IGNORECASE)
LONGEST = 400
"""Characters of a turn that is taken apart; a longer one is no plain request."""


@dataclass(frozen=True)
class Clause:
    """One wish of a turn. `topic`: a bare name that only says what the next clause is about ("the blue one, is it
    big?")."""

    text: str
    topic: bool = False


def split(text: str) -> list[Clause]:
    """The clauses of a turn in order; the whole turn where it has no joints, or is too long to be a plain request."""
    if len(text) > LONGEST:
        return [Clause(text)]
    inverted = _INVERTED.match(text)
    if inverted and without_interjections(inverted["thing"]):  # "left square: box it", but not "ok, box it"
        thing = inverted["thing"]
        text = f"{inverted['verb']} {thing if thing.lower().startswith(('the ', 'all ', 'every ')) else f'the {thing}'}"
    pieces, start = [], 0
    for joint in _JOINT.finditer(text):
        pieces.append((text[start : joint.start()], joint[0]))
        start = joint.end()
    pieces.append((text[start:], ""))
    clauses: list[Clause] = []
    where = ""
    for i, (piece, joint_after) in enumerate(pieces):
        words = without_interjections(piece).strip(" ,;:-\u2013\u2014")
        if not words.strip("?.!"):
            continue
        if (_SHOWN.match(words) or _COMMENT.match(piece.strip()) or _NEVER_MIND.match(words)) and i + 1 < len(pieces):
            continue
        leads_on = i + 1 < len(pieces) and joint_after.strip() in (",", ":", "-", "\u2013", "\u2014")
        if i + 1 < len(pieces) and (place := _PLACE.match(words.rstrip(" .!"))):
            said = place["place"]
            where = f" {said}" if said.lower().startswith(("in ", "on ", "for ", "with ", "from ")) else f" in {said}"
            continue
        if clauses and _RIGHT_THEN.match(words) and not _asks(clauses[-1].text):
            clauses[-1] = Clause(f"{clauses[-1].text.rstrip(' .!,')}, right?")
            continue
        if clauses and _WHICH_THEN.match(words) and _OPTIONS.search(clauses[-1].text):  # "red or blue, which is it?"
            continue
        if i + 1 < len(pieces) and (told := _TOLD_OF.match(words)):  # "there was one in the first picture. what …?"
            where = f" {told['place']}"
            continue
        topic = (leads_on or words.lower().startswith("back to")) and bool(_TOPIC.match(words))
        clauses.append(Clause(_with(words, where), topic=topic and i + 1 < len(pieces)))
        where = ""
    if all(" " not in clause.text and not clause.text.endswith("?") for clause in clauses):  # "sound. cheers mate"
        return [Clause(text.strip())]
    if len(clauses) == 1 and len(pieces) == 1 and clauses[0].text != text.strip() and not _asks(clauses[0].text):
        return [Clause(text.strip())]  # "thank you, the children will enjoy this": no wish
    return clauses


_INVERTED = re.compile(
    rf"^(?!{_BEGINS})(?P<thing>[^,:?.!;]+?)\s*[,:-]\s*(?P<verb>box|outline|mask|segment|count|find)(?: it| them| "
    r"please)*\W*$",
    re.IGNORECASE,
)


def without_interjections(text: str) -> str:
    """The text without the greetings and exclamations at its beginning; empty where it is nothing else."""
    return _INTERJECTION.sub("", text.strip())


def _asks(words: str) -> bool:
    bare = re.match(r"(?:the|a|an|all|just|only|now|and|what about|how about|[a-z]+ ones?)\b", words, re.IGNORECASE)
    return (
        bool(bare)
        or re.match(_BEGINS, words, re.IGNORECASE) is not None
        or words.endswith("?")
        or len(words.split()) < 4
    )


def _with(words: str, where: str) -> str:
    """The words with a place after them, before their closing mark."""
    bare = words.rstrip("?.! ")
    tail = words[len(bare) :].strip()
    bare = (
        re.sub(r" (?:in it|there|in there|(?<=side|half|part) of it)$", "", bare, flags=re.IGNORECASE)
        if where
        else bare
    )
    return f"{bare}{where}{tail}" if where else words
