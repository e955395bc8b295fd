"""A plan for people (tables and bars, one for each GPU) and for programs (JSON)."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vlp_graph.config import Profile
from vlp_graph.config.hardware import Gpu
from vlp_graph.sizing.load import Answer
from vlp_graph.sizing.memory import RAY_GIB
from vlp_graph.sizing.placement import Filled
from vlp_graph.sizing.plan import Plan
from vlp_graph.sizing.queueing import ASSUMPTIONS, Measured, Sized
from vlp_graph.sizing.training import Run, fitting, training

_COLOURS = {
    "llama": "red",
    "idefics": "green",
    "grounded_sam": "blue",
    "whisper": "magenta",
    "distilbert": "cyan",
    "ingress": "yellow",
}
_BAR = 40
_INDENT = len("  1  GPU 0  ")
_FULL, _LEFT, _FREE = "█", "▒", "·"


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain data; GiB are of a rank, `ram_gib` of a replica."""
    gpu, node = plan.pool.node.gpu, plan.pool.node
    return {
        "profile": plan.profile.name,
        "machine": {
            "name": node.name,
            "gpu": gpu.name if gpu else None,
            "gpu_gib": gpu.gib if gpu else None,
            "gpus": node.gpus,
            "cpus": node.cpus,
            "ram_gib": round(node.ram_gib, 1),
        },
        "deployments": [
            {
                "name": d.footprint.name,
                "source": d.footprint.source,
                "parameters": d.footprint.parameters,
                "replicas": list(d.replicas),
                "bundles": d.bundles,
                "gpu_memory_utilization": d.footprint.utilization,
                "gib": {
                    "weights": round(d.footprint.weights, 3),
                    "kv": round(d.footprint.kv, 3),
                    "activations": round(d.footprint.activations, 3),
                    "cuda": round(d.footprint.context, 3),
                    "lora": round(d.footprint.lora, 3),
                    "total": round(d.footprint.total, 3),
                    "budget": None if d.footprint.budget is None else round(d.footprint.budget, 3),
                },
                "kv_tokens": d.footprint.tokens,
                "ram_gib": round(d.footprint.ram, 3),
            }
            for d in plan.deployments
        ],
        "machines": {
            "least": [_machine(m) for m in plan.least],
            "most": [_machine(m) for m in plan.most],
            "bounds": [plan.pool.least, plan.pool.most],
        },
    }


def _machine(filled: Filled) -> dict[str, Any]:
    return {
        "replicas": [{"name": p.footprint.name, "gpus": list(p.gpus)} for p in filled.placed],
        "gpus_free": [round(free, 3) for free in filled.free],
        "cpus_free": round(filled.cpus, 2),
        "ram_free_gib": round(filled.ram, 2),
    }


def show(plan: Plan, console: Console) -> None:
    """Prints the tables of deployments, then the machines at the fewest and at the most replicas; 80 columns do."""
    node, cluster = plan.pool.node, plan.profile.cluster
    has = f"{node.gpus} x {node.gpu.name} of {node.gpu.gib:g} GiB, " if node.gpu and node.gpus else ""
    console.print(f"[bold]{plan.profile.name}[/] on {node.name}: {has}{node.cpus:g} cores, {node.ram_gib:.0f} GiB")
    for table in (_memory(plan), _replicas(plan)):
        console.print()
        console.print(table)
    console.print(
        "Upper estimates for the largest batch (vlp_graph/sizing/memory.py); vLLM's keys and values take what its "
        "share leaves. RAM of machines is what Ray's own processes leave.",
        style="dim",
    )
    same = [d.replicas[0] for d in plan.deployments] == [d.replicas[1] for d in plan.deployments]
    for words, machines in (("at the fewest replicas", plan.least), ("at the most", plan.most))[: 1 if same else 2]:
        bounds = f" (there are {plan.pool.least} to {plan.pool.most})" if cluster else ""
        console.print(f"\n{'always' if same else words}: {_count(len(machines))}{bounds}")
        if words == "at the fewest replicas" and len(machines) > plan.pool.least:
            console.print(f"cluster.nodes.min is {plan.pool.least}: the autoscaler brings the rest at the start")
        for number, machine in enumerate(machines, 1):
            _draw(number, machine, console)
    console.print(_legend(plan))


def _count(machines: int) -> str:
    return f"{machines} machine" + ("s" if machines != 1 else "")


def _headed(first: str, heads: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _memory(plan: Plan) -> Table:
    """GiB of a rank by part, and what its share of a GPU gives it."""
    on_gpus = any(d.footprint.share for d in plan.deployments)
    heads = ["weights", "KV", "activ.", *(["CUDA"] if on_gpus else []), "total", *(["it has"] if on_gpus else [])]
    table = _headed("GiB of a rank", [*heads, "KV tokens"])
    for d in plan.deployments:
        f = d.footprint
        cells = [f"{f.weights + f.lora:.1f}", f"{f.kv:.1f}", f"{f.activations:.1f}"]
        cells += [f"{f.context:.1f}"] if on_gpus else []
        cells.append(f"{f.total:.1f}")
        cells += ["" if f.budget is None else f"{f.budget:.1f}"] if on_gpus else []
        table.add_row(_name(f.name), *cells, f"{f.tokens}" if f.tokens else "")
    return table


def _replicas(plan: Plan) -> Table:
    """How many there are, and what each takes of a machine: its bundles, vLLM's part of a GPU, memory."""
    on_gpus = any(d.footprint.share for d in plan.deployments)
    heads = ["replicas", "bundles", "of CPUs", *(["of a GPU", "for vLLM"] if on_gpus else []), "RAM, GiB"]
    table = _headed("a replica", heads)
    for d in plan.deployments:
        f, (least, most) = d.footprint, d.replicas
        cells = [f"{least}" if least == most else f"{least}..{most}", f"{f.ranks}", f"{f.cpus:g}"]
        if on_gpus:
            cells += [f"{f.share:g}" if f.share else "", "" if f.utilization is None else f"{f.utilization:g}"]
        table.add_row(_name(f.name), *cells, f"{f.ram:.1f}")
    return table


def _name(deployment: str) -> Text:
    return Text(deployment, _COLOURS.get(deployment, ""))


def _draw(number: int, machine: Filled, console: Console) -> None:
    """A bar for each GPU (what is full is memory in use, what is shaded the rest of a replica's share), and one each
    for cores and memory."""
    node = machine.node
    for index in range(node.gpus if node.gpu else 0):
        bar, words = Text(), []
        for placed in machine.placed:
            if index in placed.gpus and node.gpu:
                f = placed.footprint
                cells = round(f.share * _BAR)
                used = min(cells, round(f.total / node.gpu.gib * _BAR))
                bar.append(_FULL * used + _LEFT * (cells - used), _COLOURS.get(f.name, ""))
                words.append(f"{f.name} {f.share:g} ({f.total:.1f} GiB)")
        bar.append(_FREE * max(0, _BAR - len(bar)), "dim")
        line, told = Text(f"  {number}  GPU {index}  ").append(bar), "  " + ", ".join(words)
        if len(line) + len(told) <= console.width:
            console.print(line.append(told.rstrip()))
            continue
        console.print(line, soft_wrap=True)
        for told in _filled(words, console.width - _INDENT):
            console.print(" " * _INDENT + told, soft_wrap=True)
    room = node.ram_gib - RAY_GIB
    cores = {p.footprint.name: p.footprint.cpus * p.footprint.ranks for p in machine.placed}
    memory = {p.footprint.name: p.footprint.ram for p in machine.placed}
    for what, each, size, left in (
        ("cores", cores, node.cpus, machine.cpus),
        ("RAM  ", memory, room, machine.ram),
    ):
        bar = Text()
        for placed in machine.placed:
            bar.append(_FULL * round(each[placed.footprint.name] / size * _BAR), _COLOURS[placed.footprint.name])
        bar = bar[:_BAR]
        bar.append(_FREE * max(0, _BAR - len(bar)), "dim")
        unit = " GiB" if what == "RAM  " else ""
        told = f"  {size - left:.1f} of {size:.4g}{unit}"
        console.print(Text(f"  {number}  {what}  ").append(bar).append(told), soft_wrap=True)


def _filled(words: list[str], width: int) -> list[str]:
    """Lines of as many words as fit, none of which is broken."""
    lines: list[str] = []
    for word in words:
        if lines and len(f"{lines[-1]}, {word}") <= width:
            lines[-1] += f", {word}"
        else:
            lines.append(word)
    return lines


def _legend(plan: Plan) -> Text:
    legend = Text("\n")
    for d in plan.deployments:
        legend.append(f"{_FULL} {d.footprint.name}  ", _COLOURS.get(d.footprint.name, ""))
    return legend.append("\n").append(f"{_LEFT} left of a share  {_FREE} free", "dim")


def show_training(run: Run, gpu: Gpu, console: Console) -> bool:
    """Prints what a training run takes of a GPU; whether it fits."""
    taken = training(run)
    base = run.quantization or "bfloat16"
    console.print(
        f"[bold]{run.source}[/] in {base}, LoRA of rank {run.rank} ({taken.adapter_parameters:,} parameters), "
        f"{run.batch} x {run.length} tokens, " + ("with" if run.checkpointing else "without") + " checkpointing"
    )
    table = Table("part", "GiB", box=None, pad_edge=False)
    rows = {"base": taken.base, "adapter, gradients, Adam": taken.adapter, "activations": taken.activations}
    rows |= {"logits": taken.logits, "CUDA": taken.context, "total": taken.total}
    for name, gib in rows.items():
        table.add_row(name, f"{gib:.2f}")
    console.print(table)
    over = taken.total - gpu.gib
    if over > 0:
        ways = fitting(run, gpu)
        does = f" It fits with {', or '.join(ways)}." if ways else ""
        console.print(f"{over:.1f} GiB more than the {gpu.gib:g} GiB of a {gpu.name}.{does}")
    else:
        console.print(f"fits a {gpu.name} of {gpu.gib:g} GiB: {-over:.1f} GiB are left")
    return over <= 0


def show_load(
    answer: Answer, measured: Measured, rate: float, slo_s: float, profile: Profile, console: Console
) -> bool:
    """Prints how many replicas a load wants, and what was assumed; whether any number does."""
    console.print(
        f"[bold]{rate:g} turns a second, 95 of 100 answered in {slo_s:g} s[/], service times of profile "
        f"{measured.profile} on {measured.machine}"
    )
    if measured.profile != profile.name:
        console.print(
            f"[yellow]these are not the times of {profile.name}: other models on other hardware. Measure there "
            "(python -m benchmarks.service_times)[/]"
        )
    if answer.ceiling < float("inf"):
        console.print(f"cores of one machine do {answer.ceiling:.2f} turns a second at most")
    if answer.sized is None:
        console.print(f"no number of replicas does it (64 were tried, or a turn alone takes more than {slo_s:g} s)")
    else:
        _show_replicas(answer, answer.sized, console)
    console.print("assumed:", style="dim")
    for line in ASSUMPTIONS:
        console.print(f"  * {line}", style="dim")
    return answer.sized is not None and answer.problem is None


def _show_replicas(answer: Answer, sized: Sized, console: Console) -> None:
    table = Table("deployment", "replicas", "busy", box=None, pad_edge=False)
    for name, replicas in sized.replicas.items():
        table.add_row(name, str(replicas), f"{sized.outcome.busy[name]:.0%}")
    console.print(table)
    p50, p95 = sized.outcome.percentile(0.5), sized.outcome.percentile(0.95)
    console.print(f"simulated: p50 {p50:.2f} s, p95 {p95:.2f} s")
    if answer.planned is not None:
        console.print(f"that is {_count(len(answer.planned.most))} ({answer.planned.pool.node.name})")
    elif answer.problem is not None:
        console.print(answer.problem, style="red")
    else:
        console.print(f"that is {_count(sized.machines)} like the measured one, cores shared by all replicas on it")
