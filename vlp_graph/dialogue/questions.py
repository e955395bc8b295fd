"""Questions of a form that boxes can answer, read out of their words.

A question that is not surely of one of these forms is none: claims are made of it only where nothing is left over.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from vlp_graph.dialogue.claims import (
    All,
    AnyOf,
    At,
    Beside,
    Choice,
    Claim,
    Colour,
    Counted,
    Direction,
    Exists,
    HowMany,
    Is,
    MoreOf,
    Place,
    Rank,
    Relation,
    Same,
    Shape,
    Side,
    Than,
    Traits,
    What,
    WhichHalf,
)
from vlp_graph.dialogue.picture_questions import across_pictures
from vlp_graph.dialogue.question_parts import END, LEAD, LONGEST, NTH, PICTURE, THING, plain_name, trait_named
from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SHAPES, SIZES, is_plural, plain, plural, singular

_WHERE = (
    r"(?:directly |just |immediately |right )?(?:(?:to|on|at) the )?(?P<direction>left|right|above|below|over|under|"
    r"underneath|beneath|on top of|"
    r"(?:higher|further) up than|lower down than|higher than|lower than|further (?:to the )?(?:left|right) than)"
    r"(?:[- ]hand)?(?: side)?(?: of| to| from)?"
)


_EXISTS = re.compile(
    rf"{LEAD}(?:(?:if |whether )?(?:is|are) there|(?:do|can) (?:you|we|i) see|do we have|"
    rf"(?:does|has|did|had) (?:(?:the|this|that|my) {PICTURE}|this(?: (?!one\b)(?:[a-z]+))?|it) (?:have|contain|show|"
    r"got)|have we got|(?:if |"
    r"whether "
    r")there (?:is|are))"
    rf"(?: also| still| even)? (?P<thing>.+?){END}",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    rf"{LEAD}(?:count )?how many (?P<thing>.+?)(?: (?:are|is) (?:there|shown|visible)| there (?:are|is)|"
    r" (?:do|can|could|did) (?:you|we|i) (?:see|find|count|spot|have|get)| have (?:you|we|i) (?:found|counted|got|"
    r"here)|"
    rf" (?:does|did) (?:the|this|that|my) {PICTURE} (?:have|contain|show)| (?:the|this|that) {PICTURE} (?:has|"
    r"contains|"
    r"shows)| are| is"
    rf")?{END}",
    re.IGNORECASE,
)
_NUMBER_OF = re.compile(
    rf"{LEAD}(?:count (?:up )?(?:all (?:of )?(?:the )?|the )|(?:what(?:'s| is) )?(?:the )?(?:(?:total )?number|"
    r"total) of "
    rf")(?P<thing>.+?){END}",
    re.IGNORECASE,
)
_RELATION = re.compile(
    rf"{LEAD}(?:is|does) the (?P<a>.+?)(?: lie| sit| located| placed)? {_WHERE} the (?P<b>.+?){END}", re.IGNORECASE
)
_TRAIT = "|".join((*COLOURS, *SIZES, *SHAPES))
_OPTION = rf"(?:an? |the )?(?:{_TRAIT})(?: (?:one|thing|shape|object|{'|'.join(SHAPES)}))?"
_OPTIONS = rf"(?P<options>{_OPTION}(?:(?:,| or) {_OPTION})*,? or {_OPTION}|{_OPTION}, {_OPTION}(?:, {_OPTION})+)"
_BESIDE = re.compile(
    rf"{LEAD}(?:what|(?:which|what) (?:object|thing|shape))"
    r"(?:'s| is there| is| are| lies| sits| do you see| can you see)?"
    rf" {_WHERE} the (?P<b>.+?)(?:[,:]? (?:is it )?{_OPTIONS})?{END}",
    re.IGNORECASE,
)
_COLOUR = re.compile(
    rf"{LEAD}(?:of )?(?:what|which) colou?r (?:is|does|has) the (?P<thing>.+?)(?: have| got)?{END}|"
    rf"{LEAD}(?:what(?:'s| is) )?(?:the )?colou?r of the (?P<other>.+?){END}|"
    rf"{LEAD}what(?:'?s| is) the (?P<owner>.+?)'s? colou?r{END}|"
    rf"{LEAD}(?:the )?(?P<whose>[a-z -]+?)'s colou?r{END}|"
    rf"{LEAD}(?:what|which) colou?r the (?P<said>.+?) (?:is|has){END}|"
    rf"{LEAD}(?:what|which) colou?r(?: is|'s| are)? the (?P<bare>.+?)(?: is| are)?{END}",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    rf"{LEAD}(?:what|which) (?:shapes?|(?:kind|type|sort|class)(?: of (?:{THING}))?) (?:is|does|has|are|do) the "
    rf"(?P<thing>.+?)(?: have| got)?{END}|"
    rf"{LEAD}(?:what|which) shape is (?P<adjective>[a-z]+){END}|"
    rf"{LEAD}(?:what(?:'s| is) )?the shape of the (?P<other>.+?){END}",
    re.IGNORECASE,
)
_WHAT = re.compile(rf"{LEAD}what(?:'s| is) the (?P<thing>[a-z ]+ (?:object|thing|shape)){END}", re.IGNORECASE)
_SIZE = re.compile(
    rf"{LEAD}(?:what|which) size (?:is|does|has) the (?P<thing>.+?)(?: have| got)?{END}|"
    rf"{LEAD}how (?:big|large|small) is the (?P<other>.+?){END}|"
    rf"{LEAD}what(?:'?s| is) the (?:size of the (?P<whose>.+?)|(?P<owner>.+?)'s? size)(?:,? (?:small|large|big) or "
    rf"(?:small|large|big))?{END}",
    re.IGNORECASE,
)
_IS_IT = re.compile(
    rf"{LEAD}(?:is|are|(?:what )?would you call|what(?:'?s| is|s| are)) the (?P<thing>.+?)[,:]? {_OPTIONS}{END}|"
    rf"{LEAD}the (?P<short>[^,:]+?)[:,-]+ {_OPTIONS.replace('options', 'rest')}{END}|"
    rf"{LEAD}the (?P<said>.+?),? (?:is|would) (?:that|it|this)(?: be)? {_OPTIONS.replace('options', 'others')}{END}",
    re.IGNORECASE,
)
_MOST = (
    r"(?P<most>(?:the )?(?:bigger|larger|smaller|biggest|largest|smallest)|"
    r"(?:the )?(?:higher|lower|highest|lowest)(?: up| down)?|(?:further |furthest |more )?(?:to|on|at) the "
    r"(?:far )?(?:left|right|top|bottom)|(?:the )?(?:further|furthest) (?:to the )?(?:left|right|up|down)|"
    r"(?:the )?(?:left|right|top|bottom)most|(?:closer|closest|nearer|nearest) (?:to )?the (?:left|right|top|bottom))"
)
_ENDS = {
    **dict.fromkeys(("bigger", "larger", "biggest", "largest"), "biggest"),
    **dict.fromkeys(("smaller", "smallest"), "smallest"),
    **dict.fromkeys(("higher", "highest", "top", "topmost", "up"), "above"),
    **dict.fromkeys(("lower", "lowest", "bottom", "bottommost", "down"), "below"),
    **{word: side for side in ("left", "right") for word in (side, f"{side}most")},
}
_PAIR = r"(?:the |an? )?(?P<a>[a-z -]+?)(?: one)? or (?:the |an? )?(?P<b>[a-z -]+?)(?: one)?"
_SPOTS = "left right top bottom upper lower middle".split()
_RANK = re.compile(
    rf"{LEAD}(?:which|what)(?: of (?:the|them|these|those)(?: two)?)?(?: (?P<noun>(?!is\b)[a-z]+(?: "
    r"(?!is\b)[a-z]+)?))?(?:'s| is| lies| "
    rf"sits) {_MOST}"
    rf"(?: one)?(?: of (?:the )?(?:two|both|them))?\s*[,:?-]?\s*(?:is it )?{_PAIR}{END}|"
    rf"{LEAD}(?:is|are) (?:the )(?P<c>[a-z -]+?)(?: one)? or (?:the )(?P<d>[a-z -]+?)(?: one)? "
    rf"{_MOST.replace('most>', 'more>')}{END}",
    re.IGNORECASE,
)
_THAN = re.compile(
    rf"{LEAD}(?:is|are) the (?P<a>[a-z -]+?) (?:any )?(?P<how>bigger|larger|smaller) than the (?P<b>[a-z -]+?){END}",
    re.IGNORECASE,
)
_SUPERLATIVE = (
    "bigger|smaller|larger|biggest|largest|smallest|tiniest|leftmost|rightmost|topmost|bottommost|highest|lowest"
)
_PLACED = (
    r"(?:on|at|in|to|near|towards) (?:the |your )?(?:very |far )?(?:left|right|top|bottom|middle|centre|center|upper|"
    r"lower)(?:[ -](?:left|right))?"
    r"(?:[- ]hand)?(?: side| corner| half| part| end)?|(?:the )?(?:furthest|farthest) (?:to the )?(?:left|right|up|"
    r"down)|"
    r"(?:between|next to|nearest(?: to)?|closest to|near|beside) .+?"
)
_WHAT_THERE = re.compile(
    rf"{LEAD}(?:what|(?:which|what) (?:of the )?(?P<noun>(?!colou?r|size|is|are|side|half|picture|shape is)[a-z ]+?|"
    r"shape))(?:'?s(?: there)?| is there| is| are| lies| sits| (?:do|can) (?:you|we|i) see| do we "
    rf"have| have we got)?(?: (?:the|a) (?:{THING}|one))?(?: (?:that's|that is|which is))? "
    rf"(?P<where>{_PLACED})(?:[,:]? (?:is it )?{_OPTIONS})?{END}",
    re.IGNORECASE,
)
_WHAT_MOST = re.compile(
    rf"{LEAD}(?:what|which|(?:which|what) (?P<noun>(?!colou?r|size|is|are|side|picture)[a-z ]+?))(?:'?s| is)? (?:the "
    rf")?(?P<most>{_SUPERLATIVE})(?: (?:{THING}|one|(?P=noun)))?"
    rf"(?: of (?:all|them|them all|all of them|the lot))?{END}",
    re.IGNORECASE,
)
_IS = re.compile(
    rf"{LEAD}(?P<verb>is|are) the (?P<thing>.+?),? (?:an? |really |actually |all |both |the )*(?P<said>{_TRAIT})s?"
    rf"(?: one| thing| in colou?r)?{END}",
    re.IGNORECASE,
)
_IS_MOST = re.compile(
    rf"{LEAD}is the (?P<thing>[a-z ]{{2,40}}?) (?:really |also |actually )?the (?P<most>{_SUPERLATIVE})(?: "
    rf"(?P<kind>{THING}|one|{'|'.join(SHAPES)}))?(?: of (?:all|them|them all|all of them|the lot|these|those))?{END}",
    re.IGNORECASE,
)
_WHICH_HALF = re.compile(
    rf"{LEAD}(?:is|are) the (?P<thing>.+?) (?:more |further |nearer |closer )?(?:(?:on|at|in|near|towards|to) "
    r")?(?:the )?"
    r"(?P<one>left|right|top|bottom)(?: (?:side|half))?,? or (?:(?:on|at|in|near|towards|to) )?(?:the )?"
    rf"(?P<other>left|right|top|bottom)(?: (?:side|half))?{END}|"
    rf"{LEAD}(?:(?:on )?which (?P<kind>side|half)|whereabouts|where(?:abouts)? in the {PICTURE}) (?:is|of the "
    rf"{PICTURE} is) the "
    rf"(?P<said>.+?)(?: on| in)?(?:,? (?:left or right|top or bottom))?{END}",
    re.IGNORECASE,
)
_SAME = re.compile(
    rf"{LEAD}(?:is|are|do|does) (?:all )?(?:of )?(?:the )(?P<things>.+?) (?:all |both )?(?:the |have the |of the |"
    r"share the )?same "
    rf"(?P<trait>colou?r|size|shape){END}",
    re.IGNORECASE,
)
_SAME_AS = re.compile(
    rf"{LEAD}(?:is|are) the (?P<a>[a-z -]+?) (?:of )?the same (?P<trait>colou?r|size) as the (?P<b>[a-z -]+?){END}",
    re.IGNORECASE,
)
_MORE_OF = re.compile(
    rf"{LEAD}(?:are there|is there|do we have|have we got|do you see|can you see) (?P<how>more|fewer|less) "
    r"(?P<a>[a-z ]+?) "
    rf"(?P<link>or|than) (?P<b>[a-z ]+?){END}|"
    rf"{LEAD}(?:which|what)(?: (?:is|are) there| do we have| shape is there| are)? (?P<most>more|most|fewer|"
    r"less)(?: of)?,? "
    rf"(?P<c>[a-z]+s) or (?P<d>[a-z]+s){END}",
    re.IGNORECASE,
)
_WHAT_ARE = re.compile(
    rf"{LEAD}(?:what|which) (?P<kind>(?:[a-z]+ )?(?:{THING})s) (?:are|do you see|can you see|do we have|have we "
    r"got)(?: (?:they|these|"
    rf"those|the (?P<which>[a-z]+ (?:{THING})s)))?{END}",
    re.IGNORECASE,
)
_WHAT_IS = re.compile(
    rf"{LEAD}what(?:'?s| is| are|s)(?: else is)? (?P<thing>(?:the |all the |that |this |those |these )[a-z' -]+?|"
    rf"(?:{'|'.join(COLOURS)})){END}|"
    rf"{LEAD}(?:what|which)(?: (?:{THING})s?)?(?P<else> else)? (?P<be>is|are) (?:there that(?: is|'s) "
    rf")?(?P<colour>{'|'.join(COLOURS)}){END}",
    re.IGNORECASE,
)
_ISNT_WHAT = re.compile(
    rf"{LEAD}(?:what|which)(?: (?P<of>{'|'.join((*COLOURS, *SIZES))}))?(?: (?:(?:{THING}|one)s?|(?P<kind>[a-z]+)))?"
    r"(?: that)? (?:isn'?t|aren'?t|is not|are not) (?:an? "
    rf")?(?P<said>{_TRAIT})s?{END}",
    re.IGNORECASE,
)
_WHICH_SIZED = re.compile(
    rf"{LEAD}(?:what|which)(?: of (?:them|these|those))?(?: (?P<noun>[a-z]+?(?: [a-z]+)?))?(?:'s| is|(?P<several> "
    r"are)) (?:the )?"
    rf"(?P<size>{'|'.join((*SIZES, *COLOURS))})(?: one| thing| (?P=noun))?s?{END}",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"{LEAD}(?:label|classify|call|name|sort|categori[sz]e|decide(?: if| whether)?|would you say|choose(?: for)?) "
    r"the (?P<thing>.+?)"
    rf"(?: is| as| into| as either| with)?[:,-]? (?:either )?{_OPTIONS.replace('options', 'labels')}{END}",
    re.IGNORECASE,
)
_AT = re.compile(
    rf"{LEAD}(?:is|are) the (?P<thing>.+?) (?:(?:more |further )?(?:on|at|in|near|towards|to) the )(?:very |far )?"
    r"(?P<side>(?:top|bottom|upper|lower)[ -](?:left|right)|left|right|top|bottom|upper|lower)(?:[- ]hand)?(?: side| "
    r"half| part| corner)?(?: of (?:the|this) "
    rf"{PICTURE})?{END}",
    re.IGNORECASE,
)
_ALL = re.compile(
    rf"{LEAD}(?:(?:is|are) (?:every (?P<one>[a-z ]+?)|all (?:of )?(?:the )?(?P<many>[a-z ]+?)|every(?:thing|one))|"
    r"every(?:thing|one)(?: here)? is|(?:they|these) are all|"
    r"(?:is|are) the (?P<those>[a-z ]+?s) (?:all|both))(?: of them)?"
    rf"(?: (?:in )?(?:here|there|(?:the|this) {PICTURE}))? (?P<said>{_TRAIT})s?{END}",
    re.IGNORECASE,
)
_ANY = re.compile(
    rf"{LEAD}(?:(?:is|are) there )?any(?:thing)? (?P<thing>.+?){END}|"
    rf"{LEAD}(?:is|are) (?:any(?:thing|one)?|any of (?:it|them|those)) (?P<said>.+?){END}",
    re.IGNORECASE,
)
_SIDE_OR_SIDE = re.compile(
    rf"{LEAD}(?:is|are) the (?P<a>.+?) (?:(?:to|on) the )?(?P<one>left|right|above|below)(?: of it)?,? or "
    rf"(?:(?:to|on) )?(?:the )?(?P<other>left|right|above|below)(?: of)? the (?P<b>.+?){END}",
    re.IGNORECASE,
)
_NUMBER = "|".join(NUMBERS[1:]) + r"|\d{1,2}"
_COUNTED = re.compile(
    rf"{LEAD}(?:(?:if |whether )?(?:is|are) there|(?:do|can) (?:you|we|i) see|do we have|have we got|"
    rf"(?:does|has) (?:(?:the|this|that|my) {PICTURE}|this|it) (?:have|contain|show|got)|(?:if |whether )?there "
    r"(?:is|are)) "
    r"(?P<how>(?:more|less|fewer) than|at (?:least|most)|over|under|only|just|exactly)? ?(?:the )?"
    rf"(?P<number>{_NUMBER})(?P<or> or more)? (?P<thing>.+?){END}",
    re.IGNORECASE,
)
_SECOND = re.compile(rf"{LEAD}(?:is there|do (?:you|we|i) see|can you see) a second (?P<thing>.+?){END}", re.IGNORECASE)
_HOW_COUNTED: dict[str, Literal["exactly", "more", "fewer", "least", "most"]] = {
    **dict.fromkeys(("more than", "over"), "more"),
    **dict.fromkeys(("less than", "fewer than", "under"), "fewer"),
    "at least": "least",
    "at most": "most",
}
_DISTINCT = re.compile(
    rf"{LEAD}how many (?:(?:different |distinct |various )(?P<trait>colou?rs|shapes|kinds|types|sorts)|(?P<only>"
    r"colou?rs)|(?:kinds|types|sorts) of (?P<of>shapes?)|(?:different(?:ly)? |distinct )colou?red (?P<coloured>[a-z]+))"
    r"(?: of (?P<sort>[a-z]+))?(?: (?:are|is|do|does|can|have) (?:there|you see|we have|it have|i see|we got|the "
    rf"(?P<thing>[a-z ]+?)(?: have| in)?))?{END}",
    re.IGNORECASE,
)
_TRAITS = re.compile(
    rf"{LEAD}(?:what|which) (?P<trait>colou?rs?|shapes) (?:all )?(?:(?:are|do|does|is|can) (?:there|you see|we "
    r"have|it have|i see|used|(?P<all>all )?the (?P<thing>[a-z -]+?s)(?: have| in)?)|have (?:we|you) got)"
    rf"(?: used| present)?{END}",
    re.IGNORECASE,
)
_PLACE_OF = re.compile(
    rf"{LEAD}(?:in |on )?(?:which|what) (?:corner|quadrant|part|area|region|spot)(?: of the {PICTURE})? is the "
    rf"(?P<thing>.+?)(?: in| on| at| located| situated| sitting| placed)?{END}|"
    rf"{LEAD}whereabouts (?:in the {PICTURE} )?is the (?P<other>.+?){END}",
    re.IGNORECASE,
)
_ODD = re.compile(
    rf"{LEAD}(?:what|which|who)(?:'s| is)?(?: the)?(?: (?:{THING}|one|shape))?(?:'s| is)? ?(?:the )?(?:odd (?:one|"
    rf"thing|shape|{THING})(?: out)?|(?:that )?(?:does not|doesn't|do not|don't) (?:belong|fit|match)(?: in)?(?: with "
    r"the (?:others|rest|other ones))?|(?:that is |that's )?different (?:from|to|than) (?:all )?(?:the )?(?:others|"
    rf"rest|other ones|other (?:{THING})s)){END}",
    re.IGNORECASE,
)
_DIFFERENT = re.compile(
    rf"{LEAD}(?:are|do) (?:all )?(?:of )?(?:the )(?P<things>.+?) (?:all |both )?(?:have |of )?different (?P<trait>"
    rf"colou?rs?|sizes?|shapes?){END}",
    re.IGNORECASE,
)
_AS_BIG = re.compile(
    rf"{LEAD}(?:is|are) the (?P<a>[a-z -]+?) as (?:big|large|small) as the (?P<b>[a-z -]+?){END}", re.IGNORECASE
)
_BIGGER_OR = re.compile(
    rf"{LEAD}(?:is|are) the (?P<a>[a-z -]+?) (?:bigger|larger|smaller),? or (?:is it )?(?:bigger|larger|smaller) than "
    rf"the (?P<b>[a-z -]+?){END}",
    re.IGNORECASE,
)
_EITHER_OF = re.compile(
    rf"{LEAD}(?:(?:(?:is|are) there|(?:do|can) (?:you|we|i) see|do we have|have we got) )?(?:any |an? )(?P<a>[a-z "
    r"]+?) "
    rf"(?P<link>or|and) (?:any |an? )?(?P<b>[a-z ]+?){END}",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    rf"{LEAD}(?:is|are) (?:any|one|some|either|at least one)(?: of)? the (?P<those>[a-z ]+?s) (?:an? )?(?P<said>"
    rf"{_TRAIT})s?{END}",
    re.IGNORECASE,
)
_THESE_ALL = re.compile(
    rf"{LEAD}(?:are|is) (?:(?:all|every)(?:thing)? (?:of )?(?:the|these|those|them|this|it)?|(?:these|those|they|"
    rf"this|it) all) ?(?P<said>{_TRAIT})s?{END}",
    re.IGNORECASE,
)
_HOW_MANY_MORE = re.compile(
    rf"{LEAD}(?:by )?how many (?P<how>more|fewer|less) (?P<a>[a-z ]+?)(?: (?:are|is) there| do (?:you|we|i) (?:see|"
    rf"have))? than (?P<b>[a-z ]+?)(?: (?:are|is) there)?{END}",
    re.IGNORECASE,
)
_WHICH_IS_IT = re.compile(
    rf"{LEAD}(?:what|which) is (?:it|the (?P<thing>.+?))[,:]? {_OPTIONS},? (?P<where>{_PLACED}){END}", re.IGNORECASE
)


_LYING_ON = re.compile(
    r"(?P<thing>[a-z ]+?)(?: are)? (?P<where>(?:on|in) (?:the|this|my|our|his|her) [a-z]+(?: [a-z]+)?)", re.IGNORECASE
)
""" "Hearts on the shelf"."""
_ONE_OF_MANY = re.compile(
    r"\b(?P<which>which)(?: one)? of the (?:(?:two|three|four) )?(?P<those>(?!two\b|three\b|both\b)(?:[a-z]+ "
    r"){0,2}[a-z]{3,20}s) "
    r"(?=(?:is|has|lies|looks)\b)",
    re.IGNORECASE,
)
""" "Which one of the red things is …", "which of the stars is …": which red thing, which star."""


_IN_A_PICTURE = re.compile(
    rf" (?:in|on|from|of) (?:(?:the|this|that|my|our|his|her|their|your) (?:(?:{NTH}) )?(?:{PICTURE})(?: before)?|"
    r"(?:picture|image|photo|pic) (?:one|two|three|\d))\b",
    re.IGNORECASE,
)


_SO_MANY = re.compile(rf"\bthe (?:{'|'.join(NUMBERS[2:])}) (?=[a-z ]+s\b)", re.IGNORECASE)
""" "The two small things", whose number the question does not ask for."""


def claim_of(question: str) -> Claim | None:
    """What a question asks that boxes can answer; None for any that is not surely of one of the forms. Which picture it
    is about is no part of it."""
    text = " ".join(question.replace("’", "'").split())
    if len(text) > LONGEST:
        return None
    claim = _claim(text)
    if claim is None and (bare := _IN_A_PICTURE.sub("", re.sub(r" (?:in|on) (?:it|here)\b", "", text))) != text:
        claim = _claim(bare)
    if claim is None and (bare := _SO_MANY.sub("the ", re.sub(r" here\b", "", text))) != text:
        claim = _claim(bare)
    return claim


def _claim(text: str) -> Claim | None:
    text = _ONE_OF_MANY.sub(lambda m: f"{m['which']} {singular(m['those'])} ", text)
    if found := _SIDE_OR_SIDE.match(text):
        a, b = plain_name(found["a"]), plain_name(found["b"])
        return Side(a, (_direction(found["one"]), _direction(found["other"])), b) if a and b else None
    if found := _IS_MOST.match(text):
        return _is_most(found)
    if (claim := across_pictures(text)) is not None:
        return claim
    if found := _HOW_MANY_MORE.match(text):
        a, b = plain_name(found["a"]), plain_name(_with_noun(found["b"], found["a"]))
        return MoreOf(a, b, found["how"].lower() != "more", by=True) if a and b else None
    if found := _MORE_OF.match(text):
        first, second = found["a"] or found["c"], found["b"] or found["d"]
        a, b = plain_name(_with_noun(first, second)), plain_name(_with_noun(second, first))
        fewer = (found["how"] or found["most"]).lower() in ("fewer", "less")
        return MoreOf(a, b, fewer, than=(found["link"] or "").lower() == "than") if a and b else None
    if found := _SAME_AS.match(text):
        return Same(f"{plain(found['a'])} and {plain(found['b'])}", trait_named(found["trait"]))
    if found := _AS_BIG.match(text):
        return Same(f"{plain(found['a'])} and {plain(found['b'])}", "size")
    if found := _SAME.match(text):
        return Same(plain(found["things"]), trait_named(found["trait"]))
    if found := _DIFFERENT.match(text):
        return Same(plain(found["things"]), trait_named(found["trait"]), differ=True)
    if _ODD.match(text):
        return What(ODD)
    if found := _DISTINCT.match(text):
        return _distinct(found)
    if (found := _TRAITS.match(text)) and (found["thing"] is None or is_plural(plain(found["thing"]))):
        name = plain_name(found["thing"] or "things")
        return Traits(name, trait_named(found["trait"])) if name and read(name).name == name else None
    if found := _PLACE_OF.match(text):
        name = plain_name(found["thing"] or found["other"])
        return Place(name) if name else None
    if found := _WHICH_IS_IT.match(text):
        return _choice(f"thing {found['where']}", found["options"])
    if found := _ISNT_WHAT.match(text):
        said = found["said"].lower()
        kind = singular(found["kind"].lower()) if found["kind"] else "thing"
        thing = f"{found['of'].lower()} {kind}" if found["of"] else kind
        return What(f"{thing} other than the {said if said in SHAPES else f'{said} {kind}'}")
    if (found := _WHICH_SIZED.match(text)) and (found["size"].lower() in SIZES or _sort(found["noun"]) != "thing"):
        sort = _sort(found["noun"])
        return What(f"{found['size'].lower()} {plural(sort) if found['several'] else sort}")
    if found := _LABELLED.match(text):
        return _choice(found["thing"], found["labels"])
    if found := _WHICH_HALF.match(text):
        name = plain_name(found["thing"] or found["said"])
        if found["one"]:
            sides = (_direction(_ENDS[found["one"].lower()]), _direction(_ENDS[found["other"].lower()]))
        else:
            sides = ("above", "below") if "top or" in text.lower() else ("left", "right")
        return WhichHalf(name, sides) if name else None
    if found := _RANK.match(text):
        return _rank(found)
    if found := _BIGGER_OR.match(text):
        a, b = plain_name(found["a"]), plain_name(found["b"])
        return Than(a, b, None) if a and b else None
    if found := _THAN.match(text):
        a, b = plain_name(found["a"]), plain_name(found["b"])
        return Than(a, b, found["how"].lower() == "smaller") if a and b else None
    if found := _THESE_ALL.match(text):
        return All("things", found["said"].lower())
    if found := _ONE_OF.match(text):
        name, said = plain_name(found["those"]), found["said"].lower()
        return Exists(_said_of(name, said)) if name else None
    if found := _ALL.match(text):
        thing = found["one"] or found["many"] or found["those"] or "things"
        name = plain_name(thing)
        return All(name, found["said"].lower()) if name else None
    if found := _WHAT_MOST.match(text):
        return What(f"{found['most'].lower()} {_sort(found['noun'])}")
    if found := _WHAT_THERE.match(text):
        name = plain_name(f"{_sort(found['noun'])} {found['where']}")
        return What(name) if name else None
    if found := _RELATION.match(text):
        a, b = plain_name(found["a"]), plain_name(found["b"])
        return Relation(a, _direction(found["direction"]), b) if a and b else None
    if found := _BESIDE.match(text):
        b = plain_name(found["b"])
        return Beside(_direction(found["direction"]), b) if b else None
    if found := _COLOUR.match(text):
        name = plain_name(next(group for group in found.groups() if group))
        return Colour(name) if name else None
    if found := _SHAPE.match(text):
        name = plain_name(next(group for group in found.groups() if group))
        if name and is_plural(name) and read(name).name == name and not _has(name, SHAPES):
            return Traits(name, "shape")
        return Shape(name) if name and not is_plural(name) and not _has(name, SHAPES) else None
    if found := _WHAT.match(text):
        name = plain_name(found["thing"])
        return Shape(name, asked=False) if name else None
    if found := _SIZE.match(text):
        name = plain_name(next(group for group in found.groups() if group))
        return Choice(name, ("small", "large")) if name and not is_plural(name) else None
    if found := _IS_IT.match(text):
        return _choice(
            found["thing"] or found["said"] or found["short"], found["options"] or found["others"] or found["rest"]
        )
    if found := _AT.match(text):
        name = plain_name(found["thing"])
        said = re.split(r"[ -]", found["side"].lower())
        return At(name, tuple(_direction(_ENDS.get(side, side)) for side in said)) if name else None
    if found := _IS.match(text):
        name, said = plain_name(found["thing"]), found["said"].lower()
        several = name and found["verb"].lower() == "are" and is_plural(name) and read(name).name == name
        if name and several and said not in SIZES:
            return All(name, said)
        return Is(name, said) if name else None
    if found := _WHAT_ARE.match(text):
        name = plain_name(found["which"] or found["kind"])
        return What(name) if name else None
    if (found := _WHAT_IS.match(text)) and (what := _what_is(found)):
        return what
    if found := _HOW_MANY.match(text) or _NUMBER_OF.match(text):
        placed = re.sub(r" (?:is|are) ", " ", found["thing"], flags=re.IGNORECASE)  # "stars are left of the heart"
        name = plain_name(placed if len(read(placed).names) > 1 else found["thing"])
        if name is None and (bare_thing := _IN_A_PICTURE.sub("", found["thing"])) != found["thing"]:
            name = plain_name(bare_thing)
        if name is None and (lying := _LYING_ON.fullmatch(found["thing"])) and (name := plain_name(lying["thing"])):
            return HowMany(f"{name} {lying['where']}")
        bare = name and set(name.lower().split()) <= {*COLOURS, *SIZES}
        return HowMany(f"{name} things" if bare else name) if name else None
    if (found := _SECOND.match(text)) and (name := plain_name(found["thing"])):
        return Counted(plural(name), 2, "least")
    if (found := _COUNTED.match(text)) and (name := plain_name(found["thing"])) and not _placed(name):
        word = found["number"].lower()
        number = int(word) if word.isdecimal() else NUMBERS.index(word)
        how = _HOW_COUNTED.get((found["how"] or "").lower(), "least" if found["or"] else "exactly")
        bare = set(name.lower().split()) <= {*COLOURS, *SIZES}
        if number > 1 or found["how"]:
            return Counted(f"{name} things" if bare else plural(name), number, how)
    if found := _EITHER_OF.match(text):
        names = [plain_name(_with_noun(found[one], found[other])) for one, other in (("a", "b"), ("b", "a"))]
        if all(name and not _placed(name) for name in names):
            return AnyOf(tuple(name for name in names if name), found["link"].lower() == "and")
    if (found := _ANY.match(text)) and (name := plain_name(found["thing"] or found["said"])) and not _placed(name):
        return Exists(f"{name} thing" if name.lower() in COLOURS else name)
    if found := _EXISTS.match(text):
        thing = re.sub(r"^any(?:thing)? (?=\w)", "", found["thing"], flags=re.IGNORECASE)
        name = plain_name(thing)
        if name and thing != found["thing"] and not _placed(name):  # "do you see anything blue?"
            return Exists(f"{name} thing" if set(name.lower().split()) <= {*COLOURS, *SIZES} else name)
        if name and (_placed(name) or _counts(name)):  # "a star at the top", "two stars": some need not be enough
            return None
        if name and set(name.lower().split()) <= {*COLOURS, *SIZES}:
            name = f"{name} things"
        return Exists(name) if name and (name != thing or is_plural(name)) else None
    return None


ODD = "odd one out"
"""How the thing that is unlike all the others is named."""


def _is_most(found: re.Match[str]) -> Is | None:
    """ "Is the heart the biggest?" asks what the biggest thing is."""
    words = found["thing"].lower().split()
    kind = singular(found["kind"] or "thing").lower()
    kind = kind if kind in SHAPES else "thing"
    said = [w for w in words if w in (COLOURS if kind in SHAPES or words[-1] not in SHAPES else SHAPES)]
    return Is(f"{found['most'].lower()} {kind}", said[-1]) if said else None


def _with_noun(words: str, other: str) -> str:
    """ "blue ones" beside "red crosses" are blue crosses; so is "blue" alone."""
    said = plain(words).split()
    if said[-1:] and said[-1].lower() in ("one", "ones"):
        said = said[:-1]
    if said and {word.lower() for word in said} <= {*COLOURS, *SIZES}:
        noun = next(
            (w for w in reversed(plain(other).split()) if w.lower() not in {*COLOURS, *SIZES, "one", "ones"}), ""
        )
        return " ".join([*said, noun or "things"])
    return words


def _said_of(name: str, said: str) -> str:
    """ "hearts" of which one is "red": "red hearts"; "shapes" of which one is a "star": "stars"."""
    return f"{said} {name}" if said not in SHAPES else plural(said)


def _distinct(found: re.Match[str]) -> Traits | None:
    said = (found["trait"] or found["only"] or found["of"] or "colours").lower()
    shapes = said.startswith(("shape", "kind", "type", "sort"))
    name = plain_name(found["coloured"] or found["thing"] or found["sort"] or "things")
    if name and shapes and singular(name).lower() in ("shape", "object", "figure"):
        name = "things"
    return Traits(name, "shape" if shapes else "colour", counted=True) if name else None


def _choice(thing: str, said: str) -> Choice | None:
    name = plain_name(thing)
    options = tuple(dict.fromkeys(re.findall(rf"\b(?:{_TRAIT})\b", said.lower())))
    known = any(set(options) <= set(kind) for kind in (SIZES, COLOURS, SHAPES))
    if name and set(options) <= set(SHAPES):  # "is the second star a star or a cross?" is asked about a thing
        name = _thing_for_shape(name)
    for kind in (SIZES, COLOURS):  # "is the small star big or small?" is asked about a star
        if name and set(options) <= set(kind):
            bare = " ".join(word for word in name.split() if word.lower() not in kind)
            name = bare or "thing"
    return Choice(name, options) if name and known and len(options) > 1 else None


def _rank(found: re.Match[str]) -> Rank | None:
    """Two things by name or, of things of one kind, by an attribute: "which star is bigger, the red or the blue
    one?"."""
    noun = singular(plain(found["noun"] or "thing")).lower()
    noun = "thing" if noun in ("one", "of", "shape", "object", "two") else noun
    pair = (found["a"], found["b"]) if found["a"] else (found["c"], found["d"])
    attributes = {*COLOURS, *SIZES, *_SPOTS}
    names = [f"{said} {noun}" if set(plain(said).lower().split()) <= attributes else said for said in pair]
    a, b = (plain_name(name) for name in names)
    words = re.findall("[a-z]+", (found["most"] or found["more"]).lower())
    end = next((_ENDS[word] for word in reversed(words) if word in _ENDS), None)
    return Rank(a, b, end) if a and b and end else None


def _what_is(found: re.Match[str]) -> What | None:
    """What is the thing that is named by its place or its colour only?"""
    said = found["colour"] or found["thing"]
    kind = "things" if (found["be"] or "").lower() == "are" else "thing"  # "which are red?"
    name = plain_name(f"{said} {kind}" if said.lower() in COLOURS else said)
    if name is None:
        return None
    meant = read(name)
    plain_thing = singular(meant.name).split()[-1].lower() in ("thing", "shape", "object", "one")
    return What(name) if plain_thing or meant.pick or meant.relation else None


def _sort(noun: str | None) -> str:
    """The noun of "which star is …", or "thing"."""
    noun = singular(plain(noun or "thing")).lower()
    return "thing" if noun in ("one", "shape", "object", "item") else noun


def _thing_for_shape(name: str) -> str:
    """The phrase with "thing" in the place of the shape that its own name says."""
    said = read(name).name
    words = ["thing" if singular(word.lower()) in SHAPES else word for word in said.split()]
    return name.replace(said, " ".join(words), 1)


def _placed(name: str) -> bool:
    """Whether a phrase says which of several is meant, by its place or rank."""
    pick = read(name).pick
    return pick is not None and pick.end not in ("large", "small")


def _counts(name: str) -> bool:
    """Whether a phrase begins with a number: "two stars"."""
    first = name.split()[0].lower()
    return first in NUMBERS or first.isdecimal()


def _has(name: str, words: Sequence[str]) -> bool:
    """Whether a phrase already says one of the words about the thing itself."""
    return bool(set(read(name).name.lower().split()) & set(words))


def _direction(word: str) -> Direction:
    word = word.lower()
    if word in ("left", "right"):
        return "left" if word == "left" else "right"
    if "left" in word or "right" in word:  # "further left than"
        return "left" if "left" in word else "right"
    up = ("above", "over", "on top of", "higher than", "higher up than", "further up than", "upper")
    return "above" if word in up else "below"
