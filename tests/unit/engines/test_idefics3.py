"""Idefics3 through vLLM on a CPU. The weights are random: right is what transformers makes of the same checkpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from tests.plain_idefics3 import LONGEST, Plain
from tests.random_models import idefics3
from vlp_graph.config import Idefics as Config
from vlp_graph.engines.generation import Finish, Generation, Piece, Prefill, Token
from vlp_graph.engines.idefics import Look
from vlp_graph.engines.idefics3 import Idefics3
from vlp_graph.errors import InvalidRequest

pytestmark = [pytest.mark.models, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
QUESTION = "What is this?"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return idefics3(tmp_path_factory.mktemp("idefics3"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(checkpoint: Path) -> AsyncIterator[Idefics3]:
    config = Config(
        source=str(checkpoint), engine="vllm", max_model_len=512, enforce_eager=True, max_num_seqs=4, cores="0"
    )
    engine = Idefics3.load(config)
    yield engine
    engine.close()


def picture(seed: int, height: int = 90) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (height, 120, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def plain(checkpoint: Path) -> Plain:
    return Plain(checkpoint)


async def made(engine: Idefics3, generation: Generation) -> tuple[list[Piece], Finish]:
    pieces = [piece async for piece in engine.generate(generation)]
    assert isinstance(pieces[-1], Finish)
    return pieces, pieces[-1]


async def test_answers_as_transformers_does(engine: Idefics3, plain: Plain) -> None:
    """Pictures of several shapes (in tiles, and whole), one and two of them, all asked at once."""
    looks = [
        Look((picture(0),), QUESTION, max_new_tokens=LONGEST),
        Look((picture(1, 120),), QUESTION, max_new_tokens=LONGEST),
        Look((picture(2, 40), picture(3, 200)), "Which is brighter?", max_new_tokens=LONGEST),
    ]
    answers = await asyncio.gather(*map(engine.answer, looks))
    assert answers == [plain.answer(look.question, look.pictures) for look in looks]
    assert len(set(answers)) == len(answers), "what is seen changes the answer"


async def test_goes_on_as_transformers_does(engine: Idefics3, plain: Plain) -> None:
    prompt = ("User:", picture(4), f"{QUESTION}<end_of_utterance>\nAssistant:")
    pieces, finish = await made(engine, Generation(prompt, LONGEST, prefill=True, top_n_tokens=2))
    read, expected = plain.ids(f"User:<image>{prompt[2]}", [picture(4)])
    assert isinstance(pieces[0], Prefill)
    assert [token.id for token in pieces[0].tokens] == read
    assert pieces[0].tokens[0].logprob is None
    assert all(token.logprob is not None and token.logprob <= 0 for token in pieces[0].tokens[1:])
    new = [piece for piece in pieces if isinstance(piece, Token)]
    assert [token.id for token in new] == expected
    assert all(token.top[0].logprob >= token.logprob and len(token.top) == 2 for token in new)  # type: ignore[operator]
    assert "".join(token.text for token in new if not token.special) == finish.text
    assert (finish.prompt_tokens, finish.generated_tokens, finish.reason) == (len(read), LONGEST, "length")
    assert [token.more for token in new] == [True] * (LONGEST - 1) + [False]


async def test_words_alone(engine: Idefics3, plain: Plain) -> None:
    _, finish = await made(engine, Generation(("The capital of France is",), LONGEST))
    _, expected = plain.ids("The capital of France is", [])
    assert finish.text == plain.processor.tokenizer.decode(expected, skip_special_tokens=True)


async def test_a_seed_is_kept_and_told(engine: Idefics3) -> None:
    async def drawn(seed: int | None) -> Finish:
        asked = Generation(("User:", picture(5), "What?"), LONGEST, temperature=2.0, seed=seed)
        return (await made(engine, asked))[1]

    assert await drawn(7) == await drawn(7)
    assert len({(await drawn(seed)).text for seed in range(4)}) > 1
    fresh = await drawn(None)
    assert await drawn(fresh.seed) == fresh


async def test_truncation_keeps_whole_pictures(engine: Idefics3) -> None:
    alone = (await made(engine, Generation((picture(6), "five six"), 1)))[1].prompt_tokens
    parts = ("one two three four", picture(7), picture(6), "five six")
    cut, finish = await made(engine, Generation(parts, 1, truncate=alone + 3, prefill=True))
    assert finish.prompt_tokens == alone
    whole, _ = await made(engine, Generation((picture(6), "five six"), 1, prefill=True))
    assert cut == whole
    _, words = await made(engine, Generation(parts, 1, truncate=alone - 1))
    assert words.prompt_tokens == 2


async def test_what_is_too_much_is_refused(engine: Idefics3) -> None:
    with pytest.raises(InvalidRequest, match=r"must be <= 512\. Given: 2 `inputs` tokens and 511"):
        await made(engine, Generation(("is is",), 511))
    with pytest.raises(InvalidRequest, match="9 pictures: this model takes 8"):
        await engine.answer(Look((picture(0),) * 9, QUESTION))
    with pytest.raises(InvalidRequest, match="must be <= 512"):
        await engine.answer(Look((picture(0),), "why? " * 600))


@pytest.mark.parametrize("token", ["<image>", "<fake_token_around_image>", "<row_1_col_2>", "<global-img>"])
async def test_a_text_is_no_picture(engine: Idefics3, token: str) -> None:
    with pytest.raises(InvalidRequest, match=token):
        await made(engine, Generation((f"User:{token}what?",)))
    asked = Look((picture(8),), f"what{token} is this?", max_new_tokens=4)
    assert await engine.answer(asked) == await engine.answer(Look((picture(8),), "what  is this?", max_new_tokens=4))


async def test_tokens_are_counted(engine: Idefics3) -> None:
    before = engine.spent.prompt, engine.spent.completion
    _, finish = await made(engine, Generation(("User:", picture(9), "What?"), 5))
    assert engine.spent.prompt - before[0] == finish.prompt_tokens
    assert engine.spent.completion - before[1] == 5


async def test_who_leaves_ends_the_work(engine: Idefics3) -> None:
    pieces = engine.generate(Generation(("User:", picture(9), "What?"), 300))
    assert isinstance(await anext(pieces), Token)
    await pieces.aclose()
    await asyncio.sleep(0.5)
    assert not engine.engine.output_processor.request_states
    await engine.check_health()
