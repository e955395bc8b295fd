"""Text Generation Inference's own client, unchanged, and the curl of its users, against both models."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from text_generation import Client
from text_generation.errors import ValidationError

from tests.integration.cluster import watched
from tests.integration.conftest import Graph
from tests.integration.pictures import data_url
from vlp_graph.nano.questions import NUMBERS
from vlp_graph.nano.world import Scene, held_out

PROMPT = "The capital of France is"


@pytest.fixture
def llama(graph: Graph) -> Client:
    return Client(f"{graph.url}/tgi/llama", timeout=120)


@pytest.fixture
def idefics(graph: Graph) -> Client:
    return Client(f"{graph.url}/tgi/idefics", timeout=120)


def scene(number: int = 0) -> Scene:
    return [s for s in held_out(61, 20, side=256, max_objects=3, cut=0.0) if s.objects][number]


def question(asked: Scene, text: str) -> str:
    return f"User:![]({data_url(asked.png())}){text}<end_of_utterance>\nAssistant:"


def test_the_request_that_users_send(graph: Graph) -> None:
    """Every field of it, and a reply that is a list of one object with details."""
    picture = data_url(scene().png())
    body = {
        "inputs": f"User:![]({picture})Which device produced this image? Please explain the main clinical purpose of "
        "such image?Can you write a radiology report based on this image?<end_of_utterance>",
        "parameters": {
            "best_of": 1,
            "decoder_input_details": True,
            "details": True,
            "do_sample": True,
            "max_new_tokens": 20,
            "repetition_penalty": 1.03,
            "return_full_text": False,
            "seed": None,
            "stop": ["photographer"],
            "temperature": 0.5,
            "top_k": 10,
            "top_p": 0.95,
            "truncate": None,
            "typical_p": 0.95,
            "watermark": True,
        },
        "stream": False,
    }
    reply = httpx.post(f"{graph.url}/tgi/idefics", json=body, timeout=120)
    assert reply.status_code == 200, reply.text
    (answer,) = reply.json()
    details = answer["details"]
    assert answer["generated_text"] == "".join(t["text"] for t in details["tokens"] if not t["special"])
    assert 1 <= details["generated_tokens"] == len(details["tokens"]) <= 20
    assert isinstance(details["seed"], int)
    assert details["prefill"][0]["logprob"] is None
    assert [t["text"] for t in details["prefill"]].count("<image>") == 1
    assert int(reply.headers["x-total-time"]) >= int(reply.headers["x-inference-time"]) > 0
    invoked = httpx.post(f"{graph.url}/invocations", json=body, timeout=120)
    assert [set(one) for one in invoked.json()] == [{"generated_text", "details"}]


def test_idefics_answers_right(idefics: Client) -> None:
    right = []
    for number in range(10):
        asked = scene(number)
        answer = idefics.generate(question(asked, "How many objects are there?"), max_new_tokens=8)
        right.append(answer.generated_text.strip() == NUMBERS[len(asked.objects)])
        assert answer.details.finish_reason == "eos_token"
    assert sum(right) >= 8


def test_idefics_looks_at_the_picture_that_is_asked_about(idefics: Client) -> None:
    """Two pictures and an answer between them: the second question is of the second picture."""
    right = []
    for number in range(8):
        first, second = scene(number), scene(number + 1)
        shot = f"{question(first, 'How many objects are there?')} {NUMBERS[len(first.objects)]}\n"
        asked = shot + question(second, "How many objects are there?")
        answer = idefics.generate(asked, max_new_tokens=8).generated_text.strip()
        right.append(answer == NUMBERS[len(second.objects)])
    assert sum(right) >= 5


def test_prompts_with_details_share_a_batch(llama: Client) -> None:
    """Log-probabilities of prompts, asked of vLLM with LoRA side by side, ended its engine."""
    prompts = [f"{PROMPT} {'and ' * n}" for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda p: llama.generate(p, max_new_tokens=8, decoder_input_details=True), prompts))
    assert ["".join(t.text for t in one.details.prefill) for one in made] == prompts


@pytest.mark.parametrize("prompt", [PROMPT, "Grüße! 😀 Ünïcödé:"])
def test_llama_streams_what_it_generates(llama: Client, prompt: str) -> None:
    whole = llama.generate(prompt, max_new_tokens=24, decoder_input_details=True, top_n_tokens=2)
    streamed = list(llama.generate_stream(prompt, max_new_tokens=24))
    assert whole.generated_text
    assert streamed[-1].generated_text == whole.generated_text
    assert "".join(e.token.text for e in streamed if not e.token.special) == whole.generated_text
    assert [e.token.id for e in streamed] == [t.id for t in whole.details.tokens]
    assert [e.generated_text for e in streamed[:-1]] == [None] * (len(streamed) - 1)
    assert "".join(t.text for t in whole.details.prefill) == prompt
    assert {t.logprob for t in whole.details.prefill} == {None}  # vLLM cannot score prompts beside the planner's LoRA
    top = whole.details.top_tokens
    assert top is not None
    assert [two[0].id for two in top] == [t.id for t in whole.details.tokens]


def test_llama_knows_where_paris_is(llama: Client) -> None:
    assert llama.generate(PROMPT, max_new_tokens=4).generated_text.startswith(" Paris")


def test_idefics_streams_what_it_generates(idefics: Client) -> None:
    asked = question(scene(3), "Describe the image.")
    whole = idefics.generate(asked, max_new_tokens=60)
    streamed = list(idefics.generate_stream(asked, max_new_tokens=60))
    assert "".join(e.token.text for e in streamed if not e.token.special) == whole.generated_text
    assert [e.token.logprob for e in streamed] == pytest.approx([t.logprob for t in whole.details.tokens], abs=1e-4)


@pytest.mark.parametrize("model", ["llama", "idefics"])
def test_seed_stop_and_best_of(graph: Graph, model: str) -> None:
    client = Client(f"{graph.url}/tgi/{model}", timeout=120)
    drawn = [client.generate("one two", max_new_tokens=12, temperature=1.5, top_k=50, seed=s) for s in (3, 3, 4, 5, 6)]
    assert drawn[0].generated_text == drawn[1].generated_text
    assert len({one.generated_text for one in drawn}) > 1
    assert drawn[0].details.seed == 3
    letter = client.generate("one two", max_new_tokens=12).generated_text.strip()[0]
    stopped = client.generate("one two", max_new_tokens=12, stop_sequences=[letter])
    assert stopped.details.finish_reason == "stop_sequence"
    assert stopped.generated_text.endswith(letter)
    assert stopped.generated_text.count(letter) == 1
    two = client.generate("one two", max_new_tokens=6, best_of=2, do_sample=True)
    assert two.details.best_of_sequences is not None
    assert len(two.details.best_of_sequences) == 1


@pytest.mark.parametrize("model", ["llama", "idefics"])
def test_more_tokens_than_the_model_has(graph: Graph, model: str) -> None:
    client, info = (f"{graph.url}/tgi/{model}", httpx.get(f"{graph.url}/tgi/{model}/info").json())
    total, longest = info["max_total_tokens"], info["max_input_length"]
    with pytest.raises(ValidationError, match=rf"must be <= {total}\. Given: \d+ `inputs` tokens and {total} `max_new"):
        Client(client, timeout=120).generate("one two", max_new_tokens=total)
    long = "one two " * 900
    cut = Client(client, timeout=120).generate(long, max_new_tokens=1, truncate=longest, decoder_input_details=True)
    assert len(cut.details.prefill) == longest
    events = list(_events(client, long, max_new_tokens=5))
    assert [event["error_type"] for event in events] == ["validation"]


def _events(url: str, inputs: str, **parameters: Any) -> list[dict[str, Any]]:
    reply = httpx.post(f"{url}/generate_stream", json={"inputs": inputs, "parameters": parameters}, timeout=120)
    assert reply.status_code == 200
    return [json.loads(line.removeprefix("data:")) for line in reply.text.split("\n\n") if line]


def test_a_client_that_leaves_ends_the_work(graph: Graph) -> None:
    """Hot text has no end of its own: a thousand tokens of it take longer than the replica is looked at."""
    body = {"inputs": PROMPT, "parameters": {"max_new_tokens": 1000, "temperature": 2.0, "seed": 1}}
    with watched("Llama") as look:
        with httpx.stream("POST", f"{graph.url}/tgi/llama/generate_stream", json=body, timeout=120) as reply:
            parts = reply.iter_text()  # a name of its own: with it httpx would drop the connection
            assert '"token"' in next(parts)
            at, seen = look()
            while seen["running"] == 0:
                at, seen = look()
                next(parts)  # raises at the end: nothing would be running then
        left = time.time()
        while at < left or seen["running"]:
            at, seen = look()
            assert at < left + 10, "the work goes on without its client"


def test_prompts_and_dialogues_side_by_side(graph: Graph, idefics: Client) -> None:
    """Batched answers and continued prompts share the model, and each gets its own."""
    scenes = [scene(number) for number in range(6)]
    with ThreadPoolExecutor(12) as pool:
        told = [pool.submit(idefics.generate, question(s, "Describe the image."), max_new_tokens=60) for s in scenes]
        asked = [pool.submit(graph.client.ask, "Describe the picture.", images=[s.png()]) for s in scenes]
        alone = [t.result().generated_text.strip() for t in told]
        dialogues = [a.result() for a in asked]
    assert all(reply["choices"][0]["message"]["content"] for reply in dialogues)
    again = [idefics.generate(question(s, "Describe the image."), max_new_tokens=60).generated_text for s in scenes]
    assert alone == [text.strip() for text in again]
    assert len(set(alone)) >= 5
