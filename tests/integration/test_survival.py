"""A replica of any model is killed in the middle of turns: an answer or a clear error, never a hang, and it heals."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.integration.cluster import replica_pids, watched
from tests.integration.conftest import Graph
from vlp_graph.client import RemoteError
from vlp_graph.dialogue.wording import are
from vlp_graph.nano.speech import speak, wav
from vlp_graph.nano.world import held_out

LONGEST_TURN_S = 95
"""The profile's turn limit, and what a busy machine needs to say so."""


GONE_WITHIN_S = 0.5
"""From the client's leaving to the end of the work that it had asked for, at the replica that does it."""


SERVE_IS_TOLD = {"x-request-timeout-seconds": "0", "x-request-disconnect-disabled": "?1"}
"""What Serve's proxy would do for any client: no deadline, and no end of the work when the client leaves."""


@pytest.mark.parametrize("headers", [{}, SERVE_IS_TOLD], ids=["", "told to go on"])
def test_a_client_that_leaves_ends_its_work(graph: Graph, headers: dict[str, str]) -> None:
    story = {
        "model": "vlp",
        "messages": [{"role": "user", "content": "tell me a very long story about a ship, with many chapters"}],
        "stream": True,
        "max_tokens": 300,
    }
    with watched("Llama") as look:
        url = f"{graph.url}/v1/chat/completions"
        with httpx.stream("POST", url, json=story, headers=headers, timeout=60) as reply:
            pieces = (line for line in reply.iter_lines() if '"content"' in line)
            for _ in range(4):
                next(pieces)
            at, seen = look()
            while seen["running"] == 0:
                at, seen = look()
        left = time.time()
        while at < left or seen["running"]:
            at, seen = look()
            assert at < left + 30, "the work goes on without its client"
    assert at - left < GONE_WITHIN_S


def test_a_branch_that_hangs_is_named_in_an_answer_by_the_deadline(graph: Graph) -> None:
    assert graph.process is not None, "start the graph from the test: it may only stop what it started"
    scene = next(s for s in held_out(99, 10, side=192, cut=0.0) if len(s.objects) >= 2)
    name = scene.objects[-1].name
    (victim,) = replica_pids(graph.process.pid, "Idefics")
    os.kill(victim, signal.SIGSTOP)
    try:
        start = time.monotonic()
        asked = [("text", (None, f"count the {name} and describe the picture")), ("image", ("x.png", scene.png()))]
        answer = httpx.post(f"{graph.url}/v1/ask", files=asked, headers=SERVE_IS_TOLD, timeout=LONGEST_TURN_S)  # type: ignore[arg-type]
        assert time.monotonic() - start < LONGEST_TURN_S
    finally:
        os.kill(victim, signal.SIGCONT)
    reply = answer.raise_for_status().json()
    said = reply["choices"][0]["message"]["content"]
    assert f"There {are(len(scene.find(name)), name)}" in said
    assert "I could not describe the picture" in said
    assert [r["status"] for r in reply["vlp"]["results"]] == ["ok", "failed"]
    end = time.monotonic() + 240
    while not graph.ready():  # a replica that does not answer for long is replaced
        assert time.monotonic() < end, "Idefics did not come back"
        time.sleep(1)


@pytest.mark.parametrize("deployment", ["DistilBert", "Whisper", "GroundedSam", "Idefics", "Llama"])
def test_killed_during_turns(graph: Graph, deployment: str) -> None:
    scene = next(s for s in held_out(99, 10, side=192, cut=0.0) if len(s.objects) >= 2)
    name = scene.objects[-1].name
    sound = wav(speak(f"Is there a {name} in the picture?"))

    def turn(n: int) -> str:
        start = time.monotonic()
        try:
            if deployment == "Whisper":
                reply = graph.client.ask(images=[scene.png()], audio=sound)
            else:
                reply = graph.client.ask(f"is there a {name}?", images=[scene.png()])
        except RemoteError as error:
            return f"refused with {error.status}"
        finally:
            assert time.monotonic() - start < LONGEST_TURN_S
        return str(reply["choices"][0]["message"]["content"])

    assert graph.process is not None, "start the graph from the test: it may only kill what it started"
    server = graph.process.pid
    (victim,) = replica_pids(server, deployment)
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(turn, n) for n in range(3)]
        time.sleep(0.3)
        os.kill(victim, signal.SIGKILL)
        said = [future.result() for future in running]
    clear = ("Yes", "I could not", "refused with 429", "refused with 503", "refused with 504")
    assert all(text.startswith(clear) for text in said), said
    end = time.monotonic() + 240
    while victim in replica_pids(server, deployment) or not graph.ready():
        assert time.monotonic() < end, f"{deployment} did not come back"
        time.sleep(1)
    assert turn(9).startswith("Yes")
