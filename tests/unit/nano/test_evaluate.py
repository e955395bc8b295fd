from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from vlp_graph.nano import evaluate
from vlp_graph.nano.train import RECIPES

SAM = {"figures": {"box_iou": 0.9345, "small": 0.9, "large": 0.97}, "parameters": 580_000, "bytes": 1_190_000}


def test_every_recipe_has_an_entry() -> None:
    assert list(evaluate.ENTRIES) == list(RECIPES)


def test_a_reached_and_a_missed_floor_are_told_apart() -> None:
    dino = {"figures": {"f1": 0.98, "absent_found": 0.05}, "parameters": 900_000, "bytes": 1_800_000}
    card = evaluate.render({"sam": SAM, "grounding-dino": dino})
    assert "| sam | mean IoU of masks, true box given | ≥ 0.91 | 0.934 | reached |" in card
    assert "| grounding-dino | phrase grounding, F1 at IoU 0.5 | ≥ 0.97 | 0.980 | reached |" in card
    assert "| ≤ 0.03 | 0.050 | **missed** |" in card
    assert "0.58 M parameters, 1.19 MB" in card
    assert "| small | 0.900 |" in card


def test_what_was_not_measured_is_said() -> None:
    card = evaluate.render({})
    assert card.count("not measured |") == sum(len(entry.floors) for entry in evaluate.ENTRIES.values())
    assert card.count("Not measured yet.") == len(RECIPES)


def test_the_card_says_what_people_must_know() -> None:
    card = evaluate.render({"sam": SAM})
    for said in ("coloured shapes only", "nothing of photographs", "English only", "not quite unseen", "public domain"):
        assert said in card
    for name, module in RECIPES.items():
        assert f"python -m vlp_graph.nano.train {name}" in card
        assert f"recipes/{module}.py" in card
    assert max(len(line) for line in card.splitlines() if not line.startswith("|")) <= 120


def test_weigh_counts_numbers_and_bytes(tmp_path: Path) -> None:
    save_file({"a": np.zeros((3, 4), np.float16), "b": np.zeros(5, np.float16)}, tmp_path / "model.safetensors")
    parameters, size = evaluate.weigh(tmp_path)
    assert parameters == 17
    assert size == (tmp_path / "model.safetensors").stat().st_size


def test_a_checkpoint_without_weights_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"vlp_graph\.nano\.train"):
        evaluate.weigh(tmp_path)


def test_measuring_one_model_keeps_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "FIGURES", tmp_path / "evaluation.json")
    monkeypatch.setattr(evaluate, "CARD", tmp_path / "MODEL_CARD.md")
    evaluate._write({"idefics": SAM})
    monkeypatch.setattr(evaluate, "measure", lambda name: SAM)
    monkeypatch.setattr("sys.argv", ["evaluate", "sam"])
    evaluate.main()
    assert '"idefics"' in (tmp_path / "evaluation.json").read_text()
    assert "| ≥ 0.91 | 0.934 | reached |" in (tmp_path / "MODEL_CARD.md").read_text()
