"""The things that generated turns are about: words of the nano world and of everyday life.

Nearly half of them are coloured shapes, because those the embedded models can see; the rest, one in twelve of
them a word that does not exist, teaches the planner to copy what was said instead of guessing it.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import random

NANO_SHARE = 0.45

COLOURS = "red green blue yellow purple orange".split()
MORE_COLOURS = "black white brown pink grey gray silver dark light".split()
_SIZES = "small large big little tiny".split()
_NANO = "circle square triangle star heart".split()
_ANY = "object shape thing".split()
_NOUNS = """
    dog cat car bus* truck bike bicycle bird horse cow goat pig chicken duck rabbit elephant lion
    bear zebra giraffe monkey snake spider bee boy girl man/men woman/women child/children
    person/people baby/babies player worker driver chef cup mug bottle glass* plate bowl fork
    knife/knives spoon pan chair table sofa bed lamp shelf/shelves book phone laptop screen keyboard
    mouse/mice printer cable apple banana lemon pear cherry/cherries strawberry/strawberries
    tomato/tomatoes potato/potatoes carrot onion sandwich* pizza cake cookie egg leaf/leaves tree
    flower rose mushroom rock mountain hill river cloud house window door roof chimney bridge tower
    church* street road wall fence gate boat ship plane helicopter train tram kite ball football
    box* bag basket hat cap helmet shoe boot sock shirt jacket dress* scarf/scarves glove umbrella
    backpack suitcase sign wheel tyre bench* clock watch* key coin pen pencil brush* candle pillow
    blanket toy doll drum guitar piano trumpet camera drone robot ladder hammer screw bolt nail pipe
    wire switch* button label logo crack scratch* dent hole stain bubble flag stone statue fountain
    flame shadow hand face eye hexagon diamond arrow ring line dot traffic_light stop_sign
    fire_hydrant parking_meter street_lamp wine_glass* coffee_cup tennis_ball teddy_bear
    license_plate solar_panel shopping_cart trash_can light_bulb picture_frame door_handle road_sign
    water_bottle golf_ball paper_clip remote_control
    """.split()
_ADJECTIVES = """
    old new broken dirty clean empty full open closed wooden plastic metal round square-shaped tall
    short long shiny wet rusty bright striped spotted parked fallen ripe rotten cracked sleeping
    """.split()
_TAILS = """
    in the corner|on the left|on the right|in the middle|at the top|at the bottom|in the background|
    in the foreground|on the table|on the floor|by the window|with a hat|with stripes|on the shelf|
    in the street
""".split("|")
_RELATIONS = ["left of", "right of", "above", "below", "next to", "to the left of", "to the right of"]
_PLACES = [*_RELATIONS, "on", "under", "behind", "near", "in front of", "beside"]
_LABELS = """
    small large|big small|red blue|red green blue|green yellow|circle square|circle square triangle|
    star heart|heart star cross|crowded empty|busy empty|bright dark|
    colorful plain|warm cold|broken whole|damaged undamaged|defective fine|faulty okay|clean dirty|
    inside outside|indoor outdoor|day night|morning evening|cat dog|cat dog bird|horse cow sheep|
    ripe unripe|ripe rotten|fresh spoiled|happy sad|happy angry surprised|calm excited|real fake|
    new old|used unused|safe unsafe|wood metal|wood stone glass|sports news weather|spam not_spam|
    urgent not_urgent|positive negative|positive neutral negative|photo drawing|
    photo painting sketch|full half_full empty|open closed|summer winter|
    spring summer autumn winter|city forest|beach mountain desert|football tennis golf|bird fish|
    mammal reptile|pass fail|good bad|smooth rough|wet dry|healthy sick|car bus truck|bread fruit|
    work home|complaint praise question|toxic harmless|lion tiger|yes no|rock pop|left right|
    cheap expensive|modern antique|edible poisonous|cartoon real_life|invoice contract letter|
    kitchen bathroom bedroom|sunny cloudy rainy|plastic paper|male female|adult child|noisy quiet|
    boring funny|apple pear|rose tulip|truck van|oak pine|tea coffee|square round|
    red_star blue_star|low medium high|a b c
""".split("|")
_LABEL_SETS = [[label.replace("_", " ") for label in entry.split()] for entry in _LABELS]
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"


def noun(rng: random.Random) -> tuple[str, str]:
    """Singular and plural of an everyday noun, or (one in twelve) of a word that does not exist."""
    if rng.random() < 0.08:
        word = "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.choice([2, 2, 3])))
        word += rng.choice(["", "n", "r", "t", "l"])
        return word, word + "s"
    entry = rng.choice(_NOUNS).replace("_", " ")
    if "/" in entry:
        return tuple(entry.split("/"))  # type: ignore[return-value]
    return (entry[:-1], entry[:-1] + "es") if entry.endswith("*") else (entry, entry + "s")


def nano_noun(rng: random.Random) -> tuple[str, str]:
    """Singular and plural of a shape, or of "object" and its like."""
    if rng.random() < 0.15:
        return "cross", "crosses"
    word = rng.choice(_ANY) if rng.random() < 0.22 else rng.choice(_NANO)
    return word, word + "s"


def thing(rng: random.Random, plural: bool, relation: float = 0.12) -> str:
    """A noun phrase without its article, of the nano world or of everyday life."""
    nano = rng.random() < NANO_SHARE
    words = []
    if nano:
        if rng.random() < 0.28:
            words.append(rng.choice(_SIZES))
        if rng.random() < 0.68:
            words.append(rng.choice(COLOURS))
        words.append(nano_noun(rng)[plural])
    else:
        if rng.random() < 0.2:
            words.append(rng.choice(_ADJECTIVES if rng.random() < 0.7 else _SIZES))
        if rng.random() < 0.28:
            words.append(rng.choice(COLOURS + MORE_COLOURS))
        words.append(noun(rng)[plural])
    if rng.random() < relation:
        if nano:
            words += [rng.choice(_RELATIONS), "the", rng.choice(COLOURS), nano_noun(rng)[0]]
        elif rng.random() < 0.5:
            words.append(rng.choice(_TAILS).strip())
        else:
            words += [rng.choice(_PLACES), rng.choice(["the", "the", "a"]), noun(rng)[0]]
    return " ".join(" ".join(words).split())


def label_list(rng: random.Random) -> tuple[str, list[str]]:
    """A list of labels as written ("a, b or c"), and the labels."""
    if rng.random() < 0.14:
        labels = list(dict.fromkeys(noun(rng)[0] for _ in range(rng.choice([2, 3, 3, 4]))))
        labels = labels if len(labels) > 1 else ["cat", "dog"]
    else:
        labels = rng.choice(_LABEL_SETS)[:]
    if rng.random() < 0.5:
        rng.shuffle(labels)
    form = rng.random()
    if form < 0.72:
        comma = rng.choice([", ", ", ", " or "])
        return comma.join(labels[:-1]) + rng.choice([" or ", " or ", " or ", ", or "]) + labels[-1], labels
    return rng.choice([", ", ", ", " / ", "/", " and ", ", "]).join(labels), labels
