"""`python -m benchmarks.gpu_memory`: what it says without a GPU, what it compares, and the whole of it on a CPU."""

from __future__ import annotations

import io
import json
import mmap
import threading
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.gpu_memory import __main__ as command
from benchmarks.gpu_memory import parts
from benchmarks.gpu_memory.folders import furnished, shallow, takes_dummies
from benchmarks.gpu_memory.measure import on_cpu
from benchmarks.gpu_memory.meters import Resident, peak
from benchmarks.gpu_memory.ranks import Rank
from benchmarks.gpu_memory.work import started
from vlp_graph.config import load, names
from vlp_graph.config.hardware import A10G
from vlp_graph.sizing import machines
from vlp_graph.sizing.architectures import architecture, known
from vlp_graph.sizing.counting import count
from vlp_graph.sizing.memory import GIB, footprint


def said(*arguments: str) -> tuple[int, str]:
    """Its exit code, and what it printed at 80 columns."""
    console = Console(file=io.StringIO(), width=80, highlight=False)
    code = command.main(arguments, console)
    assert isinstance(console.file, io.StringIO)
    return code, console.file.getvalue()


@pytest.fixture
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "_driver_memory_gib", list)


@pytest.mark.usefixtures("_no_gpu")
def test_without_a_gpu_it_says_so() -> None:
    code, told = said("g5-2xlarge")
    assert code == 2
    assert "no GPU is here" in told
    assert "--device cpu" in told


def test_a_profile_that_is_none_is_refused() -> None:
    code, told = said("no-such-profile", "--device", "cpu")
    assert code == 2
    assert "no-such-profile" in told


def test_what_does_not_fit_is_told_and_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    small = machines.Node("this machine", None, 0, 2, 4.0)
    monkeypatch.setattr(command, "here", lambda profile: small)
    code, told = said("g5-12xlarge", "--device", "cpu", "--models", "llama")
    assert code == 0
    assert "does not fit" in told
    assert "not measured: by the estimate it takes" in " ".join(told.split())


@pytest.mark.models
def test_a_model_on_the_cpu(tmp_path: Path) -> None:
    """The smallest of the embedded models: load, batch, memory, table, JSON; each in the process that does it."""
    save = tmp_path / "figures.json"
    code, told = said("embedded", "--device", "cpu", "--models", "distilbert", "--save", str(save))
    assert code == 0, told
    kept = json.loads(save.read_text())
    (model,) = kept["models"]
    figures = {part["name"]: part for part in model["parts"]}
    estimate = footprint("distilbert", load("embedded").models.distilbert, None)
    assert model["weights"] == "own weights"
    assert figures["total"]["estimated"] == pytest.approx(estimate.total)
    assert figures["weights"]["measured"] == pytest.approx(estimate.weights, abs=0.15)
    assert figures["RAM, all"]["measured"] > figures["total"]["measured"] > 0.05
    assert kept["machine"]["cores"] >= 1
    assert f"{figures['total']['measured']:.2f}" in told
    assert not any("…" in line for line in told.splitlines())


def test_the_largest_that_was_seen_is_kept() -> None:
    asked, now = threading.Event(), [1.0]

    def meter() -> float:
        if now[0] == 3.0:
            asked.set()
        return now[0]

    with peak(meter) as most:
        now[0] = 3.0
        assert asked.wait(30)
        now[0] = 2.0
    assert most.gib == 3.0


def test_resident_memory_is_that_of_the_kernel() -> None:
    resident = Resident()
    before = resident()
    with mmap.mmap(-1, 64 * 2**20) as held:  # fresh pages: the heap may have room for them already
        held.write(b"x" * len(held))
        assert 0.04 <= resident() - before <= 0.2


def test_torch_s_parts_add_up() -> None:
    taken = footprint("grounded_sam", load("g5-2xlarge").models.grounded_sam, A10G)
    found, judged = parts.of_torch(taken, loaded=3.2, reserved=6.4, whole=6.9)
    of = {part.name: part for part in found}
    assert of["weights"].measured == 3.2
    assert of["KV, activations"].measured == pytest.approx(3.2)
    assert of["CUDA"].measured == pytest.approx(0.5)
    assert sum(part.estimated for part in found if part.name != "total") == pytest.approx(of["total"].estimated)
    result = parts.Measured("grounded_sam", "", "cuda", parts=found, judged=judged)
    assert result.within is (abs(taken.total / 6.9 - 1) <= 0.15)
    assert parts.Measured.of_json(result.as_json()) == result


def test_of_vllm_what_is_not_keys_and_values_is_judged() -> None:
    """Whatever the share leaves goes to keys and values, so that the whole always agrees."""
    taken = footprint("llama", load("g5-12xlarge").models.llama, A10G)
    weights, peaked = int(7.5 * GIB), int(0.5 * GIB)
    ranks = [Rank(int(11 * GIB), weights, int(7.75 * GIB), peaked), Rank(int(11 * GIB), weights)]
    found, judged = parts.of_vllm(taken, ranks, whole=2 * 19.75)
    of = {part.name: part for part in found}
    assert of[judged].measured == pytest.approx(8.25)
    assert of[judged].estimated == pytest.approx(taken.weights + taken.lora + taken.activations)
    assert of["activations"].measured == pytest.approx(0.75)
    assert of["KV"].measured == pytest.approx(11)
    assert of["CUDA"].measured == pytest.approx(0.5)
    assert of["its share"].estimated == pytest.approx(22.5 * 0.92)


def test_what_vllm_does_not_tell_is_not_made_up() -> None:
    taken = footprint("llama", load("g5-12xlarge").models.llama, A10G)
    found, judged = parts.of_vllm(taken, [Rank(GIB)], whole=3.0)
    assert parts.Measured("llama", "", "cuda", parts=found, judged=judged).within is None


SMALL: dict[str, dict[str, object]] = {
    "idefics": {"batch": {"size": 2}, "max_new_tokens": 4},
    "grounded_sam": {"batch": {"size": 2}, "phrases_at_once": 3, "embeddings": 1},
    "whisper": {"beam": 1},
    "distilbert": {"batch": {"size": 2}},
}


@pytest.mark.models
@pytest.mark.parametrize("name", SMALL)
def test_random_weights_load_and_work(name: str, tmp_path: Path) -> None:
    """Folders that are made from an architecture alone, one layer deep, in the engine of the deployment."""
    whole = getattr(load("embedded").models, name)
    small = type(whole).model_validate(whole.model_dump() | SMALL[name])
    model, kind = furnished(small, tmp_path, depth=1)
    assert kind == "random"
    assert model.source != small.source
    assert footprint(name, model, None).weights > 0
    running = started(model, kind)
    if name != "whisper":  # at all its temperatures half a minute of noise takes as long; loading heard a second
        running.work()
    assert running.ranks() == []
    running.close()


@pytest.mark.models
def test_an_entailment_model_is_made_from_facts(tmp_path: Path) -> None:
    whole = load("g5-2xlarge").models.distilbert
    small = type(whole).model_validate(whole.model_dump() | {"batch": {"size": 1}})
    model, kind = furnished(small, tmp_path, depth=1)
    assert kind == "random"
    started(model, kind).work()


@pytest.mark.parametrize("name", ["g5-2xlarge", "g5-12xlarge"])
def test_a_llama_s_folder(name: str, tmp_path: Path) -> None:
    """What vLLM reads where it makes weights up, AWQ's parameters among it; nf4 is made of files."""
    whole = load(name).models.llama
    dummies = whole.model_copy(update={"quantization": None}) if whole.quantization == "nf4" else whole
    model, kind = furnished(dummies, tmp_path, depth=1)
    config = json.loads((Path(model.source) / "config.json").read_text())
    assert (kind, config["architectures"], config["num_hidden_layers"]) == ("random", ["LlamaForCausalLM"], 1)
    assert not list(Path(model.source).glob("*.safetensors"))
    packed = config.get("quantization_config")
    assert packed is None or {"bits", "group_size", "zero_point"} <= set(packed)


@pytest.mark.parametrize("name", names())
def test_every_model_has_a_form_for_the_cpu(name: str) -> None:
    for _, model in load(name).models:
        there = on_cpu(model)
        assert (there.device, there.num_gpus, there.source) == ("cpu", 0, model.source)


@pytest.mark.parametrize("source", known())
def test_one_layer_deep_it_is_smaller_and_as_wide(source: str) -> None:
    whole = architecture(source)
    made = shallow(whole.config, 1)
    parameters, _ = count(made)
    assert 0 < parameters < whole.parameters
    for key in ("hidden_size", "d_model", "dim", "vocab_size"):
        assert made.get(key) == whole.config.get(key)


def test_vllm_makes_weights_itself_where_its_loader_can() -> None:
    assert takes_dummies(load("g5-12xlarge").models.llama)
    assert not takes_dummies(load("g5-2xlarge").models.llama)  # nf4 is made of files
    assert not takes_dummies(load("g5-2xlarge").models.idefics)
