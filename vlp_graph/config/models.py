"""The five models: where each comes from, and what one replica of it may use."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from vlp_graph.config.strict import Count, Misplaced, Positive, Strict


class Replicas(Strict):
    """Autoscaling of one deployment."""

    min: Count = 1
    """replicas that are always there"""
    max: Count = 1
    """replicas that load may bring it to"""
    target_ongoing: Positive = 2
    """requests per replica that are aimed at: more of them bring another replica"""
    per_node: Count | None = None
    """replicas on one machine at most; 1: no machine takes two with it. None: as Ray finds room"""
    upscale_delay_s: float = Field(default=30, ge=0)
    """seconds of more load before replicas come"""
    downscale_delay_s: float = Field(default=600, ge=0)
    """seconds of less load before replicas go"""
    surge: int = Field(default=100, ge=0, le=100)
    """replicas, in per cent, that an upgrade starts before it ends old ones; they need room beside the old. 0: the old
    one goes first, and what a single replica does is not done until the new one is up"""

    @model_validator(mode="after")
    def _ordered(self) -> Replicas:
        if self.max < self.min:
            raise ValueError(f"max ({self.max}) is below min ({self.min})")
        return self


class Batch(Strict):
    """Dynamic batching."""

    size: Count = 8
    """requests that are worked on together at most"""
    wait_ms: float = Field(default=10, ge=0)
    """milliseconds that the first of them waits for others"""


class Model(Strict):
    """What all models have. A share of a GPU is stated once, by `num_gpus`: vLLM's memory share, torch's memory limit
    and the placement bundles follow from it."""

    source: str = Field(min_length=1)
    """a hub id, a local path, or `package:NAME[/folder]` for weights inside an installed Python package"""
    revision: str | None = None
    """the commit of a hub id; without one the newest is taken"""
    device: Literal["cpu", "cuda"] = "cpu"
    """where it computes; a replica that finds no such device does not start"""
    dtype: Literal["auto", "float32", "float16", "bfloat16", "int8"] = "float32"
    """what it computes in; `int8` is Whisper's; `auto` is vLLM's and DistilBERT's: `bfloat16`, but `float32` on a CPU
    without AVX512-BF16"""
    quantization: Literal["nf4", "int8", "awq", "gptq"] | None = None
    """weights in fewer bits: `nf4` and `int8` by bitsandbytes when they are loaded; `awq` and `gptq` are properties
    of the checkpoint, and vLLM's"""
    num_cpus: float = Field(default=1, ge=0)
    """cores that a replica is counted with"""
    num_gpus: float = Field(default=0, ge=0, le=1)
    """share of a GPU for a replica (for each of its ranks where the model is split over several)"""
    resources: dict[str, Positive] = Field(default_factory=dict)
    """resources of your own that nodes offer (`ray start --resources`), and how much of each a replica takes"""
    threads: Count = 1
    """threads of a CPU replica"""
    replicas: Replicas = Replicas()
    max_ongoing_requests: Count = 16
    """requests that a replica has at once"""
    max_queued_requests: Count = 64
    """requests that wait at a caller for a replica; one more is a 429"""
    batch: Batch = Batch()

    @model_validator(mode="after")
    def _device_has_its_share(self) -> Model:
        if self.device == "cuda" and self.num_gpus == 0:
            raise ValueError("device cuda needs num_gpus above 0")
        if self.device == "cpu" and self.num_gpus > 0:
            raise ValueError("num_gpus above 0 needs device cuda")
        return self

    @model_validator(mode="after")
    def _numbers_that_its_engine_knows(self) -> Model:
        self._check_numbers()
        return self

    def _check_numbers(self) -> None:
        """Raises ValueError for a `dtype` or a `quantization` that belongs to other models."""
        _torch_numbers(self)
        if self.dtype == "auto":
            raise Misplaced("auto is a dtype of vLLM's and DistilBERT's: say float32, float16 or bfloat16", "dtype")

    @property
    def ranks(self) -> int:
        """Processes that one replica is made of, each with its share of a GPU."""
        return 1


def _torch_numbers(model: Model) -> None:
    if model.dtype == "int8":
        raise Misplaced("int8 is a dtype of Whisper's: take quantization: int8", "dtype")
    if model.quantization in ("awq", "gptq"):
        raise Misplaced(f"{model.quantization} is vLLM's: take nf4 or int8", "quantization")


class Generating(Model):
    """What models that write have where vLLM runs them."""

    max_model_len: Count = 2048
    """tokens of a prompt together with what is made from it"""
    max_num_seqs: Count = 16
    """answers that vLLM writes at once"""
    max_num_batched_tokens: Count | None = None
    """tokens that vLLM reads in one step; none: its own choice"""
    kv_cache_gib: Positive = 1
    """memory for keys and values on a CPU, in GiB; on a GPU it is what the share leaves"""
    kv_cache_dtype: Literal["auto", "fp8"] = "auto"
    """`fp8` halves the memory of keys and values, where the GPU can"""
    prefix_caching: bool = True
    """the same beginning of a prompt is computed once"""
    enforce_eager: bool = False
    """no compilation and no CUDA graphs: starts sooner, runs slower"""
    tensor_parallel: Count = 1
    """GPUs that share each layer: where a model does not fit one, and for latency; replicas are for throughput"""
    pipeline_parallel: Count = 1
    """groups of GPUs that share the layers out"""
    cores: str = ""
    """cores that vLLM's CPU engine is bound to (its own syntax, `0` or `0-3`, `|` between ranks); empty: its choice"""

    @model_validator(mode="after")
    def _ranks_have_gpus_of_their_own(self) -> Generating:
        if self.ranks > 1 and self.device == "cuda" and self.num_gpus != 1:
            raise ValueError(
                f"{self.ranks} ranks need a whole GPU each: num_gpus is {self.num_gpus:g} and has to be 1 "
                "(or tensor_parallel and pipeline_parallel 1)"
            )
        return self

    @model_validator(mode="after")
    def _length_fits_what_is_read(self) -> Generating:
        read = self.max_num_batched_tokens
        if read is not None and read < self.max_num_seqs:
            raise ValueError(f"max_num_batched_tokens ({read}) is below max_num_seqs ({self.max_num_seqs})")
        return self

    @property
    def ranks(self) -> int:
        return self.tensor_parallel * self.pipeline_parallel


def _vllm_numbers(model: Generating) -> None:
    if model.dtype == "int8":
        raise Misplaced("int8 is a dtype of Whisper's: take quantization: nf4", "dtype")
    if model.quantization == "int8":  # it brings nothing to eight bits while it loads
        raise Misplaced("int8 is not vLLM's: take nf4, or a checkpoint in awq or gptq", "quantization")
    if model.quantization == "nf4" and model.device == "cpu":
        raise Misplaced("vLLM has nf4 (bitsandbytes) on GPUs only: leave it out", "quantization")


class Llama(Generating):
    """The language model, through vLLM."""

    planner: str | None = None
    """the LoRA adapter that writes plans (as `source`); without one `source` itself plans, as merged weights can"""

    def _check_numbers(self) -> None:
        _vllm_numbers(self)


class Idefics(Generating):
    """The vision-language model."""

    engine: Literal["transformers", "vllm"] = "transformers"
    """`transformers` runs IDEFICS (the first), `vllm` Idefics3 and SmolVLM"""
    max_new_tokens: Count = 80
    """tokens of an answer within a dialogue"""
    system_prompt: str = ""
    """what stands before every question"""
    lowercase: bool = False
    """fits questions to a checkpoint that was trained on lower case"""

    def _check_numbers(self) -> None:
        if self.engine == "vllm":
            _vllm_numbers(self)
            return
        if self.quantization in ("awq", "gptq"):
            raise Misplaced(f"{self.quantization} is vLLM's: take nf4 or int8, or engine: vllm", "quantization")
        if self.ranks > 1:
            raise ValueError("tensor_parallel and pipeline_parallel are vLLM's: take replicas, or engine: vllm")
        super()._check_numbers()


class GroundedSam(Model):
    """GroundingDINO (`source`) finds what a phrase names, segment-anything (`sam`) outlines it."""

    sam: str
    """segment-anything's weights, as `source`"""
    sam_revision: str | None = None
    """the commit of a hub id of `sam`"""
    threshold: float = Field(default=0.3, gt=0, lt=1)
    """score from which a phrase counts as found"""
    companion: float | None = Field(default=None, gt=0, lt=1)
    """lower score from which a thing counts beside another of its name that has reached `threshold`"""
    nms: float = Field(default=0.6, gt=0, le=1)
    """overlap (IoU) from which the lesser of two boxes goes"""
    phrases_at_once: Count = 128
    """phrases that are looked for in one pass, over all pictures of a batch; each takes memory of its own"""
    embeddings: Count = 32
    """pictures whose SAM embedding and detector features are kept in memory, by content"""
    synonyms: dict[str, str] = Field(default_factory=dict)
    """words that people use for what the detector knows by another: it is asked for that one (singular to singular; a
    plural follows)"""


class Whisper(Model):
    """Speech to text, by CTranslate2."""

    language: str | None = None
    """code of the language that is spoken; none: found out"""
    initial_prompt: str | None = None
    """a text that sounds like what is said here"""
    no_speech: float = Field(default=0.6, gt=0, le=1)
    """segments whose no-speech probability is above this are dropped"""
    beam: Count = 5
    """beams of the search"""

    def _check_numbers(self) -> None:
        if self.dtype == "auto":
            raise Misplaced("auto is a dtype of vLLM's and DistilBERT's: say float32, float16 or int8", "dtype")
        if self.quantization is not None:
            raise Misplaced(f"{self.quantization} is not Whisper's: take dtype: int8", "quantization")


class DistilBert(Model):
    """Intent of a turn, form of what it asks, and which of the caller's labels a text is nearest to."""

    adapter: str
    """the adapter for intents on top of `source`"""
    forms: str | None = None
    """the adapter for the form of what is asked; none: not read"""
    nli: str | None = None
    """a DistilBERT trained on natural language inference (as `source`), which then decides among labels by entailment;
    none: by similarity of sentences"""
    nli_revision: str | None = None
    """the commit of a hub id of `nli`"""

    def _check_numbers(self) -> None:
        _torch_numbers(self)


class Models(Strict):
    """The five models."""

    llama: Llama
    idefics: Idefics
    grounded_sam: GroundedSam
    whisper: Whisper
    distilbert: DistilBert
