"""What was typed, written out: the turn without short forms, tags and detours, in the words that the rest reads."""

from __future__ import annotations

import re
from collections.abc import Callable

from vlp_graph.dialogue.pictures import PAGE
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SHAPES, SIZES, plural, singular

_TRAITS = "|".join((*COLOURS, *SIZES))
_NUMBER = "|".join(NUMBERS[1:])
_CONTRACTED = re.compile(
    r"\b(?P<word>what|where|how|who|which|that|there|here|it|(?<=which )one|everything|colou?r|shape|size)(?:'s| "
    r"'s)(?= (?!of\b|"
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
    "thats": "that is",
    "nd": "and",
    "n": "and",
    "thr": "there",
    "abt": "about",
    "hav": "have",
    "wher": "where",
    "isnt": "isn't",
    "arent": "aren't",
    "dont": "don't",
    "doesnt": "doesn't",
    "wasnt": "wasn't",
    "wee": "small",
    "colr": "colour",
    "clr": "colour",
}
_TYPED_WORD = re.compile(rf"(?<![\w'])(?:{'|'.join(_TYPED)})(?![\w'])", re.IGNORECASE)


_POLITE = re.compile(r"(?:,\s*|\b)(?:please|kindly)\b,?(?!\w)\s?(?=\S)|[, ]+(?:please|kindly)(?=\W*$)", re.IGNORECASE)
_REASON = re.compile(
    r",? (?:so (?:that )?(?:i|we|you|she|he|they|everyone|people|(?:my|the|our|his|her) [a-z]+) (?!are\b|is\b|have\b|"
    r"has\b)[a-z']+\b|"
    r"because\b|(?:and "
    r")?i need (?:it\b|its )|need it\b|if it(?:'s| is) "
    r"no\b|or am i\b|"
    r"but do check|and nothing else|if i may(?: ask)?|i can never|i keep)[^?.!,]*(?:(?P<end>[?.!]*)$|(?=, (?:and|"
    r"then|but) ))",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"(?:[ ,]+(?:at all|really|instead|somewhere|anywhere|actually|all together|altogether|in all|i mean|tho|though|"
    r"this time|right "
    r"now|by any chance|do you think|"
    r"nothing else|that's all|only (?:that|those)|if (?:you can|possible|you could|you don't mind)|(?:is|are|does|do|"
    r"did)n'?t (?:it|they|there)|(?<=,)(?: and)? "
    r"(?:is|are) (?:it|they|there)|(?<=, )right|lol|"
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


_GENERIC = re.compile(
    r"(?P<before>\b(?:the|an?|all|any|each|every|both|many|of|which|what|no|other|total|bigger|smaller|larger|"
    rf"{'|'.join((*COLOURS, *SIZES, *NUMBERS[1:]))}|"
    r"\d+|biggest|smallest|largest|leftmost|rightmost|left|right|top|bottom|middle|first|second|third|fourth|last) )"
    r"(?:item|element|piece|figure|part|bit|symbol|icon|form|instance)(?P<s>s?)\b(?! (?:of|is it|in common)\b)",
    re.IGNORECASE,
)
_CORNER = re.compile(
    rf"\b(?P<thing>(?:thing|shape|object|one|{'|'.join(SHAPES)})(?:e?s)?),? (?P<corner>(?:top|bottom|upper|lower)[ "
    r"-](?:left|right))\b",
    re.IGNORECASE,
)
_SHAPED = re.compile(
    rf"\b(?P<shape>{'|'.join(SHAPES)})[ -](?:shaped? )?(?:sticker|marker|icon|symbol|shape|button|tile|piece|sign|"
    r"charm|bead|pin|stamp|brooch|print|decal|magnet|counter|cookie|"
    r"biscuit|pendant|bit|block|card|logo|"
    r"patch|token|badge|cutout|thing|object|"
    r"figure|element|item)(?P<s>(?:e?s)?)\b",
    re.IGNORECASE,
)
_NO_THING = re.compile(
    r"^(?:so |and )?no (?P<thing>[a-z ]{3,30}?) (?:anywhere|at all|here|in (?:it|here|there|this(?: one| picture)?))"
    r"\W*$",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    rf"^(?:so |and |but |there is )*nothing (?P<trait>(?:(?:{_TRAITS})\b ?)+)"
    r"(?:in (?:it|here|there|this(?: one| picture)?)|here|there|anywhere|at all|then|,? (?:is|are) there|[ ,])*\W*$",
    re.IGNORECASE,
)
_ASIDE_FROM = re.compile(
    r"^(?:and |so |but )?(?:besides|apart from|aside from|other than|except(?: for)?) (?P<known>(?:the|that|this|those|"
    r"these) [a-z ]{2,40}?), (?P<ask>is there|are there|do you see|can you see) (?:another|an?|any(?: other)?) "
    r"(?P<thing>[a-z ]{2,30}?)(?P<end>\W*)$",
    re.IGNORECASE,
)
_ONE_ISNT = re.compile(
    r"^(?:so |and |but )?one of (?:the|these|those|my|our) (?P<those>[a-z ]{2,30}?s) (?:is|looks)(?P<not> not|n't)? "
    rf"(?:an? )?(?P<said>{'|'.join((*COLOURS, *SIZES, *SHAPES))})\W+(?:and |so |can you |could you |would you )*"
    r"(?P<do>box|outline|mask|find|mark|trace|highlight|show|locate|segment)(?: me)? (?:it|that one|which(?: "
    r"one)?)\W*$",
    re.IGNORECASE,
)
_ONE_EACH = re.compile(
    r"\b(?P<what>(?:box|outline|mask|frame|ring)(?:e?s)? (?:on|around|round|for)) (?P<thing>[^,.?!]{2,40}?),? and "
    r"(?:one|another)(?: one)? (?:on|around|round|for) ",
    re.IGNORECASE,
)
_RIGHT_AT = re.compile(
    r"\b(?:(?:right|way|all the way|just|over|up|down|out) )+(?=(?:at|in|on|to|near) the (?:very |far )?(?:top|"
    r"bottom|left|"
    r"right|middle|centre|center|upper|lower|corner)\b)",
    re.IGNORECASE,
)
_PART_OF_IT = re.compile(
    r"\b(?P<where>(?:in|at|on) the (?:very )?(?:(?:top|bottom|upper|lower|left|right|middle|centre|center)[ -]?){1,2}"
    r"(?:corner|edge|half|part|quarter)?)(?<! ) ?of it\b",
    re.IGNORECASE,
)
_COMMENTED = re.compile(
    r"^(?P<ask>(?:[a-z]+ ){0,4}?(?:box|outline|mask|find|mark|trace|highlight|show|locate|segment|count|point out|"
    r"select|cut "
    r"out|frame|how many|tally|tell me)\b[^,;.]{3,60}?)(?:,| -|;) ?(?:it(?:'s| is)|they(?:'re| are)|that(?:'s| is)|"
    r"i(?:'m| am| want|"
    r" need| "
    r"can'?t| have| think)|we(?:'re| are| want| need)|my [a-z]+ (?:wants?|needs?|can'?t)|[a-z]+ (?:wants?|needs?)) "
    r"(?![^,.?!]*\b(?:left|right|top|bottom|above|below|next|behind|near|under|beside|between|corner)\b)[^?!]{2,80}$",
    re.IGNORECASE,
)
""" "Outline the sky, i want to swap it": why something is asked for, after it."""
_APPOSED = re.compile(
    rf"\bthe (?:other )?(?P<noun>(?:{'|'.join(SHAPES)}|thing|shape|object)(?:e?s)?)(?: for me)?, (?:the|that) "
    r"(?P<said>[a-z -]{2,30}?) one(?=\W*$)",
    re.IGNORECASE,
)
""" "The other heart, the little one"."""
_THAT_IS = re.compile(
    rf"\b(?P<noun>(?!one\b|any|some|every|all\b)[a-z]+) (?:that|which)(?: is|'s| are) (?P<said>{_TRAITS})\b(?! "
    r"(?:and|or)\b|[a-z -]* than\b)",
    re.IGNORECASE,
)
""" "The shapes that are purple"."""
_ELSE = re.compile(
    r"^(?:and |so )?(?:what|which) (?:else|other (?:things?|shapes?|objects?)) (?:is|are|do you see)(?: there)?(?: "
    r"(?:on|in) "
    r"(?:it|here|there|this one|(?:the|this|that) (?:picture|image|photo)))? (?:besides|other than|apart from|aside "
    r"from|"
    r"except(?: for)?) (?P<known>(?:the|that|those) [a-z ]{2,40}?)(?P<end>\W*)$",
    re.IGNORECASE,
)
_SIDE_OR_SIDE = re.compile(
    r"(?<=, )(?:the )?one on the (?P<a>left|right|top|bottom)(?: side)? or (?:the )?(?:one )?(?:on )?(?:the )?"
    r"(?P<b>left|right|top|bottom)(?: side)?(?=\W*$)",
    re.IGNORECASE,
)
_WHOLE = r"picture|image|photo|photograph|pic|scene|one|time|moment|same|first|second|third|other|last|next|rest"
_FOR_WHAT = re.compile(
    r"(?<!same)(?<!look)(?<!looking)(?<!search)(?<!searching)(?<!about)(?<!do)(?<!again)(?<!that)(?<!question),? for "
    r"(?:the|"
    rf"my|our|his|her|their) (?!(?:[a-z]+ )*(?:{'|'.join(SHAPES)}|thing|shape|object|{_WHOLE})(?:e?s)?\b)[a-z]+(?: "
    r"[a-z]+){0,2}(?=\W*$)",
    re.IGNORECASE,
)
""" "Outline the star for the folder icon": what something is asked for."""
_FOR_FIRST = re.compile(
    rf"^for (?:the|my|our|a|his|her) (?!(?:[a-z]+ )*(?:{'|'.join(SHAPES)}|thing|shape|object|"
    rf"{_WHOLE})(?:e?s)?\b)[a-z]+(?: "
    r"[a-z]+){0,2}[:,] (?=\w)",
    re.IGNORECASE,
)
_SO_MANY = re.compile(
    rf"^(?:so |and |ok |then )*(?P<number>{'|'.join(NUMBERS[1:])}|\d+|no) (?P<thing>[a-z ]{{3,30}}?)(?: in total| "
    r"altogether|"
    r" in all| here| there)?, (?:correct|right|yes|is that right|am i right|is (?:it|that) correct)\W*$",
    re.IGNORECASE,
)
_OWN = re.compile(
    rf"\b(?:my|our|his|her|their|your) (?=(?:(?:{_TRAITS}) )*(?:{'|'.join(SHAPES)})(?:e?s)?\b)",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"\b(?P<do>(?:box|outline|mask|find|mark|trace|highlight|show|locate|segment|frame|circle|count|detect)(?: me)?) "
    r"every(?: "
    rf"single)? (?P<thing>(?:(?:{_TRAITS}) )*[a-z]{{3,}})(?=\W|$)",
    re.IGNORECASE,
)
_NO_WHOLE = "|".join((*SHAPES, *_WHOLE.split("|"), "thing", "object", "shape", "case", "way", "order", "row", "column"))
_NO_WHOLE += "|corner|side|half|part"
_ON_THIS = re.compile(
    r"(?P<before>\b(?!(?:is|are|was|what|there|it|they|that|look|looking|going|happening|see|written|shown|sits|lies|"
    r"and|"
    r"but|so|now|only|right|done|works?|try)\b)[a-z']+),? (?:on|in) this (?!very\b)"
    rf"(?!(?:[a-z]+ )?(?:{_NO_WHOLE})\b)(?:[a-z]+ )?(?!(?:{_TRAITS})\b)[a-z]{{3,}}"
    rf"(?=\W*$| and\b|,| (?:is|are|{_TRAITS})\b)",
    re.IGNORECASE,
)
""" "The cross on this pharmacy sign": the sign is the picture."""
_PUT_THERE = re.compile(
    r"\b(?P<what>(?:which|what)(?: (?:shape|thing|object))?) (?:have|has|did|had) (?:they|he|she|we|i|you|somebody|"
    r"someone|[a-z]+) "
    r"(?:put|placed|place|drawn|draw|painted|paint|stuck|hidden|hide) (?P<where>(?:(?:in|at|on) the )?(?:very "
    r")?(?:top|bottom|left|"
    r"right|middle|centre|center)[a-z -]{0,12}?)(?P<end>\W*)$",
    re.IGNORECASE,
)
_OF_TWO = re.compile(
    r"\bwhich(?: one)? of (?:these|those|the) two (?:is|lies|sits|looks|appears) (?:the )?(?:further|furthest|"
    r"farther|farthest) "
    r"(?:to the |on the )?(?P<way>left|right|up|down)\b",
    re.IGNORECASE,
)
_FURTHEST = {"left": "leftmost", "right": "rightmost", "up": "highest", "down": "lowest"}
_AFTER = re.compile(
    r"^(?:so |hi |hello |ok |and |well |,)*i(?:'m| am)(?: just| really)? (?:after|looking for|searching for|hunting "
    r"for|trying to (?:"
    r"find|spot|locate)) (?P<thing>[^.?!;]{2,80}?)(?:,? (?:but )?(?:i )?(?:cant|can't|cannot) (?:see|find|spot) "
    r"(?:it|them|one)"
    r"[^.?!]{0,20})?\W*$",
    re.IGNORECASE,
)
_CORNER_THING = re.compile(
    r"^(?:and |so )?(?:in |at )?(?:the )?(?P<corner>(?:top|bottom) (?:left|right))(?: corner)?, (?P<what>(?:what|"
    r"which)(?: shape| "
    r"colou?r| size)?) is (?:that|it|there)\W*$",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    r"^(?:please |can you |could you )*(?:restrict|limit|reduce|narrow)(?: (?:the|it|them|that|this|those))?(?: "
    r"(?:boxes|outlines|"
    r"masks|selection|marks))?(?: down)? to (?:just |only )?(?P<thing>.+)$",
    re.IGNORECASE,
)
_BESIDES = re.compile(
    r"\bhow many (?P<thing>[a-z ]{1,30}?) (?:are|is) there,? (?:besides|other than|apart from|except(?: for)?|not "
    r"counting) (?P<not>[a-z ]+?)(?=\W*$)",
    re.IGNORECASE,
)
_SOMETHING = re.compile(rf"\bsomething (?P<trait>{_TRAITS})\b", re.IGNORECASE)
_SHEET = re.compile(
    r"\b(?P<lead>(?:in|on|of|from|at|to|about|with|is|see|show|here is|look at|shows|had|have|did|does|for) (?:the|"
    r"this|that|my|our|his|her|their|a|"
    r"another) (?:(?:very |)(?:first|second|third|last|previous|earlier|other|new|next|whole|full|entire|original) )?)"
    rf"(?:{PAGE})\b(?! or\b)",
    re.IGNORECASE,
)
_A_BIT = re.compile(r"^(?:a|the other|other|each|every) $", re.IGNORECASE)
_SAID_SO = re.compile(
    r"(?:^|(?<=[.!] ))(?:so |and |but )?(?:is it (?:true|right|correct|so)|"
    r"would (?:it be|i be) (?:true|right|correct)(?: (?:to say|in saying))?|"
    r"true or false|(?:can|could) you (?:confirm|check|tell me)|confirm|check|am i right(?: in (?:saying|thinking))?|"
    r"do you "
    r"agree)\b[:,]? (?:that |whether |if )?(?P<subject>there|(?:the|both|all|every|one of|some of|these|those|this|"
    r"that|it|they)\b"
    r"[^,?]{0,60}?) (?P<verb>is|are|was|were|has|have|looks?) (?P<rest>[^?]{1,80})\?*$",
    re.IGNORECASE,
)
_RIGHT = re.compile(
    r"(?:^|(?<=[.!] ))(?:so |and |but )?(?:i (?:think|thought|believe|guess|reckon|suppose|say|see)(?: that)? |surely "
    r")?(?P<subject>there|(?:the|both|all|every\w*|"
    r"one of|some of|these|those|this|that|it|they)\b[^,?.]{0,60}?) (?P<verb>is|are|was|were|looks?) "
    r"(?P<rest>[^,?.]{1,60}?)(?: to me)?"
    r"[,.?!]+ ?(?:is (?:it|that|this) (?:correct|right|true|so)|am i right|right|correct|true|yes|yeah|no|eh|innit|"
    r"(?:is|are|was|were)n'?t "
    r"(?:it|they|there|he|she)|(?:is|are) (?:it|they)(?: not)?)\W*$",
    re.IGNORECASE,
)
_WITH_BOXES = re.compile(
    r"\b(?:show|mark|highlight|point out|indicate|flag)(?: me)? (?P<what>.{1,80}?) (?:with|by|using) (?:an? |some "
    r")?(?:bounding )?(?:box|"
    r"rectangle|frame)(?:es|s)?\b",
    re.IGNORECASE,
)
_OF_THE = re.compile(
    r"^(?:and )?(?:out )?of the (?P<those>[a-z ]{1,40}?),? how many (?P<verb>are|is) (?P<what>.+)$", re.IGNORECASE
)
_OF_THOSE = re.compile(
    r"^(?:and |so |now |ok )*of (?:(?:the|those|these|all the) )?(?P<those>(?:two |three |four "
    r")?(?!colou?r)[a-z]*(?: ?[a-z]+)?"
    r"(?:s|two|three|four|those|these|them)),? (?P<which>which|what)(?: one)? (?=is|has)",
    re.IGNORECASE,
)
""" "Of the two hearts, which is bigger?"."""
_BOTH_DONE = re.compile(
    r"\b(?P<one>box|mark|find|outline|mask|segment|trace|count|highlight|frame) (?:it |them )?(?:and|&) (?:also )?"
    r"(?P<other>box|mark|outline|mask|segment|trace|count|highlight|frame|colou?r) (?P<thing>(?:the|all|both|every|"
    r"any|that|"
    r"those|each|my)\b[^,.?!]{2,60})",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:i want|i'd like|i would like|i need|can (?:i|we) (?:have|get)|could (?:i|we) (?:have|get)|can you get|get "
    r"me|"
    r"please have) (?P<what>(?:the|both|all|every|each|just|only|my|that|those)\b[^,.?!]{2,50}?) (?P<how>outlined|"
    r"boxed|"
    r"masked|marked|counted|highlighted|framed|traced|segmented|cut out)\b",
    re.IGNORECASE,
)
_DOING = {"boxed": "box", "marked": "mark", "counted": "count", "framed": "frame", "traced": "trace"}
_DOING |= {
    "outlined": "outline",
    "masked": "mask",
    "highlighted": "highlight",
    "segmented": "segment",
    "cut out": "cut out",
}
_NUMBERED = re.compile(
    r"^(?:(?:ok|okay|now|and|next)[, ]+)*(?:sample|item|test|case|task|exercise|question|example|card|sheet|no\.?|"
    r"number|"
    r"round|set|page) ?#?(?:\d+|one|two|three)[:.,] (?=\w)",
    re.IGNORECASE,
)
_PLACED_TOPIC = re.compile(
    r"^(?P<lead>(?:and |so |now )*(?:the|that|my) [a-z ]{3,40}?) (?P<where>in (?:the|that|my) [a-z]+ (?:picture|"
    r"image|photo|"
    r"pic)|in (?:picture|image|photo|pic) (?:one|two|three|\d)), (?P<rest>[^,?.!]{3,60}(?:, "
    r"[^,?.!]{3,30})*?)(?P<end>\W*)$",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^(?:and |now |can you |could you |would you )*(?:list|name|enumerate)(?: me)?(?: (?:all|every|each|the|of|"
    r"different))*"
    r" (?:things?|objects?|shapes?|items?|elements?|everything)(?: (?:that )?(?:you (?:can )?see|(?:here|there)|"
    r"(?:in|on) (?:it|here|there|(?:the|this) (?:picture|image|photo))|(?:with|and|plus|by) (?:their |the |its )?"
    r"(?:colou?rs?|sizes?)(?: and (?:colou?rs?|sizes?))?))*\W*$",
    re.IGNORECASE,
)
_WAS = re.compile(
    r"(?P<before>^|\b(?:what|which|where|how many|colou?r|shape|size|who|whereabouts)\b[a-z ]{0,30}?)\b(?P<was>was|"
    r"were)\b"
    r"(?= (?:there|the|it|they|any|that|this|all|both|one|some|on|at|in)\b)",
    re.IGNORECASE,
)
_SAME_NOUN = re.compile(
    rf"\b(?P<first>(?:{_TRAITS}) (?P<noun>(?!one|and|or)[a-z]{{3,20}}?)(?P<s>e?s)?) "
    r"(?P<link>and|or|than) (?P<the>the )?"
    rf"(?P<second>{_TRAITS}) ones?\b",
    re.IGNORECASE,
)

LONGEST = 400
"""Characters of a text that is written out; a longer one is no plain request."""


def _is_there(found: re.Match[str]) -> str:
    """ "Which shape have they put bottom right?" -> "which shape is at the bottom right?"."""
    where = found["where"]
    where = where if re.match(r"(?:in|at|on) ", where, re.IGNORECASE) else f"at the {where}"
    return f"{found['what']} is {where}{found['end']}"


def _the_one(found: re.Match[str]) -> str:
    """ "One of these squares isn't blue, box it" -> "box the square other than the blue"."""
    kind, said = singular(found["those"]), found["said"].lower()
    if found["not"]:
        return f"{found['do']} the {kind} other than the {said}"
    return f"{found['do']} the {said}" if said in SHAPES else f"{found['do']} the {said} {kind}"


def _politely(found: re.Match[str]) -> str:
    """What stands in the place of "please": a comma where it parted clauses."""
    parts = found[0].startswith(",") and found.string[found.end() : found.end() + 1].isalnum()
    return ", " if parts and found.start() else ""


def _asked(found: re.Match[str]) -> str:
    """ "the star is red, right?" -> "is the star red?"."""
    verb = found["verb"].lower()
    if verb.startswith("look"):
        verb = "are" if re.match(r"both|all|these|those|they", found["subject"], re.IGNORECASE) else "is"
    subject = re.sub(r" (?:here|there|in (?:the|this) (?:picture|image|photo))$", "", found["subject"], flags=re.I)
    return f"{verb} {subject} {found['rest'].rstrip(' .!,')}?"


def _generic(found: re.Match[str]) -> str:
    """ "red items" -> "red things", but "a bit", "each part"."""
    before = found.string[: found.start()]
    if found[0].lower().endswith(" part") and re.search(r"\b(?:in|at|on) the (?:[a-z]+ )?$", before, re.IGNORECASE):
        return found[0]  # "in the bottom left part"
    return found[0] if _A_BIT.match(found["before"]) else f"{found['before']}thing{found['s']}"


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_REWRITES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_TYPED_WORD, lambda m: _TYPED[m[0].lower()]),
    (_pattern(r"^[.\u2026,;:\s-]+(?=\w)"), ""),
    (_CONTRACTED, r"\g<word> is"),
    (_NO_THING, r"is there a \g<thing>?"),
    (_pattern(r"\b(?:and )?i don't (?:suppose|think) (?:that )?there (?:is|are) "), "is there "),
    (_pattern(rf"\b({'|'.join(SHAPES)})z\b"), lambda m: plural(m[1])),
    (
        _pattern(rf"\bround (?P<colour>(?:(?:{_TRAITS}) )*)(?:one|thing|shape|object)(?P<s>s?)\b"),
        r"\g<colour>circle\g<s>",
    ),
    (_pattern(r"\bthe only (?=(?:thing|shape|one|object)\b)"), "the "),
    (
        _pattern(r"\b(?P<is>is|are) (?:the )?(?P<corner>(?:top|bottom|upper|lower)[ -](?:left|right))(?=\W*$)"),
        r"\g<is> at the \g<corner>",
    ),
    (_pattern(r"\bon (?=(?:left|right) side\b)"), "on the "),
    (_pattern(r"\b(?P<at>in|on) this (?:figure|quilt|snap|set|shot)\b"), r"\g<at> this picture"),
    (
        _pattern(
            r"^(?P<lead>(?:and |so |wait )*)is (?:that|this|it) (?P<thing>an? [a-z ]{2,30}?) (?:that )?(?:i|we) (?:can "
            r")?see\b"
        ),
        r"\g<lead>is there \g<thing>",
    ),
    (_SIDE_OR_SIDE, r"the \g<a> one or the \g<b> one"),
    (_ELSE, r"what are the things other than \g<known>\g<end>"),
    (_APPOSED, r"the \g<said> \g<noun>"),
    (_THAT_IS, r"\g<said> \g<noun>"),
    (_FOR_FIRST, ""),
    (_FOR_WHAT, ""),
    (_SO_MANY, r"are there \g<number> \g<thing>?"),
    (_OWN, "the "),
    (
        _pattern(
            r"^(?P<asked>(?:and |so )?(?:which|what) (?!is\b|one\b|of\b)[a-z]+\b.{0,60}?\b(?:biggest|smallest|"
            r"largest|highest|"
            r"lowest|(?:left|right|top|bottom)most)) of (?:them|these|those)(?=\W*$)"
        ),
        r"\g<asked>",
    ),
    (_EVERY, lambda m: f"{m['do']} all the {plural(m['thing'])}"),
    (_ON_THIS, r"\g<before>"),
    (
        _pattern(
            r"\b(?:(?:in the |smack |bang |right )*dead|(?:smack|bang)(?: in the)?) (?P<where>centre|center|middle)\b"
        ),
        r"in the \g<where>",
    ),
    (_PUT_THERE, _is_there),
    (_OF_TWO, lambda m: f"which one is the {_FURTHEST[m['way'].lower()]}"),
    (_pattern(r"\b(?P<any>any|how many) (?P<thing>[a-z ]{3,30}s) left\b(?! of| side| or)"), r"\g<any> \g<thing>"),
    (_AFTER, r"find \g<thing>"),
    (_CORNER_THING, r"\g<what> is the thing at the \g<corner>?"),
    (_LIMITED, r"only \g<thing>"),
    (_pattern(rf"\bsomething ({'|'.join(SHAPES)})[- ]shaped\b"), r"a \1"),
    (_pattern(rf"\b({_TRAITS}) 1\b"), r"\1 one"),
    (_pattern(r"\bwhich(?: one)? of (?:them|those|these) is (?=the [a-z]+ one\b)"), "which is "),
    (_pattern(r"^(?P<x>[a-z ]{2,30}s)\?+ how many(?P<end>\W*)$"), r"how many \g<x> are there\g<end>"),
    (_pattern(r" (?:hiding|hidden|lurking) (?=(?:on|in|around) (?:there|here|it)\b)"), " "),
    (
        _pattern(r"^(?P<ask>(?:and |so |but )*(?:is|are) there (?:any|an?|some)[a-z ]*?) (?:in|on) it(?P<end>\W*)$"),
        r"\g<ask>\g<end>",
    ),
    (_NOTHING, r"is there anything \g<trait>?"),
    (_ONE_ISNT, _the_one),
    (_ASIDE_FROM, r"\g<ask> a \g<thing> other than \g<known>\g<end>"),
    (_ONE_EACH, r"\g<what> \g<thing> and "),
    (_RIGHT_AT, ""),
    (
        _pattern(r"\b(?P<at>along the (?P<side>top|bottom|left|right))(?: edge| side)?\b"),
        lambda m: f"{'at' if m['side'].lower() in ('top', 'bottom') else 'on'} the {m['side']}",
    ),
    (_pattern(rf"\b({_TRAITS}) stuff\b"), r"\1 things"),
    (_pattern(r"(?<![\w'])'?em\b"), "them"),
    (_SOMETHING, r"anything \g<trait>"),
    (_SHEET, r"\g<lead>picture"),
    (_COMMENTED, r"\g<ask>"),
    (_RIGHT, _asked),
    (_SAID_SO, _asked),
    (_WAS, lambda m: f"{m['before']}{'is' if m['was'].lower() == 'was' else 'are'}"),
    (_POLITE, _politely),
    (_REASON, lambda m: m["end"] or ""),
    (_TAG, r"\g<end>"),
    (
        _pattern(
            r"(?P<what>\w)[ ,]+(?:really|instead|somewhere|anywhere|exactly|precisely|actually|by now|at the "
            r"moment)(?P<end>\?+)"
            r"(?= |$)"
        ),
        r"\g<what>\g<end>",
    ),
    (_pattern(r"\b(picture|image|photo|pic|one)'s got\b"), r"\1 has"),
    (_pattern(r"\b(how many [a-z ]{1,40}?) (?:is|are) (?:that|those|these|they)\b"), r"\1 are there"),
    (_pattern(r"\bwhich of the ([a-z]{3,20})s (?=is\b|has\b|are\b)"), r"which \1 "),
    (
        _pattern(r"\bhow many ([a-z ]{1,40}?)(?: that| which)? (?:are not|aren'?t|isn'?t|are n't) "),
        r"how many \1 other than the ",
    ),
    (_pattern(r" or (?:is|are) (?:it|they) "), " or "),
    (_NUMBERED, ""),
    (_OF_THOSE, r"\g<which> of the \g<those> "),
    (_pattern(r"\b(?:please )?do the needful(?: and)?\b ?"), ""),
    (_BOTH_DONE, r"\g<one> \g<thing> and \g<other> \g<thing>"),
    (_DONE, lambda m: f"{_DOING[m['how'].lower()]} {m['what']}"),
    (
        _pattern(
            r"(?<=\w) (?:that|which) (?:i|we|you)(?:'ve| have| might have| may have)? (?:overlooked|missed|forgot|see|"
            r"can see|spotted)\b"
            r"(?=\W*$)"
        ),
        "",
    ),
    (
        _pattern(
            r"^(?P<thing>[a-z][a-z -]{2,30}s(?: (?:in|on|at) (?:the|this|that|my) [a-z]+)?)[:,] how many(?P<end>\W*)$"
        ),
        r"how many \g<thing> are there\g<end>",
    ),
    (
        _pattern(r"^(?P<ask>(?:and |so |but )?(?:what|which|how|where|who)\b[^?]*?),? again(?P<end>\W*)$"),
        r"\g<ask>\g<end>",
    ),
    (
        _pattern(r"\b(?P<which>which|what)(?: one)? of (?:those|these|them|the)(?: two)? (?=is\b[^?]*\bor\b)"),
        r"\g<which> ",
    ),
    (
        _pattern(rf"\bthe (?P<a>{_TRAITS}) or the (?P<b>{_TRAITS})(?=\W*$)"),
        r"the \g<a> one or the \g<b> one",
    ),
    (
        _pattern(r"^(?P<x>(?:the|my|that) [^.?!]{2,60})[.,:;]+ ?where(?: is it|abouts)?(?P<end>\W*)$"),
        r"where is \g<x>\g<end>",
    ),
    (_PLACED_TOPIC, r"\g<lead>, \g<rest> \g<where>\g<end>"),
    (
        _pattern(
            r"\b(?P<what>(?:what|which) colou?r) is (?:there )?(?P<where>(?:at|on|in) the [a-z]+(?: [a-z]+)?)(?=\W*$)"
        ),
        r"\g<what> is the thing \g<where>",
    ),
    (
        _pattern(rf"\bhow many ([a-z ]{{1,30}}?) (?:there are|are there) (?:that|which) are ({_TRAITS})\b"),
        r"how many \2 \1 are there",
    ),
    (_pattern(r"\b(?:tap|click|press|touch)(?: on)? (?=(?:the|all|every|both|that|those|each)\b)"), "point to "),
    (
        _pattern(
            r"\b(?:give|tell|get) me (?:the|a) (?:number|count|total|tally|headcount)(?: of (?:them|those|these))?"
            r"(?=\W*$)"
        ),
        "how many are there",
    ),
    (_LIST, "describe the picture"),
    (_WITH_BOXES, r"box \g<what>"),
    (_OF_THE, r"how many of the \g<those> \g<verb> \g<what>"),
    (_pattern(r"\bvery (?=first\b|last\b)"), ""),
    (_pattern(r"^(?:and |ok )?box where\W*$"), "where is it?"),
    (_pattern(r"\b(?:instances?|examples) of (?=[a-z]+s\b)"), ""),
    (_SAME_NOUN, lambda m: f"{m['first']} {m['link']} {m['the'] or ''}{m['second']} {m['noun']}{m['s'] or ''}"),
    (_pattern(r" out of (?:those|them|these|the lot|all of them)\b"), ""),
    (
        _pattern(r"^(?P<do>(?:trace|outline|find|count|box|mask|segment|highlight)\b.{1,60}s?) on it(?P<end>\W*)$"),
        r"\g<do>\g<end>",
    ),
    (_BESIDES, r"how many \g<thing> other than \g<not> are there"),
    (_SHAPED, lambda m: plural(m["shape"]) if m["s"] else m["shape"]),
    (_PART_OF_IT, r"\g<where>"),
    (_GENERIC, _generic),
    (
        _pattern(
            r"\b(?P<what>what (?:shape|colou?r|size)) (?:might|could|would|may) "
            r"(?P<it>it|that|this|they|the [a-z ]{2,30}?) be(?=\W*$)"
        ),
        lambda m: f"{m['what']} {'are' if m['it'].lower() == 'they' else 'is'} {m['it']}",
    ),
    (
        _pattern(
            rf"^(?P<lead>(?:and |so |but )?)(?:all|both) (?:(?:of )?(?:them|those|these) )?"
            rf"(?:are )?(?P<said>{_TRAITS})\W*\?$"
        ),
        r"\g<lead>are they all \g<said>?",
    ),
    (
        _pattern(
            r"^(?P<lead>(?:and |so |but )?what) else (?:is|are) (?:there )?"
            r"(?:(?:in|on) (?:it|here|this|the picture) )?(?:that|which) (?:is not|isn't|aren't) "
        ),
        r"\g<lead> is the thing other than the ",
    ),
    (
        _pattern(rf"^(?:and )?of which (?:are )?(?P<said>{_TRAITS})(?P<end>\W*)$"),
        r"how many of them are \g<said>\g<end>",
    ),
    (
        _pattern(
            rf"^(?P<lead>(?:so |and )?)(?:is|are) there (?:{_NUMBER}) (?P<noun>[a-z]+(?: [a-z]+)?) or (?:{_NUMBER})"
            r"(?: [a-z]+){0,2}(?P<end>\W*)$"
        ),
        lambda m: f"{m['lead']}how many {plural(m['noun'])} are there{m['end']}",
    ),
    (
        _pattern(
            r"^(?:(?:and|now|ok|okay|so|please) )*(?:have a )?look at (?:this|that)(?: one)?(?: now)?[,.:;!]+ (?=\w)"
        ),
        "",
    ),
    (_pattern(r"^(?:and |so |ok )?what is there(?:,? (?:then|instead|now))?\W*$"), "describe the picture"),
    (
        _pattern(
            r"\bwhere (?P<what>(?:the|my|that|those) [a-z]+(?: [a-z]+)?) "
            r"(?:(?:is|are) (?:sitting|standing|lying|located|placed|hiding)|sits?|stands?|lies?)(?=\W*$)"
        ),
        r"where \g<what> is",
    ),
    (_pattern(r"\bwhatever(?:'s| is) (?=(?:in|on|at|to|above|below|under|next|left|right|beside)\b)"), "the thing "),
    (
        _pattern(
            r"(?P<which>\bwhich (?:picture|image|photo|pic|one) )(?:has|had|have|got) "
            r"(?P<what>[^,?.!]{2,60}?)(?: in it)?, "
            r"(?:the )?(?:first|1st)(?: one)? or (?:the )?(?:second|2nd)(?: one)?(?=\W*$)"
        ),
        r"\g<which>has \g<what>",
    ),
    (
        _pattern(
            r"(?P<lead>^|(?<=[.!?] ))(?P<thing>the [a-z]+(?: [a-z]+)?)(?: here)?, (?:would|do) you (?:call|say) "
            r"(?:it|that)(?: is|'s)? (?=[^?]*\bor\b)"
        ),
        r"is \g<thing> ",
    ),
    (
        _pattern(r"^.*?\b(?:these|they|those) are (?:both|all) (?P<said>[a-z]+)[.,!]? are they(?P<end>\W*)$"),
        r"are they all \g<said>\g<end>",
    ),
    (_CORNER, r"\g<thing> at the \g<corner>"),
    (_OF_THE_PICTURE, r"\g<side>"),
    (_TOP_OF_THE_PICTURE, r"\g<side>"),
    (_AFTERTHOUGHT, r"\g<ask>\g<thing>\g<rest>\g<end>"),
)
"""What is looked for and what takes its place, one after the other: later ones read what earlier ones wrote."""


def written_out(text: str) -> str:
    """The text without contractions, the shortest of short forms, tags and afterthoughts: "whats", "pls", "is it red,
    the star?", "at all". A text that is too long to be a plain request is left as it is."""
    if len(text) > LONGEST:
        return text
    text = " ".join(text.replace("\u2019", "'").split())
    for pattern, instead in _REWRITES:
        text = pattern.sub(instead, text)
    return text
