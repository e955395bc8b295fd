"""What was typed, written out: the turn without short forms, tags and detours, in the words that the rest reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlp_graph.dialogue.pictures import PAGE
from vlp_graph.dialogue.wording import COLOURS, NUMBERS, SHAPES, SIZES, plural


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
    "nd": "and",
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
    r",? (?:so (?:that )?(?:i|we|you|she|he|they|everyone|people|(?:my|the|our) [a-z]+) (?:can|could|will)\b|"
    r"because\b|(?:and "
    r")?i need (?:it\b|its )|need it\b|if it(?:'s| is) "
    r"no\b|or am i\b|"
    r"but do check|and nothing else|i can never|i keep)[^?.!,]*(?:(?P<end>[?.!]*)$|(?=, (?:and|then|but) ))",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"(?:[ ,]+(?:at all|somewhere|anywhere|actually|all together|altogether|in all|i mean|tho|though|this time|right "
    r"now|by any chance|do you think|"
    r"if (?:you can|possible|you could|you don't mind)|(?:is|are|does|do|did)n'?t (?:it|they|there)|(?<=,)(?: and)? "
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
    r"patch|token|badge|cutout|thing|object|"
    r"figure|element|item)(?P<s>(?:e?s)?)\b",
    re.IGNORECASE,
)
_NO_THING = re.compile(
    r"^(?:so |and )?no (?P<thing>[a-z ]{3,30}?) (?:anywhere|at all|here|in (?:it|here|there|this(?: one| picture)?))"
    r"\W*$",
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
    r"(?:it|they|there|he|she)|(?:is|are) (?:it|they) not)\W*$",
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
    r"(?:in|on) (?:it|here|there|(?:the|this) (?:picture|image|photo))))*\W*$",
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
    text = _SOMETHING.sub(r"anything \g<trait>", re.sub(r"(?<![\w'])'?em\b", "them", text, flags=re.IGNORECASE))
    text = _SHEET.sub(r"\g<lead>picture", text)
    text = _SAID_SO.sub(_asked, _RIGHT.sub(_asked, text))
    text = _WAS.sub(lambda m: f"{m['before']}{'is' if m['was'].lower() == 'was' else 'are'}", text)
    text = _REASON.sub(lambda m: m["end"] or "", _POLITE.sub(_politely, text))
    text = _TAG.sub(r"\g<end>", text)
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
    text = re.sub(r"\b(in the (?:middle|centre|center)) of it\b", r"\1", text, flags=re.IGNORECASE)
    text = _CORNER.sub(r"\g<thing> at the \g<corner>", _GENERIC.sub(_generic, text))
    text = _TOP_OF_THE_PICTURE.sub(r"\g<side>", _OF_THE_PICTURE.sub(r"\g<side>", text))
    return _AFTERTHOUGHT.sub(r"\g<ask>\g<thing>\g<rest>\g<end>", text)


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
    return found[0] if _A_BIT.match(found["before"]) else f"{found['before']}thing{found['s']}"
