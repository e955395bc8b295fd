"""How much memory a replica takes: weights, keys and values, activations, and what the process itself costs.

All formulas stand at the function that uses them, with their source. They are upper estimates for the largest batch
that the profile allows; what nobody can derive (a CUDA context, a Python process) is a constant with its origin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vlp_graph.config import DistilBert, GroundedSam, Idefics, Llama, Model, Profile, Whisper
from vlp_graph.config.hardware import Gpu
from vlp_graph.config.models import Generating
from vlp_graph.engines.distilbert import LONGEST
from vlp_graph.engines.llama import adapter_rank
from vlp_graph.engines.loading import GPU_SHARE
from vlp_graph.engines.sam import MASK_PIXELS_AT_ONCE
from vlp_graph.engines.vllm_options import gpu_memory_utilization
from vlp_graph.sizing.architectures import Architecture, Decoder, architecture

GIB = 2**30
BYTES = {"float32": 4.0, "float16": 2.0, "bfloat16": 2.0, "int8": 1.0, "auto": 2.0}
"""Of a number. `auto` is bfloat16 wherever memory is planned: on GPUs."""
BITS = {"nf4": 4 + 32 / 64, "int8": 8 + 32 / 4096}
"""Bits of a weight that bitsandbytes packs. nf4: 4, and a float32 maximum for every block of 64 (arXiv 2305.14314; we
do not quantize the maxima again). int8: 8, and a float32 scale for each row of some 4096 (arXiv 2208.07339)."""
CONTEXT_GIB = 0.5
"""A process's CUDA context with cuBLAS and cuDNN handles. An assumption: it depends on driver and GPU."""
GRAPHS_GIB = 0.5
"""vLLM's CUDA graphs where they are made (`enforce_eager: false`). An assumption, above what vLLM logs for 7B."""
CTRANSLATE2_GIB = 0.3
"""The same of a process without torch. An assumption."""
COLLECTIVES_GIB = 0.5
"""NCCL's buffers of a rank that shares layers with others. An assumption."""
HOST_GIB = {"torch": 0.7, "vllm": 2.7, "whisper": 0.4, "ingress": 0.5}
"""Resident memory of a replica's processes beside the weights, as measured on the embedded profile (ps, after some
hundred turns): Python, Ray, torch with its libraries; vLLM is three processes and one more for each further rank."""
HOST_CUDA_GIB = 1.5
"""What torch with CUDA takes of the host's memory on top, for each process that has a GPU. An assumption."""
RAY_GIB = 2.0
"""Ray's own processes on a machine, its object store and Serve's proxy, measured as HOST_GIB."""


@dataclass(frozen=True)
class Footprint:
    """What one replica of a deployment takes, in GiB and, but for `ram`, for each of its ranks.

    `kv` of a vLLM on a GPU is what its budget leaves, `kv_least` one sequence of full length. `budget` is what a rank
    may have of its GPU (None on a CPU), `ram` of the host for the whole replica. `tokens`: keys and values that fit.
    `per_node`: replicas on one machine at most.
    """

    name: str
    source: str
    parameters: int
    ranks: int
    share: float
    cpus: float
    budget: float | None
    utilization: float | None
    weights: float
    kv: float
    activations: float
    context: float
    lora: float
    ram: float
    kv_least: float
    tokens: int | None = None
    per_node: int | None = None

    @property
    def total(self) -> float:
        return self.weights + self.kv + self.activations + self.context + self.lora

    @property
    def needed(self) -> float:
        """The least with which it runs."""
        return self.total - self.kv + self.kv_least

    @property
    def missing(self) -> float:
        """What its share of a GPU is too small by; 0 where it fits."""
        return 0.0 if self.budget is None else max(0.0, self.needed - self.budget)


def footprints(profile: Profile, gpu: Gpu | None) -> list[Footprint]:
    """One for each deployment of the profile, the ingress last.

    Raises:
        UnknownArchitecture: of `architecture`.
    """
    found = [footprint(name, model, gpu) for name, model in profile.models]
    ingress = profile.http
    decoding = ingress.limits.decodes * ingress.limits.pixels * 8 / GIB
    nothing = Footprint(
        "ingress", "", 0, 1, 0, ingress.num_cpus, None, None, 0, 0, decoding, 0, 0, HOST_GIB["ingress"] + decoding, 0
    )
    return [*found, nothing]


def footprint(name: str, model: Model, gpu: Gpu | None) -> Footprint:
    """What a replica of `model` takes on that GPU; on the CPU, where that is its device."""
    parts = _ESTIMATES[type(model)](model)
    vllm = runs_in_vllm(model)
    cuda, share = model.device == "cuda", model.num_gpus
    budget = utilization = None
    if cuda and gpu is not None:
        utilization = gpu_memory_utilization(share) if vllm else None
        budget = gpu.gib * (utilization if utilization is not None else share)
        if not vllm and not isinstance(model, Whisper):  # torch's limit counts what torch allocates, not CUDA's own
            budget = min(budget, gpu.gib * share * GPU_SHARE + CONTEXT_GIB)
    host = HOST_GIB["vllm" if vllm else "whisper" if isinstance(model, Whisper) else "torch"]
    host += 0.75 * (model.ranks - 1)
    process = CTRANSLATE2_GIB if isinstance(model, Whisper) else CONTEXT_GIB
    context = process + COLLECTIVES_GIB * (model.ranks > 1) if cuda else 0.0
    spent = parts.weights + parts.activations + parts.lora
    kv, tokens = parts.kv, parts.tokens
    if vllm and parts.kv_token:
        left = (budget - spent - context) if budget is not None else parts.kv
        kv = max(left, 0.0)
        tokens = int(kv / parts.kv_token)
    ram = host + HOST_CUDA_GIB * model.ranks if cuda else host + model.ranks * (spent + kv)
    return Footprint(
        name=name,
        source=model.source,
        parameters=parts.parameters,
        ranks=model.ranks,
        share=share,
        cpus=model.num_cpus,
        budget=budget,
        utilization=utilization,
        weights=parts.weights,
        kv=kv,
        activations=parts.activations,
        context=context,
        lora=parts.lora,
        ram=ram,
        kv_least=parts.kv_least if vllm else kv,
        tokens=tokens,
        per_node=model.replicas.per_node,
    )


def runs_in_vllm(model: Model) -> bool:
    """Whether vLLM holds the model, and with it a fixed part of the GPU."""
    return isinstance(model, Llama) or (isinstance(model, Idefics) and model.engine == "vllm")


@dataclass(frozen=True)
class _Parts:
    """GiB of a rank; `kv_token` those of one token's keys and values, `kv_least` those of one sequence."""

    parameters: int
    weights: float
    kv: float = 0.0
    activations: float = 0.0
    lora: float = 0.0
    kv_least: float = 0.0
    kv_token: float = 0.0
    tokens: int | None = None


def weights_gib(built: Architecture, dtype: str, quantization: str | None) -> float:
    """Linear layers in the bits of their quantization; embeddings, norms, biases, convolutions and the output head in
    `dtype`, as bitsandbytes, AWQ and GPTQ leave them. AWQ and GPTQ: 4 bits, and a half-precision scale with a four-bit
    zero for every group of (mostly) 128 weights (arXiv 2306.00978)."""
    how = quantization or built.stored
    if how is None:
        return built.parameters * BYTES[dtype] / GIB
    bits = BITS[how] if how in BITS else 4 + 20 / built.group
    return (built.linear * bits / 8 + (built.parameters - built.linear) * BYTES[dtype]) / GIB


def vllm_parts(model: Generating, planner: str | None = None) -> _Parts:
    """A rank of vLLM: everything is shared out over `tensor_parallel` x `pipeline_parallel` ranks.

    Keys and values of a token: 2 x layers x key-value heads x head width x bytes, where heads that are fewer than
    tensor-parallel ranks stand on several (vLLM, model_executor/layers/linear.py, QKVParallelLinear).
    Activations: one step of `max_num_batched_tokens` (2048 unless the profile says so: vLLM's own choice for a server
    on a GPU below 70 GiB) through the widest block, that is residual, input, queries, keys, values, and gate, up and
    their product; and the sampler's copies of `max_num_seqs` rows of logits (half precision, two of float32, indices
    of eight bytes: 18 bytes a value). CUDA graphs on top, unless `enforce_eager`.
    A picture costs Idefics3 a pass of its tiles through the vision tower: `_tiles`.
    LoRA: rank x (inputs + outputs) of every linear layer, in `dtype`.
    """
    built = architecture(model.source, model.revision)
    decoder = _decoder(built)
    size, split = BYTES[model.dtype], model.tensor_parallel
    kv_heads = max(decoder.kv_heads / split, 1)
    layers = decoder.layers / model.pipeline_parallel
    token = 2 * layers * kv_heads * decoder.head_dim * (1 if model.kv_cache_dtype == "fp8" else size) / GIB
    step = model.max_num_batched_tokens or 2048
    widest = 2 * decoder.hidden + (decoder.queries + 2 * decoder.keys + 3 * decoder.intermediate) / split
    activations = (step * widest * size + model.max_num_seqs * decoder.vocab * 18) / GIB + _tiles(built, size)
    if model.device == "cuda" and not model.enforce_eager:
        activations += GRAPHS_GIB
    return _Parts(
        parameters=built.parameters,
        weights=weights_gib(built, model.dtype, model.quantization) / model.ranks,
        kv=0.0 if model.device == "cuda" else float(model.kv_cache_gib),
        activations=activations,
        lora=decoder.lora_parameters(adapter_rank(planner)) * size / model.ranks / GIB if planner else 0.0,
        kv_least=model.max_model_len * token,
        kv_token=token,
    )


def _tiles(built: Architecture, size: float) -> float:
    """GiB of the vision tower's pass over one picture of Idefics3: cut into tiles, 4 x 4 and the whole at most (longest
    side 4 tiles; image_processing_idefics3.py), each of (side / patch)^2 places with residual, input, and MLP."""
    vision = built.config.get("vision_config")
    if built.family != "idefics3" or vision is None:
        return 0.0
    places = 17 * (vision["image_size"] // vision["patch_size"]) ** 2
    return float(places * (4 * vision["hidden_size"] + 2 * vision["intermediate_size"]) * size / GIB)


def _llama(model: Llama) -> _Parts:
    return vllm_parts(model, model.planner)


def _idefics(model: Idefics) -> _Parts:
    """IDEFICS in transformers: 2 x `batch.size` sequences at once (a batch of questions, and as many prompts that are
    continued token by token) of `max_model_len`, each with keys and values as `vllm_parts` says, and one layer's again
    while the cache grows (DynamicCache concatenates). Reading a batch takes residual, input, queries, keys, values and
    the MLP's three of one layer for each token; only the last place has logits. A picture of a sequence:
    (side / patch)^2 places through the vision tower. Attention is scaled-dot-product without a matrix of scores.
    """
    if model.engine == "vllm":
        return vllm_parts(model)
    built = architecture(model.source, model.revision)
    decoder, vision = _decoder(built), built.config["vision_config"]
    size, batch = BYTES[model.dtype], model.batch.size
    token = decoder.kv_values * size / GIB
    sequences = 2 * batch
    kv = sequences * model.max_model_len * token * (1 + 1 / decoder.layers)
    widest = 2 * decoder.hidden + decoder.queries + 2 * decoder.keys + 3 * decoder.intermediate
    read = 2 * batch * model.max_model_len * widest * size
    places = (vision.get("image_size", 224) // vision.get("patch_size", 14)) ** 2 + 1
    seen = batch * places * (4 * vision["embed_dim"] + 2 * vision["intermediate_size"]) * size
    logits = sequences * decoder.vocab * 8
    return _Parts(
        parameters=built.parameters,
        weights=weights_gib(built, model.dtype, model.quantization),
        kv=kv,
        activations=(read + seen + logits) / GIB,
        kv_token=token,
        tokens=sequences * model.max_model_len,
    )


def detector_gib(built: Architecture, phrases: int, dtype: str) -> float:
    """GroundingDINO (arXiv 2303.05499) has a row for every phrase. A row's widest place is deformable attention in the
    encoder: for each of the picture's places the samples of every level and point, three times over (sampled, stacked,
    weighted; modeling_grounding_dino.py, MultiScaleDeformableAttention). A picture has sides of 800 and 1333 at most
    (or as its processor says) and levels of stride 8, 16, 32, 64. What else of a pass is alive is half a row, as
    measured (benchmarks/activations.py)."""
    config = built.config
    samples = config.get("num_feature_levels", 4) * config.get("encoder_n_points", 4)
    row = 3 * sum(_levels(built)) * config["d_model"] * samples * BYTES[dtype]
    return float((phrases + 0.5) * row / GIB)


def outliner_gib(built: Architecture, dtype: str) -> float:
    """SAM (arXiv 2304.02643): attention over all (side / patch)^2 places has scores of heads x places^2, three times
    over (product, with relative positions, softmax; segment_anything/modeling/image_encoder.py), plus the MLP."""
    vision, size = built.config["vision_config"], BYTES[dtype]
    places = (vision["image_size"] // vision["patch_size"]) ** 2
    scores = 3 * vision["num_attention_heads"] * places**2
    mlp = places * (4 * vision["hidden_size"] + 2 * vision["mlp_dim"])
    return float((scores + mlp) * size / GIB)


def _levels(built: Architecture) -> list[int]:
    """Places of each of the detector's levels."""
    height, width = built.picture
    return [-(-height // stride) * -(-width // stride) for stride in (8, 16, 32, 64)]


def _grounded_sam(model: GroundedSam) -> _Parts:
    """GroundingDINO and SAM, one after the other, so that the larger of their activations counts (or masks of
    `MASK_PIXELS_AT_ONCE` pixels in float32, twice); and what is kept of `embeddings` pictures: the detector's features
    of three levels with their position embeddings (widths of the backbone's last three stages), and SAM's embedding of
    256 x places. Quantization is the detector's."""
    finder, outliner = architecture(model.source, model.revision), architecture(model.sam, model.sam_revision)
    size, vision = BYTES[model.dtype], outliner.config["vision_config"]
    stem, width = finder.config["backbone_config"].get("embed_dim", 96), finder.config["d_model"]
    stages = zip(_levels(finder), (1, 2, 3), strict=False)
    features = sum(places * (stem * 2**stage + width) for places, stage in stages)
    embedding = 256 * (vision["image_size"] // vision["patch_size"]) ** 2
    active = (
        detector_gib(finder, model.phrases_at_once, model.dtype),
        outliner_gib(outliner, model.dtype),
        2 * MASK_PIXELS_AT_ONCE * 4 / GIB,
    )
    return _Parts(
        parameters=finder.parameters + outliner.parameters,
        weights=weights_gib(finder, model.dtype, model.quantization) + weights_gib(outliner, model.dtype, None),
        activations=max(active) + model.embeddings * (features + embedding) * size / GIB,
    )


def _whisper(model: Whisper) -> _Parts:
    """CTranslate2: all tensors in `dtype`. Each of `beam` hypotheses has keys and values of the decoder's own tokens
    (448 at most) and of the 1500 places of the sound (arXiv 2212.04356), in half precision where weights are int8 on a
    GPU. Activations: 1500 places of the encoder with residual, input, MLP, and its attention's scores; they are gone
    when the decoder's own keys and values come, so that the larger of the two counts.

    faster-whisper's own figures for large-v2 with beam 5 are 4525 MB in float16 and 2926 MB in int8 (its README).
    """
    built = architecture(model.source, model.revision)
    config = built.config
    width, sound, text = config["d_model"], config["max_source_positions"], config["max_target_positions"]
    size = 2.0 if model.device == "cuda" else 4.0
    token = 2 * config["decoder_layers"] * width * size * model.beam
    encoder = sound * 12 * width * size + (width // 64) * sound**2 * size
    kv, activations = token * (sound + text), max(0.0, encoder - token * text)
    return _Parts(
        built.parameters,
        built.parameters * BYTES[model.dtype] / GIB,
        kv=kv / GIB,
        activations=activations / GIB,
    )


def _distilbert(model: DistilBert) -> _Parts:
    """One encoder for each of intents, forms, and entailment or similarity; `batch.size` texts of `LONGEST` tokens
    through one block: residual, input, queries, keys, values, MLP, and its attention's scores."""
    built = architecture(model.source, model.revision)
    encoders = [built] * (2 if model.forms else 1)
    encoders.append(architecture(model.nli, model.nli_revision) if model.nli else built)
    size = BYTES[model.dtype]

    def block(config: Any) -> float:
        length = min(LONGEST, config["max_position_embeddings"])
        scores: float = config["n_heads"] * length**2
        places = length * (5 * config["dim"] + config["hidden_dim"]) + scores
        return float(model.batch.size * places * size)

    return _Parts(
        sum(one.parameters for one in encoders),
        sum(weights_gib(one, model.dtype, model.quantization) for one in encoders),
        activations=max(block(one.config) for one in encoders) / GIB,
    )


_ESTIMATES: dict[type, Callable[[Any], _Parts]] = {
    Llama: _llama,
    Idefics: _idefics,
    GroundedSam: _grounded_sam,
    Whisper: _whisper,
    DistilBert: _distilbert,
}


def _decoder(built: Architecture) -> Decoder:
    if built.decoder is None:
        raise TypeError(f"{built.source} writes no text")
    return built.decoder
