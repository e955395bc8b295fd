"""The parts of a model's memory, estimated and measured, and which of them the estimate is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.gpu_memory.ranks import Rank
from vlp_graph.sizing.memory import GIB, Footprint

TOLERANCE = 0.15


@dataclass(frozen=True)
class Part:
    """GiB. `measured`: None where nothing tells it."""

    name: str
    estimated: float
    measured: float | None

    @property
    def ratio(self) -> float | None:
        """Estimated by measured."""
        return self.estimated / self.measured if self.measured else None


@dataclass(frozen=True)
class Measured:
    """One model. `judged` names the part by which the estimate holds or not; `said` why there is no measurement."""

    name: str
    source: str
    device: str
    weights: str = ""
    parts: list[Part] = field(default_factory=list)
    judged: str = ""
    said: str = ""
    seconds: float = 0.0

    @property
    def within(self) -> bool | None:
        """Whether the estimate is within 15 % of what was measured; None: not measured."""
        ratio = next((part.ratio for part in self.parts if part.name == self.judged), None)
        return None if ratio is None else abs(ratio - 1) <= TOLERANCE

    def as_json(self) -> dict[str, Any]:
        parts = [asdict(part) | {"ratio": part.ratio} for part in self.parts]
        return asdict(self) | {"parts": parts, "within": self.within}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Measured:
        parts = [Part(part["name"], part["estimated"], part["measured"]) for part in kept["parts"]]
        names = ("name", "source", "device", "weights", "judged", "said", "seconds")
        return cls(**{name: kept[name] for name in names}, parts=parts)


def of_torch(taken: Footprint, *, loaded: float, reserved: float, whole: float) -> tuple[list[Part], str]:
    """On a GPU: `loaded` tensors after loading, `reserved` the most that torch had of the device, `whole` the most that
    the process had."""
    return [
        Part("weights", taken.weights + taken.lora, loaded),
        Part("KV, activations", taken.kv + taken.activations, reserved - loaded),
        Part("CUDA", taken.context, whole - reserved),
        Part("total", taken.total, whole),
    ], "total"


def of_ctranslate2(taken: Footprint, *, loaded: float, whole: float) -> tuple[list[Part], str]:
    """On a GPU, of which CTranslate2 itself tells nothing: the process after loading, and at most."""
    return [
        Part("weights, CUDA", taken.weights + taken.context, loaded),
        Part("KV, activations", taken.kv + taken.activations, whole - loaded),
        Part("total", taken.total, whole),
    ], "total"


def of_vllm(taken: Footprint, ranks: Sequence[Rank], whole: float) -> tuple[list[Part], str]:
    """On a GPU, the largest rank. vLLM gives keys and values whatever its share leaves: what it finds to be taken by
    all else (on top of the CUDA context, which was there before it looked) is what an estimate can miss. `whole`: what
    its processes had of all GPUs at most."""

    def most(values: Sequence[int | None]) -> float | None:
        known = [value for value in values if value is not None]
        return max(known) / GIB if known else None

    weights, consumed, peak = (most([getattr(rank, key) for rank in ranks]) for key in ("weights", "consumed", "peak"))
    fixed = None if consumed is None or peak is None else consumed + peak
    kv, each = max(rank.kv for rank in ranks) / GIB, whole / len(ranks)
    parts = [
        Part("weights", taken.weights + taken.lora, weights),
        Part("activations", taken.activations, None if fixed is None or weights is None else fixed - weights),
        Part("both", taken.weights + taken.lora + taken.activations, fixed),
        Part("KV", taken.kv, kv),
        Part("CUDA", taken.context, None if fixed is None else each - fixed - kv),
    ]
    if taken.budget is not None:
        parts.append(Part("its share", taken.budget, each))
    return parts, "both"


def of_cpu(taken: Footprint, *, before: float, loaded: float, most: float) -> tuple[list[Part], str]:
    """Resident memory of a process that had its libraries when `before` was read."""
    return [
        Part("weights", taken.weights + taken.lora, loaded - before),
        Part("KV, activations", taken.kv + taken.activations, most - loaded),
        Part("total", taken.total, most - before),
        Part("RAM, all", taken.ram, most),
    ], "total"


def of_vllm_on_cpu(taken: Footprint, ranks: Sequence[Rank], most: float) -> tuple[list[Part], str]:
    """Resident memory of vLLM's processes; of its tensors only keys and values are told."""
    return [
        Part("weights", taken.weights + taken.lora, None),
        Part("KV", taken.kv, max(rank.kv for rank in ranks) / GIB),
        Part("RAM, all", taken.ram, most),
    ], "RAM, all"
