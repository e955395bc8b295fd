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

from pydantic import ValidationError
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
            async for _ in self.chat(body):
                pass

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The answer to an OpenAI chat body: with `stream` its chunks, without one completion, both as vLLM has them.

        Raises:
            InvalidRequest: vLLM refuses the request (too many tokens, a schema it cannot use).
        """
        from ray.serve.llm.openai_api_models import ChatCompletionRequest

        try:
            request = ChatCompletionRequest(**body)
        except ValidationError as error:
            raise InvalidRequest(str(error.errors(include_url=False, include_input=False)[0]["msg"])) from None
        self._running += 1
        try:
            async for reply in self._replies(request):
                yield reply
        finally:
            self._running -= 1

    async def _replies(self, request: Any) -> AsyncIterator[dict[str, Any]]:
        from ray.serve.llm.openai_api_models import ErrorResponse

        async with aclosing(await self.server.chat(request)) as parts:  # whoever leaves ends vLLM's work
            async for part in parts:
                for event in part if isinstance(part, list) else [part]:
                    if isinstance(event, ErrorResponse):
                        raise _error(event.error.model_dump())
                    for reply in _chunks(event) if isinstance(event, str) else [event.model_dump(mode="json")]:
                        yield reply

    def stats(self) -> dict[str, int]:
        """Answers that are being written."""
        return {"running": self._running}

    async def check_health(self) -> None:
        await self.server.check_health()


def _chunks(events: str) -> list[dict[str, Any]]:
    """The chunks in a block of server-sent events."""
    chunks = []
    for line in events.split("\n"):  # not splitlines, which also splits at U+2028 inside a text
        if line.startswith("data: ") and line != "data: [DONE]":
            chunk = json.loads(line.removeprefix("data: "))
            if error := chunk.get("error"):
                raise _error(error)
            chunks.append(chunk)
    return chunks


def _error(error: dict[str, Any]) -> ServingError:
    """vLLM's error as ours: what the caller can mend, by its status, else a failure here."""
    message, code = str(error.get("message", error)), error.get("code", 400)
    if isinstance(code, int) and code < 500:
        return InvalidRequest(message, param=error.get("param"))
    return ServingError(message)


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
