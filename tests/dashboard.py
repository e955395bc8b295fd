"""The Grafana dashboard as tests see it: its queries, and the metrics that they read."""

from __future__ import annotations

import json
from pathlib import Path

import promql_parser
from promql_parser import VectorSelector

FILE = Path(__file__).parents[1] / "cluster" / "grafana" / "vlp-graph.json"
RAY, OWN = "ray_", "ray_vlp_"


def queries() -> dict[str, list[str]]:
    """Every query by the title of its panel, with Grafana's variables filled in."""
    panels = json.loads(FILE.read_text())["panels"]
    return {
        panel["title"]: [target["expr"].replace("$__rate_interval", "5m") for target in panel["targets"]]
        for panel in panels
        if panel["type"] != "row"
    }


def metrics() -> set[str]:
    """The names of all metrics that the dashboard reads."""
    return {name for exprs in queries().values() for expr in exprs for name in read_by(expr)}


def read_by(query: str) -> set[str]:
    """The metrics that a PromQL query reads; raises ValueError for what is no PromQL."""
    names: set[str] = set()

    def note(node: promql_parser.Expr) -> None:
        if isinstance(node, VectorSelector) and node.name:
            names.add(node.name)

    promql_parser.walk(promql_parser.parse(query), note)
    return names
