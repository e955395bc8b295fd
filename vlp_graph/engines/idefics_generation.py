"""IDEFICS token by token: the model's steps, transformers' logits processors, a seed of each request's own, and stops.

`generate` of transformers draws from one random state for all, and hands tokens out only through a thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from vlp_graph.engines.detokenizer import Detokenizer
from vlp_graph.engines.generation import Finish, Generation, Piece, Prefill, Token

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor
    from transformers import IdeficsForVisionText2Text, LogitsProcessorList

COLDEST = 1e-3
"""Below this temperature the likeliest token is taken: scores divided by less leave the range of floats."""
_LARGEST = 1e9


@dataclass(frozen=True)
class Words:
    """What of the vocabulary generation must know: ids that are no text, ids that end an answer, ids never made."""

    tokenizer: Tokenizer
    special: frozenset[int]
    ends: frozenset[int]
    never: tuple[int, ...]


class _Steps:
    """The model with what it remembers of one sequence."""

    def __init__(self, model: IdeficsForVisionText2Text) -> None:
        self.model, self._memory = model, dict[str, Any]()

    def first(self, inputs: dict[str, Any], *, keep: int) -> Tensor:
        """Logits [`keep`, V] of the prompt's last tokens (0: of all)."""
        import torch

        device = self.model.device
        mask = inputs["image_attention_mask"].to(device)
        with torch.inference_mode():
            out: Any = self.model(
                input_ids=inputs["input_ids"].to(device),
                pixel_values=inputs["pixel_values"].to(device, self.model.dtype),
                image_attention_mask=mask,
                use_cache=True,
                logits_to_keep=keep,
            )
        seen = "perceiver_embeddings" if self.model.config.use_resampler else "image_encoder_embeddings"
        self._memory = {
            "past_key_values": out.past_key_values,
            "image_attention_mask": mask[:, -1:],
            seen: out.image_hidden_states,
        }
        return out.logits[0].float()  # type: ignore[no-any-return]

    def next(self, token: int) -> Tensor:
        """Logits [1, V] after one more token."""
        import torch

        ids = torch.tensor([[token]], device=self.model.device)
        with torch.inference_mode():
            out: Any = self.model(input_ids=ids, use_cache=True, **self._memory)
        return out.logits[0].float()  # type: ignore[no-any-return]


class _Choice:
    """The next token by the request's own parameters; `seed` starts its own random state."""

    def __init__(self, generation: Generation, never: Sequence[int], vocabulary: int, device: Any) -> None:
        import torch

        self.seed = generation.seed_used()
        self._random = None
        if self.seed is not None and (generation.temperature or 1.0) >= COLDEST:
            self._random = torch.Generator(device).manual_seed(self.seed)
        self._processors = _processors(generation, never, vocabulary, device)

    def __call__(self, ids: Sequence[int], logits: Tensor) -> int:
        """`logits` [1, V] after `ids`."""
        import torch

        before: Any = torch.tensor([ids], device=logits.device)
        scores: Tensor = self._processors(before, cast("Any", logits)).clamp(max=_LARGEST)
        if self._random is None:
            return int(scores.argmax())
        return int(torch.multinomial(scores.softmax(-1), 1, generator=self._random))


def _processors(generation: Generation, never: Sequence[int], vocabulary: int, device: Any) -> LogitsProcessorList:
    """In TGI's order: watermark and penalty, then what narrows the choice."""
    import transformers as hf

    chosen = hf.LogitsProcessorList()
    if generation.watermark:
        chosen.append(hf.WatermarkLogitsProcessor(vocabulary, device, greenlist_ratio=0.5))
    if generation.repetition_penalty is not None:
        chosen.append(hf.RepetitionPenaltyLogitsProcessor(generation.repetition_penalty))
    chosen.append(hf.SuppressTokensLogitsProcessor(list(never), device=device))
    if generation.temperature is not None and generation.temperature >= COLDEST:
        chosen.append(hf.TemperatureLogitsWarper(float(generation.temperature)))
    if generation.top_k is not None:
        chosen.append(hf.TopKLogitsWarper(min(generation.top_k, vocabulary)))
    if generation.top_p is not None:
        chosen.append(hf.TopPLogitsWarper(generation.top_p))
    if generation.typical_p is not None:
        chosen.append(hf.TypicalLogitsWarper(generation.typical_p))
    return chosen


class _Text:
    """The text that has been made, and where a stop word ends it."""

    def __init__(self, words: Words, prompt: Sequence[int], stop: Sequence[str]) -> None:
        self._words, self._stop = words, stop
        self._detokenizer = Detokenizer(words.tokenizer, prompt)
        self._raw, self.whole, self.stopped = "", "", False

    def push(self, token: int) -> str:
        """The token's text, up to the end of the stop word that it completes."""
        before = len(self._raw)
        self._raw += self._detokenizer.push(token)
        ends = [end for word in self._stop if (end := _end(self._raw, word, before)) is not None]
        if ends:
            self._raw, self.stopped = self._raw[: min(ends)], True
        text = self._raw[before:]
        if token not in self._words.special:
            self.whole += text
        return text


def _end(text: str, word: str, before: int) -> int | None:
    """Where a word ends that was not yet whole in the first `before` characters."""
    at = text.find(word, max(before - len(word) + 1, 0))
    return None if at < 0 else at + len(word)


def go_on(
    model: IdeficsForVisionText2Text, words: Words, inputs: dict[str, Any], generation: Generation
) -> Iterator[Piece]:
    """The pieces of a generation. `inputs` are those of `idefics_prompt.tensors`; every step runs when its piece is
    asked for, so that whoever stops asking ends the work."""
    ids: list[int] = inputs["input_ids"][0].tolist()
    length, steps, text = len(ids), _Steps(model), _Text(words, ids, generation.stop)
    logits = steps.first(inputs, keep=0 if generation.prefill else 1)
    choose = _Choice(generation, words.never, logits.shape[-1], logits.device)
    if generation.prefill:
        yield Prefill(_prefilled(words, ids, logits))
    reason: Literal["length", "eos_token", "stop_sequence"] | None = None
    while reason is None:
        logits = logits[-1:]
        id = choose(ids, logits)
        ids.append(id)
        written = text.push(id)
        if text.stopped:
            reason = "stop_sequence"
        elif id in words.ends:
            reason = "eos_token"
        elif len(ids) - length >= generation.max_new_tokens:
            reason = "length"
        logprobs = logits[0].log_softmax(-1)
        top = _likeliest(words, logprobs, generation.top_n_tokens)
        yield Token(id, written, float(logprobs[id]), id in words.special, top, more=reason is None)
        if reason is None:
            logits = steps.next(id)
    yield Finish(reason, text.whole, length, len(ids) - length, choose.seed)


def _prefilled(words: Words, ids: Sequence[int], logits: Tensor) -> tuple[Token, ...]:
    """The prompt's tokens; `logits` [T, V]."""
    import torch

    after = logits[:-1].log_softmax(-1)
    logprobs = after.gather(1, torch.tensor(ids[1:], device=logits.device)[:, None])[:, 0].tolist()
    detokenizer = Detokenizer(words.tokenizer)
    texts = [detokenizer.push(id) for id in ids]
    pairs = zip(ids, texts, [None, *logprobs], strict=True)
    return tuple(Token(id, text, logprob, id in words.special) for id, text, logprob in pairs)


def _likeliest(words: Words, logprobs: Tensor, count: int) -> tuple[Token, ...]:
    best = logprobs.topk(min(count, len(logprobs)))
    decode = words.tokenizer.decode
    return tuple(
        Token(id, decode([id], skip_special_tokens=False), logprob, id in words.special)
        for id, logprob in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    )
