"""Both trainers on a Llama of two layers: they learn, and go on where they were stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tiny_llama import THINGS, count, lines, llama, pair

from vlp_graph.finetune.data import read_turns
from vlp_graph.finetune.dpo import dpo
from vlp_graph.finetune.folder import Metrics, RunError
from vlp_graph.finetune.lines import DataError
from vlp_graph.finetune.lora import AdapterError, check_served, read
from vlp_graph.finetune.merge import merge
from vlp_graph.finetune.mistakes import mistakes
from vlp_graph.finetune.settings import Dpo, Sft, settings
from vlp_graph.finetune.sft import sft

LEARNED = {"batch": 4, "rank": 8, "warmup": 0, "judged": 2, "log_steps": 1, "held_out": 0.25}


class Stopped(KeyboardInterrupt):
    """As Ctrl-C would."""


def stopping_at(last: int) -> Any:
    def listen(step: int, figures: Mapping[str, float]) -> None:
        if step >= last and "loss" in figures:
            raise Stopped

    return listen


def losses(metrics: Metrics) -> dict[int, float]:
    return {point.step: point.figures["loss"] for point in metrics.curve if "loss" in point.figures}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return llama(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lines(tmp_path_factory.mktemp("data") / "turns.jsonl", *map(count, THINGS))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lines(tmp_path_factory.mktemp("data") / "pairs.jsonl", *map(pair, THINGS))


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, base: str, turns: Path) -> tuple[Path, Metrics]:
    """An adapter by twelve steps, and what was seen on the way."""
    out = tmp_path_factory.mktemp("sft") / "out"
    return out, sft(turns, out, settings(Sft, base=base, steps=12, epochs=9, save_steps=5, **_rate(2e-2)))


def _rate(rate: float) -> dict[str, Any]:
    return LEARNED | {"learning_rate": rate}


def test_an_adapter_is_learned(learned: tuple[Path, Metrics], base: str) -> None:
    out, metrics = learned
    assert metrics.steps == 12
    assert metrics.after["loss"] < 0.95 * metrics.before["loss"]
    assert set(metrics.after) == {"loss", "tokens_right", "right_plans"}
    assert sorted(losses(metrics)) == list(range(1, 13))
    assert [p.step for p in metrics.curve if "held_out_loss" in p.figures] == [0, 5, 10, 12]
    told = read(out)
    assert told["base_model_name_or_path"] == base
    assert set(told["target_modules"]) == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    check_served(out)
    assert Metrics.model_validate_json((out / "metrics.json").read_text()) == metrics
    with Image.open(out / "curve.png") as picture:
        assert len(picture.convert("RGB").getcolors(100_000) or []) > 10
    assert not (out / "checkpoints").exists()


def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    learned: tuple[Path, Metrics], base: str, turns: Path, tmp_path: Path
) -> None:
    asked, out = settings(Sft, base=base, steps=12, epochs=9, save_steps=5, **_rate(2e-2)), tmp_path / "out"
    with pytest.raises(Stopped):
        sft(turns, out, asked, listen=stopping_at(8))
    with pytest.raises(RunError, match="go on with --resume"):
        sft(turns, out, asked)
    with pytest.raises(RunError, match=r"learning_rate was 0\.02 and is 0\.01"):
        sft(turns, out, asked.model_copy(update={"learning_rate": 0.01}), resume=True)
    with pytest.raises(RunError, match="the data has changed"):
        sft(lines(tmp_path / "other.jsonl", *map(count, THINGS[:12])), out, asked, resume=True)
    steps: list[int] = []
    metrics = sft(turns, out, asked, resume=True, listen=lambda step, _: steps.append(step))
    assert min(step for step in steps if step) == 6
    assert losses(metrics) == pytest.approx(losses(learned[1]), rel=1e-3)
    assert metrics.before == pytest.approx(learned[1].before)
    assert metrics.after == pytest.approx(learned[1].after, rel=1e-3)
    with pytest.raises(RunError, match="that run is done"):
        sft(turns, out, asked, resume=True)
    with pytest.raises(RunError, match="no run to resume"):
        sft(turns, tmp_path / "nothing", asked, resume=True)


def test_preferences_start_at_the_adapter_and_resume(
    learned: tuple[Path, Metrics], base: str, pairs: Path, tmp_path: Path
) -> None:
    asked = settings(Dpo, base=base, steps=12, epochs=9, save_steps=5, keep=0.2, **_rate(5e-3))
    whole = dpo(pairs, learned[0], tmp_path / "whole", asked)
    assert whole.before["accuracy"] == whole.before["margin"] == 0  # it is held against itself
    assert whole.after["margin"] > 0.05
    assert whole.after["accuracy"] == 1
    with pytest.raises(Stopped):
        dpo(pairs, learned[0], tmp_path / "parts", asked, listen=stopping_at(8))
    parts = dpo(pairs, learned[0], tmp_path / "parts", asked, resume=True)
    assert losses(parts) == pytest.approx(losses(whole), rel=1e-3)
    assert parts.after == pytest.approx(whole.after, rel=1e-2)
    check_served(tmp_path / "parts")
    assert not (tmp_path / "parts" / "ref").exists()


def test_mistakes_are_pairs_to_learn_from(
    learned: tuple[Path, Metrics], base: str, turns: Path, pairs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pairs.jsonl"
    found = mistakes(turns, learned[0], out, settings(Dpo, base=base), samples=1)
    assert (found.turns, found.right) == (len(THINGS), 0)  # two layers plan nothing right
    made = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(made) == found.pairs > len(THINGS)
    known = {turn.turn: turn.wire() for turn in read_turns(turns).entries}
    assert all(known[entry["turn"]] == entry["chosen"]["tasks"] for entry in made)


def test_merged_weights_say_what_base_and_adapter_say(learned: tuple[Path, Metrics], base: str, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = tmp_path / "merged"
    assert merge(learned[0], out) == "llama"
    assert (out / "model.safetensors").exists()
    tokenizer: Any = AutoTokenizer.from_pretrained(out)
    assert tokenizer.chat_template
    ids = tokenizer("how many cups?", return_tensors="pt").input_ids
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with torch.inference_mode():
        before = plain(ids).logits
        adapted = PeftModel.from_pretrained(plain, learned[0])(ids).logits
        merged = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)(ids).logits
    assert torch.allclose(merged, adapted, atol=1e-3)
    assert not torch.allclose(merged, before, atol=1e-2)
    with pytest.raises(RunError, match="holds a model already"):
        merge(learned[0], out)


def test_a_base_in_four_bits_learns(base: str, turns: Path, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    asked = settings(
        Sft, base=base, quantization="nf4", checkpointing=True, accumulate=2, steps=10, epochs=9, **_rate(2e-2)
    )
    metrics = sft(turns, tmp_path / "out", asked)
    assert metrics.after["loss"] < 0.95 * metrics.before["loss"]
    check_served(tmp_path / "out")


def test_a_line_that_is_too_long_is_not_cut(base: str, tmp_path: Path) -> None:
    data = lines(tmp_path / "data.jsonl", *map(count, THINGS))
    with pytest.raises(DataError, match=r"data\.jsonl:1: \d+ tokens, and max_length is 20"):
        sft(data, tmp_path / "out", settings(Sft, base=base, max_length=20))


@pytest.mark.models
def test_vllm_takes_the_adapter_that_is_learned(learned: tuple[Path, Metrics]) -> None:
    from vllm.config.lora import LoRAConfig
    from vllm.lora.peft_helper import PEFTHelper

    helper = PEFTHelper.from_local_dir(str(learned[0]), max_position_embeddings=None)
    helper.validate_legal(LoRAConfig(max_lora_rank=8))
    assert (helper.r, helper.vllm_lora_scaling_factor) == (8, 2.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"r": 1024}, "an adapter of rank 1024: vLLM takes ranks up to"),
        ({"r": 8, "rank_pattern": {"q_proj": 16}}, "its rank_pattern goes beyond its rank 8"),
        ({"use_dora": True}, "it uses use_dora"),
        ({"bias": "all"}, "it trains biases"),
        ({"modules_to_save": ["lm_head"]}, "replaces whole modules"),
        ({"target_modules": ["q_proj", "embed_tokens"]}, "it changes embed_tokens"),
        ({"init_lora_weights": "pissa"}, "'pissa' changes the base"),
        ({"peft_type": "IA3"}, "it is IA3"),
    ],
)
def test_an_adapter_that_could_not_be_served_is_refused(
    learned: tuple[Path, Metrics], pairs: Path, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    told = read(learned[0]) | change
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    (tmp_path / "adapter_config.json").write_text(json.dumps(told))
    with pytest.raises(AdapterError, match=f"cannot be served as models.llama.planner: .*{reason}"):
        dpo(pairs, tmp_path, tmp_path / "out", settings(Dpo))


def test_no_adapter(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="no adapter there"):
        merge(tmp_path, tmp_path / "out")
