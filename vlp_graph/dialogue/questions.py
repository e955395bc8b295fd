"""Questions of a form that boxes can answer, read out of their words.

A question that is not surely of one of these forms is none: claims are made of it only where nothing is left over.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from vlp_graph.dialogue.claims import (
    Across,
    All,
    AnyOf,
    At,
    Beside,
    Choice,
    Claim,
    Colour,
    Counted,
    Differences,
    Direction,
    Exists,
    HowMany,
    Is,
    MoreOf,
    MorePictures,
    Most,
    Place,
    Rank,
    Relation,
    Same,
    Shape,
    Side,
    Than,
    Trait,
    Traits,
    What,
    WhichHalf,
)
from vlp_graph.dialogue.referring import read
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SHAPES, SIZES, is_plural, plain, plural, singular

LONGEST = 200
"""Characters of a question that is looked at; a longer one is no plain question."""

_LEAD = (
    r"^(?:(?:so|and|but|now|then|also|ok|okay|well|hey|hi|hello|please|tell me|(?:can|could) you tell me|do you know|"
    r"i wonder(?: if)?|i don't (?:suppose|think)|i(?:'d| would) like to know|any idea|say|whether|if|it says)[, ]+)*"
)
_WHERE = (
    r"(?:directly |just |immediately |right )?(?:(?:to|on|at) the )?(?P<direction>left|right|above|below|over|under|"
    r"underneath|beneath|on top of|"
    r"(?:higher|further) up than|lower down than|higher than|lower than|further (?:to the )?(?:left|right) than)"
    r"(?:[- ]hand)?(?: side)?(?: of| to| from)?"
)
_PICTURE = (
    r"(?:(?:first|second|third|fourth|fifth|last|previous|earlier|other|original|new) )?"
    r"(?:picture|image|photo|photograph|scene|pic)"
)
_HERE = (
    rf"(?:,? (?:(?:visible |shown )?(?:in|on|at|from) (?:(?:the|this|that|my) )?{_PICTURE}|(?:in|on) (?:this|that)"
    r"(?: one)?|in it|in here|in there|here|"
    r"there|visible|shown|anywhere|at all|altogether|in total|overall|please|thanks|thank you|pls|plz|for me|then|"
    r"mate|tho|though|too|now|as well))*"
)
_END = rf"{_HERE}\s*[?.!]*$"

_THING = "thing|object|shape|item"

_EXISTS = re.compile(
    rf"{_LEAD}(?:(?:if |whether )?(?:is|are) there|(?:do|can) (?:you|we|i) see|do we have|"
    rf"(?:does|has) (?:(?:the|this|that|my) {_PICTURE}|this|it) (?:have|contain|show|got)|have we got|(?:if |whether "
    r")there (?:is|are))"
    rf"(?: also| still| even)? (?P<thing>.+?){_END}",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    rf"{_LEAD}(?:count )?how many (?P<thing>.+?)(?: (?:are|is) (?:there|shown|visible)| there (?:are|is)|"
    r" (?:do|can|could|did) (?:you|we|i) (?:see|find|count|spot|have|get)| have (?:you|we|i) (?:found|counted|got|"
    r"here)|"
    rf" (?:does|did) (?:the|this|that|my) {_PICTURE} (?:have|contain|show)| (?:the|this|that) {_PICTURE} (?:has|"
    r"contains|"
    r"shows)| are| is"
    rf")?{_END}",
    re.IGNORECASE,
)
_NUMBER_OF = re.compile(
    rf"{_LEAD}(?:count (?:up )?(?:all (?:of )?(?:the )?|the )|what(?:'s| is) the number of )(?P<thing>.+?){_END}",
    re.IGNORECASE,
)
_RELATION = re.compile(
    rf"{_LEAD}(?:is|does) the (?P<a>.+?)(?: lie| sit| located| placed)? {_WHERE} the (?P<b>.+?){_END}", re.IGNORECASE
)
_TRAIT = "|".join((*COLOURS, *SIZES, *SHAPES))
_OPTION = rf"(?:an? |the )?(?:{_TRAIT})(?: (?:one|thing|shape|object|{'|'.join(SHAPES)}))?"
_OPTIONS = rf"(?P<options>{_OPTION}(?:, {_OPTION})*,? or {_OPTION}|{_OPTION}, {_OPTION}(?:, {_OPTION})+)"
_BESIDE = re.compile(
    rf"{_LEAD}(?:what|(?:which|what) (?:object|thing|shape))"
    r"(?:'s| is there| is| are| lies| sits| do you see| can you see)?"
    rf" {_WHERE} the (?P<b>.+?)(?:[,:]? (?:is it )?{_OPTIONS})?{_END}",
    re.IGNORECASE,
)
_COLOUR = re.compile(
    rf"{_LEAD}(?:of )?(?:what|which) colou?r (?:is|does|has) the (?P<thing>.+?)(?: have| got)?{_END}|"
    rf"{_LEAD}(?:what(?:'s| is) )?(?:the )?colou?r of the (?P<other>.+?){_END}|"
    rf"{_LEAD}what(?:'?s| is) the (?P<owner>.+?)'s? colou?r{_END}|"
    rf"{_LEAD}(?:the )?(?P<whose>[a-z -]+?)'s colou?r{_END}|"
    rf"{_LEAD}(?:what|which) colou?r the (?P<said>.+?) (?:is|has){_END}|"
    rf"{_LEAD}(?:what|which) colou?r(?: is|'s| are)? the (?P<bare>.+?)(?: is| are)?{_END}",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    rf"{_LEAD}(?:what|which) (?:shapes?|(?:kind|type|sort|class)(?: of (?:{_THING}))?) (?:is|does|has|are|do) the "
    rf"(?P<thing>.+?)(?: have| got)?{_END}|"
    rf"{_LEAD}(?:what|which) shape is (?P<adjective>[a-z]+){_END}|"
    rf"{_LEAD}(?:what(?:'s| is) )?the shape of the (?P<other>.+?){_END}",
    re.IGNORECASE,
)
_WHAT = re.compile(rf"{_LEAD}what(?:'s| is) the (?P<thing>[a-z ]+ (?:object|thing|shape)){_END}", re.IGNORECASE)
_SIZE = re.compile(
    rf"{_LEAD}(?:what|which) size (?:is|does|has) the (?P<thing>.+?)(?: have| got)?{_END}|"
    rf"{_LEAD}how (?:big|large|small) is the (?P<other>.+?){_END}|"
    rf"{_LEAD}what(?:'?s| is) the (?:size of the (?P<whose>.+?)|(?P<owner>.+?)'s? size)(?:,? (?:small|large|big) or "
    rf"(?:small|large|big))?{_END}",
    re.IGNORECASE,
)
_IS_IT = re.compile(
    rf"{_LEAD}(?:is|are|(?:what )?would you call|what(?:'?s| is|s| are)) the (?P<thing>.+?)[,:]? {_OPTIONS}{_END}|"
    rf"{_LEAD}the (?P<short>[^,:]+?)[:,-]+ {_OPTIONS.replace('options', 'rest')}{_END}|"
    rf"{_LEAD}the (?P<said>.+?),? (?:is|would) (?:that|it|this)(?: be)? {_OPTIONS.replace('options', 'others')}{_END}",
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
    rf"{_LEAD}(?:which|what)(?: of (?:the|them|these|those)(?: two)?)?(?: (?P<noun>(?!is\b)[a-z]+(?: "
    r"(?!is\b)[a-z]+)?))?(?:'s| is| lies| "
    rf"sits) {_MOST}"
    rf"(?: one)?(?: of (?:the )?(?:two|both|them))?\s*[,:?-]?\s*(?:is it )?{_PAIR}{_END}|"
    rf"{_LEAD}(?:is|are) (?:the )(?P<c>[a-z -]+?)(?: one)? or (?:the )(?P<d>[a-z -]+?)(?: one)? "
    rf"{_MOST.replace('most>', 'more>')}{_END}",
    re.IGNORECASE,
)
_THAN = re.compile(
    rf"{_LEAD}(?:is|are) the (?P<a>[a-z -]+?) (?:any )?(?P<how>bigger|larger|smaller) than the (?P<b>[a-z -]+?){_END}",
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
    rf"{_LEAD}(?:what|(?:which|what) (?:of the )?(?P<noun>(?!colou?r|size|is|are|side|half|picture|shape is)[a-z ]+?|"
    r"shape))(?:'?s(?: there)?| is there| is| are| lies| sits| do you see| can you see| do we "
    rf"have| have we got)?(?: (?:the|a) (?:{_THING}|one))?(?: (?:that's|that is|which is))? "
    rf"(?P<where>{_PLACED})(?:[,:]? (?:is it )?{_OPTIONS})?{_END}",
    re.IGNORECASE,
)
_WHAT_MOST = re.compile(
    rf"{_LEAD}(?:what|which|(?:which|what) (?P<noun>(?!colou?r|size|is|are|side|picture)[a-z ]+?))(?:'?s| is)? (?:the "
    rf")?(?P<most>{_SUPERLATIVE})(?: (?:{_THING}|one|(?P=noun)))?"
    rf"(?: of (?:all|them|them all|all of them|the lot))?{_END}",
    re.IGNORECASE,
)
_IS = re.compile(
    rf"{_LEAD}(?P<verb>is|are) the (?P<thing>.+?),? (?:an? |really |actually |all |both |the )*(?P<said>{_TRAIT})s?"
    rf"(?: one| thing| in colou?r)?{_END}",
    re.IGNORECASE,
)
_WHICH_HALF = re.compile(
    rf"{_LEAD}(?:is|are) the (?P<thing>.+?) (?:more |further |nearer |closer )?(?:(?:on|at|in|near|towards|to) "
    r")?(?:the )?"
    r"(?P<one>left|right|top|bottom)(?: (?:side|half))?,? or (?:(?:on|at|in|near|towards|to) )?(?:the )?"
    rf"(?P<other>left|right|top|bottom)(?: (?:side|half))?{_END}|"
    rf"{_LEAD}(?:(?:on )?which (?P<kind>side|half)|whereabouts|where(?:abouts)? in the {_PICTURE}) (?:is|of the "
    rf"{_PICTURE} is) the "
    rf"(?P<said>.+?)(?: on| in)?(?:,? (?:left or right|top or bottom))?{_END}",
    re.IGNORECASE,
)
_SAME = re.compile(
    rf"{_LEAD}(?:is|are|do|does) (?:all )?(?:of )?(?:the )(?P<things>.+?) (?:all |both )?(?:the |have the |of the |"
    r"share the )?same "
    rf"(?P<trait>colou?r|size|shape){_END}",
    re.IGNORECASE,
)
_SAME_AS = re.compile(
    rf"{_LEAD}(?:is|are) the (?P<a>[a-z -]+?) (?:of )?the same (?P<trait>colou?r|size) as the (?P<b>[a-z -]+?){_END}",
    re.IGNORECASE,
)
_MORE_OF = re.compile(
    rf"{_LEAD}(?:are there|is there|do we have|have we got|do you see|can you see) (?P<how>more|fewer|less) "
    r"(?P<a>[a-z ]+?) "
    rf"(?P<link>or|than) (?P<b>[a-z ]+?){_END}|"
    rf"{_LEAD}(?:which|what)(?: (?:is|are) there| do we have| shape is there| are)? (?P<most>more|most|fewer|"
    r"less)(?: of)?,? "
    rf"(?P<c>[a-z]+s) or (?P<d>[a-z]+s){_END}",
    re.IGNORECASE,
)
_WHAT_ARE = re.compile(
    rf"{_LEAD}(?:what|which) (?P<kind>(?:[a-z]+ )?(?:{_THING})s) (?:are|do you see|can you see|do we have|have we "
    r"got)(?: (?:they|these|"
    rf"those|the (?P<which>[a-z]+ (?:{_THING})s)))?{_END}",
    re.IGNORECASE,
)
_WHAT_IS = re.compile(
    rf"{_LEAD}what(?:'?s| is| are|s)(?: else is)? (?P<thing>(?:the |all the |that |this |those |these )[a-z' -]+?|"
    rf"(?:{'|'.join(COLOURS)})){_END}|"
    rf"{_LEAD}(?:what|which)(?: (?:{_THING})s?)?(?P<else> else)? (?P<be>is|are) (?:there that(?: is|'s) "
    rf")?(?P<colour>{'|'.join(COLOURS)}){_END}",
    re.IGNORECASE,
)
_ISNT_WHAT = re.compile(
    rf"{_LEAD}(?:what|which)(?: (?P<of>{'|'.join((*COLOURS, *SIZES))}))?(?: (?:(?:{_THING}|one)s?|(?P<kind>[a-z]+)))?"
    r"(?: that)? (?:isn'?t|aren'?t|is not|are not) (?:an? "
    rf")?(?P<said>{_TRAIT})s?{_END}",
    re.IGNORECASE,
)
_WHICH_SIZED = re.compile(
    rf"{_LEAD}(?:what|which)(?: of (?:them|these|those))?(?: (?P<noun>[a-z]+?(?: [a-z]+)?))?(?:'s| is|(?P<several> "
    r"are)) (?:the )?"
    rf"(?P<size>{'|'.join(SIZES)})(?: one| thing| (?P=noun))?s?{_END}",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"{_LEAD}(?:label|classify|call|name|sort|categori[sz]e|decide(?: if| whether)?|would you say|choose(?: for)?) "
    r"the (?P<thing>.+?)"
    rf"(?: is| as| into| as either| with)?[:,-]? (?:either )?{_OPTIONS.replace('options', 'labels')}{_END}",
    re.IGNORECASE,
)
_AT = re.compile(
    rf"{_LEAD}(?:is|are) the (?P<thing>.+?) (?:(?:more |further )?(?:on|at|in|near|towards|to) the )(?:very |far )?"
    r"(?P<side>(?:top|bottom|upper|lower)[ -](?:left|right)|left|right|top|bottom|upper|lower)(?:[- ]hand)?(?: side| "
    r"half| part| corner)?(?: of (?:the|this) "
    rf"{_PICTURE})?{_END}",
    re.IGNORECASE,
)
_ALL = re.compile(
    rf"{_LEAD}(?:(?:is|are) (?:every (?P<one>[a-z ]+?)|all (?:of )?(?:the )?(?P<many>[a-z ]+?)|every(?:thing|one))|"
    r"every(?:thing|one)(?: here)? is|(?:they|these) are all|"
    r"(?:is|are) the (?P<those>[a-z ]+?s) (?:all|both))(?: of them)?"
    rf"(?: (?:in )?(?:here|there|(?:the|this) {_PICTURE}))? (?P<said>{_TRAIT})s?{_END}",
    re.IGNORECASE,
)
_NTH = "first|second|third|fourth|last|previous|earlier|other|original|new"
_ONLY_IN = re.compile(
    rf"{_LEAD}(?:what|which)(?: (?:{_THING})s?)?(?:'s| is| are| do you see| can i see)? (?:only )?in (?:the |this )?"
    rf"(?:(?P<one>{_NTH}) )?(?:{_PICTURE}|one)?,? (?:but|and|that(?: is|'s)?)(?: is| are|'s)?(?: not|n't)(?: there)? "
    r"in (?:the |that )?"
    rf"(?P<other>{_NTH})(?: (?:{_PICTURE}|one))?\s*[?.!]*$",
    re.IGNORECASE,
)
_COMPARE = re.compile(
    rf"{_LEAD}(?:(?:can|could) you )?(?:please )?(?:compare (?:the |these |those |my |both )*(?:two |three "
    rf")?(?:{_PICTURE})s|"
    r"(?:what(?:'s| is| are) (?:the |all the )?differen(?:ce|ces|t)|how (?:do|are) (?:the|these) (?:two "
    rf")?(?:{_PICTURE})s "
    r"(?:differ|different)|what (?:has )?changed)(?: (?:between|in|about|from) (?P<between>.*))?|"
    rf"compare (?:it|this|them) (?:to|with) (?P<with>.*)){_END}",
    re.IGNORECASE,
)
_PICTURE_WORDS = frozenset(
    [*_NTH.split("|"), *"the these those this that both all two three one ones it them and from to with now".split()]
)
"""Words that pictures are spoken of with, where no other name is among them."""
_IN_TOTAL = re.compile(
    rf"{_LEAD}(?:count )?how many (?P<thing>(?!is |are |does |do )[a-z ]+?)(?: (?:are there|do we have|have we got|"
    r"do you see|is "
    r"that))?(?: altogether| in total)? "
    rf"(?:in|across|on|over|between) (?:both|all|the two|all the|all three|the three)(?: of the)? (?:{_PICTURE})s(?: "
    rf"together| combined)?{_END}",
    re.IGNORECASE,
)
_ADD_UP = re.compile(
    rf"{_LEAD}(?:add|sum|count|total)(?: up)? (?:all )?(?:of )?the (?P<thing>[a-z ]+?) (?:in|from|across|on|of) "
    r"(?:both|all|the two|all "
    rf"the|both the)(?: of the| my| these)? (?:{_PICTURE})s(?: up| together)*\s*[?.!]*$",
    re.IGNORECASE,
)
_WHERE_IS = re.compile(
    rf"{_LEAD}(?:in|on) which (?:{_PICTURE}) (?:is|are|was|were|do you see|did you see)(?: there)? (?:the |an? |any "
    r")?(?P<thing>[a-z ]+?)"
    rf"(?: (?P<how>bigger|larger|biggest|largest|smaller|smallest|{'|'.join(COLOURS)}))?"
    r"(?:,? (?:the )?(?:first|picture one|this).*? or .+?)?\s*[?.!]*$",
    re.IGNORECASE,
)
_SAME_NUMBER = re.compile(
    rf"{_LEAD}(?:do|does|did|have|has) (?:both|the(?: two| three)?|these|all(?: the)?|my)(?: of the)? "
    rf"(?:{_PICTURE})s (?:have |got |show |contain )*"
    r"(?:the |an? )?(?:same (?:number|amount|count) of|equal(?:ly many| numbers? of)?|as many) (?P<thing>[a-z "
    r"]+?)\s*[?.!]*$",
    re.IGNORECASE,
)
_MORE_PICTURES = re.compile(
    rf"{_LEAD}(?:(?:in )?which (?:of (?:the|these|those|my)(?: two| three)? )?(?:{_PICTURE})s?(?: of the (?:two|"
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
_ANY = re.compile(
    rf"{_LEAD}(?:(?:is|are) there )?any(?:thing)? (?P<thing>.+?){_END}|"
    rf"{_LEAD}(?:is|are) (?:any(?:thing|one)?|any of (?:it|them|those)) (?P<said>.+?){_END}",
    re.IGNORECASE,
)
_SIDE_OR_SIDE = re.compile(
    rf"{_LEAD}(?:is|are) the (?P<a>.+?) (?:(?:to|on) the )?(?P<one>left|right|above|below)(?: of it)?,? or "
    rf"(?:(?:to|on) )?(?:the )?(?P<other>left|right|above|below)(?: of)? the (?P<b>.+?){_END}",
    re.IGNORECASE,
)
_NUMBER = "|".join(NUMBERS[1:]) + r"|\d{1,2}"
_COUNTED = re.compile(
    rf"{_LEAD}(?:(?:if |whether )?(?:is|are) there|(?:do|can) (?:you|we|i) see|do we have|have we got|"
    rf"(?:does|has) (?:(?:the|this|that|my) {_PICTURE}|this|it) (?:have|contain|show|got)|(?:if |whether )?there "
    r"(?:is|are)) "
    r"(?P<how>(?:more|less|fewer) than|at (?:least|most)|over|under|only|just|exactly)? ?(?:the )?"
    rf"(?P<number>{_NUMBER})(?P<or> or more)? (?P<thing>.+?){_END}",
    re.IGNORECASE,
)
_SECOND = re.compile(
    rf"{_LEAD}(?:is there|do (?:you|we|i) see|can you see) a second (?P<thing>.+?){_END}", re.IGNORECASE
)
_HOW_COUNTED: dict[str, Literal["exactly", "more", "fewer", "least", "most"]] = {
    **dict.fromkeys(("more than", "over"), "more"),
    **dict.fromkeys(("less than", "fewer than", "under"), "fewer"),
    "at least": "least",
    "at most": "most",
}
_DISTINCT = re.compile(
    rf"{_LEAD}how many (?:(?:different |distinct |various )(?P<trait>colou?rs|shapes|kinds|types|sorts)|(?P<only>"
    r"colou?rs)|(?:kinds|types|sorts) of (?P<of>shapes?)|(?:different(?:ly)? |distinct )colou?red (?P<coloured>[a-z]+))"
    r"(?: of (?P<sort>[a-z]+))?(?: (?:are|is|do|does|can|have) (?:there|you see|we have|it have|i see|we got|the "
    rf"(?P<thing>[a-z ]+?)(?: have| in)?))?{_END}",
    re.IGNORECASE,
)
_TRAITS = re.compile(
    rf"{_LEAD}(?:what|which) (?P<trait>colou?rs?|shapes) (?:all )?(?:(?:are|do|does|is|can) (?:there|you see|we "
    r"have|it have|i see|used|(?P<all>all )?the (?P<thing>[a-z -]+?s)(?: have| in)?)|have (?:we|you) got)"
    rf"(?: used| present)?{_END}",
    re.IGNORECASE,
)
_PLACE_OF = re.compile(
    rf"{_LEAD}(?:in |on )?(?:which|what) (?:corner|quadrant|part|area|region|spot)(?: of the {_PICTURE})? is the "
    rf"(?P<thing>.+?)(?: in| on| at| located| situated| sitting| placed)?{_END}|"
    rf"{_LEAD}whereabouts (?:in the {_PICTURE} )?is the (?P<other>.+?){_END}",
    re.IGNORECASE,
)
_ODD = re.compile(
    rf"{_LEAD}(?:what|which|who)(?:'s| is)?(?: the)?(?: (?:{_THING}|one|shape))?(?:'s| is)? ?(?:the )?(?:odd (?:one|"
    rf"thing|shape|{_THING})(?: out)?|(?:that )?(?:does not|doesn't|do not|don't) (?:belong|fit|match)(?: in)?(?: with "
    r"the (?:others|rest|other ones))?|(?:that is |that's )?different (?:from|to|than) (?:all )?(?:the )?(?:others|"
    rf"rest|other ones|other (?:{_THING})s)){_END}",
    re.IGNORECASE,
)
_DIFFERENT = re.compile(
    rf"{_LEAD}(?:are|do) (?:all )?(?:of )?(?:the )(?P<things>.+?) (?:all |both )?(?:have |of )?different (?P<trait>"
    rf"colou?rs?|sizes?|shapes?){_END}",
    re.IGNORECASE,
)
_AS_BIG = re.compile(
    rf"{_LEAD}(?:is|are) the (?P<a>[a-z -]+?) as (?:big|large|small) as the (?P<b>[a-z -]+?){_END}", re.IGNORECASE
)
_BIGGER_OR = re.compile(
    rf"{_LEAD}(?:is|are) the (?P<a>[a-z -]+?) (?:bigger|larger|smaller),? or (?:is it )?(?:bigger|larger|smaller) than "
    rf"the (?P<b>[a-z -]+?){_END}",
    re.IGNORECASE,
)
_EITHER_OF = re.compile(
    rf"{_LEAD}(?:(?:(?:is|are) there|(?:do|can) (?:you|we|i) see|do we have|have we got) )?(?:any |an? )(?P<a>[a-z "
    r"]+?) "
    rf"(?P<link>or|and) (?:any |an? )?(?P<b>[a-z ]+?){_END}",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    rf"{_LEAD}(?:is|are) (?:any|one|some|either|at least one)(?: of)? the (?P<those>[a-z ]+?s) (?:an? )?(?P<said>"
    rf"{_TRAIT})s?{_END}",
    re.IGNORECASE,
)
_THESE_ALL = re.compile(
    rf"{_LEAD}(?:are|is) (?:(?:all|every)(?:thing)? (?:of )?(?:the|these|those|them|this|it)?|(?:these|those|they|"
    rf"this|it) all) ?(?P<said>{_TRAIT})s?{_END}",
    re.IGNORECASE,
)
_HOW_MANY_MORE = re.compile(
    rf"{_LEAD}(?:by )?how many (?P<how>more|fewer|less) (?P<a>[a-z ]+?)(?: (?:are|is) there| do (?:you|we|i) (?:see|"
    rf"have))? than (?P<b>[a-z ]+?)(?: (?:are|is) there)?{_END}",
    re.IGNORECASE,
)
_MORE_IN_ONE = re.compile(
    rf"{_LEAD}(?:by )?how many more (?P<thing>[a-z ]+?) (?:does|has|have|are there in|are in|in) (?:the )?(?P<one>"
    rf"(?:{_NTH}) )?(?:{_PICTURE}|one)(?: have| got)?(?: than .{{1,60}})?\s*[?.!]*$",
    re.IGNORECASE,
)
_BEFORE = (
    rf"(?:(?:the )?(?:one|that|it|[a-z ]{{1,30}}?) (?:in|from|of|on) |(?:in |to |with |from )?)(?:(?:the |both |that "
    rf"|my )?(?:{_NTH}|both|"
    rf"two)? ?(?:{_PICTURE})s?(?: before)?|before|last time|the (?:{_NTH}) one)"
)
_ACROSS_SIZE = re.compile(
    rf"{_LEAD}(?:is|are|has|did) (?:the|this) (?P<thing>[a-z ]+?)(?: here| in this {_PICTURE}| now| get| got)? "
    r"(?:bigger|smaller|"
    r"larger)(?P<or>,? or (?:bigger|smaller|larger))?(?: now| here| this time)?(?: (?:than|compared (?:to|with)) "
    rf"{_BEFORE})?{_END}",
    re.IGNORECASE,
)
_ACROSS_SAME = re.compile(
    rf"{_LEAD}(?:(?:is|are) (?:the|this) (?P<thing>[a-z ]+?)(?: here| in this {_PICTURE}| now)?(?: still)? (?:of "
    r")?the same "
    rf"(?P<trait>colou?r|size|shape)(?: here| now)? (?:as|in|across|to) {_BEFORE}|"
    r"(?:has|did|is) (?:the|its|their) (?:(?P<changed>[a-z ]+?)(?:'s)? )?(?P<kind>colou?r|size|shape) (?:(?:been "
    r")?changed?|"
    rf"(?:been )?different)(?: from {_BEFORE})?){_END}",
    re.IGNORECASE,
)
_THAN_BEFORE = (
    rf"(?: in it)?,? than (?:there (?:are|is|were) )?(?:in )?(?:the |that )?(?:{_NTH})(?: (?:{_PICTURE}|one))?"
)
_MORE_HERE = re.compile(
    rf"{_LEAD}(?:(?:does|has) (?:this|the (?:{_NTH})) {_PICTURE} (?:have |got |contain |show )*(?P<how>more|fewer|"
    r"less) "
    rf"(?P<thing>[a-z]+(?: (?!in\b|on\b|than\b)[a-z]+){{0,4}})(?:{_THAN_BEFORE})?|(?:are|is) there "
    r"(?P<than>more|fewer|less) (?P<what>[a-z]+(?: (?!in\b|on\b|than\b|here\b|now\b)[a-z]+){0,4})"
    rf"(?: (?:in|on) this {_PICTURE}| here| now| this time)?{_THAN_BEFORE})\s*[?.!]*$",
    re.IGNORECASE,
)
_IN_EACH = re.compile(
    rf"{_LEAD}(?:is|are) there (?:an? |any )?(?P<thing>[a-z ]+?) in (?:both|all|each|every|all the|both the|each of "
    r"the)"
    rf"(?: of the| my| these| those)? (?:{_PICTURE})s?\s*[?.!]*$|"
    rf"{_LEAD}(?:do|does|have|has) (?:both|all|each|every)(?: of)?(?: the| my| these| those)? (?:{_PICTURE})s? "
    r"(?:have |got |contain |show )*(?:an? |any )?(?P<other>[a-z ]+?)(?: in (?:it|them))?\s*[?.!]*$",
    re.IGNORECASE,
)
_IDENTICAL = re.compile(
    rf"{_LEAD}(?:are|do) (?:the|these|those|both|my)(?: the| of the)?(?: two| both)? (?:{_PICTURE})s (?:exactly |just |"
    rf"completely )?(?:look |show )?(?:exactly )?(?:the same|identical|alike|equal)(?: thing| things)?{_END}",
    re.IGNORECASE,
)
_ADDED = re.compile(
    rf"{_LEAD}what(?:'s| is| has| has been| is been|'s been)?(?: the)?(?: (?:{_THING}) is)? ?(?:been )?(?:added|new|"
    rf"extra)(?: (?:{_THING}|one))?(?: (?:in|to|here|on) ?(?:the |this )?(?:(?:{_NTH}) )?(?:{_PICTURE}|one|{_THING})?)?"
    rf"{_END}",
    re.IGNORECASE,
)
_MISSING = re.compile(
    rf"{_LEAD}(?:what|which)(?: (?:{_THING}))?(?:'s| is| has| are|'s been)?(?: gone)? missing (?:from|in) (?:the |"
    r"this )?"
    rf"(?P<one>{_NTH})?(?: ?(?:{_PICTURE}|one))?(?: (?:that|which) .{{1,60}})?\s*[?.!]*$",
    re.IGNORECASE,
)
_WHICH_IS_IT = re.compile(
    rf"{_LEAD}(?:what|which) is (?:it|the (?P<thing>.+?))[,:]? {_OPTIONS},? (?P<where>{_PLACED}){_END}", re.IGNORECASE
)
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


_ONE_OF_MANY = re.compile(
    r"\b(?P<which>which)(?: one)? of the (?:(?:two|three|four) )?(?P<those>(?!two\b|three\b|both\b)(?:[a-z]+ "
    r"){0,2}[a-z]{3,20}s) "
    r"(?=(?:is|has|lies|looks)\b)",
    re.IGNORECASE,
)
""" "Which one of the red things is …", "which of the stars is …": which red thing, which star."""


_IN_A_PICTURE = re.compile(
    rf" (?:in|on|from|of) (?:(?:the|this|that|my|our|his|her|their|your) (?:(?:{_NTH}) )?(?:{_PICTURE})(?: before)?|"
    r"(?:picture|image|photo|pic) (?:one|two|three|\d))\b",
    re.IGNORECASE,
)


def claim_of(question: str) -> Claim | None:
    """What a question asks that boxes can answer; None for any that is not surely of one of the forms. Which picture it
    is about is no part of it."""
    text = " ".join(question.replace("’", "'").split())
    if len(text) > LONGEST:
        return None
    claim = _claim(text)
    if claim is None and (bare := _IN_A_PICTURE.sub("", text)) != text:
        return _claim(bare)
    return claim


def _claim(text: str) -> Claim | None:
    text = _ONE_OF_MANY.sub(lambda m: f"{m['which']} {singular(m['those'])} ", text)
    if found := _SIDE_OR_SIDE.match(text):
        a, b = _name(found["a"]), _name(found["b"])
        return Side(a, (_direction(found["one"]), _direction(found["other"])), b) if a and b else None
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
        found["or"] or re.search(rf"\b(?:{_PICTURE}|before|last time)\b", text, re.I)
    ):
        name = _name(found["thing"])
        only: Literal["bigger", "smaller"] = "smaller" if "smaller" in text.lower() else "bigger"
        return Across(name, "size", "which" if found["or"] else only) if name else None
    if found := _ACROSS_SAME.match(text):
        name = _name(found["thing"] or found["changed"] or "thing")
        return Across(name, _trait(found["trait"] or found["kind"])) if name else None
    if (compared := _pictures_compared(text)) is not None:
        return compared
    if found := _HOW_MANY_MORE.match(text):
        a, b = _name(found["a"]), _name(_with_noun(found["b"], found["a"]))
        return MoreOf(a, b, found["how"].lower() != "more", by=True) if a and b else None
    if found := _MORE_OF.match(text):
        first, second = found["a"] or found["c"], found["b"] or found["d"]
        a, b = _name(_with_noun(first, second)), _name(_with_noun(second, first))
        fewer = (found["how"] or found["most"]).lower() in ("fewer", "less")
        return MoreOf(a, b, fewer, than=(found["link"] or "").lower() == "than") if a and b else None
    if found := _SAME_AS.match(text):
        return Same(f"{plain(found['a'])} and {plain(found['b'])}", _trait(found["trait"]))
    if found := _AS_BIG.match(text):
        return Same(f"{plain(found['a'])} and {plain(found['b'])}", "size")
    if found := _SAME.match(text):
        return Same(plain(found["things"]), _trait(found["trait"]))
    if found := _DIFFERENT.match(text):
        return Same(plain(found["things"]), _trait(found["trait"]), differ=True)
    if _ODD.match(text):
        return What(ODD)
    if found := _DISTINCT.match(text):
        return _distinct(found)
    if (found := _TRAITS.match(text)) and (found["thing"] is None or is_plural(plain(found["thing"]))):
        name = _name(found["thing"] or "things")
        return Traits(name, _trait(found["trait"])) if name and read(name).name == name else None
    if found := _PLACE_OF.match(text):
        name = _name(found["thing"] or found["other"])
        return Place(name) if name else None
    if found := _WHICH_IS_IT.match(text):
        return _choice(f"thing {found['where']}", found["options"])
    if found := _ISNT_WHAT.match(text):
        said = found["said"].lower()
        kind = singular(found["kind"].lower()) if found["kind"] else "thing"
        thing = f"{found['of'].lower()} {kind}" if found["of"] else kind
        return What(f"{thing} other than the {said if said in SHAPES else f'{said} {kind}'}")
    if found := _WHICH_SIZED.match(text):
        sort = _sort(found["noun"])
        return What(f"{found['size'].lower()} {plural(sort) if found['several'] else sort}")
    if found := _LABELLED.match(text):
        return _choice(found["thing"], found["labels"])
    if found := _WHICH_HALF.match(text):
        name = _name(found["thing"] or found["said"])
        if found["one"]:
            sides = (_direction(_ENDS[found["one"].lower()]), _direction(_ENDS[found["other"].lower()]))
        else:
            sides = ("above", "below") if "top or" in text.lower() else ("left", "right")
        return WhichHalf(name, sides) if name else None
    if found := _RANK.match(text):
        return _rank(found)
    if found := _BIGGER_OR.match(text):
        a, b = _name(found["a"]), _name(found["b"])
        return Than(a, b, None) if a and b else None
    if found := _THAN.match(text):
        a, b = _name(found["a"]), _name(found["b"])
        return Than(a, b, found["how"].lower() == "smaller") if a and b else None
    if found := _THESE_ALL.match(text):
        return All("things", found["said"].lower())
    if found := _ONE_OF.match(text):
        name, said = _name(found["those"]), found["said"].lower()
        return Exists(_said_of(name, said)) if name else None
    if found := _ALL.match(text):
        thing = found["one"] or found["many"] or found["those"] or "things"
        name = _name(thing)
        return All(name, found["said"].lower()) if name else None
    if found := _WHAT_MOST.match(text):
        return What(f"{found['most'].lower()} {_sort(found['noun'])}")
    if found := _WHAT_THERE.match(text):
        name = _name(f"{_sort(found['noun'])} {found['where']}")
        return What(name) if name else None
    if found := _RELATION.match(text):
        a, b = _name(found["a"]), _name(found["b"])
        return Relation(a, _direction(found["direction"]), b) if a and b else None
    if found := _BESIDE.match(text):
        b = _name(found["b"])
        return Beside(_direction(found["direction"]), b) if b else None
    if found := _COLOUR.match(text):
        name = _name(next(group for group in found.groups() if group))
        return Colour(name) if name else None
    if found := _SHAPE.match(text):
        name = _name(next(group for group in found.groups() if group))
        if name and is_plural(name) and read(name).name == name and not _has(name, SHAPES):
            return Traits(name, "shape")
        return Shape(name) if name and not is_plural(name) and not _has(name, SHAPES) else None
    if found := _WHAT.match(text):
        name = _name(found["thing"])
        return Shape(name, asked=False) if name else None
    if found := _SIZE.match(text):
        name = _name(next(group for group in found.groups() if group))
        return Choice(name, ("small", "large")) if name and not is_plural(name) else None
    if found := _IS_IT.match(text):
        return _choice(
            found["thing"] or found["said"] or found["short"], found["options"] or found["others"] or found["rest"]
        )
    if found := _AT.match(text):
        name = _name(found["thing"])
        said = re.split(r"[ -]", found["side"].lower())
        return At(name, tuple(_direction(_ENDS.get(side, side)) for side in said)) if name else None
    if found := _IS.match(text):
        name, said = _name(found["thing"]), found["said"].lower()
        several = name and found["verb"].lower() == "are" and is_plural(name) and read(name).name == name
        if name and several and said not in SIZES:
            return All(name, said)
        return Is(name, said) if name else None
    if found := _WHAT_ARE.match(text):
        name = _name(found["which"] or found["kind"])
        return What(name) if name else None
    if (found := _WHAT_IS.match(text)) and (what := _what_is(found)):
        return what
    if found := _HOW_MANY.match(text) or _NUMBER_OF.match(text):
        placed = re.sub(r" (?:is|are) ", " ", found["thing"], flags=re.IGNORECASE)  # "stars are left of the heart"
        name = _name(placed if len(read(placed).names) > 1 else found["thing"])
        bare = name and set(name.lower().split()) <= {*COLOURS, *SIZES}
        return HowMany(f"{name} things" if bare else name) if name else None
    if (found := _SECOND.match(text)) and (name := _name(found["thing"])):
        return Counted(plural(name), 2, "least")
    if (found := _COUNTED.match(text)) and (name := _name(found["thing"])) and not _placed(name):
        word = found["number"].lower()
        number = int(word) if word.isdecimal() else NUMBERS.index(word)
        how = _HOW_COUNTED.get((found["how"] or "").lower(), "least" if found["or"] else "exactly")
        bare = set(name.lower().split()) <= {*COLOURS, *SIZES}
        if number > 1 or found["how"]:
            return Counted(f"{name} things" if bare else plural(name), number, how)
    if found := _EITHER_OF.match(text):
        names = [_name(_with_noun(found[one], found[other])) for one, other in (("a", "b"), ("b", "a"))]
        if all(name and not _placed(name) for name in names):
            return AnyOf(tuple(name for name in names if name), found["link"].lower() == "and")
    if (found := _ANY.match(text)) and (name := _name(found["thing"] or found["said"])) and not _placed(name):
        return Exists(f"{name} thing" if name.lower() in COLOURS else name)
    if found := _EXISTS.match(text):
        name, thing = _name(found["thing"]), found["thing"]
        if name and (_placed(name) or _counts(name)):  # "a star at the top", "two stars": some need not be enough
            return None
        if name and set(name.lower().split()) <= {*COLOURS, *SIZES}:
            name = f"{name} things"
        return Exists(name) if name and (name != thing or is_plural(name)) else None
    return None


ODD = "odd one out"
"""How the thing that is unlike all the others is named."""


def _trait(word: str) -> Trait:
    word = word.lower().removesuffix("s")
    return "size" if word == "size" else "shape" if word == "shape" else "colour"


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
    name = _name(found["coloured"] or found["thing"] or found["sort"] or "things")
    if name and shapes and singular(name).lower() in ("shape", "object", "figure"):
        name = "things"
    return Traits(name, "shape" if shapes else "colour", counted=True) if name else None


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
    named = re.search(rf"\b{_PICTURE}s?\b", words, re.IGNORECASE)
    return bool(named) or set(re.findall(r"[a-z]+", words.lower())) <= _PICTURE_WORDS


def _choice(thing: str, said: str) -> Choice | None:
    name = _name(thing)
    options = tuple(dict.fromkeys(re.findall(rf"\b(?:{_TRAIT})\b", said.lower())))
    known = any(set(options) <= set(kind) for kind in (SIZES, COLOURS, SHAPES))
    if name and set(options) <= set(SHAPES):  # "is the second star a star or a cross?" is asked about a thing
        name = _thing_for_shape(name)
    for kind in (SIZES, COLOURS):  # "is the small star big or small?" is asked about a star
        if name and set(options) <= set(kind):
            bare = " ".join(word for word in name.split() if word.lower() not in kind)
            name = bare or "thing"
    return Choice(name, options) if name and known and len(options) > 1 else None


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


def _rank(found: re.Match[str]) -> Rank | None:
    """Two things by name or, of things of one kind, by an attribute: "which star is bigger, the red or the blue
    one?"."""
    noun = singular(plain(found["noun"] or "thing")).lower()
    noun = "thing" if noun in ("one", "of", "shape", "object", "two") else noun
    pair = (found["a"], found["b"]) if found["a"] else (found["c"], found["d"])
    attributes = {*COLOURS, *SIZES, *_SPOTS}
    names = [f"{said} {noun}" if set(plain(said).lower().split()) <= attributes else said for said in pair]
    a, b = (_name(name) for name in names)
    words = re.findall("[a-z]+", (found["most"] or found["more"]).lower())
    end = next((_ENDS[word] for word in reversed(words) if word in _ENDS), None)
    return Rank(a, b, end) if a and b and end else None


def _name(words: str) -> str | None:
    """A phrase that boxes can settle ("the red circle" -> "red circle", "the left star"), or None for other words."""
    words = plain(words)
    several = re.sub(rf"^(?:{'|'.join(NUMBERS[2:9])}|both)(?: of the)? (?=[a-z ]+s$)", "", words, flags=re.IGNORECASE)
    words = several if read(several).pick is None else words
    return words if all(map(_is_bare, read(words).names)) else None


def _what_is(found: re.Match[str]) -> What | None:
    """What is the thing that is named by its place or its colour only?"""
    said = found["colour"] or found["thing"]
    kind = "things" if (found["be"] or "").lower() == "are" else "thing"  # "which are red?"
    name = _name(f"{said} {kind}" if said.lower() in COLOURS else said)
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


def _is_bare(name: str) -> bool:
    """Whether words are nothing but the name of a thing."""
    parts = name.lower().split()
    if not parts:
        return False
    named = bool(re.fullmatch(r"[\w' -]+", name)) and "of" not in (parts[0], parts[-1])
    return named and not _NO_NAMES & {form for part in parts for form in (part, singular(part))}


def _direction(word: str) -> Direction:
    word = word.lower()
    if word in ("left", "right"):
        return "left" if word == "left" else "right"
    if "left" in word or "right" in word:  # "further left than"
        return "left" if "left" in word else "right"
    up = ("above", "over", "on top of", "higher than", "higher up than", "further up than", "upper")
    return "above" if word in up else "below"
