"""Llama's engine keeps the executor that the profile asks for, where `ray.serve.llm` would put its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from deployments.llama import _engine


def test_the_executor_is_the_one_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.llm._internal.serve.engines.vllm.vllm_engine import VLLMEngine

    config = SimpleNamespace(parallel_config=SimpleNamespace(distributed_executor_backend="mp"))
    contexts: list[Any] = []

    def prepared(self: Any, callback_ctx: Any) -> Any:
        contexts.append(callback_ctx)
        return "arguments", "frontend", config

    # raising, so that this fails where Ray calls it otherwise and the executor would be ignored
    monkeypatch.setattr(VLLMEngine, "_prepare_engine_config", prepared, raising=True)
    kind = _engine("vlp_graph.engines.one_rank.OneRank")
    engine = object.__new__(kind)
    assert engine._prepare_engine_config("context") == ("arguments", "frontend", config)
    assert contexts == ["context"]
    assert config.parallel_config.distributed_executor_backend == "vlp_graph.engines.one_rank.OneRank"
