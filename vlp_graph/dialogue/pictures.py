"""Which picture of the dialogue a turn means: "the first picture", "the one before", by default the newest."""

from __future__ import annotations

import re

from vlp_graph.dialogue.wording import SHAPES

_ORDINALS = {
    **dict.fromkeys(("first", "1st", "one", "1", "original", "a"), 0),
    **dict.fromkeys(("second", "2nd", "two", "2", "b"), 1),
    **dict.fromkeys(("third", "3rd", "three", "3", "c"), 2),
    **dict.fromkeys(("fourth", "4th", "four", "4"), 3),
    **dict.fromkeys(("fifth", "5th", "five", "5"), 4),
    **dict.fromkeys(("last", "latest", "newest", "new", "newer", "final", "most recent"), -1),
    **dict.fromkeys(("previous", "earlier", "older", "old", "prior", "preceding"), -2),
}
_PICTURE = r"(?:picture|image|photo|photograph|pic|scene)"
_WHICH = "first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th|last|latest|newest|new|newer|original|previous|earlier"
_WHICH += "|older|old|prior|preceding|final|most recent"
_NAMED = re.compile(
    rf"\b(?P<which>{_WHICH})\s+{_PICTURE}\b|"
    rf"\b{_PICTURE}\s+(?:number |no\.? ?|#)?(?P<number>one|two|three|four|five|[1-5]|[abc](?=\W*$|[:,]))\b|"
    rf"\b(?P<before>{_PICTURE}\s+(?:before|you saw before|from before|i sent (?:before|earlier)|earlier))\b",
    re.IGNORECASE,
)
_THIS = re.compile(rf"\b(?:this|this new|the new) {_PICTURE}\b", re.IGNORECASE)
_OTHER = re.compile(rf"\bother\s+{_PICTURE}\b", re.IGNORECASE)
_IN_ONE = re.compile(rf"\b(?P<lead>(?:in|for|from|with|on) the (?P<which>{_WHICH}|other)) one\b", re.IGNORECASE)
_THE_ONE_BEFORE = re.compile(r"\b(?P<lead>in|for|from|with) the one before\b", re.IGNORECASE)
_IN_BARE = re.compile(rf"\b(?P<lead>(?:in|from) the (?:{_WHICH}|other))(?=\W*$)", re.IGNORECASE)
_THIS_ONE = re.compile(
    r"(?<!box )(?<!mask )(?<!frame )(?<!ring )(?<!border )(?<!outline )(?<!rectangle )(?<!boxes )"
    r"\b(?P<lead>in|for|with|on) (?:this|that)(?P<new> new| last| latest)? one\b",
    re.IGNORECASE,
)
PAGE = (
    "drawing|sheet|page|screenshot|slide|sketch|painting|mockup|wireframe|layout|design|composition|poster|draft|scan|"
    "diagram|export|worksheet|artwork|doodle|illustration|(?:greeting |birthday |post)?card|flyer|leaflet|banner"
)
"""What people call a picture that is not a photograph."""
_OTHER_WORD = re.compile(
    rf"\b(?P<lead>(?:the|this|that|my|our|in|on|from|his|her|their) (?:very )?(?:(?:{_WHICH}|other|next|newest|"
    r"latest) )?)"
    rf"(?:{PAGE})\b",
    re.IGNORECASE,
)
_LEADING = re.compile(
    rf"^(?P<which>(?:(?:{_WHICH}|next) )?)(?:{PAGE}|picture)"
    r"(?P<number>(?: (?:one|two|three|four|[1-4]|[abc]))?)(?=[:,])",
    re.IGNORECASE,
)
"""What a turn begins with: "second slide: …", "worksheet two, …"."""
_ON_ORDINAL = re.compile(
    rf"\b(?P<lead>in|for|with|on) (?:this|that) (?:{_WHICH}|next|other) (?:one|{_PICTURE})\b", re.IGNORECASE
)
_ABOUT_THIS = re.compile(
    r"^(?P<before>(?:[a-z]{1,10},? ){0,2})(?:and |so |now )?(?:how|what) about (?:this|that)(?: new)? (?:one|picture|"
    r"image),? (?P<rest>[^,]+?)(?P<end>[?.!]*)$",
    re.IGNORECASE,
)
_THE_NEW = re.compile(
    rf"^(?P<lead>(?:and |so |now |ok |okay )*(?:how|what) about) (?:this|that)(?: one| {_PICTURE})? (?:by|from|of|that|"
    r"which|i|we|she|he|they) [^,?.!]{1,60}\W*$",
    re.IGNORECASE,
)
_FIRST_ALONE = re.compile(
    rf"^(?P<lead>(?:and|what about|how about|ok and|and what about|now|same for) )the (?P<which>{_WHICH}|other) "
    r"one(?=\W*$)",
    re.IGNORECASE,
)
_WAS_FIRST = re.compile(r"\bis the (?P<which>first|second|previous|earlier|other|original) one(?=\W*$)", re.IGNORECASE)
_DOES_ONE = re.compile(
    rf"\b(?P<does>does|do|has|did|is|are there more in|are there any in) (?P<which>this|that|the (?:{_WHICH}|other)) "
    r"one"
    r"(?= (?:have|has|show|contain|got|look|any|the same)\b|(?<=in this one)\W*$)",
    re.IGNORECASE,
)
_IN_THIS = re.compile(r"\b(?P<lead>in|on) (?:this|that|here)(?=\W*$)", re.IGNORECASE)
_NO_PICTURE = "|".join(
    (*SHAPES, "thing", "object", "row", "column", "corner", "half", "side", "part", "question", "end")
)
_ELSEWHERE = re.compile(
    rf"\b(?P<lead>(?:back )?(?:in|on|for|from|does|did|do|has|had)) (?:the|my|our|that) (?P<which>{_WHICH}|other) "
    rf"(?!one\b|picture|image|photo|(?:{_NO_PICTURE})s?\b)[a-z]{{3,20}}\b(?=\W*$|,| have\b| contain\b| show\b)",
    re.IGNORECASE,
)
""" "In the earlier build": whatever a picture is called that is not the newest."""
_IN_THIS_NEW = re.compile(
    rf"\b(?P<lead>in|on|for|with|about) this (?:new )?(?!one\b|picture|image|photo|(?:{_NO_PICTURE})s?\b)[a-z]{{3,20}}"
    r"(?=\W*$)",
    re.IGNORECASE,
)
_THIS_LEADING = re.compile(
    rf"(?<=^)(?:(?:and|now|ok|okay|so|next) )*(?:this|the new) (?!one\b|(?:{_NO_PICTURE})s?\b)[a-z]{{3,20}}(?=,)",
    re.IGNORECASE,
)
""" "Now this shelf, how many stars are there?"."""
_AT_OF_THIS = re.compile(
    r"\b(?P<where>(?:at|on|in) the (?:very |far )?(?:(?:top|bottom|left|right|middle|centre|center|hand)[ "
    r"-]?){1,3}(?:side|corner|"
    r"half|edge|part)?)(?<! ) ?of (?:this(?: one)?|(?:this|that|the|my|our|his|her|their|your) (?:new )?"
    rf"(?!one\b|(?:{_NO_PICTURE})s?\b)[a-z]{{3,20}})(?=\W*$)",
    re.IGNORECASE,
)
""" "At the very top of this piece", when the piece has just been shown."""
_OF_IT = re.compile(
    r"\b(?P<asked>(?:how many|any(?:thing)?|something|is there|are there|what(?: else|'s| is)?|which|count)\b"
    r"[^,.?!]{0,80}?) (?:in|on) it(?=\W*$|,| that\b| which\b)",
    re.IGNORECASE,
)
""" "How many crosses are on it?": things are on pictures, not on things."""
_WHICH_ONE = re.compile(
    r"\bwhich (?:one|of (?:them|the two|the three|those))(?= (?:has|have|had|contains|shows)\b)", re.IGNORECASE
)


def with_pictures_named(text: str, count: int, *, alone: bool = False, shown: bool = False) -> str:
    """The text with "in the first one" as "in the first picture", where the dialogue has so many.

    `alone`: one single thing was spoken of last, so that "and the first one?" means a picture; `shown`: a picture came
    with the text.
    """
    if count == 0:
        return text
    text = re.sub(rf"\b(?P<which>{_WHICH}|other) figure\b", r"\g<which> picture", text, flags=re.IGNORECASE)
    text = _OTHER_WORD.sub(r"\g<lead>picture", _LEADING.sub(_led, text))
    text = _OF_IT.sub(r"\g<asked>", text)
    if shown:
        text = _THE_NEW.sub(r"\g<lead> this one?", text)
        text = re.sub(
            r"\b(?:this|that) one's (?!(?:from|by|for|of|a|an|the|my) )(?=[a-z]+)", "the ", text, flags=re.IGNORECASE
        )
        text = re.sub(
            r"\b(?:what(?:'s| is)) (?:this|it|that)(?: one)?(?: here)?(?=\W*$)", "what is the thing", text, flags=re.I
        )
        text = _THIS_LEADING.sub("this picture", text)
        text = _IN_THIS_NEW.sub(r"\g<lead> this picture", text)
        text = _AT_OF_THIS.sub(r"\g<where>", text)
        text = re.sub(
            rf"\bmy other (?!one\b|(?:{_NO_PICTURE})s?\b)[a-z]{{3,20}}\b", "this picture", text, flags=re.IGNORECASE
        )
    if count == 1:
        return _THIS_ONE.sub(_this_picture, text)
    text = re.sub(
        rf"\bmy (?P<which>{_WHICH}|other) (?!one\b|{'|'.join((*SHAPES, 'thing', 'object', 'question'))})[a-z]+",
        r"my \g<which> picture",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        rf"\b(?P<back>back to|return to|looking at|look at|remember) (?:the|his|her|their|your) (?P<which>{_WHICH}|"
        r"other) "
        rf"(?!(?:{_NO_PICTURE})s?\b)[a-z]{{3,20}}\b(?= and\b|[,:;.]| again|\W*$)",
        r"\g<back> the \g<which> picture",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"\b(?P<back>back to|return to|looking at|look at|remember) the one before\b",
        r"\g<back> the previous picture",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        rf"\b(?:last (?:year|week|month|time|term)'?s?|yesterday'?s) (?:{PAGE}|{_PICTURE}|one|version)\b",
        "the previous picture",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        rf"\b(?P<lead>in|on|from) the (?P<which>{_WHICH}|other) thing(?=\W*$|,)",
        r"\g<lead> the \g<which> picture",
        text,
        flags=re.I,
    )
    text = _ELSEWHERE.sub(r"\g<lead> the \g<which> picture", text)
    text = _DOES_ONE.sub(r"\g<does> \g<which> picture", text)
    text = _ABOUT_THIS.sub(r"\g<before>\g<rest> in this picture\g<end>", text)
    text = _THE_ONE_BEFORE.sub(r"\g<lead> the previous picture", text)
    text = _WHICH_ONE.sub("which picture", text)
    text = _ON_ORDINAL.sub(r"\g<lead> this picture", text) if shown else text
    text = _IN_THIS.sub(r"\g<lead> this picture", text) if shown else text
    text = _IN_BARE.sub(r"\g<lead> picture", _THIS_ONE.sub(_this_picture, text))
    if alone:
        text = _FIRST_ALONE.sub(r"\g<lead>in the \g<which> picture", text)
        text = _WAS_FIRST.sub(r"is the thing in the \g<which> picture", text)
    return _IN_ONE.sub(r"\g<lead> picture", text)


def _led(found: re.Match[str]) -> str:
    if not found["which"] and not found["number"]:
        return found[0]
    return f"{found['which']}picture{found['number']}"


def with_pictures_kept(text: str, plainly: str) -> str:
    """The plain words with the picture that the text names, where they have lost it."""
    named = _NAMED.search(text) or _OTHER.search(text) or _THIS.search(text)
    if named is None or named[0].lower() in plainly.lower():
        return plainly
    words = plainly.rstrip("?.! ")
    said = named[0] if re.match(r"picture|image|photo|this", named[0], re.IGNORECASE) else f"the {named[0]}"
    return f"{words} in {said}{plainly[len(words) :]}"


def _this_picture(found: re.Match[str]) -> str:
    return f"{found['lead']} the newest picture" if found["new"] else f"{found['lead']} this picture"


def meant_picture(text: str, count: int, focus: int | None = None) -> int | None:
    """Index of the picture that the text means among `count`; None where there is none at all.

    An ordinal beyond the last picture means the newest one. `focus` is the picture that was last spoken of: it goes on
    to be meant until another is named, and "the other picture" is the newest but it.
    """
    if count == 0:
        return None
    spoken_of = count - 1 if focus is None or focus >= count else focus
    if named := _NAMED.search(text):
        word = (named["which"] or named["number"] or "previous").lower()
        index = _ORDINALS[word]
        if index == -2 and spoken_of != count - 1:  # "the previous picture", from the newest or from another on
            index = spoken_of - 1
        return _within(index, count)
    if _OTHER.search(text) and count > 1:
        return count - 1 if spoken_of != count - 1 else count - 2
    return spoken_of


def named_picture(text: str, count: int) -> int | None:
    """Index of the one picture that the text calls by its place among `count` of them; None where it names none, or
    several."""
    named = {(found["which"] or found["number"] or "").lower() for found in _NAMED.finditer(text)}
    indices = {_within(_ORDINALS[word], count) for word in named if word and _ORDINALS[word] != -2}
    return indices.pop() if len(indices) == len(named) == 1 else None


def _within(index: int, count: int) -> int:
    index = index if index >= 0 else count + index
    return index if 0 <= index < count else count - 1
