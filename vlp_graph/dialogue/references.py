"""What "it", "the left one", "the others" and "those" stand for: the things that were named last.

Done before intent, plan and detector read the words, so that all of them see names. A phrase that memory keeps is
exact ("second star from the left"), so that what is put in the place of "it" finds the same thing again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.wording import (
    COLOURS,
    NUMBERS,
    SHAPES,
    SIZES,
    is_plural,
    listed,
    plain,
    plural,
    singular,
    with_article,
)

LONGEST = 600
"""Characters of a text that is looked into; a longer one is no plain request."""
_SIZES = {*SIZES, "bigger", "smaller", "larger", "biggest", "smallest", "largest"}
_COUNTS = "|".join(NUMBERS[2:9])
_LEAD = r"the|that|this|those|these|any|which|what|first|second|third|fourth|fifth|sixth|last|only|just|every|each|a|an"
_SAID = (
    r"left|right|left-hand|right-hand|top|bottom|upper|lower|middle|centre|center|big|bigger|biggest|small|smaller|"
    r"smallest|large|larger|largest|tiny|tiniest|little|lowest|highest|uppermost|lowermost|nearest|closest|furthest|"
    r"farthest"
)
_SHAPED = "|".join(SHAPES)
_TRAITS = "|".join((*SHAPES, *COLOURS, *SIZES))
_ONE = re.compile(
    rf"\b(?P<before>(?:(?:{_LEAD}|{_SAID}|{'|'.join(COLOURS)}|[a-z]{{3,9}}most)[ -]+){{1,5}})(?P<one>ones?)\b(?! of\b)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\b(?P<verb>is there|are there|see|find|spot|have|got) (?P<one>one|any)"
    r"(?= (?:in|on|at|here|there|too|as well|left|right|above|below|next|near|of)\b|\W*$)",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<!\bat )(?<!\bat the )(?<!\bin the )(?<!\bfrom the )(?<!\bof the )(?<!\bshape is )(?<!\bshape is the )"
    r"\b(?P<word>biggest|smallest|largest|"
    r"leftmost|rightmost|topmost|bottommost|"
    r"(?<=the )(?:bigger|smaller|larger)|"
    r"(?:first|second|third|fourth|fifth|sixth|last)(?P<from> from the (?:left|right|top|bottom))?)"
    r"(?=\s*(?:[,.?!;]|$|and\b|too\b|please\b|pls\b|instead\b|as well\b))",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    rf"\b(?:the |any |all the |all |every |some )*(?:other (?P<trait>(?:{'|'.join((*COLOURS, *SIZES))}) "
    r")?(?P<noun>[a-z]+)|others?"
    r"|rest)\b(?: of (?:them|those|these|the [a-z]+))?",
    re.IGNORECASE,
)
_ELSE = re.compile(
    r"\b(?:what else|(?:which|what) other (?:thing|shape|object|one))(?: here)? is (?:there (?:that is )?(?:in "
    rf")?)?(?P<colour>{'|'.join(COLOURS)})\b",
    re.IGNORECASE,
)
_SHOW_WHERE = re.compile(
    r"^(?:please |can you |could you |and |ok )*(?:show|point out|tell|mark|point to)(?: me| us)? where(?: (?:it|"
    r"that|they|those)(?: is|'s| are| sits?)?)?"
    r"\W*$",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"\banother (?P<noun>[a-z]+)\b", re.IGNORECASE)
_NOT = re.compile(
    r"^(?:but |just |and |all )*(?:not|without|except(?: for)?|exclud(?:e|ing)|remove|drop|omit|minus|leave out|skip|"
    r"ignore) (?P<b>.+?)"
    r"(?:,? (?:tho|though|please|pls|then|this time|thanks))*\W*$",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\bhow many (?:of )?(?:them |(?:those|these) (?=are |is )|(?:all )?(?:the|those|these) "
    rf"(?P<noun>(?:(?:{'|'.join((*COLOURS, *SIZES))}) "
    r")?[a-z]+) )?"
    r"(?:are|is) (?!there\b|visible\b|in\b|it\b|that\b|they\b|left\b(?! of)(?! side))(?P<what>[a-z][a-z "
    r"]*?)(?P<end>\W*)$",
    re.IGNORECASE,
)
_HOW_MANY_RED = re.compile(
    rf"\bhow many (?P<what>{'|'.join((*COLOURS, *SIZES))})(?: ones?)?(?P<end>\W*)$", re.IGNORECASE
)
_WHICH = re.compile(
    rf"\b(?:which|what) (?:of the )?(?P<noun>(?!(?:{_COUNTS})\b|one|of|is|shape|thing|picture|colou?r|object|way|"
    r"size|side|corner|"
    r"half|part|end|quadrant|row|column)[a-z]+) "
    r"(?:is|are|has|lies|looks)\b",
    re.IGNORECASE,
)
_WHICH_OF_TWO = re.compile(
    r"^(?:and )?which(?: one| of (?:them|those|these|(?:the|these|those) two))? (?:is|lies|sits|looks) "
    r"(?P<how>(?:the )?(?:bigger|larger|smaller|biggest|"
    r"largest|smallest|higher|lower|"
    r"further (?:to the )?(?:left|right)|on the (?:left|right)|at the (?:top|bottom)))(?: one)?\W*$",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\bhow many(?: of (?:them|those|these))?(?: (?:are|is) (?:there|it|that|they|left)| have (?:we|you|i) got| do "
    r"(?:you|we) (?:see|have)| now| here|"
    r" this time)?(?: in total| total| all told| altogether| now| here| all together)*(?P<end>\W*)$"
    r"|\bhow many(?: of (?:them|those|these))?(?: are there| is (?:that|it)| does that make)?\b(?= (?:in|on|at|"
    r"across) (?!it\b))",
    re.IGNORECASE,
)
_THOSE_FEW = re.compile(
    rf"\b(?:the|those|these|all|just the|only the) (?P<count>{_COUNTS}|\d)(?: of (?:them|those|these|the))?(?: ones?)?"
    r"(?P<noun> (?!at\b|on\b|in\b|to\b|of\b|and\b|is\b|are\b|that\b|which\b)[a-z]+)?"
    r"(?: (?:at|on|in) the (?P<side>left|right|top|bottom|middle)(?: side)?)?\b",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"(?<!they )(?<!these )(?<!those )(?<!them )(?<!at )\b(?:both|all)(?: (?:of )?(?:them|those|these|of it))?\b(?! "
    rf"(?:\d|two|three|four|five|the|picture|image|photo|of|my|other|(?:(?:{'|'.join((*COLOURS, *SIZES))}) "
    r")*[a-z]+s\b))|"
    r"\beach(?: of (?:them|those|these))?\b(?! [a-z])",
    re.IGNORECASE,
)
_OF_THEM = re.compile(
    r"\b(?P<lead>the (?:[a-z-]+ )?(?:left|right|top|bottom|upper|lower|bigger|smaller|larger|biggest|smallest|largest|"
    rf"first|second|third|fourth|last|[a-z]+most|{'|'.join((*COLOURS, *SIZES))}))(?: ones?)? of "
    r"(?:them|those|these|the (?:two|three|four|lot))\b(?! [a-z])",
    re.IGNORECASE,
)
_ISNT = re.compile(
    r"\b(?:that|which)(?: is not|'s not| isn'?t| aren'?t| are not| ain'?t) (?:an? |the )?", re.IGNORECASE
)
_TRAIT = re.compile(
    r"^(?:and |its |the |their |what |which |tell me |give me |say |name )*(?P<trait>colou?r|size|shape)s?\W*$",
    re.IGNORECASE,
)
_SAME_AS = re.compile(
    r"^(?:and |so |is it |it is )*(?:the )?same (?P<trait>colou?r|size|shape) as (?P<other>the [a-z ]{2,40}?)\W*$",
    re.IGNORECASE,
)
_WHICH_SIDE = re.compile(
    r"^(?:and |so )?(?:on |at |in )?(?:which|what) (?P<part>side|half|corner|part)(?: is (?:it|that))?(?: on| in| "
    r"at)?\W*$",
    re.IGNORECASE,
)
_ITS = re.compile(r"\b(?:its|it's(?= (?:colou?r|size|shape)))\b", re.IGNORECASE)
_ITS_THING = re.compile(
    rf"\bits (?=(?:(?:{'|'.join((*COLOURS, *SIZES))}) )*(?:{_SHAPED}|thing|object)(?:e?s)?\b)", re.I
)
""" "Its red star": a picture's."""
_ITS_OUTLINE = re.compile(
    r"\b(?:its|their) (?P<what>outlines?|masks?|edges?|borders?|contours?|silhouettes?|bounding box(?:es)?|"
    r"box(?:es)?)\b",
    re.IGNORECASE,
)
_THEIR = re.compile(r"\btheir\b", re.IGNORECASE)
_ENDS = (
    r"(?=\W*$|[,.;!?]|'s\b|'re\b| (?:and|too|also|as well|please|pls|plz|then|instead|again|for me|now|out|up|is|are|"
    r"was|in|on|at|to|from|for|with|or|than|a|an|the|small|large|big|little|tiny|bigger|smaller|larger|left|right|"
    r"above|"
    r"below|"
    r"higher|lower|further|next|near|look|looks|have|has|got|lie|lies|sit|sits|like|if|but|made|only|be|really|"
    rf"actually|all|just|outlined|boxed|marked|masked|traced|highlighted|framed|segmented|{'|'.join(COLOURS)})\b)"
)
_GOVERNS = (
    r"(?:^|\b(?:outline|box|mask|segment|find|show|draw|trace|mark|highlight|frame|locate|detect|describe|cut|count|"
    r"round|around|over|under|above|below|of|for|on|to|is|was|are|does|has|about|like|than|with|do|"
    r"behind|near|beside|me|and|but|just|only|put|give|point|at|from|see|by)\s+|[,;:-]\s*)"
)
_IT = re.compile(
    rf"(?<!than )(?<!in )(?<!inside )(?:\b(?:it|that one|this one|him)\b|\bher\b(?=\W*$)|(?P<lead>{_GOVERNS})(?:that|"
    r"this)\b"
    rf"(?! (?:(?:{'|'.join((*COLOURS, *SIZES))}) )+(?:thing|shape|object|one|{'|'.join(SHAPES)}))"
    rf"(?!(?: is| are|'s) (?:on|at|in|to|left|right|above|below|next|near|under)\b)){_ENDS}"
    r"(?! (?:picture|image|photo|pic)s?\b)",
    re.IGNORECASE,
)
_THEM = re.compile(rf"\b(?:them(?: all| both)?|they|those(?: ones)?|these(?: ones)?)\b{_ENDS}", re.IGNORECASE)
_THAT = re.compile(rf"\b(?P<which>that|this|those|these) (?:same )?(?P<noun>(?:{'|'.join(COLOURS)})? ?[a-z]+)\b", re.I)
_THAT_THERE = re.compile(
    r"\b(?P<what>(?:what|which)(?: (?:shape|colou?r|size|kind of (?:shape|thing)))?(?: is|'s| are)?) (?:that|this|"
    r"those|"
    r"these)(?: one| thing| shape)?s? (?=(?:in|on|at|near|to) the (?:very |far )?(?:top|bottom|left|right|middle|"
    r"centre|"
    r"center|upper|lower|corner)\b)",
    re.IGNORECASE,
)
"""Something that is pointed to by its place, of which nothing need have been said."""
_MASK = re.compile(r"\b(?:that|this|the) (?:mask|box|outline|frame)\b,?(?: but)?", re.IGNORECASE)
_EVERY = re.compile(
    rf"\beverything(?: (?:that(?:'s| is)|which is))? (?P<colour>{'|'.join(COLOURS)})\b|"
    rf"(?<!these )(?<!those )(?<!they )(?<!are )\ball (?:the |of the )?(?P<plural>{'|'.join(COLOURS)})\b(?=\W*$)|"
    r"(?P<verb>\b(?:box|outline|mask|segment|find|mark|detect|locate|highlight|count|trace|frame|around|round|of) )"
    rf"(?P<all>everything(?! (?:{'|'.join(COLOURS)}|that|which)\b)(?: (?:here|there|you see|in (?:it|here)))?|every "
    r"shape|every object|"
    r"all (?:of )?(?:it|the shapes))",
    re.IGNORECASE,
)


_ASKS_COLOUR = re.compile(r"\b(?:what|which|the) colou?r\b|^colou?r of\b", re.IGNORECASE)


def resolve(text: str, named: Sequence[str], earlier: Sequence[str] = (), *, of_any: bool = False) -> str:
    """The text with names in the place of pronouns. `named` are the things named last, the very last one at the end;
    with none, only "everything" is put in plain words. `earlier` were named before them: "both" is one of each.
    `of_any`: they were chosen among things of any kind, so "the other one" is, too. A text that is too long to be a
    plain request is left as it is."""
    if len(text) > LONGEST:
        return text
    text = re.sub(
        rf"\bone(?P<s>s?) (?=(?:that|which)(?: is not|'s not| isn'?t| aren'?t| are not) (?:an? |the )?(?:{_SHAPED})\b)",
        r"thing\g<s> ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"\b(?P<what>(?:what|which)(?: (?:shape|(?:kind|sort|type) of (?:shape|thing)))?(?:'s| is| are)(?: that)? "
        r"the (?:[a-z]+ ){1,3})"
        r"one(?P<s>s?)(?=\W*$)",
        r"\g<what>thing\g<s>",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"\beverything (?=(?:(?:that|which)(?:'s| is| are)? ?(?:not|n't|isn|aren)|but|except|other than|apart from)\b)",
        "all the things ",
        text,
        flags=re.I,
    )
    text = re.sub(r"\bthe (?:whole )?lot\b(?! of)", "all of them", text, flags=re.IGNORECASE)
    text = _ISNT.sub("other than the ", _EVERY.sub(_every, text))
    text = re.sub(r"\banother (?=[a-z]+ other than\b)", "a ", text, flags=re.IGNORECASE)
    text = re.sub(
        rf"\b(?:that|this|those|these) (?=(?:(?:{'|'.join((*COLOURS, *SIZES))}) )+(?:thing|shape|object|one|"
        rf"{_SHAPED})(?:e?s)?\b)",
        "the ",
        text,
        flags=re.IGNORECASE,
    )
    text = _THAT_THERE.sub(r"\g<what> the thing ", text)
    names = [plain(name) for name in named if plain(name)]
    names = [*earlier[-1:], *names] if _pair(names, earlier) and _TOGETHER.search(text) else names
    noun = read(names[-1]).name if names else "things"
    kinds = {singular(_kind(read(name).name)).lower() for name in names}
    if len(kinds - {"thing", "shape", "object"}) == 1 and len(kinds) > 1:  # "things" and "circles" are circles
        noun = next(
            read(n).name for n in names if singular(_kind(read(n).name)).lower() not in ("thing", "shape", "object")
        )
    elif of_any or len(kinds) > 1:  # "the red one" of a star and a heart
        noun = "things"
    text = _PART.sub(lambda m: _part(m, noun), text)
    text = _HOW_MANY_RED.sub(
        lambda m: f"how many {m['what']} {plural(_without(noun, m['what']))} are there{m['end']}", text
    )
    if which := _WHICH.search(text):  # "which heart is on the right, the red one or the blue one?"
        text = _ones(text, which["noun"], which["noun"])
    if not names:
        text = re.sub(r"\b(?P<the>the) one(?= (?:on|at|in|that|which)\b)", r"\g<the> thing", text, flags=re.IGNORECASE)
        return _ones(_THAT.sub(lambda m: _that(m, "thing"), text), "thing", "thing")
    it = names[-1]
    text = _ELSE.sub(lambda m: f"what is the {m['colour']} thing other than the {it}", text)
    text = re.sub(
        r"\bthe (?:new|extra|added|missing|additional|odd) (?:thing|one|shape|object)\b(?! out)",
        lambda _: f"the {it}",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        rf"\b(?:which|what) other (?P<thing>(?:(?:{'|'.join((*COLOURS, *SIZES))}) )?[a-z]+?)s? (?:is|are) there\b",
        lambda m: f"what is the {m['thing']} other than the {it}",
        text,
        flags=re.IGNORECASE,
    )
    if _SHOW_WHERE.match(text):
        return f"box the {it}"
    text = re.sub(
        r"\b(?P<asked>(?:does|has) (?:this|the [a-z]+) (?:picture|image|photo|pic) (?:have |got )*(?:more|"
        r"fewer))(?P<end>(?: than .*)?\W*)$",
        lambda m: f"{m['asked']} {plural(noun)}{m['end']}",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"\bthan (?:it|that|that one)(?=\W*$)", lambda _: f"than the {it}", text, flags=re.IGNORECASE)
    if same := _SAME_AS.match(text):
        return f"is the {singular(it)} the same {same['trait']} as {same['other']}?"
    if where := _WHICH_SIDE.match(text):
        return f"which {where['part']} is the {singular(it)} on?"
    if trait := _TRAIT.match(text):
        return f"what {trait['trait']} is the {singular(it)}?"
    if re.fullmatch(rf"(?:and )?(?:{_TRAITS})(?:, (?:{_TRAITS}))*,? or (?:an? )?(?:{_TRAITS})\W*", text, re.IGNORECASE):
        return f"is the {singular(it)} {text.rstrip('?. ')}?"
    them = listed([f"the {name}" for name in names]) if len(names) > 1 else f"the {_plural_of(it)}"
    if re.search(r"\b(?:what|which) shapes?\b", text, re.IGNORECASE) and _kind(singular(noun)).lower() in SHAPES:
        them = "the things"  # their shape is open
    among = _chosen_from(names, earlier)
    if (
        among and len(names) == 1 and not is_plural(it)
    ):  # "outline the stars. which is the highest? what is left of them?"
        them = f"the {plural(among)}"
    text = _MASK.sub("", text).strip(" ,") if _MASK.match(text) else text
    if found := _NOT.match(text):
        return f"the {' and '.join(names)} other than {found['b']}"
    text = re.sub(r"\b(?P<the>the|all the|any) remaining (?=[a-z])", r"\g<the> other ", text, flags=re.IGNORECASE)
    text = _OF_THEM.sub(lambda m: _of_them(m, names), text)
    text = re.sub(
        r"^(?P<lead>(?:and |so |but )*how many )(?=(?:have|has|had|wear|hold|contain|show|need|look)\b .)",
        lambda m: f"{m['lead']}{plural(noun)} ",
        text,
        flags=re.IGNORECASE,
    )
    counted = it if len(names) == 1 and is_plural(it) else plural(noun)
    text = _HOW_MANY.sub(lambda m: f"how many {counted} are there{m['end'] or ''}", text)
    text = _OTHERS.sub(lambda m: _others(m, it, noun, among), text)
    text = _ANOTHER.sub(lambda m: _another(m, it, noun), text)
    text = _THOSE_FEW.sub(lambda m: _few(m, names), text)
    text = re.sub(
        r"\bthe one (?=(?:right |just |directly )?(?:above|below|under|underneath|beneath|next to|beside|(?:to the "
        r")?(?:left|right) of|"
        r"near(?:est)?(?: to)?|closest to) (?:it|that|them|this|the)\b)",
        "the thing ",
        text,
        flags=re.IGNORECASE,
    )
    text = _ones(text, noun, it)
    if len(names) == 2 and (asked := _WHICH_OF_TWO.match(text)):
        text = f"which is {asked['how']}, the {names[0]} or the {names[1]}?"
    text = _THAT.sub(lambda m: _that(m, it), text)
    text = _ALL.sub(lambda _: them, text)  # not as a template: a name may hold a backslash
    text = _ITS_OUTLINE.sub(lambda m: f"the {m['what']} of {them if m[0][0] in 'tT' else f'the {it}'}", text)
    text = _ITS_THING.sub("the ", text)
    text = _ITS.sub(lambda _: f"the {it}'s", _THEIR.sub(lambda _: f"{them}'", text))
    return _THEM.sub(lambda _: them, _IT.sub(lambda m: f"{m['lead'] or ''}the {it}", text))


def _plural_of(name: str) -> str:
    """What "them" means where one name was said: things that are several already, else all of that kind."""
    return name if is_plural(name) else plural(read(name).name)


def _of_them(found: re.Match[str], names: Sequence[str]) -> str:
    """ "The larger of those" among orange objects is the larger orange object."""
    said = {word.lower() for word in found["lead"].split()}
    plain_name = len(names) == 1 and read(names[0]).name == names[0] and not said & {*COLOURS, *SIZES}
    return f"{found['lead']} {singular(names[0]) if plain_name else 'one'}"


def _another(found: re.Match[str], it: str, noun: str) -> str:
    said = found["noun"].lower()
    generic = noun.lower().split()[-1] in ("thing", "object", "shape", "things", "objects", "shapes")
    same = generic or said in ("one", *noun.lower().split())
    return f"a {_kind(noun) if said == 'one' else said} other than the {it}" if same else found[0]


def _chosen_from(names: Sequence[str], earlier: Sequence[str]) -> str | None:
    """The things among which the one that was named last had been chosen: "purple things", of "purple heart"."""
    if len(names) != 1 or is_plural(names[0]) or not earlier or not is_plural(earlier[-1]):
        return None
    several, one = read(earlier[-1]), read(names[0]).name.lower().split()
    kind = singular(_kind(several.name)).lower()
    traits = [w for w in several.name.lower().split()[:-1] if w in COLOURS]
    same = kind in ("thing", "object", "shape", "one", *one) and all(trait in one for trait in traits)
    return several.name if same and not several.relation else None


_TOGETHER = re.compile(
    r"\b(?:both|they|them|the two|those two|either|which(?: one| of (?:them|the two))? is)\b", re.IGNORECASE
)


def _pair(names: Sequence[str], earlier: Sequence[str]) -> bool:
    """Whether one thing was named, and another one before it."""
    one = [name for name in (*names, *earlier[-1:]) if not is_plural(name)]
    return len(names) == 1 and len(one) == 2 and one[0].lower() != one[1].lower()


def _every(found: re.Match[str]) -> str:
    if colour := found["colour"] or found["plural"]:
        return f"the {colour} things"
    return f"{found['verb']}all the shapes"


def _part(found: re.Match[str], noun: str) -> str:
    """ "how many of them are red" -> "how many red circles are there"."""
    asked, what = found["noun"] or noun, plain(found["what"])
    asked = re.sub(r"\bones$", "things", asked)
    if re.match(r"left|right|above|below|next|near|under|(?:on|at|in|to)\b", what, re.IGNORECASE):
        return f"how many {plural(asked)} are {what}{found['end']}"
    last = what.split()[-1].lower()
    if last in COLOURS or last in _SIZES:
        return f"how many {what} {plural(_without(asked, what))} are there{found['end']}"
    if singular(last) not in SHAPES and not is_plural(what):  # "lying down", "broken"
        after = " " in what or last.endswith("ing")
        said = f"{plural(asked)} {what}" if after else f"{what} {plural(asked)}"
        return f"how many {said} are there{found['end']}"
    attributes = [w for w in asked.split()[:-1] if w.lower() in COLOURS or w.lower() in _SIZES]
    return f"how many {' '.join([*attributes, plural(what)])} are there{found['end']}"


def _others(found: re.Match[str], it: str, noun: str, among: str | None) -> str:
    said = found["noun"]
    if found["trait"]:
        name = found["trait"] + (_kind(noun) if said in ("one", "ones") else said)
        return f"the {name} other than the {it}"
    if said and re.match(r"(?:picture|image|photo|pic|scene|side|way|day|hand|than)s?$", said, re.IGNORECASE):
        return found[0]
    kind = said if said and said.lower() not in ("one", "ones") else ""
    if kind and singular(kind).split()[-1].lower() not in {w.lower() for w in singular(noun).split()}:
        if kind.lower() not in ("two", "three", "four", "thing", "things", "shape", "shapes", "object", "objects"):
            return found[0]
        kind = plural(kind) if kind.lower() not in ("two", "three", "four") else ""
        if kind:
            return f"the {kind} other than the {it}"
        return f"the {plural(_kind(noun))} other than the {it}"
    several = bool(re.search(r"others|rest|ones|two|three", found[0], re.IGNORECASE)) or (kind and is_plural(kind))
    name = among if among and not kind else _kind(kind or noun)
    lead = "any " if found[0].lower().startswith("any ") else "the "
    return f"{lead}{plural(name) if several else singular(name)} other than the {it}"


def _kind(name: str) -> str:
    """The bare kind of a thing: "large red star" -> "star"."""
    words = [w for w in name.split() if w.lower() not in COLOURS and w.lower() not in _SIZES]
    return " ".join(words) or name


def _few(found: re.Match[str], names: Sequence[str]) -> str:
    """ "the two at the top" -> "the two stars at the top"; "the two" alone are those that were named."""
    if (found["noun"] or "").strip():
        return found[0]
    if not found["side"]:
        whole = listed([f"the {name}" for name in names]) if len(names) > 1 else f"the {plural(_set(names[0]))}"
        return whole
    preposition = "on" if found["side"] in ("left", "right") else "at"
    return f"the {found['count']} {plural(_set(names[-1]))} {preposition} the {found['side']}"


def _among(noun: str, it: str) -> str:
    return noun if noun == "things" else _set(it)


def _set(name: str) -> str:
    """Among what "one" chooses: the things that were named; after a single thing, all of its kind."""
    noun = read(name).name
    return noun if is_plural(noun) else _kind(noun)


def _that(found: re.Match[str], it: str) -> str:
    """ "that heart" -> "the red heart on the right", where that is the heart spoken of."""
    said = found["noun"].strip().lower()
    words = {singular(w.lower()) for w in read(it).name.split()}
    same = bool(said) and {singular(w) for w in said.split()} <= words
    generic = said in ("thing", "shape", "object", "things", "shapes", "objects")
    if same or generic:
        return f"the {it}"
    shown = said.split()[-1:] and singular(said.split()[-1]) in SHAPES  # "this heart", of which nothing was said yet
    return f"the {said}" if shown else found[0]


def _without(noun: str, said: str) -> str:
    """The noun without the attributes that `said` replaces."""
    words = noun.split()
    new = {w.lower() for w in said.split()}
    if new & set(COLOURS):
        words = [w for w in words[:-1] if w.lower() not in COLOURS] + words[-1:]
    if new & _SIZES:
        words = [w for w in words[:-1] if w.lower() not in _SIZES] + words[-1:]
    if len(words) == 1 and words[0].lower() in COLOURS:
        words = ["things"]
    return " ".join(words)


def _ones(text: str, noun: str, it: str) -> str:
    def name(found: re.Match[str]) -> str:
        before = found["before"].lower().split()
        if before == ["that"] or before == ["this"]:
            return found[0]
        among = _among(noun, it)
        if before[:1] in (["which"], ["what"]) and not is_plural(it):  # of all that is there
            among = "thing"
        kept = _without(among, " ".join(before))
        if _ASKS_COLOUR.search(text):  # its colour is open
            kept = " ".join(word for word in kept.split() if word.lower() not in COLOURS)
        if kept == "things" or (" ".join(before[-1:]) in COLOURS and singular(kept) == "thing"):
            kept = "thing"
        return found["before"] + (plural(kept) if found["one"].lower() == "ones" else singular(kept))

    of_things = re.search(
        r"\b(?:which|what) of the (?:two |three |four |five )?(?:things|shapes|objects)\b", text, re.I
    )

    def bare(found: re.Match[str]) -> str:
        if of_things:
            return found[0]
        after = found["from"] or ""
        if not after and (end := re.search(r" from the (?:left|right|top|bottom)$", it)):
            after = end[0]
        return f"{found['word'].removesuffix(found['from'] or '')} {singular(_among(noun, it))}{after}"

    text = _BARE.sub(bare, _ONE.sub(name, text))
    text = re.sub(
        r"\b(?P<lead>(?:and|now|just|only|outline|box|find|the) )one (?=on the|at the|in the|furthest|closest|nearest|"
        r"to the|left of|right of|above|below|under|next|near|between)",
        lambda m: f"{m['lead']}{'' if m['lead'].lower() == 'the ' else 'the '}{singular(_among(noun, it))} ",
        text,
        flags=re.IGNORECASE,
    )
    return _ALONE.sub(
        lambda m: f"{m['verb']} {with_article(singular(noun)) if m['one'].lower() == 'one' else 'any ' + plural(noun)}",
        text,
    )
