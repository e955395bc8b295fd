"""The endpoint: where it listens, whom it answers, what one request may hold; how a turn is worked on and kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from vlp_graph.config.environment import cache_dir
from vlp_graph.config.strict import Count, Positive, ProfileError, Strict

_HOST = r"^((\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]*:[0-9a-f:.]*)$"  # a name, an address, or *.name


class Limits(Strict):
    """What one request may hold. Everything above is refused before it costs anything."""

    body_mib: Positive = 32
    """size of a body"""
    body_seconds: Positive = 30
    """seconds in which a body has to arrive"""
    headers: Count = 100
    """headers of a request"""
    header_kib: Positive = 32
    """size of all headers together"""
    json_depth: Count = 32
    """how deep JSON is nested"""
    json_values: Count = 20_000
    """values in a JSON body"""
    parts: Count = 64
    """parts of a form; content parts of a dialogue"""
    messages: Count = 64
    """messages of a dialogue"""
    text_chars: Count = 8_000
    """characters of a message"""
    total_chars: Count = 64_000
    """characters of a dialogue"""
    name_chars: Count = 256
    """characters of a name (the model's, the user's, a stop word)"""
    pictures: Count = 8
    """pictures of a request"""
    pixels: Count = 25_000_000
    """pixels of a picture"""
    jpeg_scans: Count = 50
    """passes that a JPEG makes over its pixels"""
    audio_seconds: Positive = 60
    """length of a spoken turn"""
    transcription_seconds: Positive = 600
    """length of a recording to transcribe"""
    max_tokens: Count = 1024
    """tokens that may be asked for"""
    decodes: Count = 2
    """requests whose media are decoded at once, the others wait: this bounds memory, not a request"""
    phrases: Count = 16
    """phrases to find"""
    prompts: Count = 32
    """boxes and objects shown by points"""
    points: Count = 128
    """points in all"""
    labels: Annotated[int, Field(ge=2)] = 32
    """labels to sort into"""
    label_chars: Count = 200
    """characters of a phrase or label"""
    instances: Count = 200
    """found things that are told, the best first"""
    mask_pixels: Count = 400_000_000
    """pixels of all masks of a request, those of the picture for each mask"""


class Tgi(Strict):
    """Limits of the Text Generation Inference routes, with TGI's own names and defaults. Tokens are bounded by the
    model's `max_model_len`, too."""

    max_concurrent_requests: Count = 128
    """requests of one model at one ingress replica"""
    max_best_of: Count = 2
    """answers to choose from"""
    max_stop_sequences: Count = 4
    """texts that end an answer"""
    max_top_n_tokens: Count = 5
    """likeliest tokens told at each place"""
    max_input_length: Count = 1024
    """tokens of a prompt"""
    max_total_tokens: Count = 2048
    """tokens of a prompt with its answer"""

    @model_validator(mode="after")
    def _input_leaves_room(self) -> Tgi:
        if self.max_input_length >= self.max_total_tokens:
            raise ValueError(
                f"max_input_length ({self.max_input_length}) must be below max_total_tokens ({self.max_total_tokens})"
            )
        return self


class Fetch(Strict):
    """Pictures by http(s) URL: only from `hosts`; link-local addresses stay shut whatever is listed."""

    hosts: tuple[Annotated[str, Field(pattern=_HOST)], ...] = ()
    """names or addresses or `*.example.org`; none: no URL is fetched"""
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (80, 443)
    """ports that may be asked"""
    max_mib: Positive = 16
    """size of a picture"""
    timeout_s: Positive = 10
    """seconds for all pictures of a request together"""
    redirects: int = Field(default=3, ge=0, le=10)
    """redirects of a picture"""
    at_once: Count = 4
    """requests that fetch at once, the others wait"""
    private: bool = False
    """listed hosts may have addresses inside the own network (a store in the cluster)"""


class Http(Strict):
    """Where the ingress listens, how many requests it takes at once, and from whom."""

    host: str = "127.0.0.1"
    """address to listen on"""
    port: int = Field(default=8000, ge=1, le=65535)
    """port to listen on"""
    replicas: Count = 1
    """replicas of the ingress; with several, sessions need `memory.url`"""
    num_cpus: float = Field(default=0.5, ge=0)
    """cores that a replica of the ingress is counted with"""
    max_ongoing_requests: Count = 32
    """requests that a replica of the ingress has at once"""
    max_queued_requests: Count = 64
    """requests that wait at a proxy; one more is a 429"""
    keys_file: str | None = None
    """the file of API keys (`vlp keys add`): with it every request needs one. Without it anyone is answered"""
    concurrent_per_key: Count = 16
    """requests that a key may have running at a replica of the ingress"""
    answer_s: Positive = 300
    """seconds for the whole answer of a model that is asked by itself, past the dialogue"""
    log: Literal["json", "plain", "off"] = "json"
    """form of the log lines, one a request; `off`: only warnings and errors, in JSON"""
    limits: Limits = Limits()
    fetch: Fetch = Fetch()
    tgi: Tgi = Tgi()
    sagemaker: Literal["idefics", "llama"] = "idefics"
    """the model that answers SageMaker's `/invocations`; `tgi` bounds that route, too"""

    @property
    def room(self) -> int:
        """Requests that a proxy takes in: what the ingress works on at once, and what waits."""
        return self.max_ongoing_requests * self.replicas + self.max_queued_requests

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


class Dialogue(Strict):
    """How a turn finds its tasks, and waits in seconds. A turn ends by `turn_s` whatever happens."""

    router: Literal["fast", "cot", "speculative"] = "speculative"
    """`cot` lets Llama plan every turn. `fast` and `speculative` ask for a plan only where DistilBERT's reading of the
    turn is less sure than `sure`; `speculative` runs the likely tasks meanwhile, for the plan to adopt or drop"""
    sure: float = Field(default=0.8, gt=0, le=1)
    """score from which a reading is followed without a plan"""
    turn_s: Positive = 60
    """seconds for a turn"""
    task_s: Positive = 30
    """seconds for a task; one that is late is reported as such"""
    plan_s: Positive = 20
    """seconds for a plan"""
    max_plan_tokens: Count = 192
    """tokens of a plan"""
    max_answer_tokens: Count = 200
    """tokens of an answer by Llama"""
    max_history_tokens: Count = 400
    """tokens (estimated) of a long dialogue that the language model reads when it chats, the last ones"""


class Memory(Strict):
    """Where sessions are kept, and how long."""

    url: str = ""
    """a database for SQLAlchemy (`postgresql+asyncpg://user:password@host/name` where several ingress replicas share
    it); empty: a SQLite file in the cache folder. $VLP_MEMORY_URL goes before"""
    expires_s: Positive = 86_400
    """seconds after its last turn when a session is forgotten"""
    turns: Count = 50
    """newest turns of a session that are kept"""

    def address(self) -> str:
        """The database's URL. $VLP_MEMORY_URL, if set, goes before the profile: it may hold a password."""
        if url := os.environ.get("VLP_MEMORY_URL") or self.url:
            return url
        folder = cache_dir()
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite+aiosqlite:///{folder / 'sessions.sqlite'}"


class Telemetry(Strict):
    """Where traces go."""

    otlp_endpoint: str = Field(default="", pattern=r"^(https?://\S+)?$")
    """base URL of a collector that takes OTLP over HTTP (`http://127.0.0.1:4318`); empty: no traces.
    $OTEL_EXPORTER_OTLP_ENDPOINT goes before"""
    sampled: float = Field(default=1.0, ge=0, le=1)
    """share of the traces that begin here which is kept; a caller's `traceparent` decides for its own"""

    def endpoint(self) -> str:
        """The collector's URL. $OTEL_EXPORTER_OTLP_ENDPOINT, if set, goes before the profile."""
        return os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or self.otlp_endpoint
