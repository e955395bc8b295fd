"""What was typed, written out: the turn without short forms, tags and detours, in the words that the rest reads."""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re

from vlp_graph.dialogue.pictures import PAGE
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SHAPES, SIZES, plural, singular

_OFTEN_MISTYPED = (
    "circle square triangle rectangle purple yellow orange picture outline colour bottom middle biggest smallest "
    "largest "
    "bigger smaller number altogether describe"
).split()
"""Words that turns about pictures are made of, long enough that a word one slip away from them is one of them."""
SHORT = 6
"""Letters from which a word with one letter more or less is still taken for it."""
_NO_SLIPS = frozenset(("squire", "numbed", "bigged", "lumber"))


def mended(text: str) -> str:
    """The text with the words of plain requests spelled right where one letter is missing, doubled, another or swapped
    ("sqaure", "circel", "how meny")."""
    text = re.sub(r"\bhow m(?!any\b)(?:[aei]n[iey]|nay|any{2})\b", "how many", text, flags=re.IGNORECASE)
    forms = {form for word in (*_OFTEN_MISTYPED, *SHAPES) for form in (word, plural(word)) if len(form) > 4}

    def mend(found: re.Match[str]) -> str:
        typed = found[0].lower()
        if typed in _NO_SLIPS or typed in forms:
            return found[0]
        longer = (f for f in forms if len(typed) >= len(f) and typed.startswith(f[:-1]))  # "circled"
        if any(longer):
            return found[0]
        near = (f for f in forms if f[0] == typed[0] and _one_slip(typed, f, swapped=len(f) < SHORT))
        return next(near, found[0])

    return re.sub(r"[a-zA-Z]{5,12}", mend, text)


def _one_slip(a: str, b: str, *, swapped: bool = False) -> bool:
    """Whether one letter more, less or other, or two swapped, part the words; `swapped`: only the last."""
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[same:], b[same:]
    if a[:2] == b[1::-1] and a[2:] == b[2:]:
        return True
    return not swapped and (a[1:] == b or b[1:] == a or a[1:] == b[1:])


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
    rf"^(?:so |and |but |there is )*nothing (?P<trait>(?:(?:{'|'.join((*COLOURS, *SIZES))})\b ?)+)"
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
_TRAITS = "|".join((*COLOURS, *SIZES))
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
    rf"\b(?:my|our|his|her|their|your) (?=(?:(?:{'|'.join((*COLOURS, *SIZES))}) )*(?:{'|'.join(SHAPES)})(?:e?s)?\b)",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"\b(?P<do>(?:box|outline|mask|find|mark|trace|highlight|show|locate|segment|frame|circle|count|detect)(?: me)?) "
    r"every(?: "
    rf"single)? (?P<thing>(?:(?:{'|'.join((*COLOURS, *SIZES))}) )*[a-z]{{3,}})(?=\W|$)",
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
_SOMETHING = re.compile(rf"\bsomething (?P<trait>{'|'.join((*COLOURS, *SIZES))})\b", re.IGNORECASE)
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
    rf"\b(?P<first>(?:{'|'.join((*COLOURS, *SIZES))}) (?P<noun>(?!one|and|or)[a-z]{{3,20}}?)(?P<s>e?s)?) "
    r"(?P<link>and|or|than) (?P<the>the )?"
    rf"(?P<second>{'|'.join((*COLOURS, *SIZES))}) ones?\b",
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
    text = _CONTRACTED.sub(r"\g<word> is", re.sub(r"^[.\u2026,;:\s-]+(?=\w)", "", text))
    text = _NO_THING.sub(r"is there a \g<thing>?", text)
    text = re.sub(
        r"\b(?:and )?i don't (?:suppose|think) (?:that )?there (?:is|are) ", "is there ", text, flags=re.IGNORECASE
    )
    text = re.sub(rf"\b({'|'.join(SHAPES)})z\b", lambda m: plural(m[1]), text, flags=re.IGNORECASE)
    text = re.sub(
        rf"\bround (?P<colour>(?:(?:{_TRAITS}) )*)(?:one|thing|shape|object)(?P<s>s?)\b",
        r"\g<colour>circle\g<s>",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"\bthe only (?=(?:thing|shape|one|object)\b)", "the ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"\b(?P<is>is|are) (?:the )?(?P<corner>(?:top|bottom|upper|lower)[ -](?:left|right))(?=\W*$)",
        r"\g<is> at the \g<corner>",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"\bon (?=(?:left|right) side\b)", "on the ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"\b(?P<at>in|on) this (?:figure|quilt|snap|set|shot)\b", r"\g<at> this picture", text, flags=re.IGNORECASE
    )
    text = re.sub(
        r"^(?P<lead>(?:and |so |wait )*)is (?:that|this|it) (?P<thing>an? [a-z ]{2,30}?) (?:that )?(?:i|we) (?:can "
        r")?see\b",
        r"\g<lead>is there \g<thing>",
        text,
        flags=re.IGNORECASE,
    )
    text = _SIDE_OR_SIDE.sub(r"the \g<a> one or the \g<b> one", text)
    text = _ELSE.sub(r"what are the things other than \g<known>\g<end>", text)
    text = _THAT_IS.sub(r"\g<said> \g<noun>", _APPOSED.sub(r"the \g<said> \g<noun>", text))
    text = _SO_MANY.sub(r"are there \g<number> \g<thing>?", _FOR_WHAT.sub("", _FOR_FIRST.sub("", text)))
    text = _OWN.sub("the ", text)
    text = (
        re.sub(
            r"\b(?P<most>biggest|smallest|largest|highest|lowest|(?:left|right|top|bottom)most) of (?:them|these|"
            r"those)(?=\W*$)",
            r"\g<most>",
            text,
            flags=re.IGNORECASE,
        )
        if re.match(r"(?:and |so )?(?:which|what) (?!is\b|one\b|of\b)[a-z]+", text, re.IGNORECASE)
        else text
    )
    text = _EVERY.sub(lambda m: f"{m['do']} all the {plural(m['thing'])}", text)
    text = _ON_THIS.sub(r"\g<before>", text)
    text = re.sub(
        r"\b(?:(?:in the |smack |bang |right )*dead|(?:smack|bang)(?: in the)?) (?P<where>centre|center|middle)\b",
        r"in the \g<where>",
        text,
        flags=re.IGNORECASE,
    )
    text = _PUT_THERE.sub(_is_there, text)
    text = _OF_TWO.sub(lambda m: f"which one is the {_FURTHEST[m['way'].lower()]}", text)
    text = re.sub(
        r"\b(?P<any>any|how many) (?P<thing>[a-z ]{3,30}s) left\b(?! of| side| or)",
        r"\g<any> \g<thing>",
        text,
        flags=re.I,
    )
    text = _AFTER.sub(r"find \g<thing>", text)
    text = _CORNER_THING.sub(r"\g<what> is the thing at the \g<corner>?", text)
    text = _LIMITED.sub(r"only \g<thing>", text)
    text = re.sub(rf"\bsomething ({'|'.join(SHAPES)})[- ]shaped\b", r"a \1", text, flags=re.IGNORECASE)
    text = re.sub(rf"\b({_TRAITS}) 1\b", r"\1 one", text, flags=re.IGNORECASE)
    text = re.sub(r"\bwhich(?: one)? of (?:them|those|these) is (?=the [a-z]+ one\b)", "which is ", text, flags=re.I)
    text = re.sub(
        r"^(?P<x>[a-z ]{2,30}s)\?+ how many(?P<end>\W*)$", r"how many \g<x> are there\g<end>", text, flags=re.I
    )
    text = re.sub(
        r" (?:hiding|hidden|lurking) (?=(?:on|in|around) (?:there|here|it)\b)", " ", text, flags=re.IGNORECASE
    )
    text = re.sub(
        r"^(?P<ask>(?:and |so |but )*(?:is|are) there (?:any|an?|some)[a-z ]*?) (?:in|on) it(?P<end>\W*)$",
        r"\g<ask>\g<end>",
        text,
        flags=re.IGNORECASE,
    )
    text = _NOTHING.sub(r"is there anything \g<trait>?", text)
    text = _ONE_ISNT.sub(_the_one, text)
    text = _ASIDE_FROM.sub(r"\g<ask> a \g<thing> other than \g<known>\g<end>", text)
    text = _ONE_EACH.sub(r"\g<what> \g<thing> and ", text)
    text = _RIGHT_AT.sub("", text)
    text = re.sub(
        r"\b(?P<at>along the (?P<side>top|bottom|left|right))(?: edge| side)?\b",
        lambda m: f"{'at' if m['side'].lower() in ('top', 'bottom') else 'on'} the {m['side']}",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(rf"\b({'|'.join((*COLOURS, *SIZES))}) stuff\b", r"\1 things", text, flags=re.IGNORECASE)
    text = _SOMETHING.sub(r"anything \g<trait>", re.sub(r"(?<![\w'])'?em\b", "them", text, flags=re.IGNORECASE))
    text = _SHEET.sub(r"\g<lead>picture", text)
    text = _COMMENTED.sub(r"\g<ask>", text)
    text = _SAID_SO.sub(_asked, _RIGHT.sub(_asked, text))
    text = _WAS.sub(lambda m: f"{m['before']}{'is' if m['was'].lower() == 'was' else 'are'}", text)
    text = _REASON.sub(lambda m: m["end"] or "", _POLITE.sub(_politely, text))
    text = re.sub(
        r"(?P<what>\w)[ ,]+(?:really|instead|somewhere|anywhere|exactly|precisely|actually|by now|at the "
        r"moment)(?P<end>\?+)"
        r"(?= |$)",
        r"\g<what>\g<end>",
        _TAG.sub(r"\g<end>", text),
        flags=re.IGNORECASE,
    )
    text = re.sub(r"\b(picture|image|photo|pic|one)'s got\b", r"\1 has", text, flags=re.IGNORECASE)
    text = re.sub(
        r"\b(how many [a-z ]{1,40}?) (?:is|are) (?:that|those|these|they)\b", r"\1 are there", text, flags=re.I
    )
    text = re.sub(r"\bwhich of the ([a-z]{3,20})s (?=is\b|has\b|are\b)", r"which \1 ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"\bhow many ([a-z ]{1,40}?)(?: that| which)? (?:are not|aren'?t|isn'?t|are n't) ",
        r"how many \1 other than the ",
        text,
        flags=re.I,
    )
    text = re.sub(r" or (?:is|are) (?:it|they) ", " or ", text)
    text = _OF_THOSE.sub(r"\g<which> of the \g<those> ", _NUMBERED.sub("", text))
    text = re.sub(r"\b(?:please )?do the needful(?: and)?\b ?", "", text, flags=re.IGNORECASE)
    text = _BOTH_DONE.sub(r"\g<one> \g<thing> and \g<other> \g<thing>", text)
    text = _DONE.sub(lambda m: f"{_DOING[m['how'].lower()]} {m['what']}", text)
    text = re.sub(
        r"(?<=\w) (?:that|which) (?:i|we|you)(?:'ve| have| might have| may have)? (?:overlooked|missed|forgot|see|"
        r"can see|spotted)\b"
        r"(?=\W*$)",
        "",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"^(?P<thing>[a-z][a-z -]{2,30}s(?: (?:in|on|at) (?:the|this|that|my) [a-z]+)?)[:,] how many(?P<end>\W*)$",
        r"how many \g<thing> are there\g<end>",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"^(?P<ask>(?:and |so |but )?(?:what|which|how|where|who)\b[^?]*?),? again(?P<end>\W*)$",
        r"\g<ask>\g<end>",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"\b(?P<which>which|what)(?: one)? of (?:those|these|them|the)(?: two)? (?=is\b[^?]*\bor\b)",
        r"\g<which> ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        rf"\bthe (?P<a>{'|'.join((*COLOURS, *SIZES))}) or the (?P<b>{'|'.join((*COLOURS, *SIZES))})(?=\W*$)",
        r"the \g<a> one or the \g<b> one",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"^(?P<x>(?:the|my|that) [^.?!]{2,60})[.,:;]+ ?where(?: is it|abouts)?(?P<end>\W*)$",
        r"where is \g<x>\g<end>",
        text,
        flags=re.IGNORECASE,
    )
    text = _PLACED_TOPIC.sub(r"\g<lead>, \g<rest> \g<where>\g<end>", text)
    text = re.sub(
        r"\b(?P<what>(?:what|which) colou?r) is (?:there )?(?P<where>(?:at|on|in) the [a-z]+(?: [a-z]+)?)(?=\W*$)",
        r"\g<what> is the thing \g<where>",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        rf"\bhow many ([a-z ]{{1,30}}?) (?:there are|are there) (?:that|which) are ({'|'.join((*COLOURS, *SIZES))})\b",
        r"how many \2 \1 are there",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"\b(?:tap|click|press|touch)(?: on)? (?=(?:the|all|every|both|that|those|each)\b)",
        "point to ",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"\b(?:give|tell|get) me (?:the|a) (?:number|count|total|tally|headcount)(?: of (?:them|those|these))?(?=\W*$)",
        "how many are there",
        text,
        flags=re.IGNORECASE,
    )
    text = _LIST.sub("describe the picture", text)
    text = _OF_THE.sub(r"how many of the \g<those> \g<verb> \g<what>", _WITH_BOXES.sub(r"box \g<what>", text))
    text = re.sub(
        r"^(?:and |ok )?box where\W*$", "where is it?", re.sub(r"\bvery (?=first\b|last\b)", "", text), flags=re.I
    )
    text = re.sub(r"\b(?:instances?|examples) of (?=[a-z]+s\b)", "", text, flags=re.IGNORECASE)
    text = _SAME_NOUN.sub(
        lambda m: f"{m['first']} {m['link']} {m['the'] or ''}{m['second']} {m['noun']}{m['s'] or ''}", text
    )
    text = re.sub(r" out of (?:those|them|these|the lot|all of them)\b", "", text, flags=re.IGNORECASE)
    text = re.sub(
        r"^(?P<do>(?:trace|outline|find|count|box|mask|segment|highlight)\b.{1,60}s?) on it(?P<end>\W*)$",
        r"\g<do>\g<end>",
        text,
        flags=re.IGNORECASE,
    )
    text = _BESIDES.sub(r"how many \g<thing> other than \g<not> are there", text)
    text = _SHAPED.sub(lambda m: plural(m["shape"]) if m["s"] else m["shape"], text)
    text = _PART_OF_IT.sub(r"\g<where>", text)
    text = _CORNER.sub(r"\g<thing> at the \g<corner>", _GENERIC.sub(_generic, text))
    text = _TOP_OF_THE_PICTURE.sub(r"\g<side>", _OF_THE_PICTURE.sub(r"\g<side>", text))
    return _AFTERTHOUGHT.sub(r"\g<ask>\g<thing>\g<rest>\g<end>", text)


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
