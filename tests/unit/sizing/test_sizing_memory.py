"""Memory of a replica: against figures that others have published, and against the engines' own derivations."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlp_graph.config import Llama, Whisper, load
from vlp_graph.config.hardware import A10G, GPUS
from vlp_graph.config.models import Batch
from vlp_graph.engines.vllm_options import engine_arguments
from vlp_graph.sizing.architectures import architecture
from vlp_graph.sizing.memory import GIB, footprint, footprints, weights_gib

SEVEN = "meta-llama/Llama-2-7b-chat-hf"


def llama(source: str = SEVEN, **changes: object) -> Llama:
    values = {"source": source, "device": "cuda", "dtype": "float16", "num_gpus": 1, "max_num_batched_tokens": 2048}
    return Llama.model_validate(values | changes)


@pytest.mark.parametrize(
    ("source", "gb", "kib"),
    [(SEVEN, 13.5, 512), ("meta-llama/Llama-2-13b-chat-hf", 26.0, 800), ("meta-llama/Llama-2-70b-chat-hf", 138, 320)],
)
def test_weights_and_a_token_as_published(source: str, gb: float, kib: float) -> None:
    taken = footprint("llama", llama(source, max_model_len=4096), GPUS["h100"])
    assert taken.weights * GIB / 1e9 == pytest.approx(gb, rel=0.01)
    assert taken.kv_least * GIB / 4096 / 1024 == pytest.approx(kib)


def test_four_bits_take_what_their_papers_say() -> None:
    seven, awq = architecture(SEVEN), architecture("TheBloke/Llama-2-7B-Chat-AWQ")
    kept = (seven.parameters - seven.linear) * 2
    assert weights_gib(seven, "float16", "nf4") * GIB == pytest.approx(seven.linear * 4.5 / 8 + kept)
    # TheBloke's page gives 3.89 GB for the file
    assert weights_gib(awq, "float16", "awq") * GIB / 1e9 == pytest.approx(3.89, rel=0.01)
    assert weights_gib(awq, "float16", None) == weights_gib(awq, "float16", "awq")


@pytest.mark.parametrize(("dtype", "megabytes"), [("float16", 4525), ("int8", 2926)])
def test_whisper_is_at_most_a_fifth_above_its_own_figures(dtype: str, megabytes: float) -> None:
    """faster-whisper's README, large-v2 with beam 5 on an RTX 3070 Ti; large-v3 has 128 instead of 80 mel bands."""
    large = Whisper(source="Systran/faster-whisper-large-v3", device="cuda", dtype=dtype, num_gpus=1)  # type: ignore[arg-type]
    taken = footprint("whisper", large, A10G)
    assert 1 <= taken.total * GIB / 1e6 / megabytes < 1.2


def test_vllm_s_share_is_the_engine_s_own() -> None:
    for share in (0.32, 0.5, 1):
        taken = footprint("llama", llama(num_gpus=share), A10G)
        assert taken.utilization == engine_arguments(llama(num_gpus=share))["gpu_memory_utilization"]
        assert taken.budget == pytest.approx(A10G.gib * (taken.utilization or 0))


def test_keys_and_values_take_what_the_share_leaves() -> None:
    taken = footprint("llama", llama(), A10G)
    assert taken.total == pytest.approx(taken.budget)
    assert taken.tokens == pytest.approx(taken.kv * GIB / (512 * 1024), abs=1)
    assert footprint("llama", llama(num_gpus=0.5), A10G).missing > 3


def test_ranks_share_weights_and_keys() -> None:
    one, four = (
        footprint("llama", llama("meta-llama/Llama-2-70b-chat-hf", tensor_parallel=n), GPUS["h100"]) for n in (1, 4)
    )
    assert one.missing > 0
    assert four.missing == 0
    assert four.weights == pytest.approx(one.weights / 4)
    assert four.kv_least == pytest.approx(one.kv_least / 4)
    sixteen = footprint("llama", llama("meta-llama/Llama-2-70b-chat-hf", tensor_parallel=16), GPUS["h100"])
    assert sixteen.kv_least == pytest.approx(one.kv_least / 8)  # eight heads on sixteen ranks: each stands on two


def test_fp8_halves_keys_and_values() -> None:
    half, eight = (footprint("llama", llama(kv_cache_dtype=form), A10G) for form in ("auto", "fp8"))
    assert eight.kv_least == half.kv_least / 2


def test_more_of_anything_takes_more() -> None:
    models = load("g5-2xlarge").models
    dino = models.grounded_sam
    base = footprint("grounded_sam", dino, A10G)
    assert footprint("grounded_sam", dino.model_copy(update={"phrases_at_once": 4}), A10G).total > base.total
    assert footprint("grounded_sam", dino.model_copy(update={"embeddings": 32}), A10G).total > base.total
    twice = models.idefics.model_copy(update={"batch": Batch(size=2)})
    assert footprint("idefics", twice, A10G).kv == pytest.approx(2 * footprint("idefics", models.idefics, A10G).kv)


def test_an_adapter_is_counted() -> None:
    embedded = {f.name: f for f in footprints(load("embedded"), None)}
    size = Path(__file__).parents[3] / "vlp_graph/nano/checkpoints/smollm2-planner/adapter_model.safetensors"
    assert embedded["llama"].lora * GIB == pytest.approx(size.stat().st_size, rel=0.02)  # stored as it is computed
    assert embedded["llama"].budget is None


def test_nothing_heavy_is_imported() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from vlp_graph.config import load; from vlp_graph.sizing.plan import make\n"
        "for name in ('embedded', 'g5-48xlarge'): make(load(name))\n"
        "print(*(m for m in ('torch', 'vllm', 'transformers', 'ray', 'numpy.linalg') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"numpy.linalg"}
