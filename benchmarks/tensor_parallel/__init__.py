"""Tensor parallelism: throughput, time to the first token, time per token and memory per rank of vLLM.

Any model, any number of ranks, one device each: GPUs where torch sees some, else cores, where one rank with as many
threads is compared, too. Every setting is an engine in a process of its own. Figures published for A10G GPUs stand
beside.
"""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness.machine import Machine
from benchmarks.harness.processes import worker
from benchmarks.harness.record import Method, Record
from benchmarks.harness.rounds import interleaved
from benchmarks.harness.run import BenchmarkError
from benchmarks.tensor_parallel import checkpoint
from benchmarks.tensor_parallel.settings import Setting, compared
from benchmarks.tensor_parallel.tables import Sample, drawn, tables_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        default=checkpoint.NAME,
        help="a hub id, a path, or package:NAME; default: a Llama of 158 million random weights, made for the run",
    )
    parser.add_argument("--tp", type=int, nargs="+", default=[1, 2], help="numbers of ranks")
    parser.add_argument("--price", type=float, help="dollars an hour of this machine; a setting pays for its devices")
    parser.add_argument("--users", type=int, nargs="+", default=[1, 16], help="requests at once")
    parser.add_argument("--input", type=int, default=32, help="tokens of a prompt")
    parser.add_argument("--output", type=int, default=64, help="new tokens")
    parser.add_argument("--dtype", help="default: auto on a GPU, float32 on a CPU")
    parser.add_argument("--repeats", type=int, default=2, help="starts of each setting")


def run(options: argparse.Namespace) -> Record:
    """
    Raises:
        BenchmarkError: fewer devices than ranks, an engine does not start, or one writes something else.
    """
    device, devices = _devices()
    repeats, users = (1, options.users[-1:]) if options.quick else (options.repeats, options.users)
    output = 16 if options.quick else options.output
    try:
        chosen = compared(options.tp, devices, device)
    except ValueError as error:
        raise BenchmarkError(str(error)) from None
    machine, samples = Machine.here(), list[Sample]()
    with _weights(options.model) as model:
        asked = {
            "model": model,
            "dtype": options.dtype or ("auto" if device == "cuda" else "float32"),
            "eager": device == "cpu",
            "users": max(users),
            "input": options.input,
            "output": output,
        }
        for repeat, setting in interleaved(chosen, repeats, options.console, "tensor parallel"):
            samples += _measured(setting, repeat, users, asked)
    _check(samples, output)
    return Record(
        name="tensor_parallel",
        title=f"Tensor parallelism of {options.model} on {'GPUs' if device == 'cuda' else 'CPU cores'}",
        method=_method(options, users, output),
        settings={
            "model": options.model,
            "every engine": {name: value for name, value in asked.items() if name != "model"}
            | {"kv_gib": 1, "prefix_caching": False, "detokenize": False},
            "price": f"{options.price} dollars an hour for {len(devices)} devices" if options.price else "none given",
            **{setting.name: {"ranks": setting.ranks, "devices": setting.places} for setting in chosen},
        },
        tables=tables_of(samples, options.price, len(devices)),
        samples=samples,
        profile=options.profile,
        quick=options.quick,
        machine=machine,
    )


def draw(record: Record) -> Figure:
    """Throughput, time per token and memory of each setting."""
    return drawn(record.samples, record.title)


def _devices() -> tuple[str, Sequence[int]]:
    """GPUs where there are some, else the cores that this process may use."""
    import torch

    if torch.cuda.is_available():
        return "cuda", list(range(torch.cuda.device_count()))
    return "cpu", sorted(os.sched_getaffinity(0))


@contextmanager
def _weights(model: str) -> Iterator[str]:
    """What vLLM is told to load: the random checkpoint lives as long as the run."""
    from vlp_graph.engines.weights import resolve

    if model != checkpoint.NAME:
        yield resolve(model)
        return
    with tempfile.TemporaryDirectory(prefix="vlp-bench-") as folder:
        yield str(checkpoint.saved(Path(folder)))


def _measured(setting: Setting, repeat: int, users: Sequence[int], asked: Mapping[str, Any]) -> Iterator[Sample]:
    """A start of one setting: a wave to warm up, then one of each number of users."""
    told = dict(asked) | {"ranks": setting.ranks}
    with worker("benchmarks.tensor_parallel.ranks", told, setting.environment()) as engine:
        ready_s = round(engine.told["ready_s"], 1)
        engine.ask(users=max(users), seed=999)
        for number in users:
            wave = engine.ask(users=number, seed=100 * repeat + number)
            yield {
                "setting": setting.name,
                "ranks": setting.ranks,
                "devices": setting.devices,
                "users": number,
                "repeat": repeat,
                "ready_s": ready_s,
                "wall_s": round(wave["wall_s"], 3),
                "tokens": wave["tokens"],
                "first_s": [round(s, 4) for s in wave["first_s"]],
                "token_s": [round(s, 5) for s in wave["token_s"]],
                "memory": [{kind: round(gib, 3) for kind, gib in rank.items()} for rank in wave["memory"]],
                "begun": wave["begun"],
            }


def _check(samples: Sequence[Sample], output: int) -> None:
    """
    Raises:
        BenchmarkError: answers of another length, or that begin differently with more ranks than with one.
    """
    for (repeat, users), same in itertools.groupby(
        sorted(samples, key=lambda s: (s["repeat"], s["users"])), key=lambda s: (s["repeat"], s["users"])
    ):
        seen = list(same)
        for sample in seen:
            if set(sample["tokens"]) != {output}:
                raise BenchmarkError(f"{sample['setting']} wrote {sample['tokens']} tokens instead of {output} each")
        firsts = {sample["setting"]: [ids[0] for ids in sample["begun"]] for sample in seen}
        if len(agreed := {tuple(ids) for ids in firsts.values()}) > 1 and not _nearly(agreed):
            raise BenchmarkError(f"the settings do not compute the same (round {repeat}, {users} users): {firsts}")


def _nearly(answers: set[tuple[int, ...]]) -> bool:
    """Sums in another order may turn a near tie: one in ten of the first tokens."""
    differing = sum(len(set(tokens)) > 1 for tokens in zip(*answers, strict=True))
    return differing <= max(map(len, answers)) / 10


def _method(options: argparse.Namespace, users: Sequence[int], output: int) -> Method:
    return Method(
        compares="One vLLM engine with its layers split over ranks, one device each, against one rank on one device, "
        "and on a CPU against one rank with as many cores.",
        loop=f"waves of {' and '.join(map(str, users))} requests at once; a wave begins when the last one is done",
        arrivals="all requests of a wave together",
        lengths=f"prompts of {options.input} random tokens, {output} new tokens each, whatever they are",
        warm_up="one wave after each start",
        repeats="each setting in a process of its own, started once a round, settings in turn; medians over all "
        "requests of all rounds; the first tokens of all settings are checked against each other",
    )
