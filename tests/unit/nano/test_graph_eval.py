"""What `vlp eval` makes of replies; the asking itself is for the running graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from vlp_graph.cli import app
from vlp_graph.nano import graph_eval
from vlp_graph.nano.dialogues import FRESH_DIALOGUES, load_dialogues


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
    seen, unseen = load_dialogues(), load_dialogues(FRESH_DIALOGUES)
    dialogues = [*seen, *unseen]
    assert len({d.name for d in dialogues}) == len(dialogues)
    turns = report.rows["turns of dialogues"]
    assert turns.asked == sum(len(d.turns) for d in seen)
    assert report.rows["turns of dialogues, unseen"].asked == sum(len(d.turns) for d in unseen)
    assert 0 < turns.right < turns.asked
    assert report.rows["dialogues, every turn"].right < turns.right / 4
    assert len(graph.sessions) == len(dialogues), "each dialogue has a session of its own"
    shown = sum(t.shows is not None for d in dialogues for t in d.turns)
    sent = sum(map(sum, graph.sessions.values()))
    assert sent == shown < sum(len(d.turns) for d in dialogues), "a picture is sent where it is first shown"
    assert {m.row for m in report.misses} >= {"turns of dialogues", "dialogues, every turn"}


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
