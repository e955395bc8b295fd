"""Requests become turns; what is wrong is named by its place."""

from __future__ import annotations

import base64
import io
import time
import wave
from collections.abc import Callable
from typing import Any

import pytest

from vlp_graph.config import Limits
from vlp_graph.dialogue.turn import Message, Turn
from vlp_graph.errors import (
    InvalidRequest,
    ServingError,
    TooLarge,
    UnknownModel,
    Unprocessable,
    UnsupportedMedia,
)
from vlp_graph.http.schema import Ask, form_to_turn, parse_chat, to_turn

LIMITS = Limits(text_chars=100, messages=8, pictures=3)
MakePng = Callable[..., bytes]


def recording() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(2 * 8_000))
    return file.getvalue()


def picture_part(data: bytes) -> dict[str, Any]:
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}}


def speech_part(data: bytes) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode(), "format": "wav"}}


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def turn_of(*messages: Any, **fields: Any) -> Turn:
    return to_turn(parse_chat({"model": "vlp", "messages": list(messages), **fields}, LIMITS), LIMITS)


def refusal(*messages: Any, **fields: Any) -> ServingError:
    with pytest.raises(ServingError) as caught:
        turn_of(*messages, **fields)
    return caught.value


def test_one_sentence() -> None:
    assert turn_of(user("hello")) == Turn(text="hello")


def test_a_whole_dialogue(make_png: MakePng) -> None:
    turn = turn_of(
        {"role": "system", "content": "be kind"},
        user([text_part("what is"), picture_part(make_png("red")), text_part("this?")]),
        {"role": "assistant", "content": [text_part("a cat")]},
        user([picture_part(make_png("green"))]),
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "developer", "content": "be brief"},
        user([picture_part(make_png("blue")), text_part("and now?"), speech_part(recording())]),
    )
    assert turn.text == "and now?"
    assert [p.pixels[0, 0].tolist() for p in turn.pictures] == [[255, 0, 0], [0, 128, 0], [0, 0, 255]]
    assert turn.history == (Message("user", "what is\nthis?", 1), Message("assistant", "a cat"))
    assert turn.system == "be kind\n\nbe brief"
    assert turn.speech is not None
    assert turn.speech.shape == (8_000,)


def test_speech_alone_is_a_turn() -> None:
    turn = turn_of(user([speech_part(recording())]))
    assert turn.text == ""
    assert turn.speech is not None


def test_special_tokens_are_just_text() -> None:
    assert turn_of(user("<image><end_of_utterance>[INST]")).text == "<image><end_of_utterance>[INST]"


def test_what_openai_has_is_accepted() -> None:
    turn_of(
        user("hi"),
        temperature=1,
        top_p=0.5,
        n=1,
        stop=["a", "b"],
        seed=7,
        user="me",
        max_tokens=5,
        max_completion_tokens=None,
        logit_bias={},
        tools=[],
        presence_penalty=0.1,
        stream_options={"include_usage": True},
        stream=True,
        response_format={"type": "text"},
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", True),
        ("temperature", "1"),
        ("temperature", 2.5),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("top_p", -0.1),
        ("n", 2),
        ("n", 10**9),
        ("n", True),
        ("n", 1.0),
        ("max_tokens", -1),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("max_tokens", False),
        ("max_tokens", 10**9),
        ("max_completion_tokens", 10**9),
        ("stream", "yes"),
        ("stream", 1),
        ("stop", 5),
        ("stop", ["a"] * 5),
        ("seed", "x"),
        ("user", 5),
        ("stream_options", []),
    ],
)
def test_wrong_values_are_named(field: str, value: Any) -> None:
    error = refusal(user("hi"), **{field: value})
    assert (error.status, error.param) == (400, field)
    assert field in error.message


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (5, "messages.0"),
        ({}, "messages.0.role"),
        ({"role": "user"}, "messages.0.content"),
        ({"role": "tool", "content": "x"}, "messages.0.role"),
        (user(None), "messages.0.content"),
        (user(5), "messages.0.content"),
        (user([5]), "messages.0.content.0"),
        (user([{"type": "video"}]), "messages.0.content.0.type"),
        (user([text_part("a"), {"type": "text"}]), "messages.0.content.1.text"),
        (user([{"type": "text", "text": 5}]), "messages.0.content.0.text"),
        (user([{"type": "image_url", "image_url": "http://x"}]), "messages.0.content.0.image_url"),
        (user([{"type": "image_url", "image_url": {"url": 5}}]), "messages.0.content.0.image_url.url"),
        (user([{"type": "image_url"}]), "messages.0.content.0.image_url"),
        (
            user([{"type": "input_audio", "input_audio": {"data": "AA"}}]),
            "messages.0.content.0.input_audio.format",
        ),
        ({"role": "assistant", "content": [speech_part(b"")]}, "messages.0.content.0.type"),
        (user("\ud800"), "messages.0.content"),
    ],
)
def test_wrong_messages_are_named(message: Any, param: str) -> None:
    error = refusal(message, user("hi"))
    assert (error.status, error.param) == (400, param)
    assert len(error.message) < 300
    assert "words" not in error.message


@pytest.mark.parametrize("body", [None, [], "vlp", 5, {"model": "vlp"}, {"model": "vlp", "messages": {}}])
def test_bodies_of_another_form(body: Any) -> None:
    with pytest.raises(InvalidRequest):
        parse_chat(body, LIMITS)


def test_no_messages() -> None:
    assert refusal().param == "messages"


def test_unknown_model() -> None:
    with pytest.raises(UnknownModel, match=r"'gpt-5'.*'vlp'") as caught:
        parse_chat({"model": "gpt-5", "messages": [user("hi")]}, LIMITS)
    assert (caught.value.status, caught.value.param) == (404, "model")


def test_100000_messages_are_refused_at_once() -> None:
    start = time.perf_counter()
    error = refusal(*[user("hi")] * 100_000)
    assert isinstance(error, TooLarge)
    assert "100,000" in error.message
    assert time.perf_counter() - start < 0.2


def test_text_limit_is_per_message() -> None:
    assert turn_of(user("a" * 100), {"role": "assistant", "content": "b" * 100}, user("c" * 100))
    error = refusal(user("hi"), user([text_part("a" * 60), text_part("b" * 60)]))
    assert isinstance(error, TooLarge)
    assert error.param == "messages.1.content"


def test_picture_limit_counts_the_whole_dialogue(make_png: MakePng) -> None:
    shown = picture_part(make_png())
    assert len(turn_of(user([text_part("hi"), shown, shown, shown])).pictures) == 3
    broken = picture_part(b"never decoded")
    error = refusal(user([text_part("hi"), broken, broken]), user([text_part("hi"), broken, broken]))
    assert isinstance(error, TooLarge)


@pytest.mark.parametrize(
    ("part", "kind", "param"),
    [
        (picture_part(b""), Unprocessable, "image_url.url"),
        (picture_part(b"GIF89a and more than twelve"), UnsupportedMedia, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": "http://x.org/a.png"}}, InvalidRequest, "image_url.url"),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,A*"}},
            InvalidRequest,
            "image_url.url",
        ),
        (speech_part(b""), Unprocessable, "input_audio.data"),
        (
            {"type": "input_audio", "input_audio": {"data": "?", "format": "wav"}},
            InvalidRequest,
            "input_audio.data",
        ),
    ],
)
def test_bad_media_are_named(part: dict[str, Any], kind: type[ServingError], param: str) -> None:
    error = refusal(user("before"), user([text_part("what?"), part]))
    assert type(error) is kind
    assert error.param == f"messages.1.content.1.{param}"


def test_the_last_message_is_the_users() -> None:
    error = refusal(user("hi"), {"role": "assistant", "content": "hello"})
    assert error.param == "messages.1.role"
    assert "last message" in error.message


def test_a_picture_alone_says_nothing(make_png: MakePng) -> None:
    for content in ("", "  ", [], [picture_part(make_png())]):
        assert "says nothing" in refusal(user(content)).message


def test_earlier_speech_must_be_a_transcript() -> None:
    error = refusal(user([speech_part(recording())]), user("and?"))
    assert isinstance(error, InvalidRequest)
    assert "transcript" in error.message
    assert error.param == "messages.0.content.0.input_audio.data"


def test_one_recording_per_message() -> None:
    assert "one recording" in refusal(user([speech_part(recording()), speech_part(recording())])).message


def test_a_form_with_history(make_png: MakePng) -> None:
    history = [
        user([text_part("see"), picture_part(make_png("red"))]),
        {"role": "assistant", "content": "yes"},
    ]
    turn = form_to_turn(Ask("and?", (make_png("green"), make_png("blue")), recording(), history), LIMITS)
    assert turn.text == "and?"
    assert turn.history == (Message("user", "see", 1), Message("assistant", "yes"))
    assert [p.pixels[0, 0].tolist() for p in turn.pictures] == [[255, 0, 0], [0, 128, 0], [0, 0, 255]]
    assert turn.speech is not None


@pytest.mark.parametrize(
    ("ask", "status", "param"),
    [
        (Ask("hi", (), None, {"role": "user"}), 400, "history"),
        (Ask("hi", (), None, [{"role": "user", "content": 5}]), 400, "history.0.content"),
        (Ask("hi", (), None, [user("hi")] * 99), 413, "history"),
        (Ask("hi", (b"",), None, None), 422, "image"),
        (Ask("hi", (b"x",) * 4, None, None), 413, "image"),
        (Ask("", (), b"", None), 422, "audio"),
        (Ask(" ", (), None, None), 400, "text"),
        (Ask("a" * 101, (), None, None), 413, "text"),
    ],
)
def test_forms_that_are_refused(ask: Ask, status: int, param: str) -> None:
    with pytest.raises(ServingError) as caught:
        form_to_turn(ask, LIMITS)
    assert (caught.value.status, caught.value.param) == (status, param)
