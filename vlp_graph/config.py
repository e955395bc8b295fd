"""The profile: everything that differs between a laptop and a cluster, as one frozen tree.

A profile is a strict YAML file; a typo is an error that names the line and the nearest right key. Resource
numbers that follow from others (vLLM's memory share, placement bundles) are derived where they are used, never
written twice. The environment is read here and nowhere else.
"""

from __future__ import annotations

import difflib
import os
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
_HOST = r"^((\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]*:[0-9a-f:.]*)$"  # a name, an address, or *.name


class ProfileError(ValueError):
    """The profile cannot be used; the message says where and what to change."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Replicas(_Strict):
    """Autoscaling of one deployment. `target_ongoing` requests per replica are aimed at."""

    min: Count = 1
    max: Count = 1
    target_ongoing: Positive = 2

    @model_validator(mode="after")
    def _ordered(self) -> Replicas:
        if self.max < self.min:
            raise ValueError(f"max ({self.max}) is below min ({self.min})")
        return self


class Batch(_Strict):
    """Dynamic batching: at most `size` requests, the first of which waits at most `wait_ms`."""

    size: Count = 8
    wait_ms: float = Field(default=10, ge=0)


class Model(_Strict):
    """Where a model comes from, and what one replica of it may use.

    `source` is a hub id, a local path, or `package:NAME[/folder]` for weights inside an installed Python package.
    """

    source: str
    revision: str | None = None
    device: Literal["cpu", "cuda"] = "cpu"
    dtype: Literal["float32", "float16", "bfloat16", "int8"] = "float32"
    quantization: Literal["nf4", "int8", "awq", "gptq"] | None = None
    num_cpus: float = Field(default=1, ge=0)
    num_gpus: float = Field(default=0, ge=0)
    threads: Count = 1
    replicas: Replicas = Replicas()
    max_ongoing_requests: Count = 16
    max_queued_requests: Count = 64
    batch: Batch = Batch()

    @model_validator(mode="after")
    def _device_has_its_share(self) -> Model:
        if self.device == "cuda" and self.num_gpus == 0:
            raise ValueError("device cuda needs num_gpus above 0")
        if self.device == "cpu" and self.num_gpus > 0:
            raise ValueError("num_gpus above 0 needs device cuda")
        return self


class Llama(Model):
    """The language model. `planner` is the LoRA adapter that writes plans; without one the base model plans.

    `cores` binds the CPU engine to these cores (vLLM's own syntax, "0" or "0-3"); empty lets vLLM choose.
    """

    planner: str | None = None
    max_model_len: Count = 2048
    max_num_seqs: Count = 16
    kv_cache_gib: Count = 1
    enforce_eager: bool = False
    cores: str = ""


class Idefics(Model):
    """The vision-language model. `lowercase` fits questions to a checkpoint that was trained on lower case.

    `max_new_tokens` bounds an answer within a dialogue, `max_model_len` a prompt together with what is made from it.
    """

    max_new_tokens: Count = 80
    max_model_len: Count = 2048
    system_prompt: str = ""
    lowercase: bool = False


class GroundedSam(Model):
    """`source` is GroundingDINO's, `sam` is segment-anything's. `threshold` and `nms` decide which boxes count;
    `companion` is the lower score from which a thing counts beside another of its name that has reached `threshold`.

    `embeddings` pictures keep their SAM embedding in memory, by content. `synonyms` are words that people use for what
    the detector knows by another: it is asked for that one (singular to singular; a plural follows).
    """

    sam: str
    threshold: float = Field(default=0.3, gt=0, lt=1)
    companion: float | None = Field(default=None, gt=0, lt=1)
    nms: float = Field(default=0.6, gt=0, le=1)
    embeddings: Count = 32
    synonyms: dict[str, str] = Field(default_factory=dict)


class Whisper(Model):
    """Speech to text. Segments whose no-speech probability is above `no_speech` are dropped."""

    language: str | None = None
    initial_prompt: str | None = None
    no_speech: float = Field(default=0.6, gt=0, le=1)
    beam: Count = 5


class DistilBert(Model):
    """Intent of a turn (`adapter` on top of `source`), the form of what it asks (`forms`; none: not read), and
    similarity to the caller's own labels."""

    adapter: str
    forms: str | None = None


class Models(_Strict):
    llama: Llama
    idefics: Idefics
    grounded_sam: GroundedSam
    whisper: Whisper
    distilbert: DistilBert


class Limits(_Strict):
    """What one request may hold. Everything above is refused before it costs anything.

    A body is at most `body_mib` and arrives within `body_seconds`; its JSON is nested `json_depth` deep and has
    `json_values` values, a form has `parts` parts. There are at most `headers` headers of `header_kib` together. A
    dialogue has `messages` messages of `text_chars`, `total_chars` and `parts` content parts together, and names in it
    (the model's, the user's, stop words) have `name_chars`. A picture has `pixels`, a JPEG `jpeg_scans` passes over
    them, and there are `pictures` of them; a spoken turn lasts `audio_seconds`, a recording to transcribe
    `transcription_seconds`. `max_tokens` may be asked for. `decodes` bounds memory, not a request: the media of so many
    requests are decoded at once, the others wait.

    For the vision services: `phrases` to find, `prompts` (boxes and objects shown by points) and their `points` in all,
    `labels` to sort into, `label_chars` of each phrase and label. Of what is found the `instances` best are told.
    `mask_pixels` bounds the masks of one request, in pixels of the picture for each mask.
    """

    body_mib: Positive = 32
    body_seconds: Positive = 30
    headers: Count = 100
    header_kib: Positive = 32
    json_depth: Count = 32
    json_values: Count = 20_000
    parts: Count = 64
    messages: Count = 64
    text_chars: Count = 8_000
    total_chars: Count = 64_000
    name_chars: Count = 256
    pictures: Count = 8
    pixels: Count = 25_000_000
    jpeg_scans: Count = 50
    audio_seconds: Positive = 60
    transcription_seconds: Positive = 600
    max_tokens: Count = 1024
    decodes: Count = 2
    phrases: Count = 16
    prompts: Count = 32
    points: Count = 128
    labels: Annotated[int, Field(ge=2)] = 32
    label_chars: Count = 200
    instances: Count = 200
    mask_pixels: Count = 400_000_000


class Tgi(_Strict):
    """Limits of the Text Generation Inference routes, with TGI's own names and defaults. Tokens are bounded by the
    model's `max_model_len`, too; `max_concurrent_requests` counts those of one model at one ingress replica.
    """

    max_concurrent_requests: Count = 128
    max_best_of: Count = 2
    max_stop_sequences: Count = 4
    max_top_n_tokens: Count = 5
    max_input_length: Count = 1024
    max_total_tokens: Count = 2048

    @model_validator(mode="after")
    def _input_leaves_room(self) -> Tgi:
        if self.max_input_length >= self.max_total_tokens:
            raise ValueError(
                f"max_input_length ({self.max_input_length}) must be below max_total_tokens ({self.max_total_tokens})"
            )
        return self


class Fetch(_Strict):
    """Pictures by http(s) URL: only from `hosts`, names or addresses or `*.example.org`; none: no URL is fetched.

    A request's pictures come within `timeout_s` together, through at most `redirects` redirects each, on one of
    `ports`, at most `max_mib` each; `at_once` requests fetch, the others wait. `private` lets the listed hosts have
    addresses inside the own network (a store in the cluster); link-local ones stay shut.
    """

    hosts: tuple[Annotated[str, Field(pattern=_HOST)], ...] = ()
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (80, 443)
    max_mib: Positive = 16
    timeout_s: Positive = 10
    redirects: int = Field(default=3, ge=0, le=10)
    at_once: Count = 4
    private: bool = False


class Http(_Strict):
    """Where the ingress listens, how many requests it takes at once, and from whom.

    `keys_file` holds the API keys (`vlp keys add`): with it, every request needs one, and each key may have
    `concurrent_per_key` requests running at a replica of the ingress. Without it anyone is answered. A model that is
    asked by itself, past the dialogue, has `answer_s` seconds for its whole answer. `sagemaker` is the model that
    answers SageMaker's `/invocations`; `tgi` bounds that route, too. `log` is the form of the log lines, one a request:
    `json`, `plain`, or `off` (then only warnings and errors are written, in JSON).
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    replicas: Count = 1
    num_cpus: float = Field(default=0.5, ge=0)
    max_ongoing_requests: Count = 32
    max_queued_requests: Count = 64
    keys_file: str | None = None
    concurrent_per_key: Count = 16
    answer_s: Positive = 300
    log: Literal["json", "plain", "off"] = "json"
    limits: Limits = Limits()
    fetch: Fetch = Fetch()
    tgi: Tgi = Tgi()
    sagemaker: Literal["idefics", "llama"] = "idefics"

    def keys_path(self) -> Path | None:
        """The file of API keys, None where none are asked for. $VLP_API_KEYS_FILE, if set, goes before the profile.

        Raises:
            ProfileError: a relative path: the replicas need not run in this folder.
        """
        named = os.environ.get("VLP_API_KEYS_FILE") or self.keys_file
        if not named:
            return None
        path = Path(named).expanduser()
        if not path.is_absolute():
            raise ProfileError(f"http.keys_file {named!r} is a relative path; give it from the root: {path.absolute()}")
        return path


class Dialogue(_Strict):
    """How a turn finds its tasks, and waits in seconds. A turn ends by `turn_s` whatever happens; a task that is late
    is reported as such.

    `router`: `cot` lets Llama plan every turn. `fast` and `speculative` ask for a plan only where DistilBERT's reading
    of the turn is less sure than `sure`; `speculative` runs the likely tasks meanwhile, for the plan to adopt or drop.
    Of a long dialogue the language model reads the last `max_history_tokens` (estimated) when it chats.
    """

    router: Literal["fast", "cot", "speculative"] = "speculative"
    sure: float = Field(default=0.8, gt=0, le=1)
    turn_s: Positive = 60
    task_s: Positive = 30
    plan_s: Positive = 20
    max_plan_tokens: Count = 192
    max_answer_tokens: Count = 200
    max_history_tokens: Count = 400


class Memory(_Strict):
    """Where sessions are kept: `url` is a database for SQLAlchemy (`postgresql+asyncpg://user:password@host/name` where
    several ingress replicas share it), or empty for a SQLite file in the cache folder. A session is forgotten
    `expires_s` after its last turn, and its oldest turns beyond `turns`.
    """

    url: str = ""
    expires_s: Positive = 86_400
    turns: Count = 50

    def address(self) -> str:
        """The database's URL. $VLP_MEMORY_URL, if set, goes before the profile: it may hold a password."""
        if url := os.environ.get("VLP_MEMORY_URL") or self.url:
            return url
        folder = cache_dir()
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite+aiosqlite:///{folder / 'sessions.sqlite'}"


class Telemetry(_Strict):
    """Where traces go: `otlp_endpoint` is the base URL of a collector that takes OTLP over HTTP
    (`http://127.0.0.1:4318`), or empty for no traces. Of traces that begin here the share `sampled` is kept; a caller's
    `traceparent` decides for its own.
    """

    otlp_endpoint: str = Field(default="", pattern=r"^(https?://\S+)?$")
    sampled: float = Field(default=1.0, ge=0, le=1)

    def endpoint(self) -> str:
        """The collector's URL. $OTEL_EXPORTER_OTLP_ENDPOINT, if set, goes before the profile."""
        return os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or self.otlp_endpoint


class Profile(_Strict):
    """One kind of place to run. `cpus` is what Ray is told it has (None: what the machine has)."""

    name: str
    description: str
    cpus: float | None = None
    http: Http = Http()
    dialogue: Dialogue = Dialogue()
    memory: Memory = Memory()
    telemetry: Telemetry = Telemetry()
    models: Models

    @model_validator(mode="after")
    def _fits_what_ray_is_told(self) -> Profile:
        wanted = self.http.num_cpus * self.http.replicas
        wanted += sum(m.num_cpus * m.replicas.max for _, m in self.models)
        if self.cpus is not None and wanted > self.cpus + 1e-6:
            raise ValueError(
                f"replicas may use {wanted:g} CPUs together, cpus says {self.cpus:g}: raise cpus or lower num_cpus"
            )
        return self


def names() -> list[str]:
    """The profiles that come with the package."""
    folder = resources.files("vlp_graph") / "profiles"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


@cache
def load(profile: str = "embedded") -> Profile:
    """A profile of the package by name, or any YAML file by path.

    Raises:
        ProfileError: no such profile, no valid YAML, or a key or value that does not belong; with its line.
    """
    path = Path(profile)
    if not path.suffix:
        path = Path(str(resources.files("vlp_graph"))) / "profiles" / f"{profile}.yaml"
    if not path.is_file():
        near = difflib.get_close_matches(profile, names(), 1, 0.0)
        raise ProfileError(f"no profile {profile!r}: known are {', '.join(names())}; did you mean {near[0]!r}?")
    text = path.read_text(encoding="utf-8")
    try:
        tree, data = yaml.compose(text), yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ProfileError(f"{path.name}: {error}") from error
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise ProfileError("\n".join(_explain(path.name, tree, e) for e in error.errors())) from None


def _explain(file: str, tree: Any, error: Any) -> str:
    """`embedded.yaml:12: models.llama.max_model_length: not a key; did you mean max_model_len?`"""
    location = [str(part) for part in error["loc"]]
    line, message = _line(tree, location), str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(location[-1], _keys(location[:-1]), 1, 0.5)
        message = "not a key" + (
            f"; did you mean {near[0]}?" if near else f"; known are {', '.join(_keys(location[:-1]))}"
        )
    return f"{file}:{line}: {'.'.join(location)}: {message}"


def _line(tree: Any, location: list[str]) -> int:
    node, line = tree, 1
    for part in location:
        for key, value in getattr(node, "value", []) if isinstance(node, yaml.MappingNode) else []:
            if key.value == part:
                node, line = value, key.start_mark.line + 1
                break
    return line


def _keys(location: list[str]) -> list[str]:
    """Keys that may stand at this place of the tree."""
    model: Any = Profile
    for part in location:
        model = model.model_fields[part].annotation
    return list(model.model_fields)


def served() -> Profile:
    """The profile that this cluster serves: $VLP_PROFILE, else the default. For processes that are told nothing else.

    Raises:
        ProfileError: as `load`.
    """
    return load(os.environ.get("VLP_PROFILE") or "embedded")


def mark_served(profile: str) -> None:
    """Lets `served` of this process and of those it starts answer with this profile, by name or path."""
    os.environ["VLP_PROFILE"] = str(Path(profile).absolute()) if Path(profile).suffix else profile


def api_key() -> str | None:
    """The key with which the client asks: $VLP_API_KEY."""
    return os.environ.get("VLP_API_KEY") or None


def cache_dir() -> Path:
    """Where converted weights are kept: $VLP_CACHE, else $XDG_CACHE_HOME/vlp-graph, else ~/.cache/vlp-graph."""
    if chosen := os.environ.get("VLP_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vlp-graph"
