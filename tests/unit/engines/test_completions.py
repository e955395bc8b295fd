"""vLLM's completions events as pieces, read with a real tokenizer; the events are of vLLM's form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

import vlp_graph.nano
from vlp_graph.engines.completions import Reader, request_body
from vlp_graph.engines.generation import Finish, Generation, Piece, Prefill, Token
from vlp_graph.errors import InvalidRequest

EOS = 2


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    folder = Path(vlp_graph.nano.__file__).parent / "checkpoints" / "idefics"
    return Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))


def event(text: str, ids: list[int], *, echoed: list[int] | None = None, **more: Any) -> dict[str, Any]:
    """A chunk; `echoed` is the prompt that comes with the first one."""
    logprobs = [None, *(-float(id) for id in (echoed or [])[1:])] if echoed else []
    top: list[Any] = [None if value is None else {} for value in logprobs]
    choice = {
        "index": 0,
        "text": text,
        "token_ids": ids,
        "logprobs": {
            "token_logprobs": [*logprobs, *(-float(id) for id in ids)],
            "top_logprobs": [*top, *({f"token_id:{id}": -float(id), "token_id:9": -0.5} for id in ids)],
        },
        "finish_reason": None,
    }
    return {"choices": [{**choice, **more}]}


def read(reader: Reader, *events: dict[str, Any]) -> list[Piece]:
    return [piece for one in events for piece in reader.pieces(json.loads(json.dumps(one)))]


def test_a_token_an_event(tokenizer: Tokenizer) -> None:
    prompt = tokenizer.encode("what is there?").ids
    first, second = tokenizer.encode(" red star").ids
    reader = Reader(tokenizer, prompt, Generation(("",)), seed=5)
    pieces = read(reader, event(" red", [first]), event(" star", [second]), event("", [EOS], finish_reason="stop"))
    assert pieces == [
        Token(first, " red", -first, more=True),
        Token(second, " star", -second, more=True),
        Token(EOS, "</s>", -EOS, special=True),
        Finish("eos_token", " red star", len(prompt), 3, 5),
    ]


def test_several_tokens_in_one_event_have_their_own_texts(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(" red star").ids
    reader = Reader(tokenizer, [1], Generation(("",), top_n_tokens=1), seed=None)
    *tokens, finish = read(reader, event(" red st", ids, finish_reason="stop", stop_reason="st"))
    assert [(t.text, t.more) for t in tokens if isinstance(t, Token)] == [(" red", True), (" st", False)]
    assert all(isinstance(t, Token) and [top.id for top in t.top] == [9] for t in tokens)
    assert finish == Finish("stop_sequence", " red st", 1, 2, None)


def test_a_character_comes_with_its_last_token(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("€a").ids
    reader = Reader(tokenizer, [1], Generation(("",)), seed=None)
    *tokens, finish = read(reader, event("€a", ids, finish_reason="length"))
    assert [t.text for t in tokens if isinstance(t, Token)] == ["", "", "€", "a"]
    assert isinstance(finish, Finish)
    assert finish.reason == "length"


def test_an_echoed_prompt_is_the_prefill(tokenizer: Tokenizer) -> None:
    prompt, new = tokenizer.encode("what is").ids, tokenizer.encode(" red").ids
    reader = Reader(tokenizer, prompt, Generation(("",), prefill=True), seed=None)
    prefill, token, finish = read(reader, event(" red", new, echoed=prompt, finish_reason="length"))
    assert isinstance(prefill, Prefill)
    assert "".join(t.text for t in prefill.tokens) == "what is"
    assert [t.logprob for t in prefill.tokens] == [None, *(-float(id) for id in prompt[1:])]
    assert token == Token(new[0], " red", -new[0])
    assert isinstance(finish, Finish)
    assert finish.generated_tokens == 1


def test_a_prompt_that_must_not_be_scored_is_told_without(tokenizer: Tokenizer) -> None:
    prompt, new = tokenizer.encode("what is").ids, tokenizer.encode(" red").ids
    generation = Generation(("",), prefill=True)
    assert request_body("llama", prompt, generation, None)["echo"]
    assert not request_body("llama", prompt, generation, None, scored=False)["echo"]
    reader = Reader(tokenizer, prompt, generation, seed=None, scored=False)
    prefill, token, _ = read(reader, event(" red", new, finish_reason="length"))
    assert isinstance(prefill, Prefill)
    assert [(t.id, t.logprob) for t in prefill.tokens] == [(id, None) for id in prompt]
    assert token == Token(new[0], " red", -new[0])


def test_an_end_of_turn_is_an_end_of_text(tokenizer: Tokenizer) -> None:
    """Models with several end tokens: vLLM names the one that it stopped at by number."""
    (_, finish) = read(
        Reader(tokenizer, [1], Generation(("",)), seed=None), event("", [EOS], finish_reason="stop", stop_reason=EOS)
    )
    assert isinstance(finish, Finish)
    assert finish.reason == "eos_token"


def test_nothing_is_left_to_the_models_own_defaults() -> None:
    greedy = request_body("llama", [1, 2], Generation(("x",), 7), None)
    assert (greedy["temperature"], greedy["top_k"], greedy["top_p"], greedy["repetition_penalty"]) == (0.0, 0, 1.0, 1.0)
    assert (greedy["max_tokens"], greedy["prompt"], greedy["seed"]) == (7, [1, 2], None)
    drawn = request_body("llama", [1], Generation(("x",), typical_p=0.5), 2**64 - 1)
    assert drawn["temperature"] == 1.0
    assert 0 <= drawn["seed"] < 2**63


def test_hotter_than_vllm_takes_is_refused_by_name() -> None:
    assert request_body("llama", [1], Generation(("x",), temperature=2.0), 1)["temperature"] == 2.0
    with pytest.raises(InvalidRequest, match=r"`temperature` must be <= 2\.0 for this model\. Given: 2\.5"):
        request_body("llama", [1], Generation(("x",), temperature=2.5), 1)
