"""Llama as a deployment: `ray.serve.llm`'s server with vLLM, and the planning adapter beside the base model.

Only the replica imports `ray.serve.llm` (and with it vLLM): the process that composes the graph, and the ingress
that calls it, stay small and start fast. That is why this is not `build_llm_deployment`, which wants the import.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from ray import serve
from ray.serve.deployment import Application

from deployments import logs
from deployments.metrics import TokensCounted
from deployments.options import deployment_options, environment, placement
from vlp_graph import telemetry
from vlp_graph.config import Llama as Config
from vlp_graph.engines.completions import Reader, request_body
from vlp_graph.engines.generation import Generation, Piece
from vlp_graph.engines.llama import BASE, PLANNER, engine_arguments
from vlp_graph.engines.spent import Spent
from vlp_graph.engines.vllm_options import check_platform
from vlp_graph.engines.vllm_options import environment as engine_environment
from vlp_graph.engines.weights import resolve
from vlp_graph.errors import InvalidRequest, ServingError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@serve.deployment(name="Llama")
class Llama:
    """Ready when base model and planner have each written a few tokens. Batching is vLLM's own (continuous)."""

    async def __init__(self, config: Config) -> None:  # type: ignore[misc]
        logs.set_up()
        self._running, self._max_model_len = 0, config.max_model_len
        # vLLM 0.32 with LoRA dies of log-probabilities of a prompt that shares its batch with another request
        self._scored = config.planner is None
        self._tokens = {model: TokensCounted(model) for model in (BASE, PLANNER)}
        self.server = await _start(config)
        self._tokenizer = await asyncio.to_thread(_tokenizer, config)
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

        told = (body.get("stream_options") or {}).get("include_usage") or not body.get("stream")
        always = {"stream_options": {"include_usage": True}} if body.get("stream") else {}
        try:
            request = ChatCompletionRequest(**{**body, **always})
        except ValidationError as error:
            raise InvalidRequest(str(error.errors(include_url=False, include_input=False)[0]["msg"])) from None
        async with aclosing(self._events(await self.server.chat(request))) as events:
            async for event in events:
                if used := event.get("usage"):
                    self._spent(body["model"], Spent(used["prompt_tokens"], used.get("completion_tokens") or 0))
                if told or event.get("choices"):
                    yield event

    async def continued(self, generation: Generation) -> AsyncIterator[Piece]:
        """Goes on from a prompt of texts with the base model, token by token.

        Raises:
            InvalidRequest: more tokens than the model takes, or what vLLM refuses.
        """
        from ray.serve.llm.openai_api_models import CompletionRequest

        prompt = await asyncio.to_thread(_prompt, self._tokenizer, generation)
        generation.check_length(len(prompt), self._max_model_len)
        seed = generation.seed_used()
        reader = Reader(self._tokenizer, prompt, generation, seed, scored=self._scored)
        request = CompletionRequest(**request_body(BASE, prompt, generation, seed, scored=self._scored))
        async with aclosing(self._events(await self.server.completions(request))) as events:
            async for event in events:
                for piece in reader.pieces(event):
                    yield piece

    async def _events(self, answer: Any) -> AsyncGenerator[dict[str, Any], None]:
        """The JSON events of an answer of `LLMServer`, one where it is not streamed; whoever leaves ends vLLM's work.

        Raises:
            ServingError: one of them is an error.
        """
        self._running += 1
        try:
            async with aclosing(answer) as parts:
                async for part in parts:
                    for block in part if isinstance(part, list) else [part]:
                        for event in _parsed(block) if isinstance(block, str) else [block.model_dump(mode="json")]:
                            if error := event.get("error"):
                                raise _error(error)
                            yield event
        finally:
            self._running -= 1

    def _spent(self, model: str, tokens: Spent) -> None:
        telemetry.note(model=model, prompt_tokens=tokens.prompt, completion_tokens=tokens.completion)
        self._tokens[model].count(tokens)

    def stats(self) -> dict[str, int]:
        """Answers that are being written."""
        return {"running": self._running}

    async def check_health(self) -> None:
        await self.server.check_health()


def _parsed(block: str) -> Iterator[dict[str, Any]]:
    """The JSON in a block of server-sent events."""
    for line in block.split("\n"):  # not splitlines, which also splits at U+2028 inside a text
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line.removeprefix("data: "))


def _error(error: dict[str, Any]) -> ServingError:
    """vLLM's error as ours: what the caller can mend, by its status, else a failure here."""
    message, code = str(error.get("message", error)), error.get("code", 400)
    if isinstance(code, int) and code < 500:
        return InvalidRequest(message, param=error.get("param"))
    return ServingError(message)


def _tokenizer(config: Config) -> Tokenizer:
    """The model's tokenizer, for what vLLM does not tell: how long a prompt is, and the text of each token."""
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(resolve(config.source), revision=config.revision)
    backend: Tokenizer = tokenizer.backend_tokenizer
    return backend


def _prompt(tokenizer: Tokenizer, generation: Generation) -> list[int]:
    """The token ids of a prompt of texts, its last `truncate` where that is set."""
    texts = [part for part in generation.prompt if isinstance(part, str)]
    if len(texts) != len(generation.prompt):
        raise InvalidRequest("this model reads text only; leave the pictures out", param="inputs")
    ids: list[int] = tokenizer.encode("".join(texts)).ids
    return ids if generation.truncate is None else ids[-generation.truncate :]


async def _start(config: Config) -> Any:
    """A started `LLMServer`. Ray's own LoRA loading takes cloud URIs only, so the adapter is registered here."""
    from ray.llm._internal.serve.core.configs.llm_config import DiskMultiplexConfig
    from ray.serve.llm import LLMConfig

    await asyncio.to_thread(check_platform, config)
    source = await asyncio.to_thread(resolve, config.source)
    arguments = engine_arguments(config)
    llm = LLMConfig(
        model_loading_config={"model_id": BASE, "model_source": source},
        accelerator_type=None,
        placement_group_config=placement(config),
        engine_kwargs=arguments,
        runtime_env={"env_vars": environment(config) | engine_environment(config)},
        log_engine_metrics=True,  # vLLM's own metrics beside Ray's
        experimental_configs={"stream_batching_interval_ms": 0},  # the default delays every first token by 50 ms
        callback_config={"callback_class": _local_weights()} if source != config.source else {},  # type: ignore[arg-type]
    )
    executor = arguments.get("distributed_executor_backend")
    server = _server().sync_init(llm, engine_cls=_engine(executor) if executor else None)
    await server.start()
    if config.planner:
        await server.engine.resolve_lora(
            DiskMultiplexConfig(
                model_id=PLANNER, max_total_tokens=None, local_path=resolve(config.planner), lora_assigned_int_id=1
            )
        )
    return server


def _server() -> Any:
    """`LLMServer` that sends no report of what it serves: it would start a process for that which imports all of
    `ray.llm`, wait for it (8 of 92 seconds of a start on two cores) and keep it, though Ray's usage statistics are off.
    """
    from ray.serve.llm.deployment import LLMServer

    class Server(LLMServer):
        async def _start_engine(self) -> None:
            await self.engine.start()  # type: ignore[union-attr]

    return Server


def _engine(executor: str) -> type:
    """vLLM's engine with that executor, in the place of which `ray.serve.llm` puts its own."""
    from ray.llm._internal.serve.engines.vllm.vllm_engine import VLLMEngine

    class Engine(VLLMEngine):
        def _prepare_engine_config(self, callback_ctx: Any) -> Any:
            arguments, frontend, config = super()._prepare_engine_config(callback_ctx)
            config.parallel_config.distributed_executor_backend = executor
            return arguments, frontend, config

    return Engine


def _local_weights() -> type:
    """A callback that spares `ray.serve.llm` its download task: the weights are on this machine's disk already."""
    from ray.llm._internal.common.callbacks.base import CallbackBase

    class LocalWeights(CallbackBase):
        async def on_before_node_init(self) -> None:
            self.ctx.run_init_node = False

    return LocalWeights


def build_llama(config: Config) -> Application:
    """The application node of the language model. The replica's resources are its placement group's: vLLM's own
    workers live there, too."""
    placed = placement(config)
    options = deployment_options(config) | {
        "ray_actor_options": {
            "num_cpus": 0,
            "runtime_env": {"env_vars": environment(config) | engine_environment(config)},
        },
        "placement_group_bundles": placed["bundles"],
        "placement_group_strategy": placed["strategy"],
        "health_check_timeout_s": 60.0,
    }
    return Llama.options(**options).bind(config)  # type: ignore[attr-defined, no-any-return]
