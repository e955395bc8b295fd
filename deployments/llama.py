"""Llama as a deployment: `ray.serve.llm`'s server with vLLM, and the planning adapter beside the base model.

Only the replica imports `ray.serve.llm` (and with it vLLM): the process that composes the graph, and the ingress
that calls it, stay small and start fast. That is why this is not `build_llm_deployment`, which wants the import.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from ray import serve
from ray.serve.deployment import Application

from deployments.options import deployment_options, environment
from vlp_graph.config import Llama as Config
from vlp_graph.engines.llama import BASE, PLANNER, engine_arguments
from vlp_graph.engines.llama import environment as engine_environment
from vlp_graph.engines.weights import resolve
from vlp_graph.errors import InvalidRequest, ServingError


@serve.deployment(name="Llama")
class Llama:
    """Ready when base model and planner have each written a few tokens. Batching is vLLM's own (continuous)."""

    async def __init__(self, config: Config) -> None:  # type: ignore[misc]
        self._running = 0
        self.server = await _start(config)
        for model in (BASE, PLANNER) if config.planner else (BASE,):
            body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}
            async for _ in self.generate(body):
                pass

    async def generate(self, body: dict[str, Any]) -> AsyncIterator[str]:
        """Pieces of the answer to an OpenAI chat body (`model`, `messages`, `max_tokens`, `response_format`, …).

        Raises:
            InvalidRequest: vLLM refuses the request (too many tokens, a schema it cannot use).
        """
        from ray.serve.llm.openai_api_models import ChatCompletionRequest

        request = ChatCompletionRequest(**{**body, "stream": True})
        self._running += 1
        try:
            async for piece in self._written(request):
                yield piece
        finally:
            self._running -= 1

    async def _written(self, request: Any) -> AsyncIterator[str]:
        async with aclosing(await self.server.chat(request)) as parts:  # whoever leaves ends vLLM's work
            async for part in parts:
                for event in part if isinstance(part, list) else [part]:
                    if not isinstance(event, str):  # an error, of vLLM's class or of Ray's copy of it
                        raise _error(event.error.message, event.error.code)
                    for piece in _pieces(event):
                        yield piece

    def stats(self) -> dict[str, int]:
        """Answers that are being written."""
        return {"running": self._running}

    async def check_health(self) -> None:
        await self.server.check_health()


def _pieces(events: str) -> list[str]:
    """The text in a block of server-sent events."""
    pieces = []
    for line in events.splitlines():
        if line.startswith("data: ") and line != "data: [DONE]":
            data = json.loads(line.removeprefix("data: "))
            if error := data.get("error"):
                raise _error(str(error.get("message", error)), error.get("code", 400))
            pieces += [c["delta"].get("content") or "" for c in data.get("choices", [])]
    return [piece for piece in pieces if piece]


def _error(message: str, code: Any) -> ServingError:
    return InvalidRequest(message) if isinstance(code, int) and code < 500 else ServingError(message)


async def _start(config: Config) -> Any:
    """A started `LLMServer`. Ray's own LoRA loading takes cloud URIs only, so the adapter is registered here."""
    from ray.llm._internal.serve.core.configs.llm_config import DiskMultiplexConfig
    from ray.serve.llm import LLMConfig
    from ray.serve.llm.deployment import LLMServer

    source = await asyncio.to_thread(resolve, config.source)
    llm = LLMConfig(
        model_loading_config={"model_id": BASE, "model_source": source},
        accelerator_type=None,
        placement_group_config={"bundles": [_resources(config)], "strategy": "PACK"},
        engine_kwargs=engine_arguments(config),
        runtime_env={"env_vars": environment(config) | engine_environment(config)},
        log_engine_metrics=False,
        experimental_configs={"stream_batching_interval_ms": 0},  # the default delays every first token by 50 ms
        callback_config={"callback_class": _local_weights()} if source != config.source else {},  # type: ignore[arg-type]
    )
    server = LLMServer.sync_init(llm)
    await server.start()
    if config.planner:
        await server.engine.resolve_lora(  # type: ignore[union-attr]
            DiskMultiplexConfig(
                model_id=PLANNER, max_total_tokens=None, local_path=resolve(config.planner), lora_assigned_int_id=1
            )
        )
    return server


def _local_weights() -> type:
    """A callback that spares `ray.serve.llm` its download task: the weights are on this machine's disk already."""
    from ray.llm._internal.common.callbacks.base import CallbackBase

    class LocalWeights(CallbackBase):
        async def on_before_node_init(self) -> None:
            self.ctx.run_init_node = False

    return LocalWeights


def _resources(config: Config) -> dict[str, float]:
    gpu = {"GPU": config.num_gpus} if config.num_gpus else {}
    return {"CPU": config.num_cpus, **gpu}


def build_llama(config: Config) -> Application:
    """The application node of the language model. The replica's resources are its placement group's: vLLM's own
    workers live there, too."""
    options = deployment_options(config) | {
        "ray_actor_options": {
            "num_cpus": 0,
            "runtime_env": {"env_vars": environment(config) | engine_environment(config)},
        },
        "placement_group_bundles": [_resources(config)],
        "placement_group_strategy": "PACK",
        "health_check_timeout_s": 60.0,
    }
    return Llama.options(**options).bind(config)  # type: ignore[attr-defined, no-any-return]
