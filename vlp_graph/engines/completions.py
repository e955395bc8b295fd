"""A generation in vLLM's words (for its engine, for its completions request), and the events of the answer as pieces.

vLLM counts, stops, draws and detokenises; only what it reports is put into our words here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from vlp_graph.engines.detokenizer import Detokenizer, special_tokens
from vlp_graph.engines.generation import Finish, Generation, Piece, Prefill, Token
from vlp_graph.errors import InvalidRequest

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from vllm import RequestOutput
    from vllm.logprobs import Logprob

HOTTEST = 2.0
"""vLLM takes no temperature above it."""
_SEEDS = 2**63
_ID = "token_id:"


def sampling(generation: Generation, seed: int | None) -> dict[str, Any]:
    """Fields of `SamplingParams` and of `CompletionRequest`. What is not asked for is said all the same: else the
    defaults of the model's own generation_config.json would hold. vLLM has neither `typical_p` nor a watermark that a
    request turns on.

    Raises:
        InvalidRequest: hotter than vLLM takes.
    """
    if (generation.temperature or 0.0) > HOTTEST:
        raise InvalidRequest(
            f"`temperature` must be <= {HOTTEST} for this model. Given: {generation.temperature}", param="temperature"
        )
    return {
        "max_tokens": generation.max_new_tokens,
        "temperature": (generation.temperature or 1.0) if generation.samples else 0.0,
        "top_k": generation.top_k or 0,
        "top_p": generation.top_p or 1.0,
        "min_p": 0.0,
        "repetition_penalty": generation.repetition_penalty or 1.0,
        "seed": None if seed is None else seed % _SEEDS,
        "stop": list(generation.stop),
        "include_stop_str_in_output": True,
        "logprobs": generation.top_n_tokens,
    }


def request_body(
    model: str, prompt: Sequence[int], generation: Generation, seed: int | None, *, scored: bool = True
) -> dict[str, Any]:
    """Fields of a streamed `CompletionRequest`. `scored`: the prompt's own tokens may be asked for with their
    log-probabilities.

    Raises:
        InvalidRequest: as `sampling`.
    """
    return sampling(generation, seed) | {
        "model": model,
        "prompt": list(prompt),
        "stream": True,
        "echo": generation.prefill and scored,
        "return_token_ids": True,
        "return_tokens_as_token_ids": True,
    }


def event(output: RequestOutput, *, first: bool) -> dict[str, Any]:
    """What an engine's output (of kind DELTA) says, as an event of a completions answer. The `first` echoes the
    prompt's log-probabilities, where they were asked for."""
    (made,) = output.outputs
    echoed = zip(output.prompt_token_ids or (), output.prompt_logprobs, strict=True) if output.prompt_logprobs else ()
    told = zip(made.token_ids, made.logprobs or (), strict=True)
    scores = [_scores(id, top) for id, top in ([*echoed, *told] if first else told)]
    choice = {
        "text": made.text,
        "token_ids": list(made.token_ids),
        "logprobs": {"token_logprobs": [own for own, _ in scores], "top_logprobs": [top for _, top in scores]},
        "finish_reason": made.finish_reason,
        "stop_reason": made.stop_reason,
    }
    return {"choices": [choice]}


def _scores(id: int, top: Mapping[int, Logprob] | None) -> tuple[float | None, dict[str, float] | None]:
    """A token's log-probability, and those of the likeliest at its place."""
    if top is None:
        return None, None
    return top[id].logprob, {f"{_ID}{other}": value.logprob for other, value in top.items()}


class Reader:
    """Reads the events of one answer. `prompt` are the token ids that were sent, `scored` as for `request_body`."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        prompt: Sequence[int],
        generation: Generation,
        seed: int | None,
        *,
        scored: bool = True,
    ) -> None:
        self._tokenizer, self._prompt, self._scored = tokenizer, prompt, scored
        self._special = special_tokens(tokenizer)
        self._detokenizer = Detokenizer(tokenizer, prompt, skip_special=True)
        self._prefill, self._top, self._seed = generation.prefill, generation.top_n_tokens, seed
        self._text, self._made = "", 0

    def pieces(self, event: dict[str, Any]) -> Iterator[Piece]:
        """What an event of the stream says."""
        for choice in event.get("choices", []):
            ids, logprobs = choice.get("token_ids") or [], choice.get("logprobs") or {}
            tokens = self._tokens(ids, logprobs, choice["text"])
            if self._prefill and self._made == 0 and ids:
                yield Prefill(
                    self._prefilled(logprobs["token_logprobs"] if self._scored else [None] * len(self._prompt))
                )
            self._made += len(ids)
            self._text += choice["text"]
            reason = choice.get("finish_reason")
            yield from (dataclasses.replace(token, more=True) for token in tokens[:-1])
            yield from (dataclasses.replace(token, more=reason is None) for token in tokens[-1:])
            if reason is not None:
                why = _reason(reason, choice.get("stop_reason"))
                yield Finish(why, self._text, len(self._prompt), self._made, self._seed)

    def _tokens(self, ids: Sequence[int], logprobs: dict[str, Any], text: str) -> list[Token]:
        """The new tokens. vLLM may send several at once with their text joined: it is cut where each one's begins, and
        a stop word ends the last one's."""
        found = []
        at = len(logprobs.get("token_logprobs", [])) - len(ids)  # an echoed prompt comes first
        for number, id in enumerate(ids, at):
            pushed = self._detokenizer.push(id)
            last = number == at + len(ids) - 1
            mine, text = (text, "") if last else (text[: len(pushed)], text[len(pushed) :])
            special = id in self._special
            shown = self._shown(id) if special and not mine else mine
            top = _top(logprobs["top_logprobs"][number], self._top)
            likeliest = tuple(Token(i, self._shown(i), value, i in self._special) for i, value in top)
            found.append(Token(id, shown, logprobs["token_logprobs"][number], special, likeliest))
        return found

    def _prefilled(self, logprobs: Sequence[float | None]) -> tuple[Token, ...]:
        detokenizer = Detokenizer(self._tokenizer)
        pairs = zip(self._prompt, logprobs, strict=False)
        return tuple(Token(id, detokenizer.push(id), value, id in self._special) for id, value in pairs)

    def _shown(self, id: int) -> str:
        return self._tokenizer.decode([id], skip_special_tokens=False)


def _top(values: dict[str, float] | None, count: int) -> list[tuple[int, float]]:
    """Ids and log-probabilities of the likeliest `count`, out of vLLM's `token_id:N` names."""
    named = [(int(name.removeprefix(_ID)), value) for name, value in (values or {}).items()]
    return sorted(named, key=lambda pair: -pair[1])[:count]


def _reason(reason: str, stopped_by: int | str | None) -> Literal["length", "eos_token", "stop_sequence"]:
    """vLLM names the stop word, or the id of a token that ends a turn; of the model's own end it names nothing."""
    if reason == "length":
        return "length"
    return "stop_sequence" if isinstance(stopped_by, str) else "eos_token"
