"""LangChain's OpenAI chat model, unchanged, against the graph: only the base URL is ours."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from tests.integration.conftest import Graph
from tests.integration.pictures import data_url
from tests.integration.test_openai import scene_with_one


class Person(BaseModel):
    """A person."""

    name: str
    age: Literal[20, 30, 40]


@pytest.fixture
def url(graph: Graph) -> str:
    return f"{graph.url}/v1"


def model(url: str, name: str, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(base_url=url, api_key="none", model=name, timeout=120, max_retries=0, **options)


def shown(question: str, picture: bytes) -> HumanMessage:
    parts = [{"type": "text", "text": question}, {"type": "image_url", "image_url": {"url": data_url(picture)}}]
    return HumanMessage(content=parts)


def test_invoke_and_stream_agree(url: str) -> None:
    llama = model(url, "llama", temperature=0, max_tokens=24, stream_usage=True)
    messages = [SystemMessage("Be brief."), HumanMessage("Count: one, two, three, four, five, six. Repeat that.")]
    whole = llama.invoke(messages)
    joined = AIMessageChunk(content="")
    for chunk in llama.stream(messages):
        joined += chunk
    assert joined.content == whole.content
    assert "three" in str(whole.content)
    assert whole.usage_metadata is not None
    assert joined.usage_metadata is not None
    assert joined.usage_metadata["total_tokens"] == whole.usage_metadata["total_tokens"] > 24
    assert whole.response_metadata["model_name"] == "llama"


@pytest.mark.parametrize("name", ["vlp", "idefics"])
def test_a_picture(url: str, name: str) -> None:
    scene, thing = scene_with_one()
    absent = next(n for n in ("red circle", "blue star", "green square") if n not in [o.name for o in scene.objects])
    chat = model(url, name, temperature=0)
    assert str(chat.invoke([shown(f"is there a {thing}?", scene.png())]).content).lower().startswith("yes")
    text = "".join(str(chunk.content) for chunk in chat.stream([shown(f"is there a {absent}?", scene.png())]))
    assert text.lower().startswith(("no", "there is no"))


def test_structured_output(url: str) -> None:
    llama = model(url, "llama", temperature=0, max_tokens=100).with_structured_output(Person, method="json_schema")
    assert llama.invoke("Anna is 30 years old. Give her name and age as JSON.") == Person(name="Anna", age=30)
