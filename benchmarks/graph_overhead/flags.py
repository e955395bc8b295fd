"""Ray Serve's flags that decide what a hop costs, in the sets that are compared."""

from __future__ import annotations

from collections.abc import Mapping

from vlp_graph.serving import FLAGS

RAY = {
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "1",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "1",
    "RAY_SERVE_USE_GRPC_BY_DEFAULT": "0",
    "RAY_SERVE_REQUEST_PATH_LOG_BUFFER_SIZE": "1",
    "RAY_SERVE_LOG_TO_STDERR": "1",
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.1",
    "RAY_worker_niceness": "15",
}
"""What Ray Serve 2.60 does unless told otherwise."""
LARGE = {"RAY_SERVE_REPLICA_GRPC_MAX_MESSAGE_LENGTH": str(2**31 - 1)}
"""Without it a picture of more than 4 MiB does not fit into a message between replicas."""
ONE_LOOP = {"RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0", "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0"}
GRPC = {"RAY_SERVE_USE_GRPC_BY_DEFAULT": "1", **LARGE}
LOGS = {"RAY_SERVE_REQUEST_PATH_LOG_BUFFER_SIZE": "1000", "RAY_SERVE_LOG_TO_STDERR": "0"}
HAPROXY = {
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
    **LARGE,
}

RAYS, OURS, OPTIMISED = "Ray's own", "vlp serve", "optimised, HAProxy"
SIDES: Mapping[str, Mapping[str, str]] = {
    RAYS: RAY,
    OURS: {},
    OPTIMISED: HAPROXY,
    "one loop, gRPC": RAY | ONE_LOOP | GRPC,
    "one loop, gRPC, logs in blocks": RAY | ONE_LOOP | GRPC | LOGS,
    "code in Serve's loop": RAY | {"RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0"},
    "router in the same loop": RAY | {"RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0"},
    "one loop": RAY | ONE_LOOP,
    "gRPC": RAY | GRPC,
    "logs in blocks": RAY | LOGS,
}
"""By name, what is added to the environment of `vlp serve`, whose own flags hold where nothing is said."""
COMPARED = (RAYS, OURS, OPTIMISED)
"""Without being told otherwise."""


def environment(side: str) -> dict[str, str]:
    """The flags of a side, ours among them."""
    return FLAGS | dict(SIDES[side])
