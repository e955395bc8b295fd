"""The Grafana dashboard and the Prometheus example: queries that parse, metrics that the code has."""

from __future__ import annotations

import json
from pathlib import Path

import promql_parser
import pytest
import yaml
from promql_parser import AggregateExpr, VectorSelector

from deployments.metrics import MEASURES, Measure
from deployments.scrape import NodeMetrics
from tests.dashboard import FILE, OWN, metrics, queries, read_by
from vlp_graph.http.metrics import Metrics

PROMETHEUS = Path(__file__).parents[2] / "cluster" / "prometheus.yaml"


def exported() -> dict[str, Measure]:
    """Our metrics under the names that Prometheus sees."""
    return {
        f"ray_{name}{ending}": measure
        for name, measure in MEASURES.items()
        for ending in (("_bucket", "_sum", "_count") if measure.buckets else ("_total",))
    }


def test_every_metric_of_our_own_that_is_shown_is_one_that_the_code_has() -> None:
    shown = {name for name in metrics() if name.startswith(OWN)}
    assert shown
    assert shown <= set(exported())


def test_every_metric_of_our_own_is_shown() -> None:
    shown = [exported()[name] for name in metrics() if name.startswith(OWN)]
    assert [name for name, measure in MEASURES.items() if measure not in shown] == []


@pytest.mark.parametrize("query", sorted({e for exprs in queries().values() for e in exprs}))
def test_labels_of_our_own_metrics_are_theirs(query: str) -> None:
    selected: dict[str, set[str]] = {}
    grouped: set[str] = set()

    def note(node: promql_parser.Expr) -> None:
        if isinstance(node, VectorSelector):
            selected.setdefault(node.name, set()).update(m.name for m in node.matchers.matchers)
        elif isinstance(node, AggregateExpr) and node.modifier:
            grouped.update(node.modifier.labels)

    promql_parser.walk(promql_parser.parse(query), note)
    for name in {name for name in selected if name.startswith(OWN)}:
        assert grouped | selected[name] <= {*exported()[name].labels, "le"}


def test_panels_have_ids_places_and_one_data_source() -> None:
    panels = json.loads(FILE.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {p["datasource"]["uid"] for p in panels if p["type"] != "row"} == {"${datasource}"}
    assert [p["title"] for p in panels if p["type"] == "row"] == [
        "Traffic",
        "Latency by stage",
        "Routing and speculation",
        "Batching",
        "Tokens",
        "Errors",
        "Replicas and hardware",
    ]


def test_names_are_read_out_of_queries() -> None:
    assert read_by('sum by (a) (rate(x_total{b="y"}[5m])) / histogram_quantile(0.9, z_bucket) > 3') == {
        "x_total",
        "z_bucket",
    }
    with pytest.raises(ValueError, match="parenthesis"):
        read_by("sum by (rate(x[5m])")


def test_prometheus_reads_the_route_that_the_ingress_has() -> None:
    jobs = {job["job_name"]: job for job in yaml.safe_load(PROMETHEUS.read_text())["scrape_configs"]}
    (endpoint,) = Metrics(NodeMetrics().scrape).endpoints()
    assert jobs["vlp"]["metrics_path"] == endpoint.path
    assert set(jobs) == {"vlp", "vlp-nodes", "vlp-pods"}
