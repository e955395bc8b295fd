"""A server's log and its processes, read as stages of a start and parts of a graph."""

from __future__ import annotations

import pytest

from benchmarks import startup_memory


def test_stages_are_read_from_the_servers_own_clock() -> None:
    log = {
        "vlp-graph: profile embedded (Laptop without a GPU.": 1.1,
        "API keys: none, and only this machine is listened to": 1.1,
        "8.0 s  Ray is up, logs are in": 9.4,
        "26.3 s  Ingress is up": 31.0,
        "ready after 84.2 s: http://127.0.0.1:8000": 86.0,
    }
    stages = dict(startup_memory._stages(log))
    assert stages == pytest.approx({startup_memory.BEGUN: 1.1, "Ray": 9.1, "Ingress": 27.4})


def test_processes_belong_to_the_part_that_needs_them() -> None:
    parts = startup_memory._parts(
        {
            "ray::ServeReplica:vlp:Llama": 500.0,
            "VLLM::EngineCore": 900.5,
            "VllmWorker-0 VLLM::Worker": 700.0,
            "ray::ServeReplica:vlp:Idefics": 400.0,
            "ray::ServeController": 100.0,
            "ray::ProxyActor": 110.0,
            "python -m vlp_graph serve --profile embedded --port 8000": 180.0,
            "raylet --raylet_socket_name=raylet": 50.0,
            "python -u dashboard.py --host=127.0.0.1": 60.0,
            "ray::IDLE": 70.0,
            "something else": 1.0,
        }
    )
    assert parts == {
        "Llama": 2100.5,
        "Idefics": 400.0,
        "vlp serve": 180.0,
        "Ray itself": 180.0,
        "HTTP proxy": 110.0,
        "Serve's controller": 100.0,
        "others": 1.0,
    }
    assert next(iter(parts)) == "Llama", "the largest first"
