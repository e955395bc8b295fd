"""Questions in standard words: what a turn asks, whatever its sentence, as one that `questions` reads.

People ask one thing in a hundred sentences. DistilBERT tells which of the forms a turn has and which of its words name
the things; here that becomes the plain question ("cross colour?" -> "what colour is the cross?"). Words that tell
directions, sizes and numbers are looked up in the turn itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlp_graph.dialogue.turn import Form
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SHAPES, SIZES, is_plural, plain, plural, singular, with_article

FORMS = [
    "exists",
    "number",
    "atleast",
    "colour",
    "shape",
    "size",
    "choice",
    "is",
    "every",
    "same",
    "differ",
    "relation",
    "side",
    "beside",
    "at",
    "place",
    "rank",
    "than",
    "biggersmaller",
    "extreme",
    "what",
    "more",
    "howmanymore",
    "colours",
    "shapes",
    "distinct",
    "odd",
    "find",
    "outline",
    "describe",
    "say",
    "ellipsis",
    "other",
]
ROLES = ("a", "b")
LONGEST = 300
"""Characters of a turn that is put in standard words."""
SHORT = 5
"""Words of a turn that may leave out what it is about."""
_OF_IT = ("colour", "shape", "size", "is", "at", "place", "choice", "find", "outline")
_PRONOUN = re.compile(
    r"^(?:it|its|they|their|them|this|that|these|those|theirs|em|'em|(?:both|all)(?: of (?:them|those|these))?|"
    r"(?:this|that|these|those) (?:ones?|two|three))$",
    re.IGNORECASE,
)
_SAYS_MORE = (
    r"(?:,? (?:and|or|plus|&|then a) (?:for )?(?!how\b|where\b|what\b|box|outline|mask|mark|show|find|which\b|trace|"
    r"also\b)|"
    r",? [a-z]+s?,? (?:and|or) |(?: (?:is|are|r))?(?: still| just| currently)? (?:[a-z]{3,}ing|stood|sat) |(?: "
    r"[a-z]+)? (?:don'?t|doesn'?t|haven'?t|aren'?t|isn'?t|without|"
    r"who|whose)\b|(?: (?:is|are|r))?(?: [a-z]+)? (?:on|at|in|inside|outside|around|with|under|over|near|"
    r"next|"
    r"behind|beside) (?!(?:the |this |that |my )?(?:picture|image|photo|pic|total|all|here|it|there|this|that|"
    r"whole)\b))"
)
_UNLIKE = re.compile(
    r"\b(?:odd|differ\w*|belong\w*|fits?|match\w*|same|unlike|rest|others?|only|out|stand\w*|alike|similar|unique|"
    r"strange\w*|weird|unusual|intruder)\b",
    re.I,
)
_MOST_OF = re.compile(
    r"\b(?:biggest|smallest|largest|highest|lowest|(?:left|right|top|bottom)most) (?!one|of\b|thing|in\b|on\b|here|"
    r"there|then|now|overall|please|and\b|or\b)"
    r"(?P<kind>[a-z]{3,})\b",
    re.IGNORECASE,
)
_TOLD = re.compile(r"\b(?:wants?|needs?|likes?|thinks?|says?|said|asked|asks|loves?)\b", re.IGNORECASE)
"""Verbs of a sentence that tells something: "a customer wants the red heart"."""
_SEVERAL = re.compile(r"\b(?:both|all|them|they|those|these|each|every\w*|ones?|others?|rest)\b", re.IGNORECASE)
_SPEAKERS = re.compile(r"\b(?:you|i|we|me|us|he|she|before|last time)\b", re.IGNORECASE)
"""Words that no name of a thing holds."""
_TOOL = re.compile(
    r"^(?:bounding |surrounding )?(?:box|boxes|outlines?|masks?|frames?|rectangles?|edges?|contours?)$", re.IGNORECASE
)
_KIND = re.compile(r"^(?:thing|shape|object|kind|sort)s?$", re.IGNORECASE)
_NO_NAME = re.compile(r"^(?:of|the|an?|in|on|at|to|is|are|and|or)$", re.IGNORECASE)
_SUBJECT = {"its": "it", "their": "they", "theirs": "they", "them": "they", "em": "they", "'em": "they"}
_SUBJECT |= dict.fromkeys(("both", "all", "both of them", "all of them"), "they")
_DIRECTIONS = {
    "left": r"left(?:er|ward)?",
    "right": r"right(?!\s*[?.!]*$| here| there)",
    "above": r"above|over|on top of|higher|up(?! to)",
    "below": r"below|under(?:neath)?|beneath|lower|down",
}
_CORNER = re.compile(r"\b(?P<row>top|upper|bottom|lower)[ -](?P<side>left|right)\b", re.IGNORECASE)
_SIDES = {
    "on the left": r"left",
    "on the right": r"right(?!,?\s*[?.!]*$)",
    "at the top": r"top|upper|up",
    "at the bottom": r"bottom|lower|down|below",
    "in the middle": r"middle|cent(?:re|er)",
}
_ENDS = {
    "bigger": r"big(?:ger|gest)?|larg(?:e|er|est)|great(?:er|est)|huge|most (?:space|room)|more (?:space|room)",
    "smaller": r"small(?:er|est)?|littl(?:e|er|est)|tin(?:y|ier|iest)|teen\w*|least (?:space|room)|less (?:space|room)",
    "further left": r"left(?:most|er)?",
    "further right": r"right(?:most)?(?!,?\s*[?.!]*$| here| there)",
    "higher": r"high(?:er|est)?|top(?:most)?|upper(?:most)?|above|up",
    "lower": r"low(?:er|est)?|bottom(?:most)?|below|down",
}
_MOST = {
    "bigger": "biggest",
    "smaller": "smallest",
    "further left": "leftmost",
    "further right": "rightmost",
    "higher": "highest",
    "lower": "lowest",
}
_NUMBER = "|".join(NUMBERS[1:]) + r"|\d{1,2}"
_HOW = {
    "more than": r"more than|over|above",
    "fewer than": r"(?:fewer|less) than|under|below",
    "at least": r"at least|a minimum of|minimum|or more|or so",
    "at most": r"at most|a maximum of|maximum|no more than",
    "only": r"only|just|single|sole|exactly|alone|lone",
}


def standard(text: str, form: Form) -> str | None:
    """The turn as a plain question or request; None where its form has none, or what it needs is not in it."""
    if len(text) > LONGEST:
        return None
    a, b = _role(form, "a"), _role(form, "b")
    if (
        a is None and form.name in _OF_IT and len(text.split()) <= SHORT and not _SEVERAL.search(text)
    ):  # "which colour?", "give me a box"
        a = "it"
    rest = _without(text, form)
    match form.name:
        case "exists" if a and not _TOLD.search(a):
            return _exists(a)
        case "number" if a is None or not _counts_more(a, text):
            return _number(a, text, rest)
        case "atleast" if a:
            return _counted(a, text)
        case "colour" if a:
            return f"what colour {_is(a)}?"
        case "shape" if a and not _KIND.match(a):
            return f"what shape {_is(a)}?"
        case "size" if a:
            return f"{_is(a)} {_options(rest) or 'large or small'}?"
        case "choice" if a and (options := _options(rest)):
            return f"{_is(a)} {options}?"
        case "is" if a and (said := _traits(rest)):
            return f"{_is(a)} {said[-1] if said[-1] not in SHAPES else with_article(said[-1])}?"
        case "every" if a and (said := _traits(rest)):
            return _every(a, said[-1])
        case "same" | "differ" if a:
            return _same(a, b, rest, differ=form.name == "differ")
        case "relation" if a and b and (way := _first(_DIRECTIONS, rest)):
            return f"{_is(a)} {_DIRECTION_WORDS[way]} {_the(b)}?"
        case "side" if a and b:
            ways = "above or below" if _first(_UPRIGHT, rest) else "left or right of"
            return f"{_is(a)} {ways} {_the(b)}?"
        case "beside" if b:
            way = _first(_DIRECTIONS, rest)
            where = _DIRECTION_WORDS[way] if way else "between" if re.search(r"\bbetween\b", rest, re.I) else "next to"
            return f"what is {where} {_the(b)}?"
        case "at" if a and (spot := _spot(rest)):
            return f"{_is(a)} {spot}?"
        case "place" if a:
            return _place(a, rest)
        case "rank" if a and b and (end := _first(_ENDS, rest)):
            return f"which is {end}, {_the(a)} or {_the(b)}?"
        case "than" if a and b and (end := _first(_ENDS, rest)):
            return f"{_is(a)} {_THAN[end]} {_the(b)}?"
        case "biggersmaller" if a and b:
            if _first(_UPRIGHT, rest):
                return f"{_is(a)} above or below {_the(b)}?"
            return f"{_is(a)} bigger or smaller than {_the(b)}?"
        case "extreme" if end := _first(_ENDS, rest):
            kind = singular(plain(a)) if a and not _PRONOUN.match(a) and not re.search(r"\bones?$", a) else "thing"
            kind = "thing" if kind.split()[-1].lower() in NUMBERS else kind
            if kind == "thing" and (most := _MOST_OF.search(text)):  # "which of these is the biggest circle?"
                kind = singular(most["kind"].lower())
            return f"which {kind} is the {_MOST[end]}?"
        case "what" if a:
            return f"what is {a}?" if re.match(r"(?:in|on|at|to|near|by|under|over|up|down)\b", a, re.I) else None
        case "more" if a and b:
            than = re.search(r"\bthan\b", rest, re.IGNORECASE)
            how = "fewer" if re.search(r"\b(?:fewer|less|fewest|least)\b", rest, re.IGNORECASE) else "more"
            return f"are there {how} {plain(a)} {'than' if than else 'or'} {plain(b)}?"
        case "howmanymore" if a and b:
            return f"how many more {plain(a)} than {plain(b)} are there?"
        case "howmanymore":
            return "by how many?"
        case "colours" | "shapes" if re.search(r"colou?r|shade|hue|tone|paint|shape|figure|form\b", text, re.I):
            return f"which {form.name} are {_the(a) if a and is_plural(plain(a)) else 'there'}?"
        case "distinct":
            trait = "colours" if re.search(r"colou?r|shade|hue", text, re.IGNORECASE) else "shapes"
            return f"how many different {trait} are {_the(a) if a and trait == 'colours' else 'there'}?"
        case "describe":
            return "describe the picture"
        case "odd" if _UNLIKE.search(text):
            return "which is the odd one out?"
        case "find" | "outline" if a and (_PRONOUN.match(a) or not _counts_more(a, text)):
            return f"{'box' if form.name == 'find' else 'outline'} {_object(a, rest)}"
        case _:
            return None


def fragment(form: Form, *, shown: bool) -> str | None:
    """What a fragment says, in the plainest words: "and the star"; None where it says nothing. `shown`: a picture came
    with it, so that "how about this one" is that picture."""
    name = _role(form, "a")
    if name and re.search(r"\b(?:both|all|them|those|these|it)\b", name, re.IGNORECASE) and not shown:
        return f"and {name}"
    if name is None or _PRONOUN.match(name):
        return "same for this picture" if shown else None
    return f"and {name if re.match(r'(?:in|on|at|to) ', name, re.IGNORECASE) else _the(name)}"


def subject(form: Form) -> str | None:
    """What a question is about, where its words name it."""
    name = (
        _role(form, "a") if form.name in ("exists", "is", "colour", "size", "shape", "choice", "place", "at") else None
    )
    return None if name is None or _PRONOUN.match(name) or re.match(r"any|some|every|no", name, re.I) else plain(name)


def points_only(form: Form) -> bool:
    """Whether what the form is about is said by nothing but a pronoun: "those"."""
    name = _role(form, "a")
    return bool(name and _PRONOUN.match(name))


_DIRECTION_WORDS = {"left": "to the left of", "right": "to the right of", "above": "above", "below": "below"}
_UPRIGHT = {way: _DIRECTIONS[way] for way in ("above", "below")}
_THAN = {
    "bigger": "bigger than",
    "smaller": "smaller than",
    "further left": "to the left of",
    "further right": "to the right of",
    "higher": "above",
    "lower": "below",
}


def _role(form: Form, role: str) -> str | None:
    """The words of a role: the surest that stand in it."""
    named = [name for name in form.roles if name.role == role and not _NO_NAME.match(name.text.strip())]
    if not named:
        return None
    said = max(named, key=lambda name: name.score).text.strip(' ,.?!;:"()')
    words = max((part.strip() for part in re.split(r"[,:;?]", said)), key=len)
    words = re.sub(r"^(?:(?:the|an?|any|all|both|every|each|some|of)\s+)+", "", words, flags=re.IGNORECASE)
    return words if plain(words).split() and not _SPEAKERS.search(words) else None


def _without(text: str, form: Form) -> str:
    """The turn without the words in its roles, which say nothing about what is asked of them."""
    rest = text
    for name in sorted(form.roles, key=lambda name: -name.start):
        if name.role in ROLES:
            named = re.split(r"[,:;?]", name.text)[0]
            rest = f"{rest[: name.start]} {rest[name.start + len(named) :]}"
    return " ".join(rest.split())


def _first(words: dict[str, str], text: str) -> str | None:
    """The key whose words stand last in the text: what is asked comes after asides."""
    found = [(m.start(), key) for key, form in words.items() for m in re.finditer(rf"\b(?:{form})\b", text, re.I)]
    return max(found)[1] if found else None


def _is(name: str) -> str:
    """ "is the star", "is it", "are they", "are the stars"."""
    said = _SUBJECT.get(name.lower(), name)
    if _PRONOUN.match(said):
        return f"{'are' if re.match(r'they|these|those', said, re.I) else 'is'} {said}"
    return f"{'are' if is_plural(plain(name)) else 'is'} {_the(name)}"


def _the(name: str) -> str:
    if _PRONOUN.match(name) or re.match(r"(?:this|that|these|those|my|his|her|your|our)\b", name, re.IGNORECASE):
        return "it" if name.lower() == "its" else name
    return f"the {plain(name)}"


def _object(name: str, rest: str) -> str:
    said = {"its": "it", "they": "them", "their": "them", "em": "them", "'em": "them"}.get(name.lower(), name)
    if _TOOL.match(said):  # "draw the box"
        return "it"
    if blue := re.fullmatch(rf"(?:everything|anything|whatever is) (?P<c>{'|'.join(COLOURS)})", said, re.IGNORECASE):
        return f"all the {blue['c']} things"
    if re.match(r"(?:everything|anything|whatever)\b", said, re.IGNORECASE):
        traits = [] if _traits(said) else _traits(rest)
        return f"all the {traits[-1]} things" if traits else said
    return f"all the {plain(name)}" if is_plural(plain(name)) and not _PRONOUN.match(name) else _the(said)


def _number(name: str | None, text: str, rest: str) -> str | None:
    """ "How many of those are red?" counts red ones."""
    if name is None and (
        things := re.search(r"\b(?:shapes|things|objects)\b", text, re.IGNORECASE)
    ):  # "shapes in total?"
        name = things[0]
    if name and (parts := re.fullmatch(r"(?P<noun>.+?) (?P<verb>are|is) (?P<said>.+)", name)):  # "things are blue"
        return f"how many of the {plain(parts['noun'])} {parts['verb']} {parts['said']}"
    traits = [word for word in _traits(rest) if name is None or word not in _traits(name)]
    if name is None or _PRONOUN.match(name):
        if traits:
            kind = plural(traits[-1]) if traits[-1] in SHAPES else f"{traits[-1]} ones"
            return f"how many {kind} are there?"
        asked = re.search(r"\bhow (?:many|much) (?P<noun>[a-z]+)", text, re.IGNORECASE)
        known = "are is of do does did can have there now here in on would will"
        return None if name is None and asked and asked["noun"].lower() not in known.split() else "how many are there?"
    if traits and traits[-1] in SHAPES:
        own = [word for word in plain(name).split() if word.lower() in (*COLOURS, *SIZES)]
        return f"how many {' '.join([*own, plural(traits[-1])])} are there?"
    return f"how many {' '.join([*traits[-1:], _several(name)])} are there?"


def _counts_more(name: str, text: str) -> bool:
    """Whether more words of the turn say what is counted: "birds on the wire", "red squares and crosses"."""
    after = text[text.lower().rfind(name.lower()) + len(name) :]
    return re.match(_SAYS_MORE, after, re.IGNORECASE) is not None


def _several(name: str) -> str:
    words = plain(name)
    return plural(words) if words.split()[-1].lower() not in COLOURS else words


def _exists(name: str) -> str:
    if re.fullmatch(r"(?:another )?ones?|another", name, re.IGNORECASE):
        return "is there one?" if name.lower() in ("one", "ones") else "is there another one?"
    if re.search(r"\b(?:or|and)\b", name) or is_plural(name) or name.split()[-1].lower() in COLOURS:
        return f"are there any {name}?"
    if _PRONOUN.match(name):
        return "are there any?"
    return f"is there {name if re.match(r'(?:any|some)(?:thing|one|body)?', name, re.I) else with_article(name)}?"


def _counted(name: str, text: str) -> str | None:
    number = re.search(rf"\b(?:{_NUMBER})\b(?! of\b)", text, re.IGNORECASE)
    how = next((how for how, form in _HOW.items() if re.search(rf"\b(?:{form})\b", text, re.IGNORECASE)), "")
    if number is None and how != "only":
        return None
    several = "they" if _PRONOUN.match(name) else plural(plain(name))
    said = number[0] if (number and number[0].lower() != "one") or (number and how != "only") else "one"
    noun = "" if several == "they" else several if said.lower() not in ("one", "1") else singular(several)
    return f"are there {how} {said} {noun}".replace("  ", " ").strip() + "?" if noun else None


def _traits(text: str) -> list[str]:
    """The colours, sizes and shapes that a text says, in order, singular."""
    known = {*COLOURS, *SIZES, *SHAPES}
    said = [singular(word) for word in re.findall(r"[a-z]+", text.lower())]
    return [word for word in said if word in known]


def _options(text: str) -> str | None:
    said = list(dict.fromkeys(_traits(text)))
    if len(said) < 2:
        return None
    kind: Sequence[str] = next((group for group in (SHAPES, COLOURS, SIZES) if said[0] in group), ())
    said = [with_article(word) if word in SHAPES else word for word in said if word in kind]
    return f"{', '.join(said[:-1])} or {said[-1]}" if len(said) > 1 else None


def _every(name: str, said: str) -> str:
    if re.match(r"everything|all|it all|this|these|those|them|they|it", name, re.IGNORECASE) and len(name.split()) < 3:
        lean = re.fullmatch(r"they|them|these|those", name, re.IGNORECASE)
        return f"are they all {said}?" if lean else f"is everything {said}?"
    return f"are all the {plural(plain(name))} {said}?"


def _same(a: str, b: str | None, text: str, *, differ: bool) -> str:
    trait = "colour"
    if re.search(r"shape|form\b|kind|sort", text, re.IGNORECASE):
        trait = "shape"
    elif re.search(r"siz|big|large|small|tall|high|wide", text, re.IGNORECASE):
        trait = "size"
    if b and not differ:
        return f"{_is(a)} the same {trait} as {_the(b)}?"
    a = "things" if re.match(r"everything|it all|all(?: of)? (?:it|this)\b", a, re.IGNORECASE) else a
    both = f"{plain(a)} and the {plain(b)}" if b else plain(a)
    subject = f"the {both}" if not _PRONOUN.match(a) else _SUBJECT.get(a.lower(), a)
    return f"are {subject} {'different' if differ else 'the same'} {trait}{'s' if differ else ''}?"


def _spot(text: str) -> str | None:
    """The side or corner that a text names: "at the top left"."""
    if corner := _CORNER.search(text):
        row = "top" if corner["row"].lower() in ("top", "upper") else "bottom"
        return f"at the {row} {corner['side'].lower()}"
    return _first(_SIDES, text)


def _place(name: str, text: str) -> str:
    flat = re.search(r"\bleft\b.*\bright\b|\bright\b.*\bleft\b", text, re.IGNORECASE)
    upright = re.search(r"\b(?:top|upper|high|up)\b.*\b(?:bottom|lower|low|down)\b|\bbottom\b.*\btop\b", text, re.I)
    if flat and not upright:
        return f"{_is(name)} on the left or on the right?"
    if upright and not flat:
        return f"{_is(name)} at the top or at the bottom?"
    return f"in which part {_is(name)}?"
