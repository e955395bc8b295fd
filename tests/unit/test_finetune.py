"""Data of one's own for the planner: checked before anything is loaded, learned by TRL on a tiny Llama."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vlp_graph import finetune
from vlp_graph.cli import app
from vlp_graph.finetune import DataError

COUNT = {"turn": "how many cups?", "thought": "user wants me to count cups"}
COUNT |= {"tasks": [{"task": "count", "phrases": ["cups"]}]}  # type: ignore[dict-item]
IDEFICS = Path(finetune.__file__).parent / "nano" / "checkpoints" / "idefics"


def lines(path: Path, *entries: Any) -> Path:
    path.write_text("\n".join(e if isinstance(e, str) else json.dumps(e) for e in entries) + "\n")
    return path


def test_what_is_generated_can_be_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["finetune", "data", str(tmp_path / "turns.jsonl"), "--turns", "40"])
    assert result.exit_code == 0, result.output
    examples = finetune.read(tmp_path / "turns.jsonl")
    assert len(examples) == 40
    conversation = examples[0].conversation()
    assert [m["role"] for m in conversation["prompt"]] == ["system", "user"]
    assert json.loads(conversation["completion"][0]["content"])["tasks"] == examples[0].tasks


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("{", "Invalid JSON"),
        (COUNT | {"answer": "two"}, "Extra inputs"),
        (COUNT | {"tasks": []}, "at least 1 item"),
        (COUNT | {"tasks": [{"task": "dance"}]}, "task"),
        (COUNT | {"tasks": [{"task": "count"}]}, "count needs phrases"),
        (COUNT | {"turn": "how many mugs?"}, "names nothing"),
        (COUNT | {"tasks": [{"task": "count", "phrases": ["cups", "xylophones"]}]}, "does not stand in the turn"),
    ],
)
def test_a_line_that_no_planner_could_learn_from_is_refused(tmp_path: Path, entry: Any, reason: str) -> None:
    with pytest.raises(DataError, match=rf"data\.jsonl:2: (?s:.*){reason}"):
        finetune.read(lines(tmp_path / "data.jsonl", COUNT, entry))


def test_nothing_to_learn(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["finetune", "sft", str(lines(tmp_path / "data.jsonl", "")), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 2
    assert "no turns" in result.output


def test_an_adapter_is_learned(tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(IDEFICS)
    tokenizer.chat_template = (
        "{% for m in messages %}<s>{{ m['role'] }} {{ m['content'] }}</s>{% endfor %}"
        "{% if add_generation_prompt %}<s>assistant {% endif %}"
    )
    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **small))
    model.save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    data, base = lines(tmp_path / "data.jsonl", *[COUNT] * 16), str(tmp_path / "base")
    options: dict[str, Any] = {"base": base, "batch": 4, "rank": 4, "learning_rate": 1e-2}
    few = finetune.sft(data, tmp_path / "few", steps=1, **options)
    many = finetune.sft(data, tmp_path / "many", steps=20, epochs=9, **options)
    assert many["train_loss"] < few["train_loss"]
    adapted = PeftModel.from_pretrained(LlamaForCausalLM.from_pretrained(base), tmp_path / "many")
    assert adapted.peft_config["default"].base_model_name_or_path == base
    assert any(p.abs().sum() > 0 for name, p in adapted.named_parameters() if "lora_B" in name)
