"""What has to stand in the environment wherever Ray is started, as `vlp serve` has it.

Ray reads its flags when it is imported: they belong to the container or the shell, not into the Serve config.
"""

from __future__ import annotations

import json
import shlex

from deployments.tracing import variables
from vlp_graph.render.target import WEIGHTS, Target
from vlp_graph.serving import FLAGS

CACHES = {"HF_HOME": f"{WEIGHTS}/huggingface", "VLP_CACHE": f"{WEIGHTS}/vlp"}
"""Downloaded and converted weights, on the volume that outlives a machine."""
LOST_MACHINES = {
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "3",
}
"""A machine that is gone is given up after some 12 s, within `dialogue.task_s`, so that its requests are sent to
another in time. By itself Ray waits for it for more than a minute."""
LOCAL_SESSIONS = "sqlite+aiosqlite:////tmp/vlp-sessions.sqlite"
"""Where no database is named: a file of the machine's own. SQLite does not bear a volume that machines share."""


def flags(target: Target, folder: str) -> dict[str, str]:
    """Flags of Ray, where traces go, and which profile is served: by its name, or as a file in `folder`."""
    telemetry = target.profile.telemetry
    return (
        FLAGS
        | LOST_MACHINES
        | variables(telemetry.otlp_endpoint, telemetry.sampled)
        | {"VLP_PROFILE": target.on(folder)}
    )


def exports(target: Target, folder: str) -> str:
    """The flags as lines for a shell, which go before `ray start`, `serve run` and `serve deploy`; the cores that Ray
    is to count on this machine, where the profile says so; and that all of them ask for Ray's token. (`ray start` does
    by itself where it finds one, as `vlp serve` leaves it; `serve deploy` then stands before a closed door.)"""
    lines = flags(target, folder) | {"RAY_AUTH_MODE": "token"}
    if (cpus := target.profile.cpus) is not None:
        lines["RAY_OVERRIDE_RESOURCES"] = json.dumps({"CPU": int(cpus)})
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in lines.items())
