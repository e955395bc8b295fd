"""A replica of any model is killed in the middle of turns: an answer or a clear error, never a hang, and it heals."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.cluster import replica_pids
from tests.integration.conftest import Graph
from vlp_graph.client import RemoteError
from vlp_graph.nano.speech import speak, wav
from vlp_graph.nano.world import held_out

LONGEST_TURN_S = 95
"""The profile's turn limit, and what a busy machine needs to say so."""


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
