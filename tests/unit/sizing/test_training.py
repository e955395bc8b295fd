"""Memory of fine-tuning."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from vlp_graph.cli import app
from vlp_graph.config.hardware import A10G
from vlp_graph.sizing.errors import DoesNotFit
from vlp_graph.sizing.memory import GIB
from vlp_graph.sizing.training import Run, fitting, training

SEVEN = "meta-llama/Llama-2-7b-chat-hf"


def test_an_adapter_costs_sixteen_bytes_a_parameter() -> None:
    taken = training(Run(SEVEN, rank=16))
    assert taken.adapter_parameters == 39_976_960
    assert taken.adapter * GIB == 39_976_960 * 16


def test_activations_grow_with_tokens_and_checkpoints_spare_them() -> None:
    one, four = training(Run(SEVEN)), training(Run(SEVEN, batch=4))
    assert four.activations == pytest.approx(4 * one.activations)
    assert one.activations * GIB == 34 * 1024 * 4096 * 32  # arXiv 2205.05198
    spared = training(Run(SEVEN, checkpointing=True))
    assert spared.activations * GIB == 2 * 1024 * 4096 * 32 + 34 * 1024 * 4096


def test_ways_that_are_named_are_ways() -> None:
    run = Run("meta-llama/Llama-2-13b-chat-hf", quantization=None)
    assert training(run).total > A10G.gib
    assert "nf4" in fitting(run, A10G)
    assert training(Run(run.source)).total <= A10G.gib
    assert fitting(Run("meta-llama/Llama-2-70b-chat-hf"), A10G) == []


def test_the_command_says_what_is_left_and_what_is_missing() -> None:
    fits = CliRunner().invoke(app, ["plan", "g5-2xlarge", "--train"])
    assert fits.exit_code == 0
    assert "GiB are left" in fits.output
    large = ["plan", "g5-2xlarge", "--train", "--base", "meta-llama/Llama-2-13b-chat-hf", "--quantization", "none"]
    over = CliRunner().invoke(app, large)
    assert over.exit_code == 2
    assert "It fits with nf4" in " ".join(over.output.split())


def test_a_base_that_writes_no_text() -> None:
    with pytest.raises(DoesNotFit, match="writes no text"):
        training(Run("facebook/sam-vit-base"))
