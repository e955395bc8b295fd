"""The routes of Text Generation Inference 1.0.3, once for each language model, and SageMaker's two.

Its clients, and LangChain's wrappers of them, work with only the base URL changed: `/tgi/llama` or `/tgi/idefics`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from vlp_graph import __version__
from vlp_graph.config import Idefics, Llama, Profile
from vlp_graph.config import Tgi as Bounds
from vlp_graph.engines.generation import Finish, Generation, Piece
from vlp_graph.engines.loading import fastest_dtype
from vlp_graph.errors import DeadlineExceeded, InvalidRequest, Overloaded, ServingError
from vlp_graph.http.backends import Backends, Generates
from vlp_graph.http.endpoint import EVENTS, JSON, Endpoint, Handler
from vlp_graph.http.errors import unexpected
from vlp_graph.http.fetch import is_link
from vlp_graph.http.intake import Intake
from vlp_graph.http.reply import until_gone
from vlp_graph.http.tgi import schema
from vlp_graph.http.tgi.errors import PREFIX, as_tgi
from vlp_graph.http.tgi.prompt import PictureUrl, check_text, split
from vlp_graph.http.tgi.reply import Made, Stream, collect, events, reply, sse
from vlp_graph.http.turns import Dialogue

Name = Literal["llama", "idefics"]
_PLAIN = "text/plain"
_ERRORS: dict[int, type[BaseModel]] = dict.fromkeys((413, 415, 422, 424, 429, 500), schema.TgiError)


class Tgi:
    """Both models, and the SageMaker container contract at the root, which one of them answers."""

    def __init__(self, dialogue: Dialogue, backends: Backends, profile: Profile, intake: Intake) -> None:
        self._models = {
            name: Served(name, getattr(backends, name), dialogue, profile, intake) for name in ("llama", "idefics")
        }
        self._sagemaker = self._models[profile.http.sagemaker]

    def endpoints(self) -> list[Endpoint]:
        routes = [endpoint for model in self._models.values() for endpoint in model.endpoints()]
        model = self._sagemaker
        return [
            *routes,
            _posted("/invocations", model.compat, schema.TgiCompatRequest, "SageMaker: as TGI's /", both=True),
            Endpoint("GET", "/ping", model.health, "SageMaker: healthy?", gives={_PLAIN: None}, open=True),
        ]


def _posted(path: str, handler: Handler, takes: type[schema.TgiRequest], summary: str, *, both: bool) -> Endpoint:
    """`both`: the body says whether it is a list or a stream."""
    gives: dict[str, type[BaseModel] | None] = {JSON: schema.TgiReply}
    if both:
        gives = {JSON: schema.TgiReplies, EVENTS: schema.TgiEvent}
    return Endpoint("POST", path, handler, summary, takes={JSON: takes}, gives=gives, others=_ERRORS)


class Served:
    """One model behind TGI's routes."""

    def __init__(self, name: Name, model: Generates, dialogue: Dialogue, profile: Profile, intake: Intake) -> None:
        self.name, self.model, self.dialogue, self.intake = name, model, dialogue, intake
        self.config: Llama | Idefics = getattr(profile.models, name)
        self.replicas, self.limits = profile.http.replicas, profile.http.limits
        self.bounds = within(profile.http.tgi, self.config.max_model_len)
        self.seconds = profile.dialogue.turn_s
        self._running, self._counts = 0, Counter[str]()

    def endpoints(self) -> list[Endpoint]:
        at = PREFIX + self.name
        compat = [
            _posted(
                at + path, self.compat, schema.TgiCompatRequest, "Continue a prompt: a list, or a stream", both=True
            )
            for path in ("", "/", "/invocations")
        ]
        health = [
            Endpoint(
                "GET",
                at + path,
                self.health,
                "Is the model up?",
                gives={_PLAIN: None},
                others={503: schema.TgiError},
                open=True,
            )
            for path in ("", "/", "/ping", "/health")
        ]
        stream = Endpoint(
            "POST",
            at + "/generate_stream",
            self.generate_stream,
            "Continue a prompt: a stream",
            takes={JSON: schema.TgiRequest},
            gives={EVENTS: schema.TgiEvent},
            others=_ERRORS,
        )
        return [
            *compat,
            _posted(at + "/generate", self.generate, schema.TgiRequest, "Continue a prompt: an object", both=False),
            stream,
            *health,
            Endpoint("GET", at + "/info", self.info, "What is served", gives={JSON: schema.TgiInfo}),
            Endpoint("GET", at + "/metrics", self.metrics, "Counts, for Prometheus", gives={_PLAIN: None}),
        ]

    async def compat(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = await self._read(request, schema.TgiCompatRequest)
        if isinstance(asked, schema.TgiCompatRequest) and asked.stream:
            return self._stream(asked)
        body, headers = await until_gone(request.receive, self._whole(asked, started))
        return JSONResponse([body], headers=headers)

    async def generate(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = await self._read(request, schema.TgiRequest)
        body, headers = await until_gone(request.receive, self._whole(asked, started))
        return JSONResponse(body, headers=headers)

    async def generate_stream(self, request: Request) -> Response:
        return self._stream(await self._read(request, schema.TgiRequest))

    async def health(self, request: Request) -> Response:
        if (await self.dialogue.ready()).get(self.name):
            return Response()
        return JSONResponse({"error": "unhealthy", "error_type": "healthcheck"}, 503, {"retry-after": "5"})

    async def info(self, request: Request) -> Response:
        config = self.config
        at_once = config.max_num_seqs if isinstance(config, Llama) else config.batch.size
        told = schema.TgiInfo(
            model_id=config.source,
            model_sha=config.revision,
            model_dtype=f"torch.{fastest_dtype(config.dtype, config.device)}",
            model_device_type=config.device,
            max_batch_total_tokens=at_once * config.max_model_len,
            validation_workers=self.replicas,
            version=__version__,
            **self.bounds.model_dump(exclude={"max_top_n_tokens"}),
        )
        return JSONResponse(told.model_dump())

    async def metrics(self, request: Request) -> Response:
        """Of this ingress replica."""
        names = ("tgi_request_count", "tgi_request_success", "tgi_request_failure", "tgi_request_generated_tokens")
        lines = [f"# TYPE {name} counter\n{name} {self._counts[name]}\n" for name in names]
        return PlainTextResponse("".join(lines), media_type="text/plain; version=0.0.4")

    async def _whole(self, asked: schema.TgiRequest, started: float) -> tuple[dict[str, Any], dict[str, str]]:
        """The reply, and its headers."""
        parameters, count = asked.parameters, asked.parameters.best_of or 1
        with self._counted():
            schema.check(asked, self.bounds, stream=False)
            with self._places(count):
                generation = await self._generation(asked)
                validated = time.perf_counter()
                made = await self._all(generation, count)
            self._counts["tgi_request_generated_tokens"] += sum(one.finish.generated_tokens for one in made)
        prefix = asked.inputs if parameters.return_full_text else ""
        body = reply(made, prefix, details=parameters.details or parameters.decoder_input_details)
        return body, self._headers(asked) | _timings(made[0].finish, started, validated)

    async def _all(self, generation: Generation, count: int) -> list[Made]:
        """`count` generations side by side; the first that fails ends them all."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._made(generation)) for _ in range(count)]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _made(self, generation: Generation) -> Made:
        async with aclosing(self._pieces(generation)) as pieces:
            return await collect(pieces)

    def _stream(self, asked: schema.TgiRequest) -> Response:
        return Stream(self._lines(asked), self._headers(asked))

    async def _lines(self, asked: schema.TgiRequest) -> AsyncGenerator[str, None]:
        """Server-sent events; what goes wrong is one of them."""
        prefix = asked.inputs if asked.parameters.return_full_text else ""
        try:
            with self._counted():
                schema.check(asked, self.bounds, stream=True)
                with self._places(1):
                    generation = await self._generation(asked)
                    async with aclosing(self._pieces(generation)) as pieces, aclosing(events(pieces, prefix)) as made:
                        async for event in made:
                            if isinstance(event, Finish):
                                self._counts["tgi_request_generated_tokens"] += event.generated_tokens
                            else:
                                yield sse(event)
        except ServingError as error:
            yield sse(as_tgi(error)[1])
        except Exception as error:
            yield sse(as_tgi(unexpected(error))[1])

    async def _pieces(self, generation: Generation) -> AsyncGenerator[Piece, None]:
        """The model's pieces, the last of them in time.

        Raises:
            DeadlineExceeded: it was not.
        """
        pieces = self.model.generate(generation)
        end = asyncio.get_running_loop().time() + self.seconds
        try:
            while True:
                try:
                    async with asyncio.timeout_at(end):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    late = f"not done within {self.seconds:g} s; ask for fewer tokens"
                    raise DeadlineExceeded(late) from None
                yield piece
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    async def _generation(self, asked: schema.TgiRequest) -> Generation:
        given = asked.parameters
        return Generation(
            prompt=await self._prompt(asked.inputs),
            max_new_tokens=given.max_new_tokens,
            do_sample=given.do_sample,
            temperature=given.temperature,
            top_k=given.top_k,
            top_p=given.top_p,
            typical_p=given.typical_p,
            repetition_penalty=given.repetition_penalty,
            stop=tuple(given.stop),
            seed=given.seed,
            truncate=given.truncate,
            prefill=given.decoder_input_details,
            watermark=given.watermark,
            top_n_tokens=given.top_n_tokens or 0,
            max_input_length=self.bounds.max_input_length,
            max_total_tokens=self.bounds.max_total_tokens,
        )

    async def _prompt(self, inputs: str) -> tuple[Any, ...]:
        """Texts and, where the model has eyes, pictures [H, W, 3]."""
        if self.name == "llama":
            check_text(len(inputs), self.limits)
            return (inputs,)
        parts = await self.intake.run(split, inputs, self.limits)
        try:
            urls = [part.url for part in parts if isinstance(part, PictureUrl)]
            fetched = await self.intake.fetch([("inputs", url) for url in urls if is_link(url)])
            return tuple([await self._part(part, fetched) for part in parts])
        except ServingError as error:  # TGI has one answer to a picture that cannot be had or used
            raise InvalidRequest(f"a picture in `inputs`: {error.message}", param="inputs") from None

    async def _part(self, part: str | PictureUrl, fetched: Mapping[str, bytes]) -> str | NDArray[np.uint8]:
        if isinstance(part, str):
            return part
        return (await self.intake.run(self.intake.picture, part.url, fetched)).pixels

    async def _read(self, request: Request, model: type[schema.TgiRequest]) -> schema.TgiRequest:
        """
        Raises:
            UnsupportedMedia: no JSON by its type.
            InvalidRequest: not of the form that is asked for.
        """
        return schema.parse(await self.intake.json(request), model)

    def _headers(self, asked: schema.TgiRequest) -> dict[str, str]:
        return {"x-compute-type": self.config.device, "x-compute-characters": str(len(asked.inputs))}

    @contextmanager
    def _places(self, count: int) -> Iterator[None]:
        """
        Raises:
            Overloaded: so many more are not taken now.
        """
        if self._running + count > self.bounds.max_concurrent_requests:
            raise Overloaded(f"{self.bounds.max_concurrent_requests} requests are running: try again in a moment")
        self._running += count
        try:
            yield
        finally:
            self._running -= count

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._counts["tgi_request_count"] += 1
        try:
            yield
        except Exception:
            self._counts["tgi_request_failure"] += 1
            raise
        self._counts["tgi_request_success"] += 1


def within(bounds: Bounds, max_model_len: int) -> Bounds:
    """Bounds that no model of this length has to break: at least one token is left to be made."""
    total = min(bounds.max_total_tokens, max_model_len)
    longest = max(min(bounds.max_input_length, total - 1), 1)
    return bounds.model_copy(update={"max_total_tokens": total, "max_input_length": longest})


def _timings(finish: Finish, started: float, validated: float) -> dict[str, str]:
    """TGI's headers, in whole milliseconds."""
    done = time.perf_counter()
    inferring = done - validated - finish.queued_s
    seconds = {
        "x-compute-time": done - started,
        "x-total-time": done - started,
        "x-validation-time": validated - started,
        "x-queue-time": finish.queued_s,
        "x-inference-time": inferring,
        "x-time-per-token": inferring / max(finish.generated_tokens, 1),
    }
    return {name: str(max(round(1000 * value), 0)) for name, value in seconds.items()}
