"""What is compared: so many ranks, on which devices each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """`places` are what each rank has: a GPU, or cores of the CPU."""

    name: str
    device: str
    places: tuple[tuple[int, ...], ...]

    @property
    def ranks(self) -> int:
        return len(self.places)

    @property
    def devices(self) -> int:
        """GPUs or cores, of all ranks."""
        return sum(map(len, self.places))

    def __str__(self) -> str:
        return self.name

    def environment(self, kv_gib: int = 1) -> dict[str, str]:
        """Variables that vLLM reads when it is imported, or before."""
        # what measures a rank's memory is sent to it as a function
        variables = {"VLLM_ALLOW_INSECURE_SERIALIZATION": "1", "VLLM_PLUGINS": "", "TOKENIZERS_PARALLELISM": "false"}
        if self.device == "cuda":
            seen = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")  # torch counts those that it may see
            names = [seen[place[0]] if seen[0] else str(place[0]) for place in self.places]
            return variables | {"CUDA_VISIBLE_DEVICES": ",".join(names)}
        bind = "|".join(",".join(map(str, place)) for place in self.places)
        return variables | {"VLLM_CPU_KVCACHE_SPACE": str(kv_gib), "VLLM_CPU_OMP_THREADS_BIND": bind}


def compared(ranks: Sequence[int], devices: Sequence[int], device: str) -> list[Setting]:
    """A rank on a device each; on a CPU also one rank on as many cores as the most ranks have: threads are what tensor
    parallelism has to beat there.

    Raises:
        ValueError: more ranks than devices.
    """
    unit = "GPU" if device == "cuda" else "core"
    if max(ranks) > len(devices):
        raise ValueError(f"{max(ranks)} ranks want a {unit} each, and there are {len(devices)}")
    one_each = [
        Setting(f"TP {n}, {n} {unit}{'s' if n > 1 else ''}", device, tuple((place,) for place in devices[:n]))
        for n in sorted({1, *ranks})
    ]
    if device == "cpu" and (most := max(ranks)) > 1:
        one_each.insert(1, Setting(f"TP 1, {most} cores", device, (tuple(devices[:most]),)))
    return one_each


def dollars_per_million(price: float, tokens_per_s: float, devices: int, of: int) -> float:
    """Cost of a million tokens where the machine costs `price` dollars an hour: a setting pays for those of its devices
    that it has (the others serve replicas).

    Raises:
        ValueError: no speed, or no devices.
    """
    if tokens_per_s <= 0 or not 0 < devices <= of:
        raise ValueError(f"{tokens_per_s} tokens/s on {devices} of {of} devices have no price")
    return price * devices / of / (tokens_per_s * 3600) * 1e6


PUBLISHED = "philschmid/text-generation-inference-tests: TGI 1.0.3, A10G without NVLink, 20 users"
A10G: Mapping[str, Mapping[int, float]] = {
    "Llama-2 7B fp16": {1: 313.5, 4: 449.9, 8: 293.0},
    "Llama-2 13B": {4: 295.6, 8: 195.1},
}
"""Tokens a second by number of ranks, as published there."""
A10G_DOLLARS = {1: 1.35, 4: 4.38}
"""Published dollars per million tokens of the 7B, on a g5.2xlarge and a g5.12xlarge."""


def published_gain(ranks: int) -> float | None:
    """The 7B's tokens/s over those of one rank; None where nothing is published."""
    figures = A10G["Llama-2 7B fp16"]
    return figures[ranks] / figures[1] if ranks in figures else None
