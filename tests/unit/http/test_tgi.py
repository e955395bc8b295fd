"""Text Generation Inference's routes as its clients see them: bytes, headers, and every message."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient
from text_generation.types import Response, StreamResponse

from tests.unit.http.conftest import PlainDialogue
from vlp_graph.config import Profile, Tgi
from vlp_graph.engines.generation import Finish, Generation, Piece, Prefill, Token
from vlp_graph.errors import InvalidRequest, ModelUnavailable, Overloaded
from vlp_graph.http.app import build_app
from vlp_graph.http.backends import Backends
from vlp_graph.http.tgi.routes import within

MODELS = ("llama", "idefics")


class Teller:
    """Answers "one two", a token a word; the second of two askers is more sure of it."""

    def __init__(self) -> None:
        self.asked: list[Generation] = []
        self.error: Exception | None = None
        self.after = 0
        self.hang = self.silent = False
        self.left = asyncio.Event()

    async def generate(self, generation: Generation) -> AsyncIterator[Piece]:
        self.asked.append(generation)
        sure = -1.0 / len(self.asked)
        try:
            if generation.prefill:
                yield Prefill((Token(9, "<s>", None, special=True), Token(8, "hi", -2.0)))
            top = (Token(3, " three", -0.1),) * generation.top_n_tokens
            for number, word in enumerate(("one", " two")):
                if self.error is not None and number == self.after:
                    raise self.error
                yield Token(number, word, sure, top=top, more=True)
                if self.hang:
                    await asyncio.sleep(3600)
            yield Token(2, "</s>", sure, special=True, top=top)
            if not self.silent:
                yield Finish("eos_token", "one two", 2, 3, generation.seed_used())
        finally:
            self.left.set()


@pytest.fixture
def teller() -> Teller:
    return Teller()


@pytest.fixture
def backends(backends: Backends, teller: Teller) -> Backends:
    return replace(backends, llama=teller, idefics=teller)


def post(client: TestClient, path: str, inputs: str = "hello", stream: bool | None = None, **parameters: Any) -> Any:
    body = {"inputs": inputs, "parameters": parameters, **({} if stream is None else {"stream": stream})}
    return client.post(path, json=body)


def events(reply: httpx.Response) -> list[dict[str, Any]]:
    lines = reply.text.split("\n\n")
    assert lines.pop() == ""
    assert all(line.startswith("data:{") for line in lines)
    return [json.loads(line.removeprefix("data:")) for line in lines]


@pytest.mark.parametrize("model", MODELS)
class TestRoutes:
    @pytest.mark.parametrize("path", ["", "/", "/invocations"])
    def test_a_list_of_one(self, client: TestClient, model: str, path: str) -> None:
        reply = post(client, f"/tgi/{model}{path}")
        assert reply.status_code == 200
        assert reply.json() == [{"generated_text": "one two"}]

    def test_an_object(self, client: TestClient, model: str) -> None:
        assert post(client, f"/tgi/{model}/generate").json() == {"generated_text": "one two"}

    @pytest.mark.parametrize("path", ["", "/", "/invocations", "/generate_stream"])
    def test_a_stream_byte_by_byte(self, client: TestClient, model: str, path: str) -> None:
        reply = post(client, f"/tgi/{model}{path}", stream=True)
        assert reply.headers["content-type"].startswith("text/event-stream")
        first, second, last = reply.text.removesuffix("\n\n").split("\n\n")
        assert first == (
            'data:{"token":{"id":0,"text":"one","logprob":-1.0,"special":false},"generated_text":null,"details":null}'
        )
        assert second.endswith('"generated_text":null,"details":null}')
        assert last == (
            'data:{"token":{"id":2,"text":"</s>","logprob":-1.0,"special":true},"generated_text":"one two",'
            '"details":{"finish_reason":"eos_token","generated_tokens":3,"seed":null}}'
        )

    @pytest.mark.parametrize("path", ["", "/", "/health", "/ping"])
    def test_health(self, client: TestClient, dialogue: PlainDialogue, model: str, path: str) -> None:
        dialogue.models = {model: True}
        reply = client.get(f"/tgi/{model}{path}")
        assert (reply.status_code, reply.content) == (200, b"")
        dialogue.models = {model: False}
        reply = client.get(f"/tgi/{model}{path}")
        assert (reply.status_code, reply.json()) == (503, {"error": "unhealthy", "error_type": "healthcheck"})

    def test_info(self, client: TestClient, profile: Profile, model: str) -> None:
        info = client.get(f"/tgi/{model}/info").json()
        config = getattr(profile.models, model)
        assert info["model_id"] == config.source
        assert info["model_dtype"] in ("torch.float32", "torch.bfloat16"), "auto is what it comes to on this machine"
        assert info["max_total_tokens"] == config.max_model_len
        assert info["max_input_length"] == config.max_model_len - 1
        known = ("max_concurrent_requests", "max_best_of", "max_stop_sequences")
        assert [info[name] for name in known] == [128, 2, 4]

    def test_metrics(self, client: TestClient, model: str) -> None:
        post(client, f"/tgi/{model}/generate")
        post(client, f"/tgi/{model}/generate", top_p=2.0)
        lines = client.get(f"/tgi/{model}/metrics").text.splitlines()
        wanted = {"tgi_request_count 2", "tgi_request_success 1", "tgi_request_failure 1"}
        assert wanted | {"tgi_request_generated_tokens 3"} <= set(lines)


def test_headers(client: TestClient) -> None:
    reply = post(client, "/tgi/llama/generate", inputs="hëllo")
    names = ["compute-time", "total-time", "validation-time", "queue-time", "inference-time", "time-per-token"]
    assert all(reply.headers[f"x-{name}"].isdecimal() for name in names)
    assert (reply.headers["x-compute-type"], reply.headers["x-compute-characters"]) == ("cpu", "5")
    assert post(client, "/tgi/llama/generate_stream").headers["x-compute-characters"] == "5"


def test_details(client: TestClient) -> None:
    reply = post(client, "/tgi/llama", details=True, decoder_input_details=True, top_n_tokens=2, seed=4, top_k=3)
    (body,) = reply.json()
    assert Response(**body).details.generated_tokens == 3
    details = body["details"]
    assert details["prefill"] == [{"id": 9, "text": "<s>", "logprob": None}, {"id": 8, "text": "hi", "logprob": -2.0}]
    assert [token["text"] for token in details["tokens"]] == ["one", " two", "</s>"]
    assert [len(top) for top in details["top_tokens"]] == [2, 2, 2]
    assert (details["finish_reason"], details["seed"]) == ("eos_token", 4)
    assert "best_of_sequences" not in details


def test_details_are_left_out_unless_asked_for(client: TestClient) -> None:
    plain = post(client, "/tgi/llama/generate", details=True).json()["details"]
    assert plain["prefill"] == []
    assert plain["seed"] is None
    assert "top_tokens" not in plain
    assert "details" in post(client, "/tgi/llama/generate", decoder_input_details=True).json()


def test_best_of_gives_the_likeliest_and_the_others(client: TestClient, teller: Teller) -> None:
    reply = post(client, "/tgi/llama/generate", best_of=2, do_sample=True, details=True).json()["details"]
    assert [token["logprob"] for token in reply["tokens"]] == [-0.5] * 3
    (other,) = reply["best_of_sequences"]
    assert other["generated_text"] == "one two"
    assert [token["logprob"] for token in other["tokens"]] == [-1.0] * 3
    assert len({reply["seed"], other["seed"]}) == 2


def test_full_text(client: TestClient) -> None:
    assert post(client, "/tgi/llama", "Say: ", return_full_text=True).json()[0]["generated_text"] == "Say: one two"
    last = events(post(client, "/tgi/llama", "Say: ", stream=True, return_full_text=True))[-1]
    assert last["generated_text"] == "Say: one two"


def test_all_parameters_reach_the_model(client: TestClient, teller: Teller, profile: Profile) -> None:
    given: dict[str, Any] = {
        "max_new_tokens": 7,
        "do_sample": True,
        "temperature": 1,
        "top_k": 10,
        "top_p": 0.95,
        "typical_p": 0.9,
        "repetition_penalty": 1.03,
        "seed": 2**64 - 1,
        "truncate": 100,
        "watermark": True,
        "top_n_tokens": 5,
    }
    sent = {**given, "stop": ["a", "b"], "decoder_input_details": True, "frequency_penalty": 0.2, "grammar": None}
    assert post(client, "/tgi/llama/generate", **sent).status_code == 200
    total = profile.models.llama.max_model_len
    bounds = {"max_input_length": total - 1, "max_total_tokens": total}
    expected = Generation(("hello",), **given, stop=("a", "b"), prefill=True, **bounds)
    assert teller.asked == [expected]


def test_null_is_the_default_and_unknown_fields_are_ignored(client: TestClient, teller: Teller) -> None:
    names = "best_of temperature top_k top_p typical_p repetition_penalty stop seed truncate details do_sample"
    body = {"inputs": "hello", "parameters": dict.fromkeys([*names.split(), "max_new_tokens", "odd"]), "odd": 1}
    assert client.post("/tgi/llama", json=body).status_code == 200
    assert client.post("/tgi/llama", json={"inputs": "hello", "parameters": None}).status_code == 200
    assert teller.asked[0] == teller.asked[1]
    assert teller.asked[0].max_new_tokens == 20
    assert not teller.asked[0].samples


STREAMED = [
    ({"best_of": 2, "do_sample": True}, "`best_of` != 1 is not supported when streaming tokens"),
    ({"decoder_input_details": True}, "`decoder_input_details` == true is not supported when streaming tokens"),
]
REFUSED = [
    ({"best_of": 3, "do_sample": True}, "`best_of` must be > 0 and <= 2. Given: 3"),
    ({"best_of": 0}, "`best_of` must be > 0 and <= 2. Given: 0"),
    ({"best_of": 2}, "you must use sampling when `best_of` is > 1"),
    ({"best_of": 2, "top_k": 5, "seed": 1}, "`seed` must not be set when `best_of` > 1"),
    ({"temperature": 0}, "`temperature` must be strictly positive"),
    ({"repetition_penalty": -0.5}, "`repetition_penalty` must be strictly positive"),
    ({"top_k": 0}, "`top_k` must be strictly positive"),
    ({"top_p": 1}, "`top_p` must be > 0.0 and < 1.0"),
    ({"top_p": 0.0}, "`top_p` must be > 0.0 and < 1.0"),
    ({"typical_p": 1.0}, "`typical_p` must be > 0.0 and < 1.0"),
    ({"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
    ({"truncate": 0}, "`truncate` must be strictly positive and less than 1023. Given: 0"),
    ({"truncate": 1024}, "`truncate` must be strictly positive and less than 1023. Given: 1024"),
    ({"stop": list("abcde")}, "`stop` supports up to 4 stop sequences. Given: 5"),
    ({"top_n_tokens": 6}, "`top_n_tokens` must be >= 0 and <= 5. Given: 6"),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSED)
def test_what_is_out_of_range_has_tgis_message(
    client: TestClient, teller: Teller, parameters: dict[str, Any], message: str
) -> None:
    reply = post(client, "/tgi/llama", **parameters)
    assert reply.status_code == 422
    assert reply.json() == {"error": f"Input validation error: {message}", "error_type": "validation"}
    assert teller.asked == []


@pytest.mark.parametrize(("parameters", "message"), [*STREAMED, *REFUSED[4:]])
def test_in_a_stream_it_is_an_event(client: TestClient, parameters: dict[str, Any], message: str) -> None:
    reply = post(client, "/tgi/llama/generate_stream", **parameters)
    assert reply.status_code == 200
    assert events(reply) == [{"error": f"Input validation error: {message}", "error_type": "validation"}]


def test_inputs_cannot_be_empty(client: TestClient) -> None:
    reply = post(client, "/tgi/idefics/generate", "")
    assert reply.json() == {"error": "Input validation error: `inputs` cannot be empty", "error_type": "validation"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"{", "the body is not JSON"),
        (b"[]", "body"),
        (b'{"inputs": 3}', "inputs"),
        (b"{}", "inputs"),
        (b'{"inputs": "a", "parameters": {"top_k": "5"}}', "parameters.top_k"),
        (b'{"inputs": "a", "parameters": {"max_new_tokens": 2.5}}', "parameters.max_new_tokens"),
        (b'{"inputs": "a", "stream": "yes"}', "stream"),
    ],
)
def test_what_is_no_request_names_the_field(client: TestClient, body: bytes, named: str) -> None:
    reply = client.post("/tgi/idefics", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 422
    told = reply.json()
    assert told["error_type"] == "validation"
    assert told["error"].startswith(f"Input validation error: {named}")


TOO_LONG = "`inputs` must have less than 1023 tokens. Given: 2000"
FAILURES = [
    (InvalidRequest(TOO_LONG), 422, f"Input validation error: {TOO_LONG}", "validation"),
    (Overloaded("Llama has a full queue"), 429, "Model is overloaded", "overloaded"),
    (ModelUnavailable("it is down"), 424, "Request failed during generation: it is down", "generation"),
]


@pytest.mark.parametrize(("error", "status", "message", "kind"), FAILURES)
def test_what_the_model_raises(
    client: TestClient, teller: Teller, error: Exception, status: int, message: str, kind: str
) -> None:
    teller.error = error
    reply = post(client, "/tgi/llama/generate", best_of=2, do_sample=True)
    assert (reply.status_code, reply.json()) == (status, {"error": message, "error_type": kind})
    teller.after = 1
    first, last = events(post(client, "/tgi/llama/generate_stream"))
    assert first["token"]["text"] == "one"
    assert last == {"error": message, "error_type": kind}


def test_what_breaks_is_told_without_its_text(client: TestClient, teller: Teller) -> None:
    teller.error = RuntimeError("the caller's prompt")
    reply = post(client, "/tgi/llama/generate")
    assert reply.status_code == 424
    assert reply.json()["error"].startswith("Request failed during generation: something broke")
    (event,) = events(post(client, "/tgi/llama/generate_stream"))
    assert "the caller's prompt" not in str(event)
    assert event["error_type"] == "generation"


def test_a_model_that_stops_halfway(client: TestClient, teller: Teller) -> None:
    teller.silent = True
    told = {"error": "Incomplete generation", "error_type": "incomplete_generation"}
    reply = post(client, "/tgi/llama/generate")
    assert (reply.status_code, reply.json()) == (500, told)
    assert events(post(client, "/tgi/llama/generate_stream"))[-1] == told


def test_a_model_that_is_late(dialogue: PlainDialogue, backends: Backends, profile: Profile, teller: Teller) -> None:
    teller.hang = True
    hasty = profile.model_copy(update={"dialogue": profile.dialogue.model_copy(update={"turn_s": 0.1})})
    client = TestClient(build_app(dialogue, backends, hasty))
    reply = post(client, "/tgi/llama/generate")
    assert (reply.status_code, reply.json()["error_type"]) == (424, "generation")
    assert events(post(client, "/tgi/llama/generate_stream"))[-1]["error_type"] == "generation"


async def test_no_more_at_once_than_the_profile_says(
    dialogue: PlainDialogue, backends: Backends, profile: Profile, teller: Teller
) -> None:
    teller.hang = True
    http = profile.http.model_copy(update={"tgi": Tgi(max_concurrent_requests=1)})
    app = build_app(dialogue, backends, profile.model_copy(update={"http": http}))
    body = {"inputs": "hello"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        first = asyncio.create_task(client.post("/tgi/llama/generate", json=body))
        while not teller.asked:
            await asyncio.sleep(0)
        busy = await client.post("/tgi/llama/generate", json=body)
        assert (busy.status_code, busy.json()) == (429, {"error": "Model is overloaded", "error_type": "overloaded"})
        assert busy.headers["retry-after"] == "1"
        first.cancel()
        await asyncio.wait_for(teller.left.wait(), 10)
        teller.hang = False
        await asyncio.gather(first, return_exceptions=True)
        assert (await client.post("/tgi/llama/generate", json=body)).status_code == 200


async def test_a_client_that_leaves_ends_the_generation(
    dialogue: PlainDialogue, backends: Backends, profile: Profile, teller: Teller
) -> None:
    teller.hang = True
    app = build_app(dialogue, backends, profile)
    body = json.dumps({"inputs": "hello", "stream": True}).encode()
    received = asyncio.Queue[dict[str, Any]]()
    received.put_nowait({"type": "http.request", "body": body})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if message.get("body"):
            received.put_nowait({"type": "http.disconnect"})

    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": "/tgi/llama", "headers": headers, "query_string": b""}
    await asyncio.wait_for(app(scope, received.get, send), 10)
    assert teller.left.is_set()
    assert b'"text":"one"' in sent[1]["body"]


class TestPictures:
    @pytest.fixture
    def url(self, make_png: Callable[..., bytes]) -> str:
        return "data:image/png;base64," + base64.b64encode(make_png("red")).decode()

    def test_any_number_at_any_place(self, client: TestClient, teller: Teller, url: str) -> None:
        reply = post(client, "/tgi/idefics", f"![]({url})User:![]({url})what?<end_of_utterance>\nAssistant:")
        assert reply.status_code == 200
        first, user, second, asked = teller.asked[0].prompt
        assert (user, asked) == ("User:", "what?<end_of_utterance>\nAssistant:")
        assert isinstance(first, np.ndarray)
        assert isinstance(second, np.ndarray)
        assert first.shape == second.shape == (2, 3, 3)
        assert (first == [255, 0, 0]).all()

    def test_llama_reads_it_as_text(self, client: TestClient, teller: Teller) -> None:
        assert post(client, "/tgi/llama", "![](https://host/a.png)").status_code == 200
        assert teller.asked[0].prompt == ("![](https://host/a.png)",)

    @pytest.mark.parametrize(
        ("picture", "says"),
        [
            ("https://host/a.png", "only data: URLs are taken"),
            ("data:image/png;base64,AAAA", "broken or cut off"),
            ("data:image/png;base64,!", "not valid base64"),
            ("data:text/html,hi", "not a picture's data: URL"),
        ],
    )
    def test_a_picture_that_cannot_be_used(self, client: TestClient, teller: Teller, picture: str, says: str) -> None:
        reply = post(client, "/tgi/idefics", f"![]({picture})")
        assert reply.status_code == 422
        assert reply.json()["error"].startswith("Input validation error: a picture in `inputs`: ")
        assert says in reply.json()["error"]
        assert teller.asked == []

    def test_more_than_is_taken(self, client: TestClient, url: str) -> None:
        reply = post(client, "/tgi/idefics", f"![]({url})" * 4)
        assert reply.json()["error"] == "Input validation error: `inputs` supports up to 3 pictures. Given: 4"


@pytest.mark.parametrize("model", MODELS)
def test_too_much_text(client: TestClient, model: str) -> None:
    reply = post(client, f"/tgi/{model}", "a" * 201)
    assert reply.status_code == 422
    assert "at most 200 characters" in reply.json()["error"]


@pytest.mark.parametrize("path", ["/tgi/llama", "/tgi/idefics/generate_stream", "/invocations"])
def test_what_refuses_before_the_route_says_it_in_tgis_shape(client: TestClient, path: str) -> None:
    large = client.post(path, content=b"x" * 1_100_000, headers={"content-type": "application/json"})
    form = client.post(path, data={"inputs": "hello"})
    missing = client.get(path + "/odd")
    method = client.put(path)
    assert [r.status_code for r in (large, form, method)] == [413, 415, 405]
    assert missing.status_code == 404
    for reply in (large, form, method):
        assert set(reply.json()) == {"error", "error_type"}
        assert reply.json()["error_type"] == "validation"
    assert large.headers["content-length"] == str(len(large.content))


def test_other_surfaces_keep_openais_shape(client: TestClient) -> None:
    assert set(client.post("/v1/chat/completions", content=b"{").json()["error"]) == {
        "message",
        "type",
        "param",
        "code",
    }


class TestSageMaker:
    def test_ping_and_invocations(self, client: TestClient, dialogue: PlainDialogue) -> None:
        dialogue.models = {"idefics": True, "llama": False}
        assert client.get("/ping").status_code == 200
        assert post(client, "/invocations").json() == [{"generated_text": "one two"}]
        assert len(events(post(client, "/invocations", stream=True))) == 3

    def test_the_profile_says_which_model(self, dialogue: PlainDialogue, backends: Backends, profile: Profile) -> None:
        llama, idefics = Teller(), Teller()
        http = profile.http.model_copy(update={"sagemaker": "llama"})
        for chosen, wanted in ((profile, idefics), (profile.model_copy(update={"http": http}), llama)):
            client = TestClient(build_app(dialogue, replace(backends, llama=llama, idefics=idefics), chosen))
            post(client, "/invocations")
            assert len(wanted.asked) == 1


def test_events_are_valid_for_the_client_package(client: TestClient) -> None:
    for event in events(post(client, "/tgi/idefics", stream=True, top_n_tokens=1)):
        assert StreamResponse(**event).token.text


def test_bounds_stay_within_the_model() -> None:
    assert within(Tgi(), 4096) == Tgi()
    small = within(Tgi(), 256)
    assert (small.max_total_tokens, small.max_input_length) == (256, 255)
    assert within(Tgi(max_input_length=100, max_total_tokens=200), 256).max_input_length == 100


def test_a_token_waits_only_if_none_may_follow(client: TestClient, teller: Teller) -> None:
    """What is not known to be followed goes with the text, if it turns out to be the last."""
    original = teller.generate

    async def unsure(generation: Generation) -> AsyncIterator[Piece]:
        async for piece in original(generation):
            yield replace(piece, more=False) if isinstance(piece, Token) else piece

    sure = post(client, "/tgi/llama", stream=True).text
    teller.generate = unsure  # type: ignore[method-assign]
    teller.asked.clear()
    assert post(client, "/tgi/llama", stream=True).text == sure
