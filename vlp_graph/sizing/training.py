"""How much memory `vlp finetune` takes: a LoRA adapter on a base in half precision or in four bits (QLoRA)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from vlp_graph.config.hardware import Gpu
from vlp_graph.sizing.architectures import architecture
from vlp_graph.sizing.errors import DoesNotFit, Problem
from vlp_graph.sizing.memory import CONTEXT_GIB, GIB, weights_gib

_STATES = 4 + 4 + 4 + 4
"""Bytes of an adapter's parameter: itself, its gradient, and Adam's two moments, all in float32."""
_BLOCK = 34
"""Bytes that a transformer block keeps of each token and each of its hidden width for the way back, in half precision
without a matrix of attention scores (Korthikanti et al., arXiv 2205.05198, equation 2 less its second term)."""


@dataclass(frozen=True)
class Run:
    """What is trained: examples of `length` tokens, `batch` at once. `checkpointing`: blocks are computed again on the
    way back instead of being kept."""

    source: str
    quantization: str | None = "nf4"
    rank: int = 16
    batch: int = 1
    length: int = 1024
    checkpointing: bool = False


@dataclass(frozen=True)
class Training:
    """GiB of one GPU. `adapter` is parameters, gradients and Adam's moments; `logits` those of all places, which are
    there three times: in half precision, in float32 and as gradient."""

    adapter_parameters: int
    base: float
    adapter: float
    activations: float
    logits: float
    context: float

    @property
    def total(self) -> float:
        return self.base + self.adapter + self.activations + self.logits + self.context


def training(run: Run) -> Training:
    """What the run takes. Adapters stand on all seven linear layers of every block (query, key, value, output, gate,
    up, down). Activations: `_BLOCK` x batch x length x hidden for every block; with checkpointing each block's input
    (2 x batch x length x hidden) and one block as before. Logits: batch x length x vocabulary x (2 + 4 + 4) bytes.

    Raises:
        DoesNotFit: the base writes no text, so that no planner can be made of it.
    """
    built = architecture(run.source)
    decoder = built.decoder
    if decoder is None:
        raise DoesNotFit(Problem((), f"{run.source} writes no text: a language model is wanted"))
    parameters = decoder.lora_parameters(run.rank)
    tokens = run.batch * run.length
    one = _BLOCK * tokens * decoder.hidden
    kept = 2 * tokens * decoder.hidden * decoder.layers + one if run.checkpointing else one * decoder.layers
    return Training(
        adapter_parameters=parameters,
        base=weights_gib(built, "bfloat16", run.quantization),
        adapter=parameters * _STATES / GIB,
        activations=kept / GIB,
        logits=tokens * decoder.vocab * (2 + 4 + 4) / GIB,
        context=CONTEXT_GIB,
    )


def fitting(run: Run, gpu: Gpu) -> list[str]:
    """Changes of the run with which it would fit that GPU."""
    changes: list[tuple[str, dict[str, object]]] = [
        ("nf4", {"quantization": "nf4"}),
        ("gradient checkpointing", {"checkpointing": True}),
        ("gradient checkpointing and nf4", {"checkpointing": True, "quantization": "nf4"}),
        (f"batch {max(1, run.batch // 2)}", {"batch": max(1, run.batch // 2)}),
        ("batch 1", {"batch": 1}),
        ("batch 1 and gradient checkpointing", {"batch": 1, "checkpointing": True}),
    ]
    as_is = asdict(run)
    return [
        words
        for words, change in changes
        if as_is | change != as_is and training(Run(**(as_is | change))).total <= gpu.gib
    ][:3]
