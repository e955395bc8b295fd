"""The dialogue's models over Ray Serve handles.

One place for what crosses a process border: a retry when a replica dies before it has answered, cancellation that
reaches the replica, and Ray's errors as our own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar

import numpy as np
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from numpy.typing import NDArray
from opentelemetry.trace import SpanKind
from ray.exceptions import RayActorError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from vlp_graph import telemetry
from vlp_graph.dialogue.models import Models, understood
from vlp_graph.dialogue.turn import Instance, Picture, Understanding
from vlp_graph.engines.grounded_sam import Query
from vlp_graph.engines.idefics import Look
from vlp_graph.engines.llama import BASE, PLANNER
from vlp_graph.engines.spent import Spent
from vlp_graph.errors import ModelUnavailable, Overloaded, ServingError
from vlp_graph.handled import spent

T = TypeVar("T")


@contextmanager
def our_errors(model: str) -> Iterator[None]:
    """Turns what Ray raises about a model into our own errors."""
    try:
        yield
    except ServingError:
        raise
    except BackPressureError:
        raise Overloaded(f"{model} has a full queue: try again in a moment") from None
    except (RayActorError, DeploymentUnavailableError):
        raise ModelUnavailable(f"{model} is being restarted: try again in a few seconds") from None
    except RayTaskError as error:
        if isinstance(error.cause, ServingError):
            raise error.cause from None
        raise


async def call(model: str, send: Callable[[], Awaitable[T]]) -> T:
    """The answer of one request; sent a second time when the replica that had it dies.

    Cancelling this coroutine cancels the request at its replica.

    Raises:
        Overloaded: the deployment's queue is full.
        ModelUnavailable: the second replica died, too.
    """
    with telemetry.span(f"call {model}", kind=SpanKind.CLIENT, model=model) as span, our_errors(model):
        try:
            return await _cancellable(send())
        except RayActorError:
            telemetry.note(span, retried=True)
            return await _cancellable(send())


async def _cancellable(response: Awaitable[T]) -> T:
    try:
        return await response
    except asyncio.CancelledError:
        response.cancel()  # type: ignore[attr-defined]
        raise


class Listener:
    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def transcribe(self, speech: NDArray[np.float32]) -> str:
        return await call("Whisper", lambda: self._handle.transcribe.remote(speech))


class Looker:
    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def answer(
        self,
        pictures: Sequence[Picture],
        question: str,
        examples: Sequence[tuple[Picture, str]] = (),
        max_tokens: int | None = None,
    ) -> str:
        shots = tuple((picture.pixels, answer) for picture, answer in examples)
        look = Look(tuple(p.pixels for p in pictures), question, shots, max_tokens)
        return await call("IDEFICS", lambda: self._handle.answer.remote(look))


class Finder:
    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def find(self, picture: Picture, phrases: Sequence[str], *, masks: bool = False) -> list[Instance]:
        query = Query(picture.pixels, tuple(phrases), masks, picture.digest)
        found = await call("Grounded-SAM", lambda: self._handle.find.remote(query))
        return [Instance(phrase=i["phrase"], score=i["score"], box=i["box"], mask=i["mask"]) for i in found]

    async def prepare(self, picture: Picture) -> None:
        query = Query(picture.pixels, (), masks=True, digest=picture.digest)
        await call("Grounded-SAM", lambda: self._handle.find.remote(query))


class Sorter:
    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def read(self, text: str) -> Understanding:
        reading = await call("DistilBERT", lambda: self._handle.read.remote(text))
        return understood(reading)

    async def nearest(self, text: str, labels: Sequence[str]) -> dict[str, float]:
        return await call("DistilBERT", lambda: self._handle.nearest.remote(text, list(labels)))


class ServeChatModel(BaseChatModel):
    """The language model as a LangChain chat model. `model` is the base model's name or the adapter's."""

    handle: Any
    model: str
    temperature: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "ray-serve-llm"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise TypeError("this model lives in an event loop: use ainvoke or astream")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        body = self._body(messages, stop, kwargs)

        with our_errors("Llama"):
            try:
                (completion,) = [whole async for whole in self._replies(body)]
            except RayActorError:  # nothing has been handed on yet, so asking again is safe
                (completion,) = [whole async for whole in self._replies(body)]
        (choice,) = completion["choices"]
        return ChatResult(
            generations=[
                ChatGeneration(message=AIMessage(choice["message"]["content"] or "", **self._told(completion)))
            ]
        )

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with our_errors("Llama"):
            body = self._body(messages, stop, kwargs) | {"stream": True, "stream_options": {"include_usage": True}}
            async with aclosing(self._replies(body)) as chunks:
                async for chunk in chunks:
                    text = "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
                    yield ChatGenerationChunk(message=AIMessageChunk(content=text, **self._told(chunk)))

    async def _replies(self, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        with telemetry.span("call Llama", kind=SpanKind.CLIENT, current=False, model=self.model) as span:
            with telemetry.within(span):
                response = self.handle.options(stream=True).chat.remote(body)
            try:
                async for reply in response:
                    if used := reply.get("usage"):
                        spent(self.model, Spent(used["prompt_tokens"], used.get("completion_tokens") or 0))
                    yield reply
            except (asyncio.CancelledError, GeneratorExit):
                response.cancel()
                raise

    @staticmethod
    def _told(reply: dict[str, Any]) -> dict[str, Any]:
        """What a completion or a chunk says beside its text, in LangChain's words."""
        told: dict[str, Any] = {}
        if used := reply.get("usage"):
            names = {
                "input_tokens": "prompt_tokens",
                "output_tokens": "completion_tokens",
                "total_tokens": "total_tokens",
            }
            told["usage_metadata"] = {name: used.get(theirs) or 0 for name, theirs in names.items()}
        if reason := next((c["finish_reason"] for c in reply["choices"] if c.get("finish_reason")), None):
            told["response_metadata"] = {"finish_reason": reason}
        return told

    def _body(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> dict[str, Any]:
        body = {"model": self.model, "messages": convert_to_openai_messages(messages), "temperature": self.temperature}
        return {**body, **({"stop": stop} if stop else {}), **options}


def models_over(
    handles: Mapping[str, DeploymentHandle[Any]], *, planner: bool, ready: Callable[[], Awaitable[dict[str, bool]]]
) -> Models:
    """The dialogue's models over the handles of `llama`, `idefics`, `grounded_sam`, `whisper` and `distilbert`.
    `planner`: whether the language model has its planning adapter."""
    return Models(
        planner=ServeChatModel(handle=handles["llama"], model=PLANNER if planner else BASE),
        talker=ServeChatModel(handle=handles["llama"], model=BASE),
        looker=Looker(handles["idefics"]),
        finder=Finder(handles["grounded_sam"]),
        listener=Listener(handles["whisper"]),
        sorter=Sorter(handles["distilbert"]),
        ready=ready,
    )
