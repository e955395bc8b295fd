"""The sides, all up at once: the graph, vLLM's own server, vLLM's engine, and `transformers`.

Every engine gets the options of the profile's Llama, its planning adapter loaded beside the base model included, and
the same cores; clients and HTTP share what is left.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from benchmarks.dynamic_batching.runs import Answer, Run
from benchmarks.dynamic_batching.work import Request
from benchmarks.harness import load
from benchmarks.harness.graph import graph, unlimited
from benchmarks.harness.processes import Worker, server, worker
from benchmarks.harness.run import BenchmarkError
from deployments.options import environment as library_environment
from vlp_graph.config import Llama
from vlp_graph.config import load as load_profile
from vlp_graph.engines.llama import BASE, PLANNER, engine_arguments
from vlp_graph.engines.loading import fastest_dtype
from vlp_graph.engines.vllm_options import environment as engine_environment
from vlp_graph.engines.weights import resolve
from vlp_graph.spawn import free_port

GRAPH, SERVER, ENGINE = "vlp-graph", "vLLM server", "vLLM engine"
STATIC_ENGINE, STATIC, SEQUENTIAL = "vLLM engine, static", "transformers, static", "transformers, sequential"
CONTINUOUS = (GRAPH, SERVER, ENGINE)


class Side(Protocol):
    """Anything that answers requests, so many at once."""

    def run(self, requests: Sequence[Request], clients: int) -> Run: ...


@dataclass(frozen=True)
class Http:
    """OpenAI's chat completions, streamed, each client a thread."""

    url: str
    never: Sequence[int]
    http: httpx.Client

    def run(self, requests: Sequence[Request], clients: int) -> Run:
        began = time.perf_counter()
        done = load.closed(self._send, requests, clients)
        return Run(time.perf_counter() - began, [sample.reply for sample in done])

    def _send(self, request: Request) -> Answer:
        body = {
            "model": BASE,
            "messages": [{"role": "user", "content": request.prompt}],
            "max_tokens": request.tokens,
            "temperature": 0,
            "logit_bias": {str(id): -100 for id in self.never},
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        began, first, pieces, usage = time.perf_counter(), None, list[str](), dict[str, int]()
        with self.http.stream("POST", f"{self.url}/v1/chat/completions", json=body) as reply:
            if not reply.is_success:
                raise BenchmarkError(f"{self.url}: {reply.status_code} {reply.read().decode()[:500]}")
            for line in reply.iter_lines():
                if not line.startswith("data: ") or line == "data: [DONE]":
                    continue
                event = json.loads(line[6:])
                if "error" in event:
                    raise BenchmarkError(f"{self.url}: {event['error']}")
                text = "".join(choice["delta"].get("content") or "" for choice in event["choices"])
                if first is None and text:
                    first = time.perf_counter() - began
                pieces.append(text)
                usage = event.get("usage") or usage
        seconds = time.perf_counter() - began
        return Answer(first, seconds, usage["completion_tokens"], usage["prompt_tokens"], "".join(pieces))


@dataclass(frozen=True)
class Asked:
    """A worker; its batches are `static` or its own."""

    worker: Worker
    static: bool = False

    def run(self, requests: Sequence[Request], clients: int) -> Run:
        asked = [dataclasses.asdict(request) for request in requests]
        return Run.of(self.worker.ask(requests=asked, clients=clients, static=self.static))


@dataclass(frozen=True)
class Sides:
    """Those that are up, and how each was started."""

    up: Mapping[str, Side]
    settings: Mapping[str, Any]
    is_exact: bool
    """All compute in float32."""


@contextmanager
def started(options: argparse.Namespace) -> Iterator[Sides]:
    """All sides, up; ended with the block.

    Raises:
        BenchmarkError: one of them does not start.
    """
    config = load_profile(options.profile).models.llama
    never, cores = ending(config), sorted(cores_of(config))
    environment = library_environment(config) | engine_environment(config)
    port = free_port()
    url, flags = f"http://127.0.0.1:{port}", server_flags(config)
    module = "vllm.entrypoints.openai.api_server"
    command = [sys.executable, "-m", module, "--host", "127.0.0.1", "--port", str(port), *flags]
    said: dict[str, Any] = {"profile": options.profile, "never": never, "cores": cores}
    console = options.console
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(timeout=300, limits=httpx.Limits(keepalive_expiry=2)))
        profile = str(stack.enter_context(unlimited(options.profile)))  # nobody is refused on the other sides either
        graph_url = stack.enter_context(graph(argparse.Namespace(**vars(options) | {"profile": profile})))
        console.print("  [dim]starting vLLM's own server, vLLM's engine, transformers[/]")
        placed = library_environment(config) | ({"OMP_NUM_THREADS": str(len(cores))} if cores else {})
        served = stack.enter_context(server(command, environment, f"{url}/health"))
        engine = stack.enter_context(worker("benchmarks.dynamic_batching.engine", said, environment))
        naive = stack.enter_context(worker("benchmarks.dynamic_batching.naive", said, placed))
        served.ready()
        _ = engine.told, naive.told  # waits for both
        rest = stack.enter_context(_elsewhere(cores))
        up: dict[str, Side] = {
            GRAPH: Http(graph_url, never, http),
            SERVER: Http(url, never, http),
            ENGINE: Asked(engine),
            STATIC_ENGINE: Asked(engine, static=True),
            STATIC: Asked(naive, static=True),
            SEQUENTIAL: Asked(naive),
        }
        settings = _settings(config, flags, environment, cores, rest, never)
        yield Sides(up, settings, fastest_dtype(config.dtype, config.device) == "float32")


def ending(config: Llama) -> list[int]:
    """The ids of the tokens that end an answer; forbidden, every answer has the length that is asked for."""
    from transformers import AutoTokenizer, GenerationConfig

    source = resolve(config.source)
    tokenizer: Any = AutoTokenizer.from_pretrained(source, revision=config.revision)
    told: Any = GenerationConfig
    ids = told.from_pretrained(source, revision=config.revision).eos_token_id
    return sorted({tokenizer.eos_token_id, *(ids if isinstance(ids, list) else [ids])} - {None})


def cores_of(config: Llama) -> set[int]:
    """The cores that a profile binds the model to; none where it does not, or where they are many ranks'."""
    if config.device != "cpu" or not config.cores or config.cores in ("auto", "nobind") or "|" in config.cores:
        return set()
    found = set[int]()
    for part in config.cores.split(","):
        low, _, high = part.partition("-")
        found |= set(range(int(low), int(high or low) + 1))
    return found


def server_flags(config: Llama) -> list[str]:
    """The engine options of a profile as vLLM's command line has them."""
    flags = ["--model", resolve(config.source), "--served-model-name", BASE, "--disable-uvicorn-access-log"]
    for name, value in engine_arguments(config).items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            flags += [f"--{flag}", json.dumps(value) if isinstance(value, dict) else str(value)]
    if config.planner:
        flags += ["--lora-modules", f"{PLANNER}={resolve(config.planner)}"]
    return flags


@contextmanager
def _elsewhere(cores: Sequence[int]) -> Iterator[list[int]]:
    """This process, from here on, on the other cores: clients must not take the engine's from it."""
    before = os.sched_getaffinity(0)
    rest = before - set(cores)
    if rest and rest != before:
        os.sched_setaffinity(0, rest)
    try:
        yield sorted(rest or before)
    finally:
        os.sched_setaffinity(0, before)


def _settings(
    config: Llama,
    flags: Sequence[str],
    environment: Mapping[str, str],
    cores: Sequence[int],
    rest: Sequence[int],
    never: Sequence[int],
) -> dict[str, Any]:
    """Without paths of this machine."""
    shown = [config.source if at and flags[at - 1] == "--model" else flag for at, flag in enumerate(flags)]
    shown = [f"{PLANNER}={config.planner}" if flag.startswith(f"{PLANNER}=") else flag for flag in shown]
    variables = {name: value for name, value in environment.items() if not value.startswith("/")}
    dtype = fastest_dtype(config.dtype, config.device)
    threads = f"computes on cores {list(cores)}" if cores else "not bound to cores"
    return {
        GRAPH: f"vlp serve without limits of requests, POST /v1/chat/completions with model {BASE}, streamed",
        SERVER: " ".join(["python -m vllm.entrypoints.openai.api_server", *shown]),
        ENGINE: "AsyncLLM with the same options in a process of its own; chat template and tokenizer in the time",
        STATIC_ENGINE: "that engine, given the next batch when the last one is done",
        STATIC: f"generate(), padded on the left, {dtype}, the best of the batch sizes that were tried",
        SEQUENTIAL: f"generate(), one after another, {dtype}",
        "every vLLM": variables,
        "cores": f"each model {threads}; the clients run on {list(rest)}, what serves wherever the kernel puts it",
        "answers": f"greedy; logit_bias (transformers: suppress_tokens) forbids the ends {list(never)}, so that all "
        "have the length that is asked for",
    }
