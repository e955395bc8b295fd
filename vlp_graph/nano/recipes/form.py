"""The model of forms: which question a turn asks, and which of its words name the things.

A second adapter on MiniLM's weights, like the intent model's. It learns from everyday turns that say their form and
their roles; some of them are held out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from vlp_graph.dialogue.forms import FORMS, ROLES
from vlp_graph.engines.distilbert import Tagger
from vlp_graph.engines.weights import resolve
from vlp_graph.nano.everyday import form_turn, load_forms
from vlp_graph.nano.recipes.reader import BASE, BATCH, Example, fit

MINUTES = 26.0
RANK = 16


def examples(rng: random.Random) -> Iterator[Example]:
    """Endless turns with their form and the words in their roles."""
    while True:
        turn = form_turn(rng)
        label = [float(form == turn.form) for form in FORMS]
        tagged = [(span, 1 + 2 * ROLES.index(role)) for role, span in turn.spans.items()]
        yield Example(turn.text, label, tagged)


def train(out: Path, *, minutes: float | None = None, seed: int = 0) -> None:
    """Train adapter and heads for `minutes` of CPU time and save them, in fp16, into `out`."""
    turns = examples(random.Random(seed))
    fit("form", FORMS, turns, out, minutes=minutes or MINUTES, rank=RANK, dropout=0.1, roles=len(ROLES), seed=seed)
    (out / "roles.json").write_text(json.dumps(ROLES) + "\n", encoding="utf-8")


def evaluate(checkpoint: Path) -> dict[str, float]:
    """On the held-out turns: forms right, those of which it is sure, and turns of which the roles are right, too."""
    tagger = Tagger.load(resolve(BASE), str(checkpoint))
    turns = load_forms(held_out=True)
    right = whole = sure = sure_right = 0
    for i in range(0, len(turns), BATCH):
        batch = turns[i : i + BATCH]
        for turn, (chances, spans) in zip(batch, tagger.read([t.text for t in batch]), strict=True):
            best = max(chances, key=lambda form, chances=chances: chances[form])  # type: ignore[misc]
            roles = {span.role: (span.start, span.end) for span in spans}
            right += best == turn.form
            whole += best == turn.form and roles == dict(turn.spans)
            sure += chances[best] >= 0.7
            sure_right += chances[best] >= 0.7 and best == turn.form
    count = len(turns)
    return {
        "held_out_turns": float(count),
        "held_out_form": right / count,
        "held_out_form_and_roles": whole / count,
        "held_out_sure": sure / count,
        "held_out_sure_form": sure_right / max(1, sure),
    }
