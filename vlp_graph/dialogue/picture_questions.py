"""Questions about several pictures: which has more of something, what is the same, what has changed."""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from typing import Literal

from vlp_graph.dialogue.claims import Across, Differences, MorePictures, Most
from vlp_graph.dialogue.question_parts import END, LEAD, NTH, PICTURE, THING, plain_name, trait_named
from vlp_graph.dialogue.wording import COLOURS, plain

_ONLY_IN = re.compile(
    rf"{LEAD}(?:what|which)(?: (?:{THING})s?)?(?:'s| is| are| do you see| can i see)? (?:only )?in (?:the |this )?"
    rf"(?:(?P<one>{NTH}) )?(?:{PICTURE}|one)?,? (?:but|and|that(?: is|'s)?)(?: is| are|'s)?(?: not|n't)(?: there)? "
    r"in (?:the |that )?"
    rf"(?P<other>{NTH})(?: (?:{PICTURE}|one))?\s*[?.!]*$",
    re.IGNORECASE,
)

_COMPARE = re.compile(
    rf"{LEAD}(?:(?:can|could) you )?(?:please )?(?:compare (?:the |these |those |my |both )*(?:two |three "
    rf")?(?:{PICTURE})s|"
    r"(?:what(?:'s| is| are) (?:the |all the )?differen(?:ce|ces|t)|how (?:do|are) (?:the|these) (?:two "
    rf")?(?:{PICTURE})s "
    r"(?:differ|different)|what (?:has )?changed)(?: (?:between|in|about|from) (?P<between>.*))?|"
    rf"compare (?:it|this|them) (?:to|with) (?P<with>.*)){END}",
    re.IGNORECASE,
)

_PICTURE_WORDS = frozenset(
    [*NTH.split("|"), *"the these those this that both all two three one ones it them and from to with now".split()]
)
"""Words that pictures are spoken of with, where no other name is among them."""

_IN_TOTAL = re.compile(
    rf"{LEAD}(?:count )?how many (?P<thing>(?!is |are |does |do )[a-z ]+?)(?: (?:are there|do we have|have we got|"
    r"do you see|is "
    r"that))?(?: altogether| in total)? "
    rf"(?:in|across|on|over|between) (?:both|all|the two|all the|all three|the three)(?: of the)? (?:{PICTURE})s(?: "
    rf"together| combined)?{END}",
    re.IGNORECASE,
)

_ADD_UP = re.compile(
    rf"{LEAD}(?:add|sum|count|total)(?: up)? (?:all )?(?:of )?the (?P<thing>[a-z ]+?) (?:in|from|across|on|of) "
    r"(?:both|all|the two|all "
    rf"the|both the)(?: of the| my| these)? (?:{PICTURE})s(?: up| together)*\s*[?.!]*$",
    re.IGNORECASE,
)

_WHERE_IS = re.compile(
    rf"{LEAD}(?:in|on) which (?:{PICTURE}) (?:is|are|was|were|do you see|did you see)(?: there)? (?:the |an? |any "
    r")?(?P<thing>[a-z ]+?)"
    rf"(?: (?P<how>bigger|larger|biggest|largest|smaller|smallest|{'|'.join(COLOURS)}))?"
    r"(?:,? (?:the )?(?:first|picture one|this).*? or .+?)?\s*[?.!]*$",
    re.IGNORECASE,
)

_SAME_NUMBER = re.compile(
    rf"{LEAD}(?:do|does|did|have|has) (?:both|the(?: two| three)?|these|all(?: the)?|my)(?: of the)? "
    rf"(?:{PICTURE})s (?:have |got |show |contain )*"
    r"(?:the |an? )?(?:same (?:number|amount|count) of|equal(?:ly many| numbers? of)?|as many) (?P<thing>[a-z "
    r"]+?)\s*[?.!]*$",
    re.IGNORECASE,
)

_MORE_PICTURES = re.compile(
    rf"{LEAD}(?:(?:in )?which (?:of (?:the|these|those|my)(?: two| three)? )?(?:{PICTURE})s?(?: of the (?:two|"
    r"three|both))?"
    r" (?:has|have|had|contains?|shows?|are there|is there|do you see|can you see|did you see)"
    r" (?:got )?(?:the |an? |any )?(?:(?P<how>more|fewer|less|most|fewest|least|bigger|larger|biggest|largest|"
    r"smaller|smallest) )?"
    r"(?P<thing>[a-z ]+?)(?: in it| there)?(?:,? (?:the )?(?:first|picture one|picture 1|this).*? or .+?)?|"
    r"(?:is|are) there (?P<than>more|fewer|less) (?P<what>[a-z ]+?) in (?:the|this) .+? (?:than|or) (?:in )?(?:the|"
    r"that|this) .+?)"
    r"\s*[?.!]*$",
    re.IGNORECASE,
)

_MORE_IN_ONE = re.compile(
    rf"{LEAD}(?:by )?how many more (?P<thing>[a-z ]+?) (?:does|has|have|are there in|are in|in) (?:the )?(?P<one>"
    rf"(?:{NTH}) )?(?:{PICTURE}|one)(?: have| got)?(?: than .{{1,60}})?\s*[?.!]*$",
    re.IGNORECASE,
)

_BEFORE = (
    rf"(?:(?:the )?(?:one|that|it|[a-z ]{{1,30}}?) (?:in|from|of|on) |(?:in |to |with |from )?)(?:(?:the |both |that "
    rf"|my )?(?:{NTH}|both|"
    rf"two)? ?(?:{PICTURE})s?(?: before)?|before|last time|the (?:{NTH}) one)"
)

_ACROSS_SIZE = re.compile(
    rf"{LEAD}(?:is|are|has|did) (?:the|this) (?P<thing>[a-z ]+?)(?: here| in this {PICTURE}| now| get| got)? "
    r"(?:bigger|smaller|"
    r"larger)(?P<or>,? or (?:bigger|smaller|larger))?(?: now| here| this time)?(?: (?:than|compared (?:to|with)) "
    rf"{_BEFORE})?{END}",
    re.IGNORECASE,
)

_ACROSS_SAME = re.compile(
    rf"{LEAD}(?:(?:is|are) (?:the|this) (?P<thing>[a-z ]+?)(?: here| in this {PICTURE}| now)?(?: still)? (?:of "
    r")?the same "
    rf"(?P<trait>colou?r|size|shape)(?: here| now)? (?:as|in|across|to) {_BEFORE}|"
    r"(?:has|did|is) (?:the|its|their) (?:(?P<changed>[a-z ]+?)(?:'s)? )?(?P<kind>colou?r|size|shape) (?:(?:been "
    r")?changed?|"
    rf"(?:been )?different)(?: from {_BEFORE})?){END}",
    re.IGNORECASE,
)

_THAN_BEFORE = rf"(?: in it)?,? than (?:there (?:are|is|were) )?(?:in )?(?:the |that )?(?:{NTH})(?: (?:{PICTURE}|one))?"

_MORE_HERE = re.compile(
    rf"{LEAD}(?:(?:does|has) (?:this|the (?:{NTH})) {PICTURE} (?:have |got |contain |show )*(?P<how>more|fewer|"
    r"less) "
    rf"(?P<thing>[a-z]+(?: (?!in\b|on\b|than\b)[a-z]+){{0,4}})(?:{_THAN_BEFORE})?|(?:are|is) there "
    r"(?P<than>more|fewer|less) (?P<what>[a-z]+(?: (?!in\b|on\b|than\b|here\b|now\b)[a-z]+){0,4})"
    rf"(?: (?:in|on) this {PICTURE}| here| now| this time)?{_THAN_BEFORE})\s*[?.!]*$",
    re.IGNORECASE,
)

_IN_EACH = re.compile(
    rf"{LEAD}(?:is|are) there (?:an? |any )?(?P<thing>[a-z ]+?) in (?:both|all|each|every|all the|both the|each of "
    r"the)"
    rf"(?: of the| my| these| those)? (?:{PICTURE})s?\s*[?.!]*$|"
    rf"{LEAD}(?:do|does|have|has) (?:both|all|each|every)(?: of)?(?: the| my| these| those)? (?:{PICTURE})s? "
    r"(?:have |got |contain |show )*(?:an? |any )?(?P<other>[a-z ]+?)(?: in (?:it|them))?\s*[?.!]*$",
    re.IGNORECASE,
)

_IDENTICAL = re.compile(
    rf"{LEAD}(?:are|do) (?:the|these|those|both|my)(?: the| of the)?(?: two| both)? (?:{PICTURE})s (?:exactly |just |"
    rf"completely )?(?:look |show )?(?:exactly )?(?:the same|identical|alike|equal)(?: thing| things)?{END}",
    re.IGNORECASE,
)

_ADDED = re.compile(
    rf"{LEAD}what(?:'s| is| has| has been| is been|'s been)?(?: the)?(?: (?:{THING}) is)? ?(?:been )?(?:added|new|"
    rf"extra)(?: (?:{THING}|one))?(?: (?:in|to|here|on) ?(?:the |this )?(?:(?:{NTH}) )?(?:{PICTURE}|one|{THING})?)?"
    rf"{END}",
    re.IGNORECASE,
)

_MISSING = re.compile(
    rf"{LEAD}(?:what|which)(?: (?:{THING}))?(?:'s| is| has| are|'s been)?(?: gone)? missing (?:from|in) (?:the |"
    r"this )?"
    rf"(?P<one>{NTH})?(?: ?(?:{PICTURE}|one))?(?: (?:that|which) .{{1,60}})?\s*[?.!]*$",
    re.IGNORECASE,
)


def across_pictures(text: str) -> MorePictures | Across | Differences | None:
    """What a question asks of several pictures; None for any that is not surely of one of the forms."""
    if found := _ONLY_IN.match(text):
        return Differences((found["one"] or "new").lower(), found["other"].lower())
    if (found := _COMPARE.match(text)) and _means_pictures(found["between"] or found["with"] or ""):
        return Differences()
    if found := _ADD_UP.match(text):
        return MorePictures(plain(found["thing"]), "total")
    if found := _IN_TOTAL.match(text):
        return MorePictures(plain(found["thing"]), "total")
    if found := _WHERE_IS.match(text):
        return _where_is(plain(found["thing"]), (found["how"] or "").lower())
    if found := _SAME_NUMBER.match(text):
        return MorePictures(plain(found["thing"]), "same")
    if found := _MORE_HERE.match(text):
        fewer = (found["how"] or found["than"]).lower() != "more"
        return MorePictures(plain(found["thing"] or found["what"]), "less" if fewer else "more")
    if found := _IN_EACH.match(text):
        return MorePictures(plain(found["thing"] or found["other"]), "each")
    if found := _MORE_IN_ONE.match(text):
        return MorePictures(plain(found["thing"]), "by")
    if found := _MORE_PICTURES.match(text):
        return _more_pictures(found)
    if (found := _ACROSS_SIZE.match(text)) and (
        found["or"] or re.search(rf"\b(?:{PICTURE}|before|last time)\b", text, re.I)
    ):
        name = plain_name(found["thing"])
        only: Literal["bigger", "smaller"] = "smaller" if "smaller" in text.lower() else "bigger"
        return Across(name, "size", "which" if found["or"] else only) if name else None
    if found := _ACROSS_SAME.match(text):
        name = plain_name(found["thing"] or found["changed"] or "thing")
        return Across(name, trait_named(found["trait"] or found["kind"])) if name else None
    return _pictures_compared(text)


def _pictures_compared(text: str) -> Differences | None:
    """ "Are they the same?", "what has been added?", "what is missing from this one?" about pictures."""
    if _IDENTICAL.match(text):
        return Differences(alike=True)
    if found := _MISSING.match(text):
        gone = (found["one"] or "new").lower()
        return Differences("previous" if gone in ("new", "last", "second") else "new", gone)
    return Differences("new", "previous") if _ADDED.match(text) else None


def _means_pictures(words: str) -> bool:
    """Whether what is compared are pictures: "the two pictures", "them", "the first and the second"; not "a cat and a
    dog"."""
    named = re.search(rf"\b{PICTURE}s?\b", words, re.IGNORECASE)
    return bool(named) or set(re.findall(r"[a-z]+", words.lower())) <= _PICTURE_WORDS


def _where_is(thing: str, how: str) -> MorePictures:
    if how in COLOURS:
        return MorePictures(f"{how} {thing}", "any")
    hows: dict[str, Most] = {**dict.fromkeys(("bigger", "larger", "biggest", "largest"), "biggest"), "": "any"}
    return MorePictures(thing, hows.get(how, "smallest"))


def _more_pictures(found: re.Match[str]) -> MorePictures:
    said = (found["how"] or found["than"] or "").lower()
    hows: dict[str, Most] = {**dict.fromkeys(("fewer", "less", "fewest", "least"), "fewest"), "": "any"}
    hows |= {**dict.fromkeys(("bigger", "larger", "biggest", "largest"), "biggest")}
    hows |= {**dict.fromkeys(("smaller", "smallest"), "smallest")}
    return MorePictures(plain(found["thing"] or found["what"]), hows.get(said, "most"))
