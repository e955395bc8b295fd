"""The language model that is tuned, and what it writes: loaded as it is served, asked as it is served."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vlp_graph.dialogue.plan import PLAN_SCHEMA, PlanError, ground_spans, parse_plan
from vlp_graph.dialogue.prompt import planner_messages
from vlp_graph.engines.loading import load_pretrained
from vlp_graph.engines.weights import resolve
from vlp_graph.finetune.data import Turn
from vlp_graph.finetune.lines import Lines
from vlp_graph.finetune.settings import Settings, SettingsError

MAX_NEW_TOKENS = 130
"""Tokens of a plan at most."""
BATCH = 32


def load(model: Any, settings: Settings) -> Any:
    """The base as a `model` (a transformers class), on the GPU that is there, in bf16, else on the CPU in fp32."""
    import torch

    cuda = torch.cuda.is_available()
    return load_pretrained(
        model,
        resolve(settings.base),
        device="cuda" if cuda else "cpu",
        dtype="bfloat16" if cuda else "float32",
        quantization=settings.quantization,
        revision=settings.revision,
    )


def load_tokenizer(source: str, revision: str | None = None) -> Any:
    """The tokenizer of a model that is asked as a chat, with a token to pad with.

    Raises:
        SettingsError: it has no chat template.
    """
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(resolve(source), revision=revision)
    if not tokenizer.chat_template:
        raise SettingsError(f"base {source}: its tokenizer has no chat template; take the chat or instruct variant")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_base(settings: Settings) -> Any:
    """The base model, in four bits where the settings say so."""
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    config = AutoConfig.from_pretrained(resolve(settings.base), revision=settings.revision)
    return load(MODEL_FOR_CAUSAL_LM_MAPPING[type(config)], settings)


def load_adapted(settings: Settings, adapter: Path, *, trainable: bool = False) -> Any:
    """The base model under an adapter."""
    from peft import PeftModel

    return PeftModel.from_pretrained(load_base(settings), str(adapter), is_trainable=trainable)


def check_length(tokenizer: Any, data: Lines[Any], longest: int) -> None:
    """
    Raises:
        DataError: a line has more tokens than are learned from; half a plan would teach half plans.
    """
    for index, entry in enumerate(data.entries):
        row = entry.row()
        prompt = row.pop("prompt")
        for answer in row.values():
            text = tokenizer.apply_chat_template([*prompt, *answer], tokenize=False)
            if (count := len(tokenizer(text, add_special_tokens=False).input_ids)) > longest:
                raise data.error(index, f"{count} tokens, and max_length is {longest}")


def prompt_text(tokenizer: Any, utterance: str, history: str | None) -> str:
    """What the planner reads, as vLLM's chat endpoint renders it too."""
    messages = planner_messages(utterance, history)
    return str(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))


def write_plans(
    model: Any, tokenizer: Any, turns: Sequence[tuple[str, str | None]], *, temperature: float = 0.0, batch: int = BATCH
) -> list[str]:
    """What the model writes for each (utterance, history), under the plan's schema as it is served; greedily where
    `temperature` is 0. Uses torch's global random state."""
    import torch
    import xgrammar
    from rich.progress import track
    from xgrammar.contrib.hf import LogitsProcessor

    vocabulary = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=model.config.vocab_size)
    schema = xgrammar.GrammarCompiler(vocabulary).compile_json_schema(json.dumps(PLAN_SCHEMA))
    how: dict[str, Any] = {"do_sample": False}
    if temperature:
        how = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    prompts = [prompt_text(tokenizer, *turn) for turn in turns]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    written = [""] * len(prompts)
    training = model.training
    model.eval()
    for start in track(range(0, len(order), batch), description="plans", transient=True):
        chosen = order[start : start + batch]
        texts = [prompts[i] for i in chosen]
        inputs = tokenizer(texts, padding=True, padding_side="left", add_special_tokens=False, return_tensors="pt").to(
            model.device
        )
        with torch.inference_mode():
            ids = model.generate(
                **inputs,
                **how,
                max_new_tokens=MAX_NEW_TOKENS,
                pad_token_id=tokenizer.pad_token_id,
                use_cache=True,
                logits_processor=[LogitsProcessor(schema)],
            )
        answers = tokenizer.batch_decode(ids[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        for i, answer in zip(chosen, answers, strict=True):
            written[i] = answer
    model.train(training)
    return written


def is_right(text: str, turn: Turn) -> bool:
    """Whether what was written is the turn's plan once it is held against the dialogue, as it is when served: the same
    tasks on the same things. How a question is worded is not judged."""
    from vlp_graph.nano.turns import gold_of, judge

    try:
        plan = ground_spans(parse_plan(text), f"{turn.history or ''} {turn.turn}")
    except PlanError:
        return False
    return judge([task.model_dump() for task in plan.tasks], [gold_of(turn.wire())]).task_and_phrases


def share_right(model: Any, tokenizer: Any, turns: Sequence[Turn]) -> float:
    """The share of turns whose plan the model gets right."""
    written = write_plans(model, tokenizer, [(turn.turn, turn.history) for turn in turns])
    return sum(map(is_right, written, turns)) / len(turns)
