"""Lines of one's own: a broken one is told by its number, before anything heavy is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tiny_llama import count, lines, pair
from typer.testing import CliRunner

from vlp_graph.cli import app
from vlp_graph.finetune.data import read_pairs, read_turns
from vlp_graph.finetune.eyes import read_seen
from vlp_graph.finetune.lines import DataError

ROOT = Path(__file__).parents[3]
COUNT, PAIR = count("cups"), pair("cups")
SEEN = {"image": "a.png", "question": "is it red?", "answer": "yes"}


def test_what_is_generated_can_be_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["finetune", "data", str(tmp_path / "turns.jsonl"), "--turns", "40"])
    assert result.exit_code == 0, result.output
    turns = read_turns(tmp_path / "turns.jsonl").entries
    assert len(turns) == 40
    row = turns[0].row()
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert json.loads(row["completion"][0]["content"])["tasks"] == turns[0].wire()


TURNS = [
    ("{", "not JSON: .* at character 2"),
    ("[1]", "a line is a JSON object"),
    ("[" * 100_000, "nested too deep"),
    (COUNT | {"histroy": "x"}, "histroy: no such key: did you mean 'history'"),
    (COUNT | {"zzz": "x"}, "zzz: no such key: known are thought, tasks, turn, history"),
    ({"turn": "hello"}, "thought: is missing"),
    (COUNT | {"turn": ""}, "turn: .*at least 1 character"),
    (COUNT | {"thought": "x" * 241}, "thought: .*at most 240 characters"),
    (COUNT | {"tasks": []}, "tasks: .*at least 1 item"),
    (COUNT | {"tasks": COUNT["tasks"] * 5}, "tasks: .*at most 4 items"),
    (COUNT | {"tasks": [{"task": "cuont", "phrases": ["cups"]}]}, r"tasks\[0\].task: 'cuont' is none of .*'count'"),
    (COUNT | {"tasks": [{"task": "count", "phrase": ["cups"]}]}, r"tasks\[0\].phrase: no such key: .*'phrases'"),
    (COUNT | {"tasks": [{"task": "count"}]}, r"tasks\[0\]: count needs phrases"),
    (COUNT | {"tasks": [{"task": "chat", "question": "hm?"}]}, "chat has no question: only answer"),
    (COUNT | {"tasks": [{"task": "classify", "labels": ["cups"]}]}, "labels: .*at least 2 items"),
    (COUNT | {"tasks": [{"task": "count", "phrases": [" "]}]}, "the plan does not parse: .*needs phrases"),
    (COUNT | {"turn": "how many xylophones?"}, "'cups' does not stand in the turn or its history$"),
    (COUNT | {"turn": "how many cpus?"}, "'cups' does not stand in .*: did you mean 'cpus'"),
    (COUNT | {"tasks": [{"task": "count", "phrases": ["cups", "the cup"]}]}, "the same thing twice"),
]


@pytest.mark.parametrize(("entry", "reason"), TURNS)
def test_a_turn_that_no_planner_could_learn_from(tmp_path: Path, entry: Any, reason: str) -> None:
    with pytest.raises(DataError, match=rf"data\.jsonl:3: (?s:.*){reason}"):
        read_turns(lines(tmp_path / "data.jsonl", COUNT, "", entry))


def test_history_may_name_what_the_turn_does_not(tmp_path: Path) -> None:
    entry = COUNT | {"turn": "how many are there?", "history": "find the cups -> here they are"}
    assert read_turns(lines(tmp_path / "data.jsonl", entry)).entries[0].history


PAIRS = [
    (PAIR | {"chosn": 1}, "chosn: no such key: did you mean 'chosen'"),
    ({"turn": "how many cups?", "chosen": PAIR["chosen"]}, "rejected: is missing"),
    (PAIR | {"rejected": {"thought": "x", "task": []}}, r"rejected\..*(no such key: did you mean 'tasks'|is missing)"),
    (PAIR | {"rejected": ""}, "rejected: .*at least 1 character"),
    (PAIR | {"chosen": "text"}, "chosen: "),
    (PAIR | {"rejected": PAIR["chosen"]}, "the same plan"),
    (PAIR | {"turn": "how many xylophones?"}, "'cups' does not stand in the turn"),
]


@pytest.mark.parametrize(("entry", "reason"), PAIRS)
def test_a_pair_that_says_nothing(tmp_path: Path, entry: Any, reason: str) -> None:
    with pytest.raises(DataError, match=rf"data\.jsonl:2: (?s:.*){reason}"):
        read_pairs(lines(tmp_path / "data.jsonl", PAIR, entry))


def test_a_rejected_plan_may_be_any_text(tmp_path: Path) -> None:
    (pair,) = read_pairs(lines(tmp_path / "data.jsonl", PAIR | {"rejected": '{"thought": "cut o'})).entries
    assert pair.row()["rejected"][0]["content"] == '{"thought": "cut o'


SEEINGS = [
    (SEEN | {"answr": "no"}, "answr: no such key: did you mean 'answer'"),
    (SEEN | {"image": "b.png"}, "image: 'b.png' is not there"),
    (SEEN | {"image": "data.jsonl"}, "image: 'data.jsonl' is no picture"),
    (SEEN | {"image": "cut.png"}, "image: 'cut.png' is no picture"),
    (SEEN | {"question": "is <image> red?"}, "question: <image> is a mark of the model's own"),
    (SEEN | {"answer": ""}, "answer: .*at least 1 character"),
]


@pytest.mark.parametrize(("entry", "reason"), SEEINGS)
def test_a_picture_that_cannot_be_learned_from(tmp_path: Path, entry: Any, reason: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    with pytest.raises(DataError, match=rf"data\.jsonl:2: {reason}"):
        read_seen(lines(tmp_path / "data.jsonl", SEEN, entry))


@pytest.mark.parametrize(
    ("command", "entry", "reason"),
    [
        (["sft"], COUNT | {"turn": "x"}, "'cups' does not stand"),
        (["sft", "--model", "idefics"], SEEN | {"image": "none.png"}, "'none.png' is not there"),
        (["dpo", "--adapter", "."], PAIR | {"chosn": 1}, "no such key"),
        (["mistakes", "--adapter", "."], COUNT | {"tasks": []}, "at least 1 item"),
    ],
)
def test_the_command_tells_the_line_and_loads_nothing(
    tmp_path: Path, command: list[str], entry: Any, reason: str
) -> None:
    data = lines(tmp_path / "data.jsonl", entry)
    words = ["finetune", command[0], str(data), *command[1:], "--out", str(tmp_path / "out")]
    program = (
        "import sys; from vlp_graph.cli import app\n"
        f"try: app({words!r})\n"
        "except SystemExit as end: print(end.code, sorted({'torch', 'transformers', 'trl', 'vllm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "2 []\n"
    assert reason in done.stderr
    assert "data.jsonl:1: " in done.stderr
    assert not (tmp_path / "out").exists()


def test_nothing_to_learn(tmp_path: Path) -> None:
    data, out = lines(tmp_path / "data.jsonl", ""), str(tmp_path / "out")
    result = CliRunner().invoke(app, ["finetune", "sft", str(data), "--out", out])
    assert result.exit_code == 2
    assert "no lines in it" in result.output


def test_alike_turns_stay_on_one_side(tmp_path: Path) -> None:
    entries = [count(f"things{number % 20}") for number in range(100)]
    turns = read_turns(lines(tmp_path / "data.jsonl", *entries))
    learned, held_out = turns.split(0.3, lambda turn: turn.turn, 0)
    assert (len(learned), len(held_out)) == (70, 30)
    assert not {turn.turn for turn in learned} & {turn.turn for turn in held_out}
    with pytest.raises(DataError, match="too few to hold 10% of them out"):
        read_turns(lines(tmp_path / "data.jsonl", COUNT)).split(0.1, lambda turn: turn.turn, 0)
