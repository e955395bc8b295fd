"""The `openai` client, unchanged, against the graph."""

from __future__ import annotations

import base64

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


def test_models_lists_vlp(openai_client: openai.OpenAI) -> None:
    assert [m.id for m in openai_client.models.list()] == ["vlp"]


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


def test_unknown_model(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="vlp"):
        openai_client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "hello"}])
