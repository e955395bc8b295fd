"""The config of Ray Serve: what `serve deploy` takes, and what a RayService holds.

It names the builder and the profile. Options of deployments do not stand here: `deployments.graph:build` reads them
from the profile on the cluster, so that there is one place for them. (One that is added here wins.)
"""

from __future__ import annotations

from typing import Any

from deployments import NAME
from deployments.logs import logging_config
from vlp_graph.render.target import Target

BUILDER = "deployments.graph:build"


def config(target: Target, folder: str) -> dict[str, Any]:
    """ServeDeploySchema, for a profile known by its name or as a file in `folder`."""
    profile = target.profile
    return {
        "proxy_location": "EveryNode",
        "http_options": {
            "host": "0.0.0.0" if profile.cluster else profile.http.host,
            "port": profile.http.port,
            "request_timeout_s": profile.request_s,
        },
        "logging_config": logging_config(profile.http),
        "applications": [
            {"name": NAME, "route_prefix": "/", "import_path": BUILDER, "args": {"profile": target.on(folder)}}
        ],
    }
