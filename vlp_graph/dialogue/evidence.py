"""What boxes say to a claim: the phrases that the detector has to look for, and the answer that its instances give.

The words cannot contradict such an answer; where they say something else, that is a doubt, and told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

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
    Place,
    Rank,
    Reading,
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
from vlp_graph.dialogue.referring import (
    OF_ANOTHER_SIZE,
    area,
    aslant,
    centre,
    covers,
    in_half,
    offset,
    rank,
    read,
    same_place,
)
from vlp_graph.dialogue.turn import Instance
from vlp_graph.dialogue.wording import (
    COLOURS,
    NUMBERS,
    SHAPES,
    SIZES,
    SMALL,
    are,
    is_plural,
    listed,
    place,
    plain,
    plural,
    sentence,
    singular,
    with_article,
)

ALIKE = 1.15
"""Up to so many times the area, two things are of one size to the eye."""
_THINGS = ("object", "thing", "shape", "item")


def phrases_of(claim: Claim) -> list[str]:
    """What the detector has to look for."""
    match claim:
        case Exists(phrase) | HowMany(phrase) | Counted(phrase) | At(phrase) | WhichHalf(phrase) | Place(phrase):
            return [phrase]
        case AnyOf(phrases):
            return list(phrases)
        case Traits(phrase, trait):
            return [phrase, *_told_by(trait, phrase)]
        case MoreOf(a, b):
            return [a, b]
        case Same(phrase, trait):
            names = re.split(r" and (?:the )?", phrase)
            return [*names, *(told for name in names for told in _told_by(trait, name))]
        case Relation(a, _, b) | Side(a, _, b) | Rank(a, b) | Than(a, b):
            return [a, b]
        case Is():
            return phrases_of(trait_of(claim))
        case All(phrase, said):
            return [phrase, _said_of(phrase, said)]
        case What() | MorePictures() | Across() | Differences():
            return []  # found on ways of their own
        case Beside(_, b):
            return [b]
        case Colour() | Shape() | Choice():
            return [claim.phrase, *readings(claim)]


def _told_by(trait: Trait, phrase: str) -> list[str]:
    """The phrases that tell which colour or shape a thing has."""
    name = read(phrase).name
    return [*painted(name)] if trait == "colour" else [*SHAPES] if trait == "shape" else []


def trait_of(claim: Is) -> Reading:
    """The open question behind "is it red?": which colour it has."""
    if claim.said in COLOURS:
        return Colour(claim.phrase)
    return Choice(claim.phrase, ("small", "large")) if claim.said in SIZES else Shape(claim.phrase)


def _said_of(phrase: str, said: str) -> str:
    """ "stars" that are "red": "red stars"; "things" that are a "star": "stars"."""
    return f"{said} {phrase}" if said not in SHAPES else plural(said)


def readings(claim: Reading) -> dict[str, str]:
    """The phrases among which the detector decides, to the answer that each stands for."""
    phrase = read(claim.phrase).name
    match claim:
        case Colour():
            return painted(phrase)
        case Shape():
            words = [word for word in phrase.lower().split() if word not in _THINGS]
            return {" ".join([*words, shape]): shape for shape in SHAPES}
        case Choice(options=options) if set(options) <= set(SHAPES):
            words = [word for word in phrase.lower().split() if word not in _THINGS]
            return {" ".join([*words, shape]): shape for shape in options}
        case Choice(options=options):
            return {f"{option} {phrase}": option for option in options}


def painted(phrase: str) -> dict[str, str]:
    """The phrase in every colour, to the colour: "small red star" -> "red"; a size stays in front. A phrase that says
    a colour has only that."""
    if said := [word for word in phrase.lower().split() if word in COLOURS]:
        return {phrase: said[0]}
    size, _, rest = phrase.partition(" ")
    before, noun = (f"{size} ", rest) if rest and size.lower() in SIZES else ("", phrase)
    return {f"{before}{colour} {noun}": colour for colour in COLOURS}


def lies(a: Instance, direction: Direction, b: Instance) -> bool:
    """Whether the centre of `a` lies in that direction of the centre of `b`."""
    (ax, ay), (bx, by) = centre(a), centre(b)
    return {"left": ax < bx, "right": ax > bx, "above": ay < by, "below": ay > by}[direction]


def best(instances: Sequence[Instance], phrase: str) -> Instance | None:
    named = [i for i in instances if i.phrase == phrase]
    return max(named, key=lambda i: i.score, default=None)


def beside(claim: Beside, phrases: Sequence[str], instances: Sequence[Instance]) -> list[Instance]:
    """The instances of `phrases` that lie where the claim asks, nearest first."""
    reference = best(instances, claim.b)
    if reference is None:
        return []

    there = [i for i in instances if i.phrase in phrases and lies(i, claim.direction, reference)]
    apart = [i for i in there if not covers(reference, centre(i))]
    return sorted(apart, key=lambda i: (aslant(i, reference, claim.direction), offset(i, reference, claim.direction)))


def decide(claim: Claim, instances: Sequence[Instance], size: tuple[int, int] = (1, 1)) -> str | None:
    """The answer that the instances give, as a short text; None where they leave it to the other model. `size` is the
    picture's width and height."""
    match claim:
        case Exists(phrase):
            count = sum(i.phrase == phrase for i in instances)
            return (
                f"Yes, there {are(count, phrase)}." if count else f"No, there is no {singular(phrase)} in this picture."
            )
        case AnyOf(phrases, every):
            numbers = {phrase: sum(i.phrase == phrase for i in instances) for phrase in phrases}
            there = [phrase for phrase, number in numbers.items() if number]
            lacking = [phrase for phrase in phrases if phrase not in there]
            if lacking and (every or not there):
                return f"No, there is no {listed([singular(phrase) for phrase in lacking], 'or')} in this picture."
            said = listed([are(numbers[phrase], phrase).split(" ", 1)[1] for phrase in there])
            return f"Yes, there {are(numbers[there[0]], there[0]).split()[0]} {said}."
        case Counted(phrase, number, how):
            count = sum(i.phrase == phrase for i in instances)
            right = {
                "exactly": count == number,
                "more": count > number,
                "fewer": count < number,
                "least": count >= number,
                "most": count <= number,
            }[how]
            return f"{'Yes' if right else 'No'}, there {are(count, phrase)}."
        case Traits():
            return _traits(claim, instances)
        case Place(phrase):
            thing = best(instances, phrase)
            if thing is None:
                return f"There is no {phrase} in this picture."
            return place(thing.box, *size).capitalize() + "."
        case HowMany(phrase):
            return f"There {are(sum(i.phrase == phrase for i in instances), phrase)} in this picture."
        case Relation(a, direction, b):
            first, second = best(instances, a), best(instances, b)
            if first is None or second is None:
                missing = " and no ".join(p for p, i in ((a, first), (b, second)) if i is None)
                return f"No, there is no {missing} in this picture."
            return "Yes." if lies(first, direction, second) else "No."
        case Side(a, sides, b):
            first, second = best(instances, a), best(instances, b)
            if first is None or second is None:
                return f"There is no {b if first else a} in this picture."
            side = next((side for side in sides if lies(first, side, second)), None)
            return side and f"{_WHERE_IT_LIES[side]} the {b}."
        case Rank(a, b, end):
            first, second = best(instances, a), best(instances, b)
            if first is None or second is None:
                return f"There is no {b if first else a} in this picture."
            return f"The {a if rank(first, end) < rank(second, end) else b}."
        case Than(a, b, smaller):
            first, second = best(instances, a), best(instances, b)
            if first is None or second is None:
                return f"No, there is no {b if first else a} in this picture."
            if smaller is None:
                alike = max(area(first), area(second)) < ALIKE * min(area(first), area(second))
                return "About the same size." if alike else "Smaller." if area(first) < area(second) else "Bigger."
            return "Yes." if (area(first) < area(second)) == smaller else "No."
        case Is(phrase, said):
            trait = decide(trait_of(claim), instances)
            if trait is None or best(instances, phrase) is None:
                return None if trait is None else f"No, there is no {phrase} in this picture."
            same = trait == said or (said in SIZES and (said in SMALL) == (trait in SMALL))
            return "Yes." if same else f"No, it is {trait if trait not in SHAPES else with_article(trait)}."
        case At(phrase, sides):
            thing = best(instances, phrase)
            if thing is None:
                return f"No, there is no {phrase} in this picture."
            inside = all(in_half(thing, side, size) for side in sides)
            return "Yes." if inside else f"No, it is {place(thing.box, *size)}."
        case WhichHalf(phrase, sides):
            thing = best(instances, phrase)
            if thing is None:
                return f"There is no {phrase} in this picture."
            half = next((side for side in sides if in_half(thing, side, size)), sides[0])
            return _HALVES[half]
        case MoreOf(a, b):
            return _more(claim, *(sum(i.phrase == name for i in instances) for name in (a, b)))
        case Same():
            return _same(claim, instances)
        case All(phrase, said):
            several, those = (sum(i.phrase == p for i in instances) for p in phrases_of(claim))
            if not several:
                return f"There {are(0, phrase)} in this picture."
            return (
                "Yes." if those >= several else f"No, {those or 'none'} of the {several} {are(those, '').split()[0]}."
            )
        case What() | MorePictures() | Across() | Differences():
            return None
        case Beside(_, b):
            return None if best(instances, b) else f"There is no {b} in this picture."
        case Choice(phrase) if is_plural(phrase) and read(phrase).name == phrase and best(instances, phrase):
            return _of_each(claim, instances)
        case Colour() | Shape() | Choice():
            if found := read_off(claim, instances):
                return readings(claim)[max(found, key=lambda i: i.score).phrase]
            return None if best(instances, claim.phrase) else f"I find no {claim.phrase} in this picture."


def _more(claim: MoreOf, first: int, second: int) -> str:
    """The answer to which of two is more often there, out of their numbers."""
    a, b = (plural(n) if count != 1 else singular(n) for n, count in ((claim.a, first), (claim.b, second)))
    counts = f"there {'is' if first == 1 else 'are'} {first} {a} and {second} {b}"
    if claim.by:
        more = "fewer" if claim.fewer else "more"
        return f"{abs(first - second)} {more}: {counts}." if first != second else f"None {more}: {counts}."
    if claim.than:
        return f"{'Yes' if (first < second if claim.fewer else first > second) else 'No'}, {counts}."
    if first == second:
        return f"As many: {counts}."
    return f"{plural(claim.a if (first < second) == claim.fewer else claim.b).capitalize()}: {counts}."


def _seen(things: Sequence[Instance], readings: Sequence[Instance], words: Sequence[str]) -> list[str]:
    """For each thing that a reading lies on, the word among `words` that its surest reading says."""
    seen = []
    for thing in things:
        if of_it := [i for i in readings if same_place(i, thing)]:
            said = max(of_it, key=lambda i: i.score).phrase.split()
            seen += [word for word in map(singular, said) if word in words][:1]
    return seen


def _traits(claim: Traits, instances: Sequence[Instance]) -> str | None:
    things = [i for i in instances if i.phrase == claim.phrase]
    if not things:
        return f"There {are(0, claim.phrase)} in this picture."
    words = COLOURS if claim.trait == "colour" else SHAPES
    seen = list(dict.fromkeys(_seen(things, [i for i in instances if i.phrase != claim.phrase], words)))
    if not seen:
        return None
    if claim.counted:
        return f"{len(seen)} {plural(claim.trait) if len(seen) > 1 else claim.trait}: {listed(seen)}."
    return sentence(listed(seen if claim.trait == "colour" else [plural(shape) for shape in seen]))


def _of_each(claim: Choice, instances: Sequence[Instance]) -> str | None:
    """Which of the options several things are: one for all, or how many are which."""
    things = [i for i in instances if i.phrase == claim.phrase]
    seen = _seen(things, [i for i in instances if i.phrase in readings(claim)], claim.options)
    if len(set(seen)) < 2:
        return seen[0] if seen else None
    return sentence(listed([f"{seen.count(option)} {option}" for option in dict.fromkeys(seen)]))


def _same(claim: Same, instances: Sequence[Instance]) -> str | None:
    names = re.split(r" and (?:the )?", claim.phrase)
    things = [i for i in instances if i.phrase in names]
    if len(things) < 2:
        return None
    yes, no = ("No", "Yes") if claim.differ else ("Yes", "No")
    if claim.trait == "size":
        areas = sorted(map(area, things))
        return f"{yes}." if areas[-1] < OF_ANOTHER_SIZE * areas[0] else f"{no}, some are larger."
    words = COLOURS if claim.trait == "colour" else SHAPES
    own = [next((w for w in map(singular, i.phrase.lower().split()) if w in words), None) for i in things]
    seen = [w for w in own if w]  # "the purple heart and the purple star" say it themselves
    if len(seen) < len(things):
        seen = _seen(things, [i for i in instances if i.phrase not in names], words)
    if len(seen) < len(things):
        return None
    kinds = list(dict.fromkeys(seen))
    return f"{yes}, {kinds[0]}." if len(kinds) == 1 else f"{no}: {listed(kinds)}."


_HALVES = {"left": "On the left.", "right": "On the right.", "above": "At the top.", "below": "At the bottom."}
_WHERE_IT_LIES: dict[Direction, str] = {
    "left": "To the left of",
    "right": "To the right of",
    "above": "Above",
    "below": "Below",
}


def odd_one_out(things: Sequence[Instance]) -> list[Instance]:
    """The one thing that differs from all the others: in its shape, else in its colour, else in its size; nothing where
    no trait, or more than one thing, stands out."""
    traits: tuple[Callable[[Instance], object], ...] = (
        lambda i: singular(i.phrase.split()[-1]),
        lambda i: next((word for word in i.phrase.split() if word in COLOURS), None),
    )
    for trait in traits:
        kinds = Counter(map(trait, things))
        alone = [i for i in things if kinds[trait(i)] == 1]
        if len(alone) == 1 and len(things) > 2:
            return alone
    ordered = sorted(things, key=area)
    if len(ordered) > 2 and area(ordered[-1]) > OF_ANOTHER_SIZE * area(ordered[-2]) and _alike(ordered[:-1]):
        return ordered[-1:]
    if len(ordered) > 2 and area(ordered[1]) > OF_ANOTHER_SIZE * area(ordered[0]) and _alike(ordered[1:]):
        return ordered[:1]
    return []


def _alike(ordered: Sequence[Instance]) -> bool:
    return area(ordered[-1]) < OF_ANOTHER_SIZE * area(ordered[0])


def doubt(claim: Claim, verdict: str, words: str) -> str | None:
    """What the words say, where they are an answer to the claim and another one than the boxes' verdict."""
    said = plain(words).lower()
    match claim:
        case Exists() | AnyOf() | Counted() | Relation() | Is() | At() | All() | Than() | Same():
            first = said.split()[:1]
            other = first in (["yes"], ["no"]) and first[0] != re.split(r"\W", verdict.lower())[0]
        case HowMany():
            number = NUMBERS.index(said) if said in NUMBERS else int(said) if said.isdecimal() else None
            counted = re.search(r"\d+", verdict)
            other = number is not None and number != (int(counted[0]) if counted else 0)
        case Colour() | Shape() | Choice():
            answers = set(readings(claim).values())
            other = said in answers and verdict in answers and said != verdict
        case _:
            other = False
    return said if other else None


def read_off(claim: Reading, instances: Sequence[Instance]) -> list[Instance]:
    """The instances of a claim's readings; of a thing that is named by its place, those that lie on it."""
    found = [i for i in instances if i.phrase in readings(claim)]
    if read(claim.phrase).name == claim.phrase:
        return found
    meant = best(instances, claim.phrase)
    return [i for i in found if meant is not None and same_place(i, meant)]


def subjects(claim: Claim, verdict: str) -> list[str]:
    """The things that a question was about; the last is what a follow-up's "it" means: the one that was asked about,
    or that the answer chose."""
    match claim:
        case Rank(a, b):
            return [b, a] if verdict == f"The {a}." else [a, b]
        case Relation(a, _, b) | Side(a, _, b) | Than(a, b):
            return [b, a]
        case Beside(_, b):
            return [b]
        case MoreOf(a, b):
            return [a, b]
        case What(phrase) | MorePictures(phrase) | Across(phrase):
            return [phrase]
        case Same(phrase):
            return re.split(r" and (?:the )?", phrase)
        case AnyOf(phrases):
            return list(phrases)
        case Differences():
            return []
        case _:
            return [claim.phrase]
