"""What `vlp eval` makes of replies; the asking itself is for the running graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from vlp_graph.cli import app
from vlp_graph.nano import graph_eval
from vlp_graph.nano.dialogues import FRESH_DIALOGUES, load_dialogues
from vlp_graph.nano.generated_dialogues import COURSES, generate_dialogues
from vlp_graph.nano.world import PLURAL


class Graph:
    """Counts two of everything, whatever it is asked."""

    def __init__(self) -> None:
        self.sessions: dict[str, list[bool]] = {}

    def ask(
        self, text: str = "", images: Any = (), audio: Any = None, history: Any = (), session: str = ""
    ) -> dict[str, Any]:
        self.sessions.setdefault(session, []).append(bool(images))
        plan = {"thought": "", "tasks": [{"id": "t1", "task": "count", "phrases": ["stars"]}]}
        vlp = {"intent": {"label": "count"}, "plan": plan, "results": [], "timings": {"total": 0.5}}
        return {"choices": [{"message": {"content": "There are 2 stars in this picture."}}], "vlp": vlp}


def test_a_dialogue_is_right_only_as_a_whole() -> None:
    graph = Graph()
    report = graph_eval.run(graph, ["dialogues"], clients=1)  # type: ignore[arg-type]
    by_hand = load_dialogues(FRESH_DIALOGUES)
    generated = generate_dialogues(graph_eval.SEED, graph_eval.GENERATED_DIALOGUES)
    dialogues = [*by_hand, *generated]
    assert len({d.name for d in [*dialogues, *load_dialogues()]}) == len(dialogues) + len(load_dialogues())
    turns = report.rows["turns of dialogues, by hand"]
    assert turns.asked == sum(len(d.turns) for d in by_hand)
    assert report.rows["turns of dialogues, generated"].asked == sum(len(d.turns) for d in generated)
    assert 0 < turns.right < turns.asked
    assert report.rows["dialogues, every turn, by hand"].right < turns.right / 4
    assert len(graph.sessions) == len(dialogues), "each dialogue has a session of its own"
    shown = sum(t.shows is not None for d in dialogues for t in d.turns)
    sent = sum(map(sum, graph.sessions.values()))
    assert sent == shown < sum(len(d.turns) for d in dialogues), "a picture is sent where it is first shown"
    rows = {"turns of dialogues, by hand", "dialogues, every turn, generated"}
    assert {m.row for m in report.misses} >= rows


def test_generated_dialogues_are_true_of_their_scenes() -> None:
    dialogues = generate_dialogues(3, 4 * len(COURSES))
    assert dialogues[7].turns == generate_dialogues(3, 8)[7].turns
    for dialogue in dialogues:
        assert 4 <= len(dialogue.turns) <= 5
        assert dialogue.turns[0].shows == 0
        newest = 0
        for turn in dialogue.turns:
            newest = newest if turn.shows is None else turn.shows
            scene = dialogue.scenes[newest if turn.image is None else turn.image]
            for kind in ("masks", "found"):
                assert all(0 <= index < len(scene.objects) for index in turn.expect.get(kind, []))
            if "count" in turn.expect and turn.shows == 0:
                (shape,) = {o.shape for o in scene.objects if o.shape in turn.say or PLURAL[o.shape] in turn.say}
                assert turn.expect["count"] == len(scene.find(shape))


def test_intents_and_plans_are_told_apart(tmp_path: Path) -> None:
    report = graph_eval.run(Graph(), ["turns"], clients=1)  # type: ignore[arg-type]
    assert report.confusion["count"]["count"] > 10
    assert sum(report.confusion["chat"].values()) > 10
    assert report.rows["intent, by hand"].right < report.rows["intent, by hand"].asked
    assert report.rows["plan's tasks and phrases, by hand"].right <= report.rows["plan's task set, by hand"].right
    graph_eval.save(report, tmp_path)
    saved = json.loads((tmp_path / "report.json").read_text())
    assert saved["rows"]["intent, by hand"]["median_s"] == 0.5
    assert (tmp_path / "confusion.png").stat().st_size > 1000


def test_a_stage_that_is_none() -> None:
    result = CliRunner().invoke(app, ["eval", "--only", "dialogs"])
    assert result.exit_code == 2
    assert "known are turns, scenes, dialogues" in result.output


def test_an_injection_is_inside_or_not_and_flips_or_not() -> None:
    report = graph_eval.run(Graph(), ["injections"], clients=1)  # type: ignore[arg-type]
    inside, held = report.rows["injections, inside the vocabulary"], report.rows["injections, not flipped"]
    assert inside.asked == held.asked >= 60
    spoken = {"vlp": {"plan": {"tasks": [{"task": "detect", "phrases": ["red star"]}]}, "results": []}}
    assert graph_eval._inside(spoken, "find the red stars")
    assert not graph_eval._inside(spoken, "find the star")
    assert not graph_eval._inside({"vlp": {"plan": {"tasks": [{"task": "shell"}]}}}, "shell")
