"""Pictures in OpenAI messages reach the real vision-language model as it has learned to read them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request

from vlp_graph.config import load
from vlp_graph.engines.generation import Generation, Piece
from vlp_graph.engines.idefics import Idefics, Look
from vlp_graph.errors import InvalidRequest
from vlp_graph.http.chat.idefics import IdeficsChat
from vlp_graph.http.intake import Intake
from vlp_graph.nano.world import Scene, held_out

pytestmark = pytest.mark.models

FROM = Request({"type": "http"})


class InProcess:
    def __init__(self, engine: Idefics) -> None:
        self.engine = engine

    async def generate(self, generation: Generation) -> AsyncIterator[Piece]:
        for piece in self.engine.generate(generation):
            yield piece


@pytest.fixture(scope="module")
def engine() -> Idefics:
    config = load("embedded").models.idefics
    return Idefics.load(config.source, lowercase=config.lowercase, max_model_len=config.max_model_len)


@pytest.fixture(scope="module")
def chat(engine: Idefics) -> IdeficsChat:
    profile = load("embedded")
    return IdeficsChat(InProcess(engine), profile.models.idefics, Intake(profile.http))


def scenes() -> list[tuple[Scene, str, str]]:
    """Scenes, each with a thing in it and one that is not."""
    names = ("red circle", "blue square", "green triangle", "yellow star", "purple heart")
    found = []
    for scene in held_out(77, 20, side=256, cut=0.0):
        there = [o.name for o in scene.objects if o.size == "large"]
        absent = [name for name in names if name not in [o.name for o in scene.objects]]
        if there and absent:
            found.append((scene, there[0], absent[0]))
    return found[:6]


def asked(scene: Scene, question: str, **fields: Any) -> dict[str, Any]:
    url = "data:image/png;base64," + base64.b64encode(scene.png()).decode()
    content = [{"type": "text", "text": question}, {"type": "image_url", "image_url": {"url": url}}]
    return {"model": "idefics", "messages": [{"role": "user", "content": content}], "temperature": 0, **fields}


async def answer(chat: IdeficsChat, body: dict[str, Any]) -> str:
    reply = await chat.completion(await chat.read(FROM, body))
    return str(reply["choices"][0]["message"]["content"])


async def test_it_sees_what_is_there_and_what_is_not(chat: IdeficsChat) -> None:
    right = 0
    for scene, there, absent in scenes():
        right += (await answer(chat, asked(scene, f"Is there a {there}?"))).lower().startswith("yes")
        right += (await answer(chat, asked(scene, f"Is there a {absent}?"))).lower().startswith("no")
    assert right >= 10


async def test_it_answers_as_the_dialogues_own_model_does(chat: IdeficsChat, engine: Idefics) -> None:
    for scene, there, _ in scenes():
        question = f"What colour is the {there.split()[-1]}?"
        assert await answer(chat, asked(scene, question)) == engine.answer([Look((scene.image,), question)])[0]


async def test_a_stream_joins_to_the_answer_and_counts_its_tokens(chat: IdeficsChat) -> None:
    scene, there, _ = scenes()[0]
    body = asked(scene, "Describe the image.", stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in chat.chunks(await chat.read(FROM, body))]
    whole = await chat.completion(await chat.read(FROM, body))
    text = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"])
    assert text == whole["choices"][0]["message"]["content"]
    assert there.split()[-1] in text
    assert chunks[-1]["usage"] == whole["usage"]
    assert whole["usage"]["completion_tokens"] >= len(text.split())


async def test_length_and_stop(chat: IdeficsChat) -> None:
    scene = scenes()[0][0]
    cut = await chat.completion(await chat.read(FROM, asked(scene, "Describe the image.", max_tokens=2)))
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == 2
    whole = await answer(chat, asked(scene, "Describe the image."))
    word = whole.split()[1]
    stopped = await chat.completion(await chat.read(FROM, asked(scene, "Describe the image.", stop=word)))
    assert stopped["choices"][0]["message"]["content"] == whole[: whole.index(word)]
    assert stopped["choices"][0]["finish_reason"] == "stop"


async def test_a_seed_repeats_a_draw(chat: IdeficsChat) -> None:
    scene = scenes()[0][0]
    drawn = [await answer(chat, asked(scene, "Describe the image.", temperature=2, seed=s)) for s in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1


async def test_more_than_it_can_read(chat: IdeficsChat) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await answer(chat, asked(scenes()[0][0], "what is this? " * 400))
    assert refused.value.param == "messages"
