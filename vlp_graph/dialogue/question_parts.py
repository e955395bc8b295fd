"""What the patterns of questions are made of: how questions begin and end, and what a plain name is."""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re

from vlp_graph.dialogue.claims import Trait
from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.wording import NUMBERS, plain, singular

LONGEST = 200
"""Characters of a question that is looked at; a longer one is no plain question."""

LEAD = (
    r"^(?:(?:so|and|but|now|then|also|ok|okay|well|hey|hi|hello|please|tell(?: me)?|(?:can|could) you tell me|do you "
    r"know|"
    r"be honest|honestly|seriously|(?:quick )?question|quick one|do tell|(?:she|he|they|we|my [a-z]+)(?:'d| would) "
    r"(?:like|"
    r"love) to know|(?:she|he|they|my [a-z]+) (?:wants?|needs?) to know|"
    r"i wonder(?: if)?|i don't (?:suppose|think)|i(?:'d| would) like to know|any idea|say|whether|if|it says)[, ]+)*"
)

PICTURE = (
    r"(?:(?:first|second|third|fourth|fifth|1st|2nd|3rd|last|previous|earlier|other|original|new) )?"
    r"(?:picture|image|photo|photograph|scene|pic)"
)

HERE = (
    rf"(?:,? (?:(?:visible |shown )?(?:in|on|at|from) (?:(?:the|this|that|my) )?{PICTURE}|(?:in|on) (?:this|that)"
    r"(?: one)?|in it|on it|in here|in there|on here|on there|here|"
    r"there|visible|shown|anywhere|at all|altogether|in total|overall|please|thanks|thank you|pls|plz|for me|then|"
    r"mate|tho|though|too|now|as well|really|instead|somewhere|exactly|again|precisely|actually))*"
)

END = rf"{HERE}\s*[?.!]*$"

THING = "thing|object|shape|item"

NTH = "first|second|third|fourth|last|previous|earlier|other|original|new"

_NO_NAMES = frozenset(
    """
    about above across after all along and another any anyone anybody anything around as at background be because
    been before behind directly exactly below beneath beside besides between both bottom but by can center centre
    chance closer color colour column contain corner could couple deal did difference different do does dozen each
    edge eight either else enough error even everything everyone few fewer fifth first five for foreground four
    fourth from further had half has have he her here higher him his how i idea if image in inside into is are was
    were issue it its just kind last least left less like look lot lower many may me middle might more most much my
    name near nearer neither next nine no nobody none nor not nothing number on one only or other our out outside
    over pair part photo picture plan plus point possible problem question reason right row same scene second see
    seven several she should show side single six size sort someone somebody something such than that the their them
    then there these they third this those three time to too top total two type under underneath us way we what when
    where whether which while who whose why will with within without would you your zero bigger biggest smaller
    smallest larger largest taller tallest shorter shortest longer longest wider widest darker darkest lighter
    lightest brighter brightest better best worse worst older oldest younger youngest nearest closest leftmost
    rightmost topmost bottommost uppermost
    """.split()
)
"""Words that a plain name of a thing does not hold: with one of them, a question asks more than boxes can tell."""


def trait_named(word: str) -> Trait:
    word = word.lower().removesuffix("s")
    return "size" if word == "size" else "shape" if word == "shape" else "colour"


def plain_name(words: str) -> str | None:
    """A phrase that boxes can settle ("the red circle" -> "red circle", "the left star"), or None for other words."""
    words = plain(words)
    several = re.sub(rf"^(?:{'|'.join(NUMBERS[2:9])}|both)(?: of the)? (?=[a-z ]+s$)", "", words, flags=re.IGNORECASE)
    words = several if read(several).pick is None else words
    return words if all(map(_is_bare, read(words).names)) else None


def _is_bare(name: str) -> bool:
    """Whether words are nothing but the name of a thing."""
    parts = name.lower().split()
    if not parts:
        return False
    named = bool(re.fullmatch(r"[\w' -]+", name)) and "of" not in (parts[0], parts[-1])
    return named and not _NO_NAMES & {form for part in parts for form in (part, singular(part))}
