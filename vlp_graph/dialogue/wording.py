"""Small English: articles, numbers, lists, places. Everything the answer says about data is worded here."""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from collections.abc import Sequence

_DETERMINER = re.compile(r"^(?:(?:the|a|an|any|some|all|every|each|this|that|these|those|my)\s+)+", re.IGNORECASE)


NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "pink", "brown", "black", "white", "grey")
"""The basic colour terms of English; a detector that knows a colour scores "red car" above "blue car"."""

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "rectangle", "oval", "diamond", "hexagon", "arrow")
"""The plain shapes that people name."""

SIZES = ("small", "large", "big", "little", "tiny", "huge")
SMALL = ("small", "little", "tiny")

_SAYS_MORE = frozenset(
    """
    of on in at to from with without by near next beside above below over under underneath beneath behind between
    left right that which nearest closest closer higher lower
    """.split()
)
"""Words that end the name of a thing and begin what is said about it."""

IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "mice": "mouse",
    "feet": "foot",
    "teeth": "tooth",
    "geese": "goose",
    "sheep": "sheep",
    "knives": "knife",
    "leaves": "leaf",
    "shelves": "shelf",
    "scarves": "scarf",
    "buses": "bus",
    "tomatoes": "tomato",
    "potatoes": "potato",
    "cookies": "cookie",
}
"""Plurals that no rule makes, to their singulars."""


def plain(phrase: str) -> str:
    """A phrase without leading determiners and closing marks: "the red circle?" -> "red circle"."""
    return _DETERMINER.sub("", phrase.strip().strip("?.!,;:\"'").strip())


def with_article(phrase: str) -> str:
    """ "a red circle", "an orange star"; a plural stands alone."""
    if is_plural(phrase):
        return phrase
    return f"an {phrase}" if phrase[:1].lower() in "aeiou" else f"a {phrase}"


def is_plural(phrase: str) -> bool:
    """Whether a phrase names several: "red circles", "stars on the left"."""
    return singular(phrase) != phrase


def singular(phrase: str) -> str:
    """ "red circles" -> "red circle", "stars on the left" -> "star on the left"."""
    before, noun, after = _parts(phrase)
    return " ".join([*before, IRREGULAR.get(noun.lower()) or _without_s(noun), *after])


def plural(phrase: str) -> str:
    """ "red circle" -> "red circles", "cross" -> "crosses"."""
    before, noun, after = _parts(singular(phrase))
    irregular = next((many for many, one in IRREGULAR.items() if one == noun.lower()), None)
    if irregular is None and noun.endswith(("s", "x", "z", "ch", "sh")):
        irregular = f"{noun}es"
    elif irregular is None and noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        irregular = f"{noun[:-1]}ies"
    return " ".join([*before, irregular or f"{noun}s", *after])


def _parts(phrase: str) -> tuple[list[str], str, list[str]]:
    """What stands before the noun that is counted, the noun, and what says more about it: "pieces | of bread"."""
    words = phrase.split() or [""]
    more = next((i for i, word in enumerate(words) if i and word.lower() in _SAYS_MORE), len(words))
    if more < len(words) and words[more].lower() in ("left", "right") and more + 1 == len(words):
        more = len(words)
    return words[: more - 1], words[more - 1], words[more:]


def _without_s(noun: str) -> str:
    low = noun.lower()
    if low.endswith("ies") and len(low) > 4:
        return noun[:-3] + "y"
    if low.endswith(("sses", "xes", "zes", "ches", "shes")):
        return noun[:-2]
    return noun[:-1] if low.endswith("s") and not low.endswith(("ss", "us", "is")) and len(low) > 3 else noun


def are(count: int, phrase: str) -> str:
    """ "is 1 red circle", "are 3 red circles", "are no red circles"."""
    if count == 1:
        return f"is 1 {singular(phrase)}"
    return f"are {count or 'no'} {plural(phrase)}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def sentence(text: str) -> str:
    """Capital letter first, a closing mark last."""
    text = " ".join(text.split())
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…\"'" else f"{text}."


def place(box: Sequence[float], width: int, height: int) -> str:
    """Where in the picture the centre of a box lies: "at the top left", "in the middle"."""
    x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
    column = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    row = "top" if y < 1 / 3 else "bottom" if y > 2 / 3 else ""
    if not column and not row:
        return "in the middle"
    return f"at the {row} {column}".strip() if row and column else f"at the {row}" if row else f"on the {column}"


def mended(text: str, words: Sequence[str]) -> str:
    """The text with those of its words that are one of `words` with inner letters swapped ("sqaure") spelled right."""
    forms = {form for word in words for form in (word, plural(word)) if len(form) > 4}

    def mend(found: re.Match[str]) -> str:
        typed = found[0].lower()
        if typed in forms:
            return found[0]
        ends = (form for form in forms if (form[0], form[-1]) == (typed[0], typed[-1]))
        return next((form for form in ends if sorted(form) == sorted(typed)), found[0])

    return re.sub(r"[a-zA-Z]{5,}", mend, text)


_CONTRACTED = re.compile(
    r"\b(?P<word>what|where|how|who|which|that|there|here|it|everything|colou?r|shape|size)(?:'s| 's)(?= (?!of\b|"
    r"colou?r|size|shape)\w)",
    re.IGNORECASE,
)
_TYPED = {"whats": "what is", "wheres": "where is", "hows": "how is", "whos": "who is", "theres": "there is"}
_TYPED |= {
    "pls": "please",
    "plz": "please",
    "u": "you",
    "r": "are",
    "hw": "how",
    "teh": "the",
    "wat": "what",
    "wht": "what",
    "ur": "your",
}
_TYPED |= {
    "nd": "and",
    "thr": "there",
    "abt": "about",
    "hav": "have",
    "wher": "where",
    "colr": "colour",
    "clr": "colour",
}
_TYPED_WORD = re.compile(rf"(?<![\w'])(?:{'|'.join(_TYPED)})(?![\w'])", re.IGNORECASE)


_POLITE = re.compile(r"(?:,\s*|\b)(?:please|kindly)\b,?(?!\w)\s?(?=\S)|[, ]+(?:please|kindly)(?=\W*$)", re.IGNORECASE)
_REASON = re.compile(
    r",? (?:so (?:that )?(?:i|we|you) (?:can|could|will)\b|because\b|(?:and )?i need it\b|need it\b|if it(?:'s| is) "
    r"no\b|or am i\b|"
    r"am i right|but do check|and nothing else|i can never|i keep)[^?.!]*(?P<end>[?.!]*)$",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"(?:[ ,]+(?:at all|somewhere|anywhere|actually|all together|altogether|in all|i mean|tho|though|this time|right "
    r"now|by any chance|do you think|"
    r"if (?:you can|possible|you could|you don't mind)|(?:is|are|does|do|did)n'?t (?:it|they|there)|(?<=, )right|lol|"
    r"haha|mate|will? you|"
    r"would you|could you|can you|any ?more|for me|my dear|dear|love|btw|by the way|asap|also|exactly|you reckon|i "
    r"guess|i think|i wonder))+(?P<end>\W*)$",
    re.IGNORECASE,
)
_OF_THE_PICTURE = re.compile(
    r"(?<=left|ight|ttom)(?P<side>(?: (?:side|half|corner|part|end|edge))?) of (?:the|this|that|my) "
    r"(?:picture|image|photo|photograph|pic|scene)\b(?! (?:before|one|two|\d))",
    re.IGNORECASE,
)
_TOP_OF_THE_PICTURE = re.compile(
    r"(?P<side>\b(?:top|middle|centre|center)(?: (?:side|half|corner|part|edge))?) of (?:the|this|that|my) "
    r"(?:picture|image|photo|photograph|pic|scene)\b(?! (?:before|one|two|\d))",
    re.IGNORECASE,
)
_AFTERTHOUGHT = re.compile(
    r"^(?P<ask>(?:is|are|was|what|which|where|how)\b[^,]*?\b)(?P<it>it|they|that|this|those)\b(?P<rest>[^,]*), "
    r"(?P<thing>(?:the|that|this|those) [^,?]+?)(?P<end>\W*)$",
    re.IGNORECASE,
)


LONGEST = 400
"""Characters of a text that is written out; a longer one is no plain request."""


def written_out(text: str) -> str:
    """The text without contractions, the shortest of short forms, tags and afterthoughts: "whats", "pls", "is it red,
    the star?", "at all". A text that is too long to be a plain request is left as it is."""
    if len(text) > LONGEST:
        return text
    text = " ".join(text.replace("\u2019", "'").split())
    text = _TYPED_WORD.sub(lambda m: _TYPED[m[0].lower()], text)
    text = _CONTRACTED.sub(r"\g<word> is", text)
    text = _TAG.sub(r"\g<end>", _REASON.sub(r"\g<end>", _POLITE.sub("", text)))
    text = re.sub(r"\b(picture|image|photo|pic|one)'s got\b", r"\1 has", text, flags=re.IGNORECASE)
    text = re.sub(
        r"\b(how many [a-z ]{1,40}?) (?:is|are) (?:that|those|these|they)\b", r"\1 are there", text, flags=re.I
    )
    text = re.sub(r"\bwhich of the ([a-z]{3,20})s (?=is\b|has\b|are\b)", r"which \1 ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"\bhow many ([a-z ]{1,40}?) (?:are not|aren'?t|isn'?t|are n't) ",
        r"how many \1 other than the ",
        text,
        flags=re.I,
    )
    text = re.sub(r" or (?:is|are) (?:it|they) ", " or ", text)
    text = _TOP_OF_THE_PICTURE.sub(r"\g<side>", _OF_THE_PICTURE.sub(r"\g<side>", text))
    return _AFTERTHOUGHT.sub(r"\g<ask>\g<thing>\g<rest>\g<end>", text)
