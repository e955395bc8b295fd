"""Pictures compared: looks at several of them, made into one answer.

The looks are tasks of the plan (a count or a description of each picture); the answer needs them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from vlp_graph.dialogue.claims import Across, Differences, MorePictures
from vlp_graph.dialogue.questions import claim_of
from vlp_graph.dialogue.referring import OF_ANOTHER_SIZE, area
from vlp_graph.dialogue.turn import Result
from vlp_graph.dialogue.wording import ORDINALS, listed, plural, sentence, singular, with_article


def compared(question: str, counted: Sequence[Result]) -> dict[str, Any]:
    """What was found in several pictures, as the answer to which of them has the most, or any at all."""
    claim = claim_of(question)
    if isinstance(claim, Differences):
        return _difference(claim, counted)
    if isinstance(claim, Across):
        return _across(claim, counted)
    if not isinstance(claim, MorePictures):
        raise ValueError(f"not a question that compares pictures: {question!r}")
    if claim.how == "same":
        numbers = [r.count or 0 for r in counted]
        said = listed([str(number) for number in numbers])
        text = f"{'Yes' if len(set(numbers)) == 1 else 'No'}: {said} {plural(claim.phrase)}."
        return {"text": text, "about": [claim.phrase]}
    if claim.how == "total":
        number = sum(r.count or 0 for r in counted)
        return {"text": f"{number} {plural(claim.phrase)} in all.", "count": number, "about": [claim.phrase]}
    if claim.how in ("more", "less"):
        before, now = counted[0].count or 0, counted[-1].count or 0
        right = now > before if claim.how == "more" else now < before
        said = f"{now} {plural(claim.phrase)} here, {before} in the {ORDINALS[counted[0].image or 0]} picture"
        return {"text": f"{'Yes' if right else 'No'}: {said}.", "about": [claim.phrase]}
    if claim.how == "each":
        without = [ORDINALS[r.image or 0] for r in counted if not r.count]
        where = listed([f"the {which}" for which in without])
        return {"text": f"No, not in {where} picture." if without else "Yes.", "about": [claim.phrase]}
    if claim.how == "by":
        numbers = [r.count or 0 for r in counted]
        more = abs(numbers[-1] - numbers[0])
        return {
            "text": f"{more} more: {listed(list(map(str, numbers)))} {plural(claim.phrase)}.",
            "count": more,
            "about": [claim.phrase],
        }
    largest = {r.image or 0: max(map(area, r.instances or []), default=0.0) for r in counted}
    counts = {r.image or 0: float(r.count or 0) for r in counted}
    measured = largest if claim.how in ("biggest", "smallest") else counts
    having = {image: m for image, m in measured.items() if m > 0 or claim.how == "fewest"}
    if not having:
        return {"text": f"None of the pictures has {with_article(singular(claim.phrase))}.", "about": [claim.phrase]}
    top = (min if claim.how in ("fewest", "smallest") else max)(having.values())
    winners = [image for image, m in having.items() if claim.how == "any" or m == top]
    about = [claim.phrase]
    if len(winners) > 1:
        those = listed([ORDINALS[image] for image in winners])
        how = "" if claim.how == "any" else f", {top:.0f} {plural(claim.phrase)} each"
        both = "Both the" if len(winners) == 2 else "The"
        return {"text": f"{both} {those} picture{how}.", "about": about}
    if claim.how in ("any", "biggest", "smallest"):  # what is said next is about that picture
        return {"text": f"The {ORDINALS[winners[0]]} picture.", "about": about, "image": winners[0]}
    others = [f"{count:.0f}" for image, count in counts.items() if image != winners[0]]
    phrase = plural(claim.phrase) if top != 1 else singular(claim.phrase)
    text = f"The {ORDINALS[winners[0]]} picture: {top:.0f} {phrase}, against {listed(others)} elsewhere."
    return {"text": text, "about": about}


def _across(claim: Across, looks: Sequence[Result]) -> dict[str, Any]:
    """Whether a thing is alike in two pictures, the newest last."""
    before, now = looks[0], looks[-1]
    about = [claim.phrase]
    if claim.trait != "size":
        said = [(r.text or "").strip(".").lower() for r in (before, now)]
        if said[0] == said[1]:
            return {"text": f"Yes, {said[0]}.", "about": about}
        return {"text": f"No: {said[0]} in the {ORDINALS[before.image or 0]} picture, {said[1]} now.", "about": about}
    sizes = [max(map(area, r.instances or []), default=0.0) for r in (before, now)]
    if not all(sizes):
        missing = ORDINALS[(before if not sizes[0] else now).image or 0]
        return {"text": f"There is no {claim.phrase} in the {missing} picture.", "about": about}
    alike = max(sizes) < OF_ANOTHER_SIZE * min(sizes)
    found = "of about the same size" if alike else "bigger" if sizes[1] > sizes[0] else "smaller"
    if claim.how == "which":
        return {"text": sentence(found), "about": about}
    right = alike if claim.how == "same" else found == claim.how
    return {"text": f"{'Yes' if right else 'No'}, it is {found}.", "about": about}


def _difference(claim: Differences, described: Sequence[Result]) -> dict[str, Any]:
    """What pictures show, or what only the first of them shows, by their descriptions."""
    if claim.there is None or len(described) < 2:
        shown = [(ORDINALS[r.image or 0], (r.text or sentence(listed(r.about or []))).rstrip(".")) for r in described]
        same = len({tuple(sorted(r.about or [])) for r in described}) == 1
        if claim.alike and same:
            return {"text": f"Yes, as far as I can see: {shown[0][1][:1].lower()}{shown[0][1][1:]}."}
        parts = ["No."] if claim.alike else []
        parts += [f"The {which} picture shows {what[:1].lower()}{what[1:]}." for which, what in shown]
        return {"text": " ".join(parts)}
    there, missing = (Counter(r.about or []) for r in described[:2])
    kinds = {name.split()[-1] for name in missing}
    only = [name for name in there if name.split()[-1] not in kinds] or [name for name in there if name not in missing]
    text = listed([with_article(name) for name in only]) if only else "nothing that I could name"
    picture = described[0].image or 0
    return {"text": f"Only the {ORDINALS[picture]} picture has {text}.", "about": only}
