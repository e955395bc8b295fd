"""Speech to text as a service: OpenAI's transcriptions and translations, and whisper-asr-webservice's two routes."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from vlp_graph.config import Http
from vlp_graph.engines.transcript import Heard, Listening, Segment
from vlp_graph.errors import InvalidRequest, ServingError, TooLarge
from vlp_graph.http import bodies
from vlp_graph.http.audio import forms, subtitles
from vlp_graph.http.backends import Hears
from vlp_graph.http.endpoint import EVENTS, FORM, JSON, Endpoint
from vlp_graph.http.intake import Intake
from vlp_graph.http.media import decode_samples, decode_sound
from vlp_graph.http.model_reply import stream_reply, whole_reply
from vlp_graph.http.schema import ErrorReply

TEXT = "text/plain"
_OPTIONS = "timestamp_granularities[]"
_FILES: dict[str, Callable[[Sequence[Segment]], str]] = {
    "txt": subtitles.as_lines,
    "srt": subtitles.as_srt,
    "vtt": subtitles.as_vtt,
    "tsv": subtitles.as_tsv,
}


class Audio:
    """The endpoints that write down speech."""

    def __init__(self, whisper: Hears, http: Http, intake: Intake) -> None:
        self.whisper, self.http, self.intake, self.limits = whisper, http, intake, http.limits

    def endpoints(self) -> list[Endpoint]:
        written: dict[str, type[BaseModel] | None] = {JSON: forms.AnyTranscription, TEXT: None}
        return [
            Endpoint(
                "POST",
                "/v1/audio/transcriptions",
                self.transcribe,
                "What is said in a recording",
                takes={FORM: forms.TranscriptionForm},
                gives={**written, EVENTS: forms.TranscriptEvent},
                errors=ErrorReply,
            ),
            Endpoint(
                "POST",
                "/v1/audio/translations",
                self.translate,
                "What is said in a recording, in English",
                takes={FORM: forms.TranslationForm},
                gives=written,
                errors=ErrorReply,
            ),
            Endpoint(
                "POST",
                "/asr",
                self.asr,
                "What is said in a recording, as whisper-asr-webservice has it",
                takes={FORM: forms.AsrForm},
                gives={TEXT: None, JSON: forms.AsrReply},
                query=forms.AsrQuery,
                errors=ErrorReply,
            ),
            Endpoint(
                "POST",
                "/detect-language",
                self.detect,
                "The language of a recording, as whisper-asr-webservice has it",
                takes={FORM: forms.AsrForm},
                gives={JSON: forms.DetectedLanguage},
                query=forms.Encoded,
                errors=ErrorReply,
            ),
        ]

    async def transcribe(self, request: Request) -> Response:
        options, data = await self._read(request, forms.TranscriptionOptions)
        listening = dataclasses.replace(
            await self._listening(options, data), language=options.language, words="word" in options.granularities
        )
        if options.stream:
            return await stream_reply(request, self._events(listening), self.http.answer_s, done=False)
        segments = "segment" in options.granularities or not options.granularities
        return await self._written(request, listening, options.response_format, segments=segments)

    async def translate(self, request: Request) -> Response:
        options, data = await self._read(request, forms.TranslationOptions)
        listening = dataclasses.replace(await self._listening(options, data), task="translate")
        return await self._written(request, listening, options.response_format)

    async def asr(self, request: Request) -> Response:
        query = forms.read_fields(forms.AsrQuery, request.query_params)
        self._check_prompt(query.initial_prompt, "initial_prompt")
        listening = Listening(
            await self._audio_file(request, query),
            task=query.task,
            language=query.language,
            prompt=query.initial_prompt,
            words=query.word_timestamps,
            vad=query.vad_filter,
        )
        heard, segments = await self._whole(request, listening)
        if query.output != "json":
            return PlainTextResponse(_FILES[query.output](segments))
        timed = [forms.AsrSegment.model_validate(dataclasses.asdict(s)) for s in segments]
        reply = forms.AsrReply(text=_text(segments), language=heard.language.code, segments=timed)
        return JSONResponse(reply.model_dump())

    async def detect(self, request: Request) -> Response:
        query = forms.read_fields(forms.Encoded, request.query_params)
        samples = await self._audio_file(request, query)
        found = await whole_reply(request, self.whisper.language(samples), self.http.answer_s)
        reply = forms.DetectedLanguage(
            detected_language=found.name,
            language_code=found.code,
            confidence=found.probability,
            among=found.among,
        )
        return JSONResponse(reply.model_dump())

    async def _read(self, request: Request, kind: type[forms.F]) -> tuple[forms.F, bytes]:
        """The fields of a form, checked, and its file."""
        names = [field.alias or name for name, field in kind.model_fields.items()]
        async with bodies.read_form(request, self.limits, ["file", *names], repeatable=(_OPTIONS,)) as form:
            fields: dict[str, Any] = {n: bodies.text(form, n) for n in names if n in form and n != _OPTIONS}
            if _OPTIONS in form and _OPTIONS in names:
                fields[_OPTIONS] = form.getlist(_OPTIONS)
            options = forms.read_fields(kind, {n: value for n, value in fields.items() if value != ""})
            return options, _only(await bodies.files(form, "file"), "file")

    async def _listening(self, options: forms.TranslationOptions, data: bytes) -> Listening:
        forms.check(options)
        self._check_prompt(options.prompt, "prompt")
        samples = await self.intake.run(_sound, data, self.limits.transcription_seconds, "file")
        return Listening(samples, prompt=options.prompt, temperature=options.temperature)

    async def _audio_file(self, request: Request, query: forms.Encoded) -> NDArray[np.float32]:
        async with bodies.read_form(request, self.limits, ("audio_file",)) as form:
            data = _only(await bodies.files(form, "audio_file"), "audio_file")
        decode = _sound if query.encode else _bare
        return await self.intake.run(decode, data, self.limits.transcription_seconds, "audio_file")

    def _check_prompt(self, prompt: str | None, param: str) -> None:
        if prompt and len(prompt) > self.limits.text_chars:
            most = f"the {self.limits.text_chars:,} taken"
            raise TooLarge(f"a prompt of {len(prompt):,} characters is more than {most}; shorten it", param=param)

    async def _written(
        self, request: Request, listening: Listening, form: forms.PlainFormat, *, segments: bool = True
    ) -> Response:
        """A transcript in one of OpenAI's formats."""
        heard, said = await self._whole(request, listening)
        match form:
            case "json":
                usage = forms.Seconds(seconds=_seconds(heard))
                return JSONResponse(forms.Transcription(text=_text(said), usage=usage).model_dump())
            case "text":
                return PlainTextResponse(f"{_text(said)}\n")
            case "verbose_json":
                return JSONResponse(_verbose(listening, heard, said, segments=segments))
            case _:
                return PlainTextResponse(_FILES[form](said))

    async def _whole(self, request: Request, listening: Listening) -> tuple[Heard, list[Segment]]:
        return await whole_reply(request, self._all(listening), self.http.answer_s)

    async def _all(self, listening: Listening) -> tuple[Heard, list[Segment]]:
        heard, *segments = [item async for item in self.whisper.hear(listening)]
        return cast(Heard, heard), cast(list[Segment], segments)

    async def _events(self, listening: Listening) -> AsyncIterator[dict[str, Any]]:
        """Each segment as it is heard, and the whole at the end; the deltas join to it."""
        heard: Heard | None = None
        said: list[Segment] = []
        async with aclosing(cast(AsyncGenerator[Heard | Segment, None], self.whisper.hear(listening))) as items:
            async for item in items:
                if isinstance(item, Heard):
                    heard = item
                    continue
                before = _text(said)
                said.append(item)
                if delta := _text(said)[len(before) :]:
                    yield forms.TextDelta(delta=delta).model_dump()
        if heard is None:
            raise RuntimeError("the speech model ended without an answer")
        yield forms.TextDone(text=_text(said), usage=forms.Seconds(seconds=_seconds(heard))).model_dump()


def _verbose(listening: Listening, heard: Heard, said: Sequence[Segment], *, segments: bool) -> dict[str, Any]:
    words = [word for segment in said for word in segment.words or ()]
    timed = [forms.TimedWord(word=w.word.strip(), start=w.start, end=w.end) for w in words]
    reply = forms.VerboseTranscription(
        task=listening.task,
        language=heard.language.name,
        duration=heard.seconds,
        text=_text(said),
        segments=[forms.TimedSegment.model_validate(dataclasses.asdict(s)) for s in said] if segments else None,
        words=timed if listening.words else None,
        usage=forms.Seconds(seconds=_seconds(heard)),
    )
    return reply.model_dump(exclude_none=True)


def _text(segments: Sequence[Segment]) -> str:
    return "".join(s.text for s in segments).strip()


def _seconds(heard: Heard) -> float:
    """Whole seconds, the begun one counted, as OpenAI counts."""
    return float(-(-heard.seconds // 1))


def _only(files: Sequence[bytes], name: str) -> bytes:
    if not files:
        raise InvalidRequest(f"{name} is missing: send the recording; with curl: -F {name}=@PATH", param=name)
    return files[0]


def _sound(data: bytes, longest_s: float, param: str) -> NDArray[np.float32]:
    return _named(lambda: decode_sound(data, longest_s), param)


def _bare(data: bytes, longest_s: float, param: str) -> NDArray[np.float32]:
    return _named(lambda: decode_samples(data, longest_s), param)


def _named(decode: Callable[[], NDArray[np.float32]], param: str) -> NDArray[np.float32]:
    try:
        return decode()
    except ServingError as error:
        error.param = error.param or param
        raise
