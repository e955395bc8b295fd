"""The `openai` client, unchanged, against the graph."""

from __future__ import annotations

import base64
import json
from typing import Any

import openai
import pytest

from tests.integration.conftest import Graph
from tests.integration.pictures import data_url
from vlp_graph.nano.speech import speak, wav
from vlp_graph.nano.world import Scene, held_out


@pytest.fixture
def openai_client(graph: Graph) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{graph.url}/v1", api_key="none", max_retries=0, timeout=120)


def scene_with_one(minimum: int = 3) -> tuple[Scene, str]:
    """A held-out scene in which some colour and shape occur exactly once, and their name."""
    for scene in held_out(77, 40, side=256, cut=0.0):
        names = [o.name for o in scene.objects]
        for o in scene.objects:
            if len(names) >= minimum and names.count(o.name) == 1 and o.size == "large":
                return scene, o.name
    raise AssertionError("no such scene")


def _message(text: str, scene: Scene) -> dict[str, object]:
    picture = {"type": "image_url", "image_url": {"url": data_url(scene.png())}}
    return {"role": "user", "content": [{"type": "text", "text": text}, picture]}


def test_models(openai_client: openai.OpenAI) -> None:
    assert [m.id for m in openai_client.models.list()] == ["vlp", "llama", "idefics", "whisper-1", "whisper"]
    assert openai_client.models.retrieve("llama").owned_by == "vlp-graph"
    with pytest.raises(openai.NotFoundError, match="idefics"):
        openai_client.models.retrieve("gpt-9")


def test_plain(openai_client: openai.OpenAI) -> None:
    scene, name = scene_with_one()
    reply = openai_client.chat.completions.create(model="vlp", messages=[_message(f"is there a {name}?", scene)])
    assert (reply.choices[0].message.content or "").startswith("Yes")
    assert reply.choices[0].finish_reason == "stop"
    vlp = reply.model_extra["vlp"]  # type: ignore[index]
    assert vlp["intent"]["label"] == "answer"
    assert vlp["plan"]["thought"]
    assert {"intent", "plan", "tasks", "total"} <= set(vlp["timings"])


def test_stream_joins_to_the_same_answer(openai_client: openai.OpenAI) -> None:
    scene, name = scene_with_one()
    messages = [_message(f"outline the {name}", scene)]
    plain = openai_client.chat.completions.create(model="vlp", messages=messages)
    with openai_client.chat.completions.create(model="vlp", messages=messages, stream=True) as stream:
        chunks = list(stream)
    words = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert len(words) > 3
    assert "".join(words) == plain.choices[0].message.content
    assert chunks[-1].model_extra["vlp"]["results"][0]["instances"][0]["mask"]["counts"]  # type: ignore[index]


def test_speech_part(openai_client: openai.OpenAI) -> None:
    scene, name = scene_with_one()
    sound = base64.b64encode(wav(speak(f"Is there a {name} in the picture?"))).decode()
    message = _message("", scene)
    message["content"] = [
        message["content"][1],
        {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}},
    ]  # type: ignore[index]
    reply = openai_client.chat.completions.create(model="vlp", messages=[message])
    assert name.split()[0] in reply.model_extra["vlp"]["transcript"].lower()  # type: ignore[index]
    assert (reply.choices[0].message.content or "").startswith("Yes")


def test_follow_up_knows_the_dialogue(openai_client: openai.OpenAI) -> None:
    scene, name = scene_with_one()
    first = _message(f"is there a {name}?", scene)
    answer = openai_client.chat.completions.create(model="vlp", messages=[first]).choices[0].message.content
    messages = [first, {"role": "assistant", "content": answer}, {"role": "user", "content": "outline it"}]
    reply = openai_client.chat.completions.create(model="vlp", messages=messages)
    (result,) = reply.model_extra["vlp"]["results"]  # type: ignore[index]
    assert result["task"] == "segment"
    assert [i["phrase"] for i in result["instances"]] == [name]


def test_chat_without_a_picture_streams(openai_client: openai.OpenAI) -> None:
    messages = [{"role": "user", "content": "hello, how are you today?"}]
    with openai_client.chat.completions.create(model="vlp", messages=messages, stream=True) as stream:
        words = [c.choices[0].delta.content for c in stream if c.choices and c.choices[0].delta.content]
    assert len(words) > 3


def test_chat_counts_its_tokens_and_says_when_it_was_cut(openai_client: openai.OpenAI) -> None:
    messages = [{"role": "user", "content": "hello, how are you today?"}]
    reply = openai_client.chat.completions.create(model="vlp", messages=messages, max_tokens=4)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens >= 4
    assert reply.usage.prompt_tokens > 10
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


COUNTING = [{"role": "user", "content": "Count: one, two, three, four, five, six. Repeat that."}]


def test_llama_greedy_stream_and_whole_agree(openai_client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": "llama", "messages": COUNTING, "temperature": 0, "max_tokens": 24}
    whole = openai_client.chat.completions.create(**asked)
    chunks = list(openai_client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert "three" in text
    assert chunks[-1].usage == whole.usage
    assert {c.model for c in chunks} == {whole.model} == {"llama"}
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == whole.choices[0].finish_reason


def test_llama_length_stop_and_bias(openai_client: openai.OpenAI) -> None:
    create = openai_client.chat.completions.create
    whole = create(model="llama", messages=COUNTING, temperature=0, max_tokens=24).choices[0].message.content or ""
    cut = create(model="llama", messages=COUNTING, temperature=0, max_tokens=3)
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage is not None
    assert cut.usage.completion_tokens == 3
    assert whole.startswith(cut.choices[0].message.content or "?")
    stopped = create(model="llama", messages=COUNTING, temperature=0, max_tokens=24, stop=["three"])
    assert stopped.choices[0].finish_reason == "stop"
    assert stopped.choices[0].message.content == whole[: whole.index("three")]


def test_llama_seed_and_logprobs(openai_client: openai.OpenAI) -> None:
    create = openai_client.chat.completions.create
    asked: dict[str, Any] = {"model": "llama", "messages": COUNTING, "max_tokens": 12, "temperature": 1.5}
    first, again = (create(**asked, seed=5).choices[0].message.content for _ in range(2))
    assert first == again
    likely = create(**asked | {"temperature": 0}, logprobs=True, top_logprobs=2).choices[0]
    assert likely.logprobs is not None
    tokens = likely.logprobs.content or []
    assert "".join(token.token for token in tokens) == likely.message.content
    assert all(token.logprob == token.top_logprobs[0].logprob for token in tokens)
    assert all(len(token.top_logprobs) == 2 for token in tokens)


def test_llama_writes_by_a_schema(openai_client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"enum": [20, 30, 40]}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    form: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    messages = [{"role": "user", "content": "Anna is 30 years old. Give her name and age as JSON."}]
    reply = openai_client.chat.completions.create(
        model="llama", messages=messages, temperature=0, response_format=form, max_tokens=100
    )
    person = json.loads(reply.choices[0].message.content or "")
    assert person == {"name": "Anna", "age": 30}
    form["json_schema"]["schema"] = {"type": "objekt"}
    with pytest.raises(openai.BadRequestError) as refused:
        openai_client.chat.completions.create(model="llama", messages=messages, response_format=form)
    assert refused.value.param == "response_format"


def test_llama_refuses_more_than_it_can_read(openai_client: openai.OpenAI) -> None:
    long = [{"role": "user", "content": "word " * 1500}]
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as refused:
            openai_client.chat.completions.create(model="llama", messages=long, stream=stream)
        assert refused.value.param == "messages"
        assert "1024 tokens" in str(refused.value)


def test_idefics_sees(openai_client: openai.OpenAI) -> None:
    scene, name = scene_with_one()
    absent = next(n for n in ("red circle", "blue star", "green square") if n not in [o.name for o in scene.objects])
    create = openai_client.chat.completions.create
    yes = create(model="idefics", messages=[_message(f"is there a {name}?", scene)], temperature=0)
    no = create(model="idefics", messages=[_message(f"is there a {absent}?", scene)], temperature=0)
    assert (yes.choices[0].message.content or "").lower().startswith("yes")
    assert (no.choices[0].message.content or "").lower().startswith("no")
    assert yes.usage is not None
    assert yes.usage.completion_tokens >= 1
    with create(
        model="idefics", messages=[_message("Describe the image.", scene)], temperature=0, stream=True
    ) as stream:
        words = [c.choices[0].delta.content for c in stream if c.choices and c.choices[0].delta.content]
    whole = create(model="idefics", messages=[_message("Describe the image.", scene)], temperature=0)
    assert len(words) > 2
    assert "".join(words) == whole.choices[0].message.content


def test_what_does_not_apply_is_refused(openai_client: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "f", "parameters": {}}}
    for model in ("vlp", "llama", "idefics"):
        with pytest.raises(openai.BadRequestError) as refused:
            openai_client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "hi"}], tools=[tool]
            )
        assert (refused.value.param, refused.value.code) == ("tools", "unsupported_parameter")


def test_unknown_model(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="vlp"):
        openai_client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "hello"}])
