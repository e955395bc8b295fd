"""Every profile of the package plans; mistakes are refused with the place, the amount and what would do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vlp_graph.cli import app
from vlp_graph.config import ProfileError, load, names
from vlp_graph.sizing import errors
from vlp_graph.sizing.plan import check, make

ON_GPUS = [name for name in names() if load(name).cluster]


@pytest.mark.parametrize("name", names())
def test_every_profile_plans(name: str) -> None:
    done = CliRunner().invoke(app, ["plan", name])
    assert done.exit_code == 0, done.output
    plan = json.loads(CliRunner().invoke(app, ["plan", name, "--json"]).output)
    assert {d["name"] for d in plan["deployments"]} == {
        "llama", "idefics", "grounded_sam", "whisper", "distilbert", "ingress",
    }  # fmt: skip
    for deployment in plan["deployments"]:
        if deployment["bundles"][0].get("GPU"):
            assert deployment["gib"]["total"] <= deployment["gib"]["budget"] + 1e-6
    least, most = plan["machines"]["bounds"]
    assert len(plan["machines"]["least"]) <= len(plan["machines"]["most"]) <= most
    assert least <= most


@pytest.mark.parametrize("name", ON_GPUS)
def test_a_profile_says_nothing_twice(name: str) -> None:
    text = (Path(__file__).parents[3] / "vlp_graph/profiles" / f"{name}.yaml").read_text()
    code = "\n".join(line.split("#")[0] for line in text.splitlines())
    assert "utilization" not in code
    assert "bundles" not in code


@pytest.mark.parametrize("name", names())
def test_what_a_request_may_ask_for_fits_the_models(name: str) -> None:
    profile = load(name)
    if profile.cluster is not None:
        assert profile.http.tgi.max_total_tokens <= profile.models.llama.max_model_len
        assert profile.http.tgi.max_total_tokens <= profile.models.idefics.max_model_len
        assert profile.models.llama.planner is None  # our adapter fits SmolLM2-135M only


def test_the_bars_are_drawn_to_scale() -> None:
    done = CliRunner().invoke(app, ["plan", "g5-12xlarge"], env={"COLUMNS": "160"})
    bars = re.findall(r"GPU \d  ([█▒·]+)", done.output)
    assert len(bars) == 4
    assert {len(bar) for bar in bars} == {40}
    assert bars[0].count("█") == round(0.92 * 40)  # vLLM's part of a whole GPU


@pytest.mark.parametrize("name", names())
def test_eighty_columns_do(name: str) -> None:
    lines = CliRunner().invoke(app, ["plan", name], env={"COLUMNS": "80"}).output.splitlines()
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    for deployment in ("llama", "idefics", "grounded_sam", "whisper", "distilbert", "ingress"):
        rows = [line for line in lines if line.startswith(deployment) and "█" not in line]
        assert len(rows) == 2, "a line of memory and a line of replicas, neither of them wrapped"
    heads = [line.split() for line in lines if line.startswith(("GiB of a rank", "a replica"))]
    assert [head[-1] for head in heads] == ["tokens", "GiB"]


def test_what_stands_on_a_gpu_is_told_unbroken() -> None:
    output = CliRunner().invoke(app, ["plan", "g5-2xlarge"], env={"COLUMNS": "80"}).output
    assert len(re.findall(r"\w+ 0\.3\d \(\d\.\d GiB\)", output)) == 3


def test_another_gpu_can_be_asked_about() -> None:
    assert CliRunner().invoke(app, ["plan", "g5-12xlarge", "--gpu", "l4"]).exit_code == 0
    small = CliRunner().invoke(app, ["plan", "g5-12xlarge", "--gpu", "t4"])
    assert small.exit_code == 2
    assert "14.7 GiB" in small.stderr


def test_the_start_is_refused_where_no_gpu_is() -> None:
    with pytest.raises(ProfileError, match="this machine has none"):
        check(load("g5-2xlarge"))
    assert check(load("embedded")) is None


# what stands in the place of what, and what has to be told
MISTAKES = {
    "typo": ("num_gpus: 0.32", "num_gpu: 0.32", "models.llama.num_gpu: not a key; did you mean num_gpus?"),
    "typo in the cluster": ("nodes:", "node:", "cluster.node: not a key; did you mean nodes?"),
    "fraction over 1": ("num_gpus: 0.32", "num_gpus: 1.5", "models.llama.num_gpus: .*less than or equal to 1.*1.5"),
    "negative": ("max_num_seqs: 8", "max_num_seqs: -8", "models.llama.max_num_seqs: .*greater than or equal to 1.*-8"),
    "wrong type": ("num_cpus: 2", "num_cpus: two", "models.whisper.num_cpus: .*valid number.*'two'"),
    "min over max": ("{min: 1, max: 1}", "{min: 3, max: 2}", r"cluster.nodes: max \(2\) is below min \(3\)"),
    "unknown instance": (
        "instance: g5.2xlarge",
        "instance: g5.3xlarge",
        "cluster.instance: 'g5.3xlarge' is no machine.*g5.xlarge",
    ),
    "missing secret": ("api_keys: vlp-api-keys", "api_keys: ''", "cluster.secrets.api_keys: .*open: true"),
    "awq on transformers": (
        "quantization: nf4\n    num_cpus: 1\n    num_gpus: 0.34",
        "quantization: awq\n    num_cpus: 1\n    num_gpus: 0.34",
        "models.idefics.quantization: awq is vLLM's: take nf4 or int8, or engine: vllm",
    ),
    "awq of a plain checkpoint": (
        "quantization: nf4 # bitsandbytes",
        "quantization: awq # bitsandbytes",
        "models.llama.quantization: awq is a property of the checkpoint, .*has no quantization: name a checkpoint",
    ),
    "eight bits by vLLM": (
        "quantization: nf4 # bitsandbytes",
        "quantization: int8 # bitsandbytes",
        "models.llama.quantization: int8 is not vLLM's: take nf4",
    ),
    "a dtype of Whisper's": (
        "dtype: float32 # as",
        "dtype: int8 # as",
        "models.grounded_sam.dtype: int8 is a dtype",
    ),
    "a dtype of vLLM's": (
        "dtype: float32 # as",
        "dtype: auto # as",
        "models.grounded_sam.dtype: auto is a dtype of vLLM's and DistilBERT's",
    ),
    "a dtype of vLLM's for Whisper": (
        "dtype: int8\n",
        "dtype: auto\n",
        "models.whisper.dtype: auto is a dtype of vLLM's and DistilBERT's: say float32, float16 or int8",
    ),
    "a quantization for Whisper": (
        "dtype: int8\n",
        "quantization: nf4\n",
        "models.whisper.quantization: nf4 is not Whisper's: take dtype: int8",
    ),
    "model too big": (
        "quantization: nf4 # bitsandbytes",
        "quantization: null # bitsandbytes",
        r"models.llama.num_gpus: a rank needs 14.3 GiB \(weights 12.6.* has 6.6: 0.32 of a a10g .22.5 GiB., of which "
        r"vLLM takes 0.294. 7.6 GiB are missing. It fits with num_gpus 0.7, or quantization nf4 \(or an AWQ",
    ),
    "ranks on shares": (
        "max_num_seqs: 8",
        "tensor_parallel: 2",
        "models.llama: 2 ranks need a whole GPU each: num_gpus is 0.32 and has to be 1",
    ),
    "TP that does not divide": (
        "num_gpus: 0.32",
        "num_gpus: 1\n    tensor_parallel: 3",
        r"models.llama.tensor_parallel: 3 does not divide 32 \(attention heads\), 32 \(key and value heads\), "
        r"11008 \(width of the MLP\), 32000 \(padded vocabulary\) of meta-llama/Llama-2-7b-chat-hf; these do: 1, 2, 4",
    ),
    "more ranks than GPUs": (
        "num_gpus: 0.32",
        "num_gpus: 1\n    tensor_parallel: 2",
        "models.llama.tensor_parallel: 2 ranks stand on one machine, and g5.2xlarge has 1 GPUs: .*g5.12xlarge",
    ),
    "longer than it has positions": (
        "max_model_len: 2048",
        "max_model_len: 5000",
        "models.llama.max_model_len: 5000 tokens are 904 more than the 4096 positions",
    ),
    "fractions that do not pack": (
        "num_gpus: 0.33",
        "num_gpus: 0.4",
        "cluster.nodes.max: all replicas need 2 machines .g5.2xlarge., there are 1 at most: they take 1.06 GPUs of 1. "
        "It fits with cluster.nodes.max 2",
    ),
    "too many replicas": (
        "replicas: {surge: 0}",
        "replicas: {min: 1, max: 3}",
        "cluster.nodes.max: .*there are 1 at most: they take 1.63 GPUs of 1.* or models.llama.replicas.max 1",
    ),
    "too many cores": (
        "num_cpus: 2",
        "num_cpus: 9",
        "models.whisper.num_cpus: a replica wants 9 cores, .* has 7",
    ),
    "unknown model": (
        "meta-llama/Llama-2-7b-chat-hf",
        "meta-llama/Llama-9-7b",
        "meta-llama/Llama-9-7b: nothing here says how it is built. Download its config.json",
    ),
    "a key twice": ("num_gpus: 0.32", "num_gpus: 0.32\n    num_gpus: 0.3", "num_gpus: stands twice, first in line"),
    "tokens that cannot come out": (
        "max_input_length: 1024",
        "max_input_length: 1536",
        r"http.tgi: max_input_length \(1536\) must be below max_total_tokens \(1536\)",
    ),
    "a URL for a collector": (
        "dialogue:",
        "telemetry: {otlp_endpoint: localhost}\ndialogue:",
        "telemetry.otlp_endpoint: .*pattern",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused(mistake: str, tmp_path: Path) -> None:
    old, new, told = MISTAKES[mistake]
    text = (Path(__file__).parents[3] / "vlp_graph/profiles/g5-2xlarge.yaml").read_text()
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1))
    done = CliRunner().invoke(app, ["plan", str(path)])
    assert done.exit_code == 2
    assert re.search(told, done.stderr.replace("\n", " ")), done.stderr
    if mistake != "unknown model":
        (line,) = {int(n) for n in re.findall(r"mine\.yaml:(\d+): ", done.stderr)}
        keys = told.split(":")[0].split(".")[-2:]
        assert any(f"{key}:" in path.read_text().splitlines()[line - 1] for key in keys)


def test_a_profile_that_extends_itself(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: b.yaml\nname: a\n")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\nname: b\n")
    done = CliRunner().invoke(app, ["plan", str(tmp_path / "a.yaml")])
    assert done.exit_code == 2
    assert "b.yaml:1: extends: a.yaml extends b.yaml extends a.yaml: this does not end" in done.stderr


def test_what_does_not_fit_is_told_where_it_is_inherited_from(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: g5-2xlarge\nname: mine\nmodels: {llama: {quantization: null}}\n")
    profile = load(str(tmp_path / "mine.yaml"))
    with pytest.raises(errors.DoesNotFit) as caught:
        make(profile)
    text = errors.placed(str(tmp_path / "mine.yaml"), caught.value)
    assert re.match(r"g5-2xlarge\.yaml:\d+: models\.llama\.num_gpus: ", text)


def test_every_way_out_that_is_named_is_one(tmp_path: Path) -> None:
    """The first way that a refusal names is taken, and the model fits."""
    profile = load("g5-2xlarge")
    big = profile.models.llama.model_copy(update={"quantization": None})
    with pytest.raises(errors.DoesNotFit) as caught:
        make(profile.model_copy(update={"models": profile.models.model_copy(update={"llama": big})}))
    (share,) = re.findall(r"It fits with num_gpus ([\d.]+)", str(caught.value))
    wider = big.model_copy(update={"num_gpus": float(share)})
    with pytest.raises(errors.DoesNotFit) as caught:
        make(profile.model_copy(update={"models": profile.models.model_copy(update={"llama": wider})}))
    assert caught.value.problems[0].location == ("cluster", "nodes", "max")  # it fits its share, the GPU is too full
