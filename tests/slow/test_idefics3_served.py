"""Idefics3 through vLLM as a deployment of the whole graph: `vlp serve` on a profile that names it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import httpx
import numpy as np
import pytest
import yaml
from PIL import Image
from rich.console import Console

from tests.plain_idefics3 import LONGEST, Plain
from tests.random_models import idefics3
from vlp_graph.client import Client
from vlp_graph.nano.dialogues import answer_of, says_number
from vlp_graph.nano.world import held_out
from vlp_graph.spawn import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
QUESTION = "What is this?"


def test_its_answers_are_those_of_transformers(tmp_path: Path) -> None:
    checkpoint = idefics3(tmp_path / "idefics3")
    profile = tmp_path / "idefics3.yaml"
    options = {
        "source": str(checkpoint),
        "engine": "vllm",
        "dtype": "float32",
        "max_model_len": 512,
        "max_num_seqs": 4,
        "kv_cache_gib": 1,
        "enforce_eager": True,
        "cores": "1",
        "lowercase": False,
    }
    whole = {
        "extends": "embedded",
        "name": "idefics3",
        "description": "Idefics3, random.",
        "models": {"idefics": options},
    }
    profile.write_text(yaml.safe_dump(whole), encoding="utf-8")
    plain = Plain(checkpoint)
    pictures = [np.random.default_rng(seed).integers(0, 255, (90, 120, 3), dtype=np.uint8) for seed in (0, 1)]
    with serving(str(profile), Console(quiet=True)) as served:
        for picture in pictures:
            inputs = f"User:![]({_as_url(picture)}){QUESTION}<end_of_utterance>\nAssistant:"
            parameters = {"max_new_tokens": LONGEST, "do_sample": False, "details": True}
            reply = httpx.post(
                f"{served.url}/tgi/idefics/generate", json={"inputs": inputs, "parameters": parameters}, timeout=120
            )
            assert reply.status_code == 200, reply.text
            _, expected = plain.ids(f"User:<image>{QUESTION}<end_of_utterance>\nAssistant:", [picture])
            assert [token["id"] for token in reply.json()["details"]["tokens"]] == expected
        scene = next(scene for scene in held_out(4003, 10) if len(scene.objects) == 2)
        with Client(served.url) as client:  # counted by the detector, whatever random eyes would say
            counted = client.ask("find the objects", images=[scene.png()])
        assert says_number(answer_of(counted), 2), counted


def _as_url(picture: np.ndarray) -> str:  # type: ignore[type-arg]
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
