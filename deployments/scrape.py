"""`/metrics` of an ingress replica: what the metrics agent of its Ray node has gathered.

On one machine that is everything: Ray, Ray Serve, vLLM and the graph's own. On a cluster every node has such an agent,
on the port that `ray start --metrics-export-port` gives it, and Prometheus reads them all (cluster/prometheus.yaml).
"""

from __future__ import annotations

import asyncio

import httpx

from vlp_graph.errors import ModelUnavailable
from vlp_graph.http.metrics import Exposition

WITHIN_S = 10.0


class NodeMetrics:
    """Reads the metrics agent of the node that it runs on."""

    def __init__(self) -> None:
        self._url: str | None = None

    async def scrape(self, compressed: bool) -> Exposition:
        """
        Raises:
            ModelUnavailable: the agent does not answer; Ray starts it anew.
        """
        headers = {"accept-encoding": "gzip" if compressed else "identity"}
        try:
            if self._url is None:
                self._url = await asyncio.to_thread(_agent)
            async with (
                httpx.AsyncClient(timeout=WITHIN_S, trust_env=False) as client,
                client.stream("GET", self._url, headers=headers) as reply,
            ):
                reply.raise_for_status()
                body = b"".join([part async for part in reply.aiter_raw()])
        except (httpx.HTTPError, LookupError):
            self._url = None
            raise ModelUnavailable("Ray's metrics agent does not answer: try again in a few seconds") from None
        encoding = reply.headers.get("content-encoding", "identity")
        return Exposition(body, reply.headers.get("content-type", "text/plain; version=0.0.4"), encoding)


def _agent() -> str:
    """The URL of this node's agent.

    Raises:
        LookupError: the node has none (metrics are switched off).
    """
    import ray

    here = ray.get_runtime_context().get_node_id()
    (node,) = (node for node in ray.nodes() if node["NodeID"] == here)
    if node["MetricsExportPort"] <= 0:
        raise LookupError("no metrics agent")
    return f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
