"""IDEFICS learns to tell what it could not: nano scenes, asked in words that the nano checkpoint does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_llama import lines

from vlp_graph.engines.idefics import Idefics, Look
from vlp_graph.finetune.eyes import eyes
from vlp_graph.finetune.lines import DataError
from vlp_graph.finetune.lora import read
from vlp_graph.finetune.merge import merge
from vlp_graph.finetune.settings import Eyes, settings
from vlp_graph.nano.world import Thing, arrange

TEAM = {"red": "red", "yellow": "red", "orange": "red", "blue": "blue", "green": "blue", "purple": "blue"}
QUESTION = "which team has the {shape}?"


def pictures(folder: Path, count: int, seed: int) -> list[dict[str, Any]]:
    """Scenes of one thing, and whose it is: warm colours are the red team's."""
    rng = np.random.default_rng(seed)
    entries = []
    for number in range(count):
        colour = list(TEAM)[number % len(TEAM)]
        shape = str(rng.choice(["circle", "square", "star", "heart"]))
        scene = arrange(rng, 128, 128, [Thing(shape, colour, "large", (0.5, 0.5))])
        (folder / f"{seed}-{number}.png").write_bytes(scene.png())
        question = QUESTION.format(shape=shape)
        entries.append({"image": f"{seed}-{number}.png", "question": question, "answer": TEAM[colour]})
    return entries


@pytest.mark.models
def test_idefics_learns_and_the_engine_tells_it_from_merged_weights(tmp_path: Path) -> None:
    data = lines(tmp_path / "learn.jsonl", *pictures(tmp_path, 96, seed=1))
    judge = lines(tmp_path / "judge.jsonl", *(fresh := pictures(tmp_path, 12, seed=2)))
    asked = settings(Eyes, "idefics-nano", steps=30, epochs=9, save_steps=30, log_steps=5, judged=12)
    metrics = eyes(data, tmp_path / "adapter", asked, judge=judge)
    assert metrics.before["right_answers"] == 0
    assert metrics.after["right_answers"] > 0.8
    assert metrics.after["loss"] < 0.5 * metrics.before["loss"]
    assert "vision_model" not in str(read(tmp_path / "adapter")["target_modules"])

    assert merge(tmp_path / "adapter", tmp_path / "merged") == "idefics"
    engine = Idefics.load(str(tmp_path / "merged"), lowercase=True, max_model_len=256)
    looks = [Look((np.asarray(Image.open(tmp_path / e["image"]).convert("RGB")),), e["question"]) for e in fresh]
    right = [answer == e["answer"] for answer, e in zip(engine.answer(looks), fresh, strict=True)]
    assert np.mean(right) > 0.8


def test_four_bits(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    data = lines(tmp_path / "learn.jsonl", *pictures(tmp_path, 16, seed=1))
    asked = settings(Eyes, "idefics-nano", quantization="nf4", checkpointing=True, steps=4, judged=4, held_out=0.3)
    metrics = eyes(data, tmp_path / "adapter", asked)
    assert metrics.after["loss"] < metrics.before["loss"]


def test_a_question_that_is_too_long(tmp_path: Path) -> None:
    entries = pictures(tmp_path, 16, seed=1)
    entries[4]["question"] *= 40
    with pytest.raises(DataError, match=r"learn\.jsonl:5: \d+ tokens, and max_length is 256"):
        eyes(lines(tmp_path / "learn.jsonl", *entries), tmp_path / "out", settings(Eyes, "idefics-nano"))
