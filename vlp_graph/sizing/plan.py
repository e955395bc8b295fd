"""The plan of a profile: memory of each replica, machines at the fewest and at the most replicas, or why not."""

from __future__ import annotations

from dataclasses import dataclass

from vlp_graph.config import Model, Profile
from vlp_graph.config.hardware import GPUS, MACHINES
from vlp_graph.config.models import Generating
from vlp_graph.sizing.architectures import architecture
from vlp_graph.sizing.errors import DoesNotFit, Problem
from vlp_graph.sizing.machines import Pool, pool
from vlp_graph.sizing.memory import RAY_GIB, Footprint, footprint, footprints, runs_in_vllm
from vlp_graph.sizing.placement import Filled, pack


@dataclass(frozen=True)
class Deployment:
    """One deployment: what a replica takes, and how many there are."""

    footprint: Footprint
    replicas: tuple[int, int]

    @property
    def bundles(self) -> list[dict[str, float]]:
        """The placement bundles of a replica, one for each rank."""
        one = {"CPU": self.footprint.cpus} | ({"GPU": self.footprint.share} if self.footprint.share else {})
        return [one] * self.footprint.ranks


@dataclass(frozen=True)
class Plan:
    """What will run where, with the fewest replicas (`least`) and with the most (`most`)."""

    profile: Profile
    pool: Pool
    deployments: list[Deployment]
    least: list[Filled]
    most: list[Filled]


def make(profile: Profile, gpu: str | None = None, gpus: int | None = None, *, local: bool = False) -> Plan:
    """The plan for the profile's machines; `gpu` (a name) and `gpus` (how many a machine) in the place of theirs.
    `local`: for this machine alone.

    Raises:
        DoesNotFit: with every problem that was found: by how much, and what would do.
        ProfileError: of `pool` and `architecture`.
    """
    found = pool(profile, gpu, gpus, local=local)
    problems = [p for name, model in profile.models for p in _impossible(name, model, found)]
    if problems:
        raise DoesNotFit(*problems)
    prints = footprints(profile, found.node.gpu)
    problems = [_too_big(getattr(profile.models, f.name), f, found) for f in prints if f.missing]
    if problems:
        raise DoesNotFit(*problems)
    replicas = {name: (m.replicas.min, m.replicas.max) for name, m in profile.models}
    deployments = [Deployment(f, replicas.get(f.name, (profile.http.replicas,) * 2)) for f in prints]
    least, most = (_packed(deployments, found, which) for which in (0, 1))
    if len(most) > found.most:
        raise DoesNotFit(_too_many(profile, found, deployments, most))
    return Plan(profile, found, deployments, least, most)


def _packed(deployments: list[Deployment], found: Pool, which: int) -> list[Filled]:
    items = [d.footprint for d in deployments for _ in range(d.replicas[which])]
    machines, homeless = pack(items, found.node)
    if homeless:
        raise DoesNotFit(*(_homeless(item, found) for item in dict.fromkeys(homeless)))
    return machines


def _impossible(name: str, model: Model, found: Pool) -> list[Problem]:
    """What no memory would mend: a split that does not come out even, more ranks than a machine has GPUs, more tokens
    than the model has positions, weights of another quantization than is said."""
    here, problems = ("models", name), []
    built = architecture(model.source, model.revision)
    if model.quantization in ("awq", "gptq") and built.stored != model.quantization:
        problems.append(
            Problem(
                (*here, "quantization"),
                f"{model.quantization} is a property of the checkpoint, and {model.source} has "
                f"{built.stored or 'no quantization'}: name a checkpoint that is {model.quantization}, or take nf4",
            )
        )
    if not isinstance(model, Generating) or built.decoder is None:
        return problems
    decoder = built.decoder
    split = model.tensor_parallel
    if split > 1 and (left := decoder.unsplit_by(split)):
        do = [str(n) for n in range(1, 17) if not decoder.unsplit_by(n)]
        problems.append(
            Problem(
                (*here, "tensor_parallel"),
                f"{split} does not divide {', '.join(left)} of {model.source}; these do: {', '.join(do)}",
            )
        )
    if model.pipeline_parallel > decoder.layers:
        problems.append(
            Problem(
                (*here, "pipeline_parallel"), f"{model.pipeline_parallel} groups for {decoder.layers} layers: too many"
            )
        )
    if model.max_model_len > decoder.positions:
        problems.append(
            Problem(
                (*here, "max_model_len"),
                f"{model.max_model_len} tokens are {model.max_model_len - decoder.positions} more than the "
                f"{decoder.positions} positions that {model.source} has",
            )
        )
    if model.device == "cuda" and model.ranks > found.node.gpus:
        wider = [m.name for m in MACHINES.values() if m.gpus >= model.ranks]
        problems.append(
            Problem(
                (*here, "tensor_parallel"),
                f"{model.ranks} ranks stand on one machine, and {found.node.name} has {found.node.gpus} GPUs: take "
                f"tensor_parallel {found.node.gpus}" + (f" or cluster.instance {' or '.join(wider)}" if wider else ""),
            )
        )
    return problems


def _too_big(model: Model, taken: Footprint, found: Pool) -> Problem:
    assert taken.budget is not None
    assert found.node.gpu is not None
    part = f"{taken.share:g} of a {found.node.gpu.name} ({found.node.gpu.gib:g} GiB)"
    if taken.utilization is not None:
        part += f", of which vLLM takes {taken.utilization:g}"
    words = (
        f"a rank needs {taken.needed:.1f} GiB (weights {taken.weights:.1f}, keys and values {taken.kv_least:.1f}, "
        f"activations {taken.activations + taken.lora:.1f}, CUDA {taken.context:.1f}) and has {taken.budget:.1f}: "
        f"{part}. {taken.missing:.1f} GiB are missing."
    )
    ways = _ways(model, taken, found)
    return Problem(("models", taken.name, "num_gpus"), f"{words} It fits with {', or '.join(ways)}" if ways else words)


def _ways(model: Model, taken: Footprint, found: Pool) -> list[str]:
    """Changes of one key with which it would fit, as far as the estimate knows."""
    node = found.node
    assert node.gpu is not None

    def fits(**changes: object) -> bool:
        return not footprint(taken.name, model.model_copy(update=changes), node.gpu).missing

    ways = []
    share = next((s / 100 for s in range(5, 101, 5) if s / 100 > model.num_gpus and fits(num_gpus=s / 100)), None)
    if share:
        ways.append(f"num_gpus {share:g}")
    built = architecture(model.source, model.revision)
    if model.quantization is None and built.stored is None and taken.name != "whisper" and fits(quantization="nf4"):
        ways.append("quantization nf4" + (" (or an AWQ checkpoint)" if runs_in_vllm(model) else ""))
    if taken.name == "whisper" and model.dtype != "int8" and fits(dtype="int8"):
        ways.append("dtype int8")
    if runs_in_vllm(model) and isinstance(model, Generating) and built.decoder is not None:
        for ranks in range(model.tensor_parallel + 1, 9):
            if not built.decoder.unsplit_by(ranks) and fits(tensor_parallel=ranks, num_gpus=1):
                enough = ranks <= node.gpus
                wider = next((m.name for m in MACHINES.values() if m.gpus >= ranks and m.gpu == node.gpu), None)
                if enough or wider:
                    ways.append(f"tensor_parallel {ranks} and num_gpus 1" + ("" if enough else f" on a {wider}"))
                break
        if model.max_model_len > 512 and fits(max_model_len=model.max_model_len // 2):
            ways.append(f"max_model_len {model.max_model_len // 2}")
    elif model.batch.size > 1 and fits(batch=model.batch.model_copy(update={"size": 1})):
        ways.append("batch.size 1")
    larger = sorted((g.gib, g.name) for g in GPUS.values() if g.gib > node.gpu.gib)
    for gib, name in larger:
        if footprint(taken.name, model, GPUS[name]).missing == 0:
            ways.append(f"a GPU of {gib:g} GiB ({name})")
            break
    return ways


def _homeless(item: Footprint, found: Pool) -> Problem:
    """A replica that an empty machine cannot hold."""
    node, where = found.node, ("models", item.name) if item.name != "ingress" else ("http",)
    room = node.ram_gib - RAY_GIB
    if item.ram > room:
        return Problem(
            where,
            f"a replica needs {item.ram:.1f} GiB of memory, {node.name} has {room:.1f} beside Ray: "
            f"{item.ram - room:.1f} GiB are missing. Take a smaller model, fewer bits, or a larger machine",
        )
    if item.cpus * item.ranks > node.cpus:
        return Problem(
            (*where, "num_cpus"),
            f"a replica wants {item.cpus * item.ranks:g} cores, {node.name} has {node.cpus:g}: lower num_cpus",
        )
    return Problem(
        (*where, "num_gpus"),
        f"a replica wants {item.ranks} x {item.share:g} GPU, {node.name} has {node.gpus} GPUs: take another machine",
    )


def _too_many(profile: Profile, found: Pool, deployments: list[Deployment], most: list[Filled]) -> Problem:
    """More machines than there may be: which resource it is, by how much, and what would do."""
    node, count = found.node, found.most
    sums = {
        "GPUs": (sum(d.footprint.share * d.footprint.ranks * d.replicas[1] for d in deployments), node.gpus * count),
        "cores": (sum(d.footprint.cpus * d.footprint.ranks * d.replicas[1] for d in deployments), node.cpus * count),
        "GiB of memory": (
            sum(d.footprint.ram * d.replicas[1] for d in deployments),
            (node.ram_gib - RAY_GIB) * count,
        ),
    }
    over = [f"{used:.4g} {what} of {there:.4g}" for what, (used, there) in sums.items() if used > there + 1e-6]
    shares = ", ".join(
        f"{d.replicas[1]} x {d.footprint.name} {d.footprint.share * d.footprint.ranks:g}"
        for d in deployments
        if d.footprint.share
    )
    why = f"they take {' and '.join(over)}" if over else f"the shares of GPUs do not pack ({shares})"
    kept = _fewer(deployments, found)
    where = ("cluster", "nodes", "max") if profile.cluster else ("models",)
    ways = [f"cluster.nodes.max {len(most)}"] if profile.cluster else []
    ways += [f"models.{name}.replicas.max {n}" for name, n in kept.items()]
    does = ", or ".join(ways) if ways else "smaller shares (num_gpus, num_cpus) or smaller models"
    return Problem(
        where,
        f"all replicas need {len(most)} machines ({node.name}), there are {count} at most: {why}. It fits with {does}",
    )


def _fewer(deployments: list[Deployment], found: Pool) -> dict[str, int]:
    """For each deployment the most replicas with which everything fits, the others as they are; where that helps."""
    kept = {}
    for changed in deployments:
        for n in range(changed.replicas[1] - 1, changed.replicas[0] - 1, -1):
            items = [d.footprint for d in deployments for _ in range(n if d is changed else d.replicas[1])]
            if len(pack(items, found.node)[0]) <= found.most:
                kept[changed.footprint.name] = n
                break
    return {name: n for name, n in kept.items() if name != "ingress"}


def check(profile: Profile) -> Plan | None:
    """The plan for this machine of a profile that computes on GPUs, None for one that does not: asked at a start.

    Raises:
        ProfileError: as `make`.
    """
    cuda = any(model.device == "cuda" for _, model in profile.models)
    return make(profile, local=True) if cuda else None
