"""Metrics, traces and logs of the running graph, and who can listen in on it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from ray.serve.generated.serve_pb2 import ASGIRequest
from ray.serve.generated.serve_pb2_grpc import ASGIServiceStub

from deployments.metrics import MEASURES
from tests.dashboard import OWN, metrics
from tests.integration.collector import Collector, Seen
from tests.integration.conftest import Graph
from tests.integration.pictures import data_url
from vlp_graph.nano.world import held_out

WORDS = "outline every zebra-striped star, please"
"""What is asked: none of it may be seen again."""
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ON_GPUS = {"ray_node_gpus_utilization", "ray_node_gram_used", "ray_node_gram_available"}
"""Ray has these only where there are GPUs."""
UNSEEN = {
    "ray_vlp_speculation_total",
    "ray_vlp_turns_failed_total",
    "ray_vlp_http_refused_total",
    "ray_vllm_prefix_cache_hits_total",
}
"""There from the first time on that it happens."""


def ask(graph: Graph, text: str, **headers: str) -> httpx.Response:
    scene = held_out(77, 1, side=256, cut=0.0)[0]
    picture = {"type": "image_url", "image_url": {"url": data_url(scene.png())}}
    body = {"model": "vlp", "messages": [{"role": "user", "content": [{"type": "text", "text": text}, picture]}]}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{graph.url}/v1/chat/completions", json=body, headers=sent, timeout=120)


def measured(graph: Graph) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels."""
    text = httpx.get(f"{graph.url}/metrics", timeout=60).raise_for_status().text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(samples: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    wanted = set(labels.items())
    return sum(value for (named, having), value in samples.items() if named == name and wanted <= having)


def soon(graph: Graph, right: Callable[[Any], bool]) -> Any:
    """The samples as soon as they are right; Ray exports every ten seconds."""
    end = time.monotonic() + 60
    while not right(samples := measured(graph)) and time.monotonic() < end:
        time.sleep(2)
    return samples


def test_metrics_count_a_turn(graph: Graph) -> None:
    def settled() -> Any:
        before = measured(graph)
        time.sleep(15)  # what earlier tests did has been exported by then
        return before, measured(graph)

    _, before = settled()
    assert ask(graph, "how many circles are there?").status_code == 200
    counted = ("ray_vlp_turns_total", {}), ("ray_vlp_batch_size_count", {"model": "grounded_sam"})
    after = soon(graph, lambda now: all(total(now, n, **t) > total(before, n, **t) for n, t in counted))
    assert total(after, "ray_vlp_turns_total") == total(before, "ray_vlp_turns_total") + 1
    route = {"route": "/v1/chat/completions", "status": "200", "method": "POST"}
    assert total(after, "ray_vlp_http_requests_total", **route) == (
        total(before, "ray_vlp_http_requests_total", **route) + 1
    )
    assert total(after, "ray_vlp_batch_size_count", model="grounded_sam") > total(
        before, "ray_vlp_batch_size_count", model="grounded_sam"
    )
    lookups = {"cache": "found_phrases"}
    assert total(after, "ray_vlp_cache_lookups_total", **lookups) > total(
        before, "ray_vlp_cache_lookups_total", **lookups
    )


def test_the_dashboard_reads_metrics_that_are_there(graph: Graph) -> None:
    assert ask(graph, "how many circles are there?").status_code == 200
    talk = {"model": "vlp", "messages": [{"role": "user", "content": "hello, how are you today?"}]}
    assert httpx.post(f"{graph.url}/v1/chat/completions", json=talk, timeout=120).status_code == 200
    assert httpx.get(f"{graph.url}/nothing").status_code == 404
    wanted = metrics() - ON_GPUS - UNSEEN
    seen: set[str] = set()  # Ray shows a gauge of vLLM's only until the export after it was set

    def all_seen(samples: Any) -> bool:
        seen.update(name for name, _ in samples)
        return wanted <= seen

    soon(graph, all_seen)
    assert sorted(wanted - seen) == []


def test_labels_of_our_own_metrics_are_few(graph: Graph) -> None:
    for number in range(20):
        httpx.get(f"{graph.url}/made-up-{number}", headers={"x-request-id": f"made-up-{number}"})
    ask(graph, "how many circles are there?", authorization="Bearer made-up")
    text = httpx.get(f"{graph.url}/metrics", timeout=60).text
    assert "made-up" not in "".join(line for line in text.splitlines() if line.startswith(OWN))
    assert set(re.findall(rf"^# TYPE {OWN}(\w+?)(?:_total)? ", text, re.MULTILINE)) <= {
        name.removeprefix("vlp_") for name in MEASURES
    }


@pytest.fixture
def traced(graph: Graph, collector: Collector) -> list[Seen]:
    """The spans of one turn, asked with a `traceparent`."""
    if graph.process is None:
        pytest.skip("the graph was started elsewhere: its spans go elsewhere")
    reply = ask(graph, WORDS, traceparent=f"00-{TRACE}-{PARENT}-01", x_request_id="traced-turn")
    assert reply.status_code == 200
    assert reply.headers["traceparent"].split("-")[1] == TRACE
    names = {"turn", "proxy_http_request Ingress POST /v1/chat/completions", "replica_handle_request GroundedSam find"}
    return collector.trace(TRACE, lambda spans: names <= {span.name for span in spans})


def test_a_turn_is_one_trace_of_ingress_and_replicas(traced: list[Seen]) -> None:
    by_id = {span.id: span for span in traced}

    def above(span: Seen) -> list[str]:
        return [span.name, *(above(by_id[span.parent]) if span.parent in by_id else [span.parent])]

    find = next(span for span in traced if span.name == "replica_handle_request GroundedSam find")
    assert find.attributes["vlp.batch_size"] >= 1
    path = above(find)
    assert path[:3] == [find.name, "route_to_replica GroundedSam find", "call Grounded-SAM"]
    assert path[-1] == PARENT
    assert "turn" in path
    stages = {span.name for span in traced if "vlp.stage" in span.attributes}
    assert {"intent", "plan", "tasks"} <= stages
    assert {span.attributes["request_id"] for span in traced if "request_id" in span.attributes} == {"traced-turn"}


def test_no_word_of_a_turn_is_in_its_spans(traced: list[Seen]) -> None:
    assert traced
    assert not [span.name for span in traced if b"zebra" in span.raw]


def lines(graph: Graph, deployment: str, request_id: str) -> list[dict[str, Any]]:
    """What the replicas of a deployment have logged of a request."""
    assert graph.log is not None
    found = re.search(r"logs are in (\S+)", graph.log.read_text())
    assert found
    files = Path(found[1]).glob(f"replica_vlp_{deployment}_*.log")
    parsed = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [line for line in parsed if line.get("request_id") == request_id]


def test_a_turn_is_a_line_in_the_log_and_its_id_is_in_the_replicas(graph: Graph) -> None:
    if graph.log is None:
        pytest.skip("the graph was started elsewhere: its log is elsewhere")
    ask(graph, WORDS, x_request_id="logged-turn", authorization="Bearer zebra-key")
    end = time.monotonic() + 30
    while not (written := [w for w in lines(graph, "Ingress", "logged-turn") if "http_route" in w]):
        assert time.monotonic() < end, "the reply is there, its line in the log is not"
        time.sleep(0.2)
    (line,) = written
    assert (line["http_route"], line["status"], line["planned"] in ("reader", "planner")) == (
        "/v1/chat/completions",
        200,
        True,
    )
    assert line["tasks"]
    assert len(line["caller"]) == 12
    assert lines(graph, "GroundedSam", "logged-turn")
    everywhere = [*lines(graph, "Ingress", "logged-turn"), *lines(graph, "DistilBert", "logged-turn")]
    assert "zebra" not in json.dumps(everywhere)


def test_ray_listens_on_loopback_or_asks_for_its_token(graph: Graph) -> None:
    """Only the port by which Serve's replicas call each other is open to all: Ray has no option for it."""
    if graph.process is None:
        pytest.skip("the graph was started elsewhere: its processes are not ours")
    server = psutil.Process(graph.process.pid)
    open_to_all = {}
    for process in [server, *server.children(recursive=True)]:
        try:
            title, sockets = " ".join(process.cmdline()), process.net_connections("tcp")
        except psutil.NoSuchProcess:
            continue
        for address in (s.laddr for s in sockets if s.status == psutil.CONN_LISTEN):
            if address.ip.removeprefix("::ffff:") not in ("127.0.0.1", "::1"):
                open_to_all[address.port] = title
    assert [title for title in open_to_all.values() if not title.startswith("ray::ServeReplica")] == []
    for port in open_to_all:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, pytest.raises(grpc.RpcError) as refused:
            ASGIServiceStub(channel).HandleRequest(ASGIRequest(), timeout=30)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
