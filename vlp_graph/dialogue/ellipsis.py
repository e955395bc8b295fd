"""Fragments made whole: "and the hearts?" after "how many stars are there?" asks how many hearts there are.

A fragment has no verb. What it says takes the place of what the last request was about, or of the picture that it was
about; so the turn stands alone before anything else reads it.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from collections.abc import Sequence

from vlp_graph.dialogue.wording import COLOURS, SHAPES, SIZES, is_plural, plain, plural, singular, with_article

_LEAD = re.compile(
    r"^(?:(?:and|or|but|now|then|ok|okay|so|also|no|what about|how about|what of|whats? with|just|only|instead|"
    r"same (?:thing |question |again )?(?:for|with|on|in|but)|"
    r"(?:do|try)(?= (?:this|that|the|my) [a-z ]*(?:picture|image|photo|photograph|pic)\b)|"
    r"(?:can you |could you |please )?(?:do|try|repeat|check|count|look) (?:(?:the )?same|that|it|this)?(?: thing)?"
    r"(?: again)?(?: for| with| on| in| to)?|(?:the )?same(?: thing| question| again)?|again(?: on| for| in| with)?|"
    r"this time|maybe|"
    r"(?:out )?of (?:those|them|these|(?:the|all the) [a-z ]+?(?=,))|(?:only |just )?(?:keep|leave)(?: only| just)?|"
    r"more specifically|specifically|i mean(?:t)?|rather|for|of(?= the\b))\b[ ,]*)+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[ ,]+(?:then|instead|please|pls|plz|too|as well|now|again|tho|though|thanks|thank you|mate|only|maybe|this "
    r"time"
    r"|also))+(?P<end>\W*)$",
    re.IGNORECASE,
)
_PICTURE = "picture|image|photo|photograph|pic|scene"
_WHICH = (
    r"(?:first|second|third|fourth|last|latest|newest|previous|earlier|other|original|new|1st|2nd|3rd|old|older|newer)"
)
_WHERE = re.compile(
    rf"\b(?:(?:in|on|for|with|at|from|to) )?(?:(?:the|this|that|my) (?:{_WHICH} )?(?:{_PICTURE})"
    r"(?: (?:before|one|two|three|\d))?|(?:picture|image|photo|pic) (?:one|two|three|\d)|"
    rf"(?<=in )the {_WHICH} one|(?<=for )the {_WHICH} one|(?<=in )this one|(?<=on )this one|(?<=for )this one|"
    r"(?<=with )this one|(?<=in )that one|(?:in )?here)(?: here)?",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?:the )?(?P<how>most|fewest|least|more|fewer|less|biggest|smallest|largest|bigger|smaller|larger) ",
    re.IGNORECASE,
)
_THIS = re.compile(
    r"^(?:(?:in|on|for|with|to) )?(?:this(?: one)?|here|this here|(?:the )?next(?: one)?|another(?: one)?|one more|"
    r"(?:the |a )?new one)"
    r"\W*$",
    re.IGNORECASE,
)
_SAME_OPTIONS = re.compile(
    r"^(?:and |now )?(?:(?P<name>.{1,40}?)[,:?]? )?(?:with |out of |from |using )?(?:the )?same (?:\w+ )?(?:options|"
    r"choices|categories|"
    r"labels|classes|"
    r"question)(?: again)?(?:,? (?:for|on|with|about)? ?(?:this new|this|the new|that|new|it)(?: one| picture| "
    r"image)?)?\W*$",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"^(?:(?:in|for|with|on) )?(?:this|here|that|next|test \d+)(?: one| picture| image)?\W*$", re.IGNORECASE
)
_NEXT = re.compile(r"^\W*(?:(?:the )?next|another|one more|(?:the |a )?new)\b", re.IGNORECASE)
_VERBS = frozenset(
    """
    is are was were am be do does did can could has have had find show box outline mask segment count tell give draw
    put mark trace locate highlight describe what which who whose where how when why isn't aren't what's whats where's
    see look think know like want need got get make point cut detect spot thank thanks hello hi bye identify label
    pick say says there's it's that's i you you're your i'm we they compare stop separate isolate crop extract clip
    remove select annotate masks boxes outlines segmentation bbox contours polygon silhouette help would should will
    may she he she's he's they're they've we're we've you've i've asking
    sort classify categorise categorize decide choose tap click press touch tick try
    wants needs likes thinks says said indicate frame ring surround encircle crop
    """.split()
)
_NAMELESS = frozenset(
    """
    nothing none nobody anything something great nice good cool bye cheers sure really wow
    """.split()
)
_SIDE = r"(?:very |far )?(?:left|right|top|bottom|middle|centre|center|upper|lower)(?:[ -](?:left|right))?"
_AT = re.compile(
    rf"^(?:(?:on|at|in|to|near) the {_SIDE}(?:[- ]hand)?(?: side| corner| half| part| end)?|{_SIDE}(?: corner| side)?|"
    r"(?:directly |just )?(?:below|above|under|underneath|beneath|over|next to|beside|(?:(?:to|on) the )?(?:left|"
    r"right) of) .+)$",
    re.IGNORECASE,
)
_OLD_PLACE = re.compile(
    rf"\b(?:(?:on|at|in|to|near) the {_SIDE}(?:[- ]hand)?(?: side| corner| half| part| end)?(?! of)|"
    r"(?:directly |just )?(?:below|above|under|underneath|beneath|over|next to|beside|(?:(?:to|on) the )?(?:left|"
    r"right)(?: side)? of) "
    r"[a-z' -]+)",
    re.IGNORECASE,
)
_SIDE_BEFORE = re.compile(
    r"\bthe (?:left|right|top|bottom|middle|centre|center|(?:left|right|top|bottom)most)(?:[- ]hand)? (?!side\b|"
    r"corner\b|half\b|"
    r"part\b|left\b|right\b)(?=[a-z])",
    re.IGNORECASE,
)
""" "The middle" of "the middle square"."""
_WHICH_IT_IS = "|".join(
    (*COLOURS, *SIZES, "left", "right", "top", "bottom", "first", "second", "third", "last", "other")
)
_IS_THE = re.compile(
    rf"^(?:is|are|does|do|has|can) (?P<name>the (?:(?:{_WHICH_IT_IS}) )*[a-z]+(?: from the [a-z]+| (?:on|at) the "
    rf"{_SIDE})?|"
    r"it|they)(?P<end>\W*)$",
    re.IGNORECASE,
)
"""A question that stops at the name: "and is the red star?", but not "is the dog hungry?"."""
_OBJECT = re.compile(
    r"^(?:please )?(?:box|outline|mask|segment|find|mark|trace|highlight|locate|show me|how many|count)(?: all)?"
    r"(?: the| an?)? (?P<thing>(?!it\b|them\b|that\b|all\b|where\b)[a-z][a-z -]{1,40}?)(?: are there)?\W*$",
    re.IGNORECASE,
)
LONGEST = 80
"""Characters of a fragment."""


def complete(fragment: str, request: str, named: Sequence[str], *, other_picture: bool = False) -> str:
    """The fragment as a request of its own; any other text as it is.

    `request` is the last request and stands alone, `named` is what it was about; `other_picture` tells that a picture
    came with the fragment.
    """
    if not request or len(fragment) > LONGEST:
        return fragment
    if same := _SAME_OPTIONS.match(fragment):
        name = same["name"]
        if not name or _HERE.match(name):
            return _elsewhere(request, "in this picture") if other_picture else request
        return _about(request, plain(name), named, narrow=False) or fragment
    led = _LEAD.match(fragment)
    rest = _TAIL.sub(r"\g<end>", fragment[led.end() :] if led else fragment).strip(" ,")
    again = bool(led) and not rest.strip("?.! ")
    if asked := _IS_THE.match(rest):
        rest, led = asked["name"] + asked["end"], led or asked
    words = re.findall(r"[a-z']+", rest.lower())
    if set(words) & _VERBS or set(words) & _NAMELESS:
        return fragment
    where = _WHERE.search(rest)
    place = where[0] if where else ""
    if (_THIS.match(rest) and (other_picture or not _NEXT.match(rest))) or (again and other_picture):
        return _elsewhere(request, "in this picture")
    if again:
        return request if re.search(r"same|again|repeat", led[0] if led else "", re.IGNORECASE) else fragment
    name = (rest[: where.start()] + rest[where.end() :] if where else rest).strip(" ,?.!")
    name = re.sub(r"\s+(?:in|on|for|at)$|'s?$", "", name)
    if _AT.match(name) and (at := _placed(request, name, named)):
        return at
    if not name:
        return _elsewhere(request, _preposition(place)) if place and (led or other_picture or where) else fragment
    if not led and not _is_name(name, named):
        return fragment
    spot = _spot(request, named)
    if (most := _MOST.match(name)) and (old := _MOST.search(request)) and spot and old.end() <= spot[0]:
        request, name = f"{request[: old.start()]}{most['how']} {request[old.end() :]}", name[most.end() :]
    narrow = bool(led and re.search(r"\b(?:only|just|keep)\b", led[0], re.IGNORECASE))
    whole = _about(request, plain(name) if _is_bare(name) else name, named, narrow=narrow)
    if whole is None:
        return fragment
    return _elsewhere(whole, _preposition(place)) if place else whole


def _placed(request: str, place: str, named: Sequence[str]) -> str | None:
    """The request with another place in it: "and at the bottom?"."""
    if re.match(r"(?:very )?(?:top|bottom|upper|lower|left|right|middle|centre|center)\b", place, re.IGNORECASE):
        place = f"{'on' if place.lower() in ('left', 'right') else 'in' if 'middle' in place else 'at'} the {place}"
    side = re.search(r"left|right|top|bottom|middle|centre|center", place, re.IGNORECASE)
    if side and (before := _SIDE_BEFORE.search(request)) and "of" not in place.split():
        return f"{request[: before.start()]}the {side[0].lower()} {request[before.end() :]}"
    if old := _OLD_PLACE.search(request):
        return f"{request[: old.start()]}{place}{request[old.end() :]}"
    if (spot := _spot(request, named)) and not re.match(r"is |are ", request, re.IGNORECASE):
        return f"{request[: spot[1]]} {place}{request[spot[1] :]}"
    return None


def _is_name(name: str, named: Sequence[str]) -> bool:
    """Whether a fragment without any lead is surely the name of a thing: a colour, a size, a shape or a place in it, or
    the kind of thing that was spoken of."""
    words = {singular(w) for w in re.findall(r"[a-z]+", name.lower())}
    kinds = {singular(plain(n).split()[-1].lower()) for n in named if plain(n)}
    places = {"left", "right", "top", "bottom", "first", "second", "third", "fourth", "last", "middle", "biggest"}
    known = {*COLOURS, *SHAPES, *SIZES, *kinds}
    return bool(words & known) or (name.lower().startswith("the ") and bool(words & places))


def _is_bare(name: str) -> bool:
    return not re.match(r"(?:the|a|an|any|all|that|those|these|this|every|both)\b", name, re.IGNORECASE)


def _preposition(place: str) -> str:
    return place if re.match(r"(?:in|on|for|with|at|from|to) |here", place, re.IGNORECASE) else f"in {place}"


def _elsewhere(request: str, place: str) -> str:
    """The request about another picture."""
    bare = request.rstrip("?.! ")
    end = request[len(bare) :].strip() or ("?" if request.strip().endswith("?") else "")
    return f"{_WHERE.sub('', bare).strip()} {place}{end}"


def _about(request: str, name: str, named: Sequence[str], *, narrow: bool) -> str | None:
    """The request with the name in the place of what it was about; None where that is not found in it. `narrow`: only
    some of that are meant now, so that "the heart" among red things is the red heart."""
    spot = _spot(request, named)
    if spot is None:
        return None
    start, end = spot
    old = request[start:end]
    new = name
    words = plain(name).lower().split()
    if old.lower().startswith("anything "):
        trait = set(words) <= {*COLOURS, *SIZES}
        return f"{request[:start]}{f'anything {plain(name)}' if trait else f'any {plural(plain(name))}'}{request[end:]}"
    if words and set(words) <= {*COLOURS, *SIZES, "and", "or"}:
        new = f"{name} {_bare_kind(old, words)}"
    elif narrow and (colour := re.match(rf"({'|'.join(COLOURS)}) (?:things|shapes|objects|ones)$", plain(old), re.I)):
        new = re.sub(r"^(the |an? )?", rf"\g<1>{colour[1]} ", name) if colour[1] not in words else name
    before, after = request[:start], request[end:]
    article = re.search(r"\b(?:the|an?|any|all(?: the)?|every|some|those|these|that)\s+$", before, re.IGNORECASE)
    if re.search(r"\bhow many\b[^?]*$|\bcount\b[^?]*$|\bnumber of\b[^?]*$", before, re.IGNORECASE):
        new = plural(plain(new))
    elif exists := re.match(r"^(.*\b)(?:is there|are there)\s+(?:an?|any)?\s*$", before, re.IGNORECASE):
        bare = plain(new)
        lead = exists[1]
        before = f"{lead}are there any " if is_plural(bare) else f"{lead}is there "
        new = bare if is_plural(bare) else with_article(bare)
    elif article:
        if re.match(r"(?:the|an?|any|all|every|some|those|these|that)\b", new, re.IGNORECASE):
            before = before[: article.start()]
        elif article[0].lower().strip() in ("a", "an"):
            before, new = before[: article.start()], with_article(new) if not is_plural(new) else new
    elif not is_plural(old) and not is_plural(new) and _is_bare(new) and not before.rstrip().endswith(("many", "any")):
        new = f"the {new}" if re.search(r"\bthe\b", request, re.IGNORECASE) else new
    return f"{before}{new}{after}"


def _bare_kind(old: str, said: Sequence[str]) -> str:
    """What is left of a name when its colour or size is replaced: "large red star" by "blue" -> "large star"."""
    group = next((g for g in (set(COLOURS), set(SIZES)) if set(said) & g), set())
    words = [w for w in plain(old).split() if w.lower() not in group]
    return " ".join(words) or "things"


def _spot(request: str, named: Sequence[str]) -> tuple[int, int] | None:
    """Where the request says what it is about: from the first to the last of the names that are listed there."""
    spots = []
    for name in named:
        kind = re.sub(r" things?$", "", plain(name), flags=re.IGNORECASE)  # "anything blue" names blue things
        for form in dict.fromkeys((name, plain(name), singular(plain(name)), plural(plain(name)), f"anything {kind}")):
            if form and (found := re.search(rf"\b{re.escape(form)}\b", request, re.IGNORECASE)):
                spots.append(found.span())
                break
    if not spots:  # it says itself what it is about
        asked = _OBJECT.match(request)
        return asked.span("thing") if asked else None
    spots.sort()
    start, end = spots[0]
    for begin, stop in spots[1:]:
        if begin >= end and re.fullmatch(r"\W*(?:(?:and|or|the|a|an|all|any)\W+)*", request[end:begin], re.IGNORECASE):
            end = max(end, stop)
    return start, end
