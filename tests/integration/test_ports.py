"""Who reaches the machine reaches the front door only: Serve's replicas listen on all interfaces, for each other."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

import grpc
import psutil
import pytest

from tests.integration.conftest import Graph

METHOD = "/ray.serve.ASGIService/HandleRequest"
"""By which one replica calls another: whoever may, runs what he likes there."""


def _beyond_loopback(pid: int) -> Iterator[int]:
    """Ports that the process and all below it listen on, for others than this machine."""
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        for connection in process.net_connections("tcp"):
            address = ip_address(connection.laddr.ip)
            if isinstance(address, IPv6Address) and address.ipv4_mapped:
                address = address.ipv4_mapped
            if connection.status == psutil.CONN_LISTEN and not address.is_loopback:
                yield connection.laddr.port


def test_what_listens_beyond_loopback_wants_rays_token(graph: Graph) -> None:
    if graph.process is None:
        pytest.skip("the graph is not ours: its processes cannot be looked at")
    ports = set(_beyond_loopback(graph.process.pid))
    assert ports, "Serve 2.60 binds a port of each replica to [::]; where it no longer does, this test can go"
    for port in ports:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary(METHOD)(b"", timeout=20)
            assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED, refused.value
