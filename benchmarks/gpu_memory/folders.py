"""Folders from which the engines load: a model's own where it is on this disk, else its architecture with random
weights and a small tokenizer. How much memory a tensor takes does not depend on its values.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlp_graph.config import GroundedSam, Idefics, Llama, Model, Whisper
from vlp_graph.engines.weights import is_hub_id, resolve
from vlp_graph.sizing.architectures import Architecture, architecture

_NANO = "package:vlp_graph/nano/checkpoints/"
_KEYS = {"source": "revision", "sam": "sam_revision", "nli": "nli_revision"}
"""What of a profile names weights, and the keys that pin them. Adapters are ours, and small."""


def furnished(model: Model, folder: Path, depth: int | None = None) -> tuple[Model, str]:
    """The model with a folder on this disk for each of its sources, and what is in them: `own` or `random` weights.
    With `depth` always random, so many layers deep.

    Raises:
        UnknownArchitecture: nothing says how one of them is built.
    """
    changes: dict[str, Any] = {}
    for key, pin in _KEYS.items():
        if source := getattr(model, key, None):
            revision = getattr(model, pin)
            own = None if depth else _own(source, revision)
            changes |= {key: own or str(_random(model, key, source, revision, folder / key, depth)), pin: None}
            changes["random"] = changes.get("random", False) or own is None
    kind = "random" if changes.pop("random") else "own"
    return type(model).model_validate(model.model_dump() | changes), kind


def takes_dummies(model: Model) -> bool:
    """Whether vLLM makes the random weights itself, so that none are written. Its loader of bitsandbytes reads files
    only."""
    return isinstance(model, Llama) and model.quantization != "nf4"


def _own(source: str, revision: str | None) -> str | None:
    """The folder of the real weights, where they are on this disk."""
    if not is_hub_id(source):
        try:
            return resolve(source)
        except FileNotFoundError:
            return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = Path(snapshot_download(source, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    whole = any(found.rglob("*.safetensors")) or (found / "model.bin").is_file()
    return str(found) if whole else None


def _random(model: Model, key: str, source: str, revision: str | None, folder: Path, depth: int | None) -> Path:
    built = architecture(source, revision)
    config = shallow(built.config, depth) if depth else dict(built.config)
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(model, Whisper):
        _whisper(config, folder, model.dtype)
    elif key == "sam":
        _saved("SamModel", config, folder, "float32")
    elif isinstance(model, GroundedSam):
        _grounding_dino(built, config, folder)
    elif isinstance(model, Llama):
        _llama(config, folder, model.dtype, files=not takes_dummies(model))
    elif isinstance(model, Idefics):
        (_idefics if built.family == "idefics" else _idefics3)(config, folder, model.dtype)
    else:
        _distilbert(config, folder, labels=key == "nli")
    return folder


def shallow(config: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """The architecture with its real widths, `depth` layers deep."""
    made: dict[str, Any] = {
        key: shallow(value, depth) if isinstance(value, Mapping) and key != "quantization_config" else value
        for key, value in config.items()
    }
    layers = ("num_hidden_layers", "n_layers", "encoder_layers", "decoder_layers", "resampler_depth")
    made |= {key: min(depth, made[key]) for key in layers if key in made}
    match made.get("model_type"):
        case "idefics":  # a layer that reads pictures is among them
            made["cross_layer_interval"] = min(depth, made.get("cross_layer_interval", 1))
        case "grounding-dino":  # the last layer of its decoder cannot share its head with the others
            made |= {"encoder_layers": depth, "decoder_layers": depth + 1}
            made["text_config"] = {"model_type": "bert", **made.get("text_config", {}), "num_hidden_layers": depth}
        case "swin":
            made["depths"] = [min(depth, stage) for stage in made["depths"]]
    if "global_attn_indexes" in made:  # SAM: the last of them sees the whole picture
        made["global_attn_indexes"] = [made["num_hidden_layers"] - 1]
    return made


def _saved(name: str, config: Mapping[str, Any], folder: Path, dtype: str, **ids: Any) -> Any:
    """The transformers class of that name with random weights, as safetensors; its config."""
    import torch
    import transformers

    torch.manual_seed(0)
    built = transformers.AutoConfig.for_model(**{**config, **ids})
    kind: Any = getattr(transformers, name)
    model = kind._from_config(built, dtype=getattr(torch, dtype))
    model.eval().save_pretrained(folder, max_shard_size="200GB")
    path = folder / "config.json"  # it leaves out what is transformers' own choice, and the estimate reads some of that
    whole = _over(json.loads(path.read_text(encoding="utf-8")), config)
    path.write_text(json.dumps(whole), encoding="utf-8")
    return built


def _over(saved: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """What was saved, with everything that the architecture says."""
    both = {
        key: _over(saved[key], value) if isinstance(value, Mapping) and isinstance(saved.get(key), Mapping) else value
        for key, value in config.items()
    }
    return {**saved, **both}


def _tokenizer(name: str) -> Any:
    """A small one of ours: its ids are among those of any model."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(resolve(_NANO + name))


def _ids(tokenizer: Any) -> dict[str, int]:
    names = ("bos_token_id", "eos_token_id", "pad_token_id")
    return {name: found for name in names if (found := getattr(tokenizer, name)) is not None}


def _llama(config: dict[str, Any], folder: Path, dtype: str, *, files: bool) -> None:
    """Where vLLM makes the weights itself the config is enough."""
    import transformers

    tokenizer = _tokenizer("idefics")
    tokenizer.save_pretrained(folder)
    if packed := config.get("quantization_config"):  # what vLLM wants to know besides (AWQ's and GPTQ's usual)
        usual: dict[str, Any] = {"zero_point": True, "version": "gemm", "desc_act": False, "sym": True}
        config["quantization_config"] = usual | packed
    kind: Any = transformers.MODEL_FOR_CAUSAL_LM_MAPPING[type(transformers.AutoConfig.for_model(config["model_type"]))]
    if files:
        _saved(kind.__name__, config, folder, dtype, **_ids(tokenizer))
        return
    whole = {**config, **_ids(tokenizer), "architectures": [kind.__name__], "dtype": dtype}
    (folder / "config.json").write_text(json.dumps(whole), encoding="utf-8")


def _idefics(config: dict[str, Any], folder: Path, dtype: str) -> None:
    from transformers import AutoProcessor

    processor: Any = AutoProcessor.from_pretrained(resolve(_NANO + "idefics"))
    built = _saved("IdeficsForVisionText2Text", config, folder, dtype, **_ids(processor.tokenizer))
    side = built.vision_config.image_size
    processor.image_processor.image_size = side
    processor.image_processor.size = {"height": side, "width": side}
    processor.save_pretrained(folder)


_CHAT = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}"
    "{% elif part['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
"""As HuggingFaceTB/SmolVLM-Instruct lays a dialogue out."""


def _idefics3(config: dict[str, Any], folder: Path, dtype: str) -> None:
    """Pictures have four tiles a side at most, as image_processing_idefics3.py has them."""
    from transformers import Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    tokenizer, vision = _tokenizer("idefics"), config["vision_config"]
    special = ["<|im_start|>", "<fake_token_around_image>", "<image>", "<end_of_utterance>"]
    tokenizer.add_tokens(special, special_tokens=True)
    places = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    tokenizer.add_tokens(["<global-img>", *places], special_tokens=True)
    side, scale = vision["image_size"], config.get("scale_factor", 2)
    images = Idefics3ImageProcessorPil(size={"longest_edge": 4 * side}, max_image_size={"longest_edge": side})
    read = (side // vision["patch_size"]) ** 2 // scale**2
    Idefics3Processor(images, tokenizer, image_seq_len=read, chat_template=_CHAT).save_pretrained(folder)
    ids = _ids(tokenizer)
    text = {**config["text_config"], **ids}
    image = tokenizer.convert_tokens_to_ids("<image>")
    _saved(
        "Idefics3ForConditionalGeneration",
        {**config, "model_type": "idefics3", "text_config": text, "image_token_id": image},
        folder,
        dtype,
        pad_token_id=ids["pad_token_id"],
    )


def _grounding_dino(built: Architecture, config: dict[str, Any], folder: Path) -> None:
    from transformers import AutoImageProcessor, GroundingDinoProcessor

    _saved("GroundingDinoForObjectDetection", config, folder, "float32")
    images: Any = AutoImageProcessor.from_pretrained(resolve(_NANO + "grounding-dino"))
    height, width = built.picture
    images.size, images.do_pad = {"shortest_edge": height, "longest_edge": width}, True
    GroundingDinoProcessor(images, _tokenizer("grounding-dino")).save_pretrained(folder)


def _distilbert(config: dict[str, Any], folder: Path, *, labels: bool) -> None:
    """The bare encoder, or with MNLI's `labels`: adapters bring heads of their own."""
    config.pop("num_labels", None)
    if labels:
        names = dict(enumerate(("ENTAILMENT", "NEUTRAL", "CONTRADICTION")))
        ids = {"id2label": names, "label2id": {name: id for id, name in names.items()}}
        _saved("DistilBertForSequenceClassification", config, folder, "float32", **ids)
    else:
        _saved("DistilBertModel", config, folder, "float32")
    tokenizer = _tokenizer("grounding-dino")
    tokenizer.model_max_length = config.get("max_position_embeddings", 512)
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    tokenizer.save_pretrained(folder)


def _whisper(config: dict[str, Any], folder: Path, dtype: str) -> None:
    """In CTranslate2's form, of many languages. The tokenizer has Whisper's special tokens at their places, bytes, and
    words that nobody says."""
    import transformers
    from ctranslate2.converters import TransformersConverter
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    special = ["endoftext", "startoftranscript", *LANGUAGES, *tasks]
    added = [f"<|{name}|>" for name in special] + [f"<|{n * 0.02:.2f}|>" for n in range(1501)]
    words = config["vocab_size"] - len(added)
    letters = sorted(ByteLevel.alphabet())
    rest = [f"<{n}>" for n in range(words - len(letters) - 1)]
    fill = [*letters, *rest, ""]  # by the empty token CTranslate2 tells a model of many languages
    backend = Tokenizer(BPE({token: id for id, token in enumerate(fill)}, []))
    backend.pre_tokenizer = ByteLevel(add_prefix_space=False)
    backend.add_special_tokens([AddedToken(name, special=True) for name in added])
    plain = folder.with_name(f"{folder.name}-plain")
    end = "<|endoftext|>"
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token=end, bos_token=end, unk_token=end
    ).save_pretrained(plain)
    ids = {name: backend.token_to_id(f"<|{name}|>") for name in special}
    width = config["d_model"]
    sizes = {f"{part}_attention_heads": width // 64 for part in ("encoder", "decoder")}
    sizes |= {f"{part}_ffn_dim": 4 * width for part in ("encoder", "decoder")}
    ends = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), ids["endoftext"])
    start = {"decoder_start_token_id": ids["startoftranscript"]}
    built = _saved("WhisperForConditionalGeneration", {**sizes, **config}, plain, "float16", **ends, **start)
    TransformersConverter(str(plain), load_as_float16=True).convert(str(folder), quantization=dtype, force=True)
    kept: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kept["lang_ids"] = [ids[name] for name in LANGUAGES]  # as the published conversions have them
    (folder / "config.json").write_text(json.dumps(kept), encoding="utf-8")
    shutil.copy(plain / "tokenizer.json", folder)
    mels = {"feature_size": built.num_mel_bins}
    (folder / "preprocessor_config.json").write_text(json.dumps(mels), encoding="utf-8")
    shutil.rmtree(plain)
