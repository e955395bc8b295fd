"""How a model is built: parameters, layers, heads. Read from its config.json and its files' headers, never its weights.

A source is looked for among the facts that are shipped (`architectures/*.json`: what the config.json of published
models says), then on this disk, then in the hub's cache. No network call is made. Parameters of language models are
counted by arithmetic, those of others are shipped or read from the checkpoint's headers; tests hold all of them against
the models as transformers builds them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from vlp_graph.sizing import checkpoints
from vlp_graph.sizing.errors import UnknownArchitecture

Family = Literal["llama", "idefics", "idefics3", "whisper", "grounding-dino", "sam", "distilbert"]
_FAMILIES: dict[str, Family] = {
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "llama",
    "idefics": "idefics",
    "idefics3": "idefics3",
    "smolvlm": "idefics3",
    "whisper": "whisper",
    "grounding-dino": "grounding-dino",
    "sam": "sam",
    "distilbert": "distilbert",
}
_VOCAB_PADDING = 64
"""vLLM fills the vocabulary up to a multiple of this (vocab_parallel_embedding.py, DEFAULT_VOCAB_PADDING_SIZE)."""


@dataclass(frozen=True)
class Decoder:
    """A Llama-like language model: gated MLP, RMS norms, rotary positions."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    positions: int
    tied: bool
    qkv_bias: bool

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Decoder:
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        return cls(
            layers=config["num_hidden_layers"],
            hidden=hidden,
            intermediate=config["intermediate_size"],
            heads=heads,
            kv_heads=config.get("num_key_value_heads") or heads,
            head_dim=config.get("head_dim") or hidden // heads,
            vocab=config["vocab_size"],
            positions=config.get("max_position_embeddings", 2048),
            tied=config.get("tie_word_embeddings", config.get("model_type") == "qwen2"),
            qkv_bias=config.get("attention_bias", config.get("model_type") == "qwen2"),
        )

    @property
    def queries(self) -> int:
        """Width of the queries of a layer."""
        return self.heads * self.head_dim

    @property
    def keys(self) -> int:
        """Width of the keys of a layer, and of its values."""
        return self.kv_heads * self.head_dim

    @property
    def linears(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of the linear layers of one block: query, key, value, output, gate, up, down."""
        h, q, k, i = self.hidden, self.queries, self.keys, self.intermediate
        return (h, q), (h, k), (h, k), (q, h), (h, i), (h, i), (i, h)

    @property
    def linear(self) -> int:
        """Parameters in linear layers other than the output head: what quantization packs."""
        return self.layers * sum(a * b for a, b in self.linears)

    @property
    def parameters(self) -> int:
        """All of them: linear layers, two norms a block and the last, biases, embeddings, and the head where it is no
        copy of those."""
        biases = self.layers * (self.queries + 2 * self.keys) * self.qkv_bias
        tables = self.vocab * self.hidden * (1 if self.tied else 2)
        return self.linear + (2 * self.layers + 1) * self.hidden + biases + tables

    @property
    def kv_values(self) -> int:
        """Numbers that are kept for a token: a key and a value for each head that has its own, in each layer."""
        return 2 * self.layers * self.keys

    def lora_parameters(self, rank: int) -> int:
        """Parameters of an adapter on every linear layer: two matrices of `rank` each (arXiv 2106.09685)."""
        return self.layers * sum(rank * (a + b) for a, b in self.linears)

    def unsplit_by(self, ranks: int) -> list[str]:
        """What cannot be shared out evenly over so many ranks, as vLLM asks for: attention heads, key and value heads
        (or a whole number of ranks for each), the MLP's width, the padded vocabulary."""
        padded = -(-self.vocab // _VOCAB_PADDING) * _VOCAB_PADDING
        left = {"attention heads": self.heads, "width of the MLP": self.intermediate, "padded vocabulary": padded}
        found = [f"{value} ({what})" for what, value in left.items() if value % ranks]
        if self.kv_heads % ranks and ranks % self.kv_heads:
            found.insert(1 if self.heads % ranks else 0, f"{self.kv_heads} (key and value heads)")
        return found


@dataclass(frozen=True)
class Architecture:
    """A model as its config.json describes it. `linear` of its parameters are in linear layers other than the output
    head. `stored`: the quantization that its checkpoint came with, of `group` weights each with a scale. `picture`:
    height and width that a detector's processor brings pictures to, at most."""

    source: str
    family: Family
    config: Mapping[str, Any]
    parameters: int
    linear: int
    decoder: Decoder | None = None
    stored: str | None = None
    group: int = 128
    picture: tuple[int, int] = (800, 1333)


@cache
def architecture(source: str, revision: str | None = None) -> Architecture:
    """The architecture of a profile's `source`.

    Raises:
        UnknownArchitecture: it is neither shipped, nor on this disk, nor in the hub's cache; or of a kind that no
            engine of the graph runs.
    """
    if (shipped := _shipped().get(source.lower())) is not None:
        return _of(
            source, shipped["config"], (shipped["parameters"], shipped["linear"]) if "linear" in shipped else None
        )
    from vlp_graph.engines.weights import resolve

    try:
        path = Path(resolve(source))
    except FileNotFoundError as error:
        raise UnknownArchitecture(str(error)) from None
    if not path.exists():
        path = _cached(source, revision)
    folder = path if path.is_dir() else path.parent
    if (folder / "model.bin").is_file():
        return _whisper(source, folder)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnknownArchitecture(f"{source}: no config.json that can be read ({error})") from None
    shapes = checkpoints.safetensors_shapes(folder)
    built = _of(source, config, checkpoints.counts(shapes) if shapes else None)
    return replace(built, picture=_picture(folder) or built.picture)


def known() -> list[str]:
    """Sources whose facts are shipped."""
    return [facts["source"] for facts in _shipped().values()]


@cache
def _shipped() -> dict[str, Any]:
    folder = resources.files("vlp_graph") / "sizing" / "architectures"
    facts = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.iterdir(), key=lambda f: f.name))
    return {fact["source"].lower(): fact for fact in facts}


def _cached(source: str, revision: str | None) -> Path:
    """The config.json of a hub id that was downloaded before."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(source, "config.json", revision=revision)
    if not isinstance(found, str):
        raise UnknownArchitecture(
            f"{source}: nothing here says how it is built. Download its config.json into the hub's cache "
            f"(hf download {source} config.json), or name a folder that has one as the source; "
            f"known without are {', '.join(known())}"
        )
    return Path(found)


def _of(source: str, config: dict[str, Any], counted: tuple[int, int] | None) -> Architecture:
    if "window" in config and "global_layers" in config:  # the flat form of engines/sam.py
        config = _sam(config)
    kind = config.get("model_type")
    if kind not in _FAMILIES:
        raise UnknownArchitecture(f"{source}: model_type {kind!r} is none of {', '.join(_FAMILIES)}")
    family, decoder = _FAMILIES[kind], None
    if family in ("llama", "idefics", "idefics3"):
        decoder = Decoder.of(config.get("text_config", config))
    stored = config.get("quantization_config") or {}
    if family == "llama" and decoder is not None:
        counted = (decoder.parameters, decoder.linear)
    if counted is None:
        from vlp_graph.sizing.counting import count

        counted = count(config)
    return Architecture(
        source, family, config, *counted, decoder, stored.get("quant_method"), stored.get("group_size", 128)
    )


def _picture(folder: Path) -> tuple[int, int] | None:
    """What a folder's processor_config.json says of the size of pictures."""
    path = folder / "processor_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    size = config.get("image_processor", {}).get("size") or {}
    if not isinstance(size, dict):
        return None
    height, width = (size.get(a) or size.get(b) for a, b in (("height", "shortest_edge"), ("width", "longest_edge")))
    return (height, width) if height and width else None


def _sam(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The flat form of our SAM checkpoints in transformers' words."""
    vision = {
        "hidden_size": flat["width"],
        "num_hidden_layers": flat["depth"],
        "num_attention_heads": flat["heads"],
        "global_attn_indexes": flat["global_layers"],
        "mlp_dim": int(flat["width"] * flat["mlp_ratio"]),
        "image_size": flat["image_size"],
        "patch_size": flat["patch_size"],
        "window_size": flat["window"],
    }
    return {"model_type": "sam", "vision_config": vision}


def _whisper(source: str, folder: Path) -> Architecture:
    """A Whisper in CTranslate2's form: its config.json does not say how large it is, its tensors do."""
    shapes = checkpoints.ctranslate2_shapes(folder / "model.bin")
    vocab, width = shapes["decoder/embeddings/weight"]

    def layers(part: str) -> int:
        return len({found[1] for name in shapes if (found := re.match(rf"{part}/layer_(\d+)/", name))})

    config = {
        "model_type": "whisper",
        "d_model": width,
        "encoder_layers": layers("encoder"),
        "decoder_layers": layers("decoder"),
        "vocab_size": vocab,
        "max_source_positions": 1500,
        "max_target_positions": 448,
    }
    return Architecture(source, "whisper", config, *checkpoints.counts(shapes))
