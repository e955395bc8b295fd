"""Llama as a deployment: `ray.serve.llm` with vLLM, and the planning adapter beside the base model.

Ray's own LoRA loading takes cloud URIs only, so a local adapter is registered when the engine starts. Callers
speak plain dictionaries: only the replica imports vLLM.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from ray.serve.deployment import Application
from ray.serve.llm import LLMConfig, build_llm_deployment
from ray.serve.llm.deployment import LLMServer
from ray.serve.llm.openai_api_models import ChatCompletionRequest, ErrorResponse

from deployments.options import autoscaling, environment
from vlp_graph.config import Llama as Config
from vlp_graph.engines.llama import BASE, PLANNER, engine_arguments
from vlp_graph.engines.weights import resolve
from vlp_graph.errors import InvalidRequest, ServingError


class LlamaServer(LLMServer):  # type: ignore[misc]
    """vLLM's server with the planner as a second model, warmed up before it is ready."""

    async def start(self) -> None:
        await super().start()
        if adapter := self._llm_config.experimental_configs.get("planner"):
            from ray.llm._internal.serve.core.configs.llm_config import DiskMultiplexConfig

            await self.engine.resolve_lora(
                DiskMultiplexConfig(
                    model_id=PLANNER, max_total_tokens=None, local_path=adapter, lora_assigned_int_id=1
                )
            )
        for model in (BASE, PLANNER) if adapter else (BASE,):
            body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}
            async for _ in self.generate(body):
                pass

    async def generate(self, body: dict[str, Any]) -> AsyncIterator[str]:
        """Pieces of the answer to an OpenAI chat body (`model`, `messages`, `max_tokens`, `response_format`, …).

        Raises:
            InvalidRequest: vLLM refuses the request (too many tokens, a schema it cannot use).
        """
        request = ChatCompletionRequest(**{**body, "stream": True})
        async for part in await self.chat(request):
            for event in part if isinstance(part, list) else [part]:
                if isinstance(event, ErrorResponse):
                    raise _error(event)
                for line in event.splitlines():
                    if line.startswith("data: ") and line != "data: [DONE]":
                        data = json.loads(line.removeprefix("data: "))
                        if "error" in data:
                            raise InvalidRequest(str(data["error"].get("message", data["error"])))
                        for choice in data.get("choices", []):
                            if piece := choice["delta"].get("content"):
                                yield piece


def _error(response: ErrorResponse) -> ServingError:
    error = response.error
    return InvalidRequest(error.message) if error.code < 500 else ServingError(error.message)


def build_llama(config: Config) -> Application:
    """The application node of the language model."""
    variables = environment(config)
    if config.device == "cpu":
        variables["VLLM_CPU_KVCACHE_SPACE"] = str(config.kv_cache_gib)
        variables["VLLM_CPU_OMP_THREADS_BIND"] = config.cores or "auto"
    elif config.num_gpus < 1:
        variables["VLLM_RAY_PER_WORKER_GPUS"] = str(config.num_gpus)
    resources = {"CPU": config.num_cpus} if config.device == "cpu" else {"CPU": config.num_cpus, "GPU": config.num_gpus}
    llm = LLMConfig(
        model_loading_config={"model_id": BASE, "model_source": resolve(config.source)},
        accelerator_type=None,
        placement_group_config={"bundles": [resources], "strategy": "PACK"},
        engine_kwargs=engine_arguments(config),
        runtime_env={"env_vars": variables},
        log_engine_metrics=False,
        experimental_configs={
            "stream_batching_interval_ms": 0,  # the default of 50 ms is added to the first token
            "planner": resolve(config.planner) if config.planner else None,
        },
        deployment_config={
            "name": "Llama",
            "ray_actor_options": {"num_cpus": 0},
            "autoscaling_config": autoscaling(config),
            "max_ongoing_requests": config.max_ongoing_requests,
            "max_queued_requests": config.max_queued_requests,
            "health_check_period_s": 5.0,
            "health_check_timeout_s": 60.0,
        },
    )
    return build_llm_deployment(llm, name_prefix="", deployment_cls=LlamaServer)
