"""IDEFICS token by token, with the real nano checkpoint: right, reproducible, and the same as in one go."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from vlp_graph.engines.generation import Finish, Generation, Piece, Prefill, Token
from vlp_graph.engines.idefics import Idefics, Look
from vlp_graph.engines.idefics_prompt import lay_out, tensors
from vlp_graph.errors import InvalidRequest
from vlp_graph.nano.world import Scene, held_out

pytestmark = pytest.mark.models
CAPTION = "Describe the image."


@pytest.fixture(scope="module")
def engine() -> Idefics:
    import torch

    torch.set_num_threads(1)
    return Idefics.load("package:vlp_graph/nano/checkpoints/idefics", lowercase=True, max_model_len=256)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [scene for scene in held_out(31, 12) if scene.objects]


def prompt(picture: NDArray[np.uint8], question: str) -> tuple[Any, ...]:
    return ("User:", picture, f"{question}<end_of_utterance>\nAssistant:")


def tokens(pieces: Sequence[Piece]) -> list[Token]:
    return [piece for piece in pieces if isinstance(piece, Token)]


def made(engine: Idefics, generation: Generation) -> tuple[list[Piece], Finish]:
    pieces = list(engine.generate(generation))
    assert isinstance(pieces[-1], Finish)
    return pieces, pieces[-1]


def test_greedy_is_what_answer_says(engine: Idefics, scenes: list[Scene]) -> None:
    for scene in scenes[:4]:
        for question in (CAPTION, "How many objects are there?"):
            (whole,) = engine.answer([Look((scene.image,), question)])
            _, finish = made(engine, Generation(prompt(scene.image, question), max_new_tokens=80))
            assert finish.text.strip() == whole
            assert finish.reason == "eos_token"
            assert finish.seed is None


def test_counts_are_right(engine: Idefics) -> None:
    """An IDEFICS prompt for visual question answering, about scenes whose number of things is known."""
    words = ("zero", "one", "two", "three", "four", "five", "six")
    right = []
    for scene in held_out(8, 12, max_objects=3, cut=0):
        task = "Instruction: Provide an answer to the question. Use the image to answer.\n"
        asked = (task, scene.image, "Question: How many objects are there? Answer:")
        right.append(made(engine, Generation(asked))[1].text.strip() == words[len(scene.objects)])
    assert sum(right) >= 10


def test_pictures_are_seen_in_their_order(engine: Idefics, scenes: list[Scene]) -> None:
    """The question stands after the second picture: it is answered of that one."""
    first, second = scenes[0].image, scenes[1].image
    asked = f"{CAPTION}\nAssistant:"
    both = lay_out(("User:", first, second, asked), engine._words.tokenizer, bos="<s>", lowercase=True, truncate=None)
    assert [id for id in both.ids if id in (4, 5)] == [5, 4, 5, 4, 5]
    inputs = tensors(both, engine.processor)
    assert inputs["pixel_values"].shape[:2] == (1, 2)
    assert inputs["image_attention_mask"][0, -1].tolist() == [0, 1]
    swapped = made(engine, Generation(("User:", second, first, asked), 30))[1].text
    assert made(engine, Generation(("User:", first, second, asked), 30))[1].text != swapped


def test_the_processor_lays_a_prompt_out_alike(engine: Idefics, scenes: list[Scene]) -> None:
    from PIL import Image

    pictures = [Image.fromarray(scene.image) for scene in scenes[:2]]
    parts: list[Any] = ["User: ", pictures[0], "what is this?", pictures[1], " and this?\nAssistant: "]
    theirs = engine.processor(text=[parts], add_special_tokens=False, return_tensors="pt")
    mine = [np.asarray(part) if not isinstance(part, str) else part for part in parts]
    laid_out = lay_out(mine, engine._words.tokenizer, bos="<s>", lowercase=True, truncate=None)
    ours = tensors(laid_out, engine.processor)
    assert theirs["input_ids"].equal(ours["input_ids"])
    assert theirs["pixel_values"].equal(ours["pixel_values"])
    assert theirs["image_attention_mask"].equal(ours["image_attention_mask"])


def test_tokens_join_to_the_text(engine: Idefics, scenes: list[Scene]) -> None:
    pieces, finish = made(engine, Generation(prompt(scenes[0].image, CAPTION), max_new_tokens=80))
    new = tokens(pieces)
    assert "".join(token.text for token in new if not token.special) == finish.text
    assert finish.generated_tokens == len(new) == len(pieces) - 1
    assert [token.more for token in new] == [True] * (len(new) - 1) + [False]
    assert new[-1].special
    assert all(token.logprob is not None and token.logprob <= 0 for token in new)


def test_a_seed_is_kept_and_told(engine: Idefics, scenes: list[Scene]) -> None:
    def drawn(seed: int | None) -> Finish:
        asked = prompt(scenes[0].image, CAPTION)
        return made(engine, Generation(asked, 30, temperature=3.0, top_k=50, top_p=0.98, seed=seed))[1]

    assert drawn(7) == drawn(7)
    assert len({drawn(seed).text for seed in range(5)}) > 1
    fresh = drawn(None)
    assert fresh.seed is not None
    assert drawn(fresh.seed) == fresh


def test_side_by_side_each_has_its_own_seed(engine: Idefics, scenes: list[Scene]) -> None:
    asked = Generation(prompt(scenes[0].image, CAPTION), 20, temperature=3.0, seed=11)
    alone, _ = made(engine, asked)
    one, other = engine.generate(asked), engine.generate(asked)
    pairs = list(zip(one, other, strict=True))
    assert [a for a, _ in pairs] == [b for _, b in pairs] == alone


def test_stop_word_ends_the_text_and_stays(engine: Idefics, scenes: list[Scene]) -> None:
    _, whole = made(engine, Generation(prompt(scenes[0].image, CAPTION), max_new_tokens=80))
    word = whole.text[6:13]
    pieces, finish = made(engine, Generation(prompt(scenes[0].image, CAPTION), max_new_tokens=80, stop=("zzz", word)))
    assert finish.reason == "stop_sequence"
    assert finish.text == whole.text[:13]
    assert "".join(token.text for token in tokens(pieces)) == finish.text


def test_length_ends_it(engine: Idefics, scenes: list[Scene]) -> None:
    pieces, finish = made(engine, Generation(prompt(scenes[0].image, CAPTION), max_new_tokens=3))
    assert (finish.reason, finish.generated_tokens, len(tokens(pieces))) == ("length", 3, 3)


def test_prefill_has_the_prompt_and_its_logprobs(engine: Idefics, scenes: list[Scene]) -> None:
    pieces, finish = made(engine, Generation(prompt(scenes[0].image, "what is this?"), prefill=True))
    assert isinstance(pieces[0], Prefill)
    told = pieces[0].tokens
    assert len(told) == finish.prompt_tokens
    assert told[0].logprob is None
    assert all(token.logprob is not None and token.logprob < 0 for token in told[1:])
    around = "<fake_token_around_image>"
    assert "".join(token.text for token in told) == f"<s>User:{around}<image>{around}what is this?\nAssistant:"


def test_logprobs_are_the_models_own_whatever_narrows_the_choice(engine: Idefics, scenes: list[Scene]) -> None:
    asked = prompt(scenes[0].image, CAPTION)
    plain = tokens(made(engine, Generation(asked, 1, top_n_tokens=3))[0])[0]
    narrowed = tokens(made(engine, Generation(asked, 1, temperature=0.5, top_k=1, top_n_tokens=3))[0])[0]
    assert plain == narrowed
    assert plain.top[0].id == plain.id
    assert [token.logprob for token in plain.top] == sorted((t.logprob or 0 for t in plain.top), reverse=True)


@pytest.mark.parametrize("option", [{"typical_p": 0.2}, {"watermark": True}, {"repetition_penalty": 3.0}])
def test_what_narrows_the_choice_changes_it(engine: Idefics, scenes: list[Scene], option: dict[str, Any]) -> None:
    asked = Generation(prompt(scenes[0].image, CAPTION), 20, temperature=4.0, seed=5)
    assert made(engine, asked)[1].text != made(engine, dataclasses.replace(asked, **option))[1].text


def test_tokens_of_pictures_are_never_made(engine: Idefics) -> None:
    hot = Generation(("anything",), 120, temperature=1e6, seed=3)
    never = set(engine._words.never)
    assert never == {4, 5}
    assert not never & {token.id for token in tokens(made(engine, hot)[0])}


@pytest.mark.parametrize("odd", [{"temperature": 1e-30}, {"repetition_penalty": 1e-30}, {"repetition_penalty": 1e30}])
def test_extreme_parameters_still_make_text(engine: Idefics, odd: dict[str, float]) -> None:
    _, finish = made(engine, Generation(("anything",), 5, do_sample=True, **odd))  # type: ignore[arg-type]
    assert finish.generated_tokens >= 1


def test_truncate_keeps_the_right_end_and_whole_pictures(engine: Idefics, scenes: list[Scene]) -> None:
    tokenizer = engine._words.tokenizer
    parts = ("one two three", scenes[0].image, "four", scenes[1].image, scenes[2].image, "five")
    whole = lay_out(parts, tokenizer, bos="<s>", lowercase=False, truncate=None)
    for keep in range(1, len(whole.ids) + 1):
        cut = lay_out(parts, tokenizer, bos="<s>", lowercase=False, truncate=keep)
        assert cut.ids.count(4) == len(cut.pictures) <= 3
        assert all(picture is kept for picture, kept in zip(cut.pictures[::-1], whole.pictures[::-1], strict=False))
        assert cut.ids == whole.ids[-len(cut.ids) :] or cut.ids == whole.ids[:1]
        assert keep - len(cut.ids) <= 2 or cut.ids == whole.ids[:1]
        for at, id in enumerate(cut.ids):
            if id == 4:
                assert cut.ids[at - 1] == cut.ids[at + 1] == 5
                assert at > 0


def test_an_answer_after_truncation_is_of_the_picture_that_is_left(engine: Idefics, scenes: list[Scene]) -> None:
    alone = engine._words.tokenizer.encode(f"{CAPTION.lower()}\nAssistant:", add_special_tokens=False)
    asked = ("User:", scenes[0].image, "and\nUser:", scenes[1].image, f"{CAPTION}\nAssistant:")
    pieces, finish = made(engine, Generation(asked, 60, truncate=len(alone.ids) + 3, prefill=True))
    assert isinstance(pieces[0], Prefill)
    assert [token.id for token in pieces[0].tokens[:3]] == [5, 4, 5]
    assert finish.prompt_tokens == len(alone.ids) + 3


def test_too_long_is_said_in_tgis_words(engine: Idefics) -> None:
    with pytest.raises(InvalidRequest, match=r"must be <= 256\. Given: 2 `inputs` tokens and 255"):
        next(iter(engine.generate(Generation(("is",), 255))))
    with pytest.raises(InvalidRequest, match=r"`inputs` must have less than 2 tokens\. Given: 3"):
        next(iter(engine.generate(Generation(("is is",), 5, max_input_length=2, max_total_tokens=100))))
    assert made(engine, Generation(("is",), 3, max_total_tokens=5))[1].prompt_tokens == 2


@pytest.mark.parametrize("token", ["<image>", "<fake_token_around_image>"])
def test_a_text_cannot_pass_for_a_picture(engine: Idefics, token: str) -> None:
    with pytest.raises(InvalidRequest, match=token):
        next(iter(engine.generate(Generation((f"User:{token}what?",)))))


def test_a_question_is_never_fetched(engine: Idefics, scenes: list[Scene]) -> None:
    """transformers' processor takes a text that is a URL for a picture's; nothing listens there."""
    (answer,) = engine.answer([Look((scenes[0].image,), "http://127.0.0.1:9/picture.png")])
    assert isinstance(answer, str)
    assert made(engine, Generation(("http://127.0.0.1:9/picture.png",), 2))[1].generated_tokens >= 1


def test_characters_of_several_tokens_come_whole(engine: Idefics) -> None:
    """The tokenizer has bytes only for these."""
    pieces, _ = made(engine, Generation(("añ€😀b",), 1, prefill=True))
    assert isinstance(pieces[0], Prefill)
    texts = [token.text for token in pieces[0].tokens]
    assert "".join(texts) == "<s>añ€😀b"
    assert not any("\ufffd" in text for text in texts)
    assert len(texts) > 6
