"""Chat completions by the vision-language model alone: messages with pictures become its own prompt.

The prompt is a transcript, `User:` and `Assistant:` in turns, each ended by `<end_of_utterance>`, pictures in between.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request

from vlp_graph.config import Idefics
from vlp_graph.dialogue.prompt import neutral
from vlp_graph.engines.generation import Finish, Generation, Piece, Token
from vlp_graph.errors import InvalidRequest, TooLarge
from vlp_graph.http.backends import Generates
from vlp_graph.http.chat.reply import Written
from vlp_graph.http.chat.request import IdeficsRequest, parse
from vlp_graph.http.chat.stop_words import StopWords
from vlp_graph.http.intake import Intake, Link
from vlp_graph.http.schema import (
    AnyMessage,
    AudioPart,
    ImagePart,
    SystemMessage,
    TextPart,
    links_in,
    parts_of,
    placed,
    shown_pictures,
    text_of,
)

END = "<end_of_utterance>"
ENDS = (END, "\nUser:")
"""What the model writes where its turn is over."""

Part = str | NDArray[np.uint8]


@dataclass(frozen=True)
class Asked:
    """A request, and what the model is to go on from."""

    request: IdeficsRequest
    generation: Generation

    @property
    def stream(self) -> bool | None:
        return self.request.stream


@dataclass(frozen=True)
class IdeficsChat:
    """The model `idefics`."""

    model: Generates
    config: Idefics
    intake: Intake

    async def read(self, request: Request, body: dict[str, Any]) -> Asked:
        """What a decoded body asks for, with its pictures.

        Raises:
            InvalidRequest: of another form, or with sound, or the last message is not the user's.
            TooLarge: more messages, text or pictures than the profile takes.
            UnsupportedMedia, Unprocessable: a picture; `param` says which.
        """
        asked, links = await self.intake.run(self._parsed, body)
        fetched = await self.intake.fetched(request, links)
        return await self.intake.run(self._asked, asked, fetched)

    def _parsed(self, body: dict[str, Any]) -> tuple[IdeficsRequest, list[Link]]:
        """The request, and the URLs behind which its pictures stand."""
        limits = self.intake.limits
        request = parse(IdeficsRequest, body, limits)
        if request.messages[-1].role != "user":
            raise InvalidRequest(
                "the last message must have the role user", param=f"messages.{len(request.messages) - 1}.role"
            )
        names = _names(request)
        for place, _ in placed(request.messages, names, AudioPart):
            text = "idefics hears nothing; ask vlp, or send the words that /v1/audio/transcriptions makes of it"
            raise InvalidRequest(text, param=f"{place}.type")
        if (count := len(placed(request.messages, names, ImagePart))) > limits.pictures:
            text = f"{count} pictures are more than the {limits.pictures} taken; send fewer"
            raise TooLarge(text, param="messages")
        return request, links_in(request.messages, names)

    def _asked(self, request: IdeficsRequest, fetched: Mapping[str, bytes]) -> Asked:
        shown = placed(request.messages, _names(request), ImagePart)
        pictures = [picture.pixels for picture in shown_pictures(shown, self.intake.limits, fetched)]
        prompt = transcript(request.messages, pictures, self.config.system_prompt)
        return Asked(request, self._generation(request, prompt))

    async def completion(self, asked: Asked) -> dict[str, Any]:
        """The whole answer, valid as `ModelCompletion`."""
        said = [piece async for piece in self._words(asked)]
        text = "".join(piece for piece in said if isinstance(piece, str))
        finish = _finish(said[-1:])
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": _reason(finish)}
        return Written(asked.request.model).completion({"choices": [choice], "usage": _usage(finish)})

    async def chunks(self, asked: Asked) -> AsyncIterator[dict[str, Any]]:
        """The answer as it is written, each chunk valid as `ModelChunk`."""
        written, begun = Written(asked.request.model, usage=asked.request.wants_usage), False
        async with aclosing(self._words(asked)) as words:
            async for piece in words:
                if not begun:  # not before the model has answered: what it refuses is no stream yet
                    begun = True
                    yield written.piece("", role=True)
                if isinstance(piece, str):
                    yield written.piece(piece)
        finish = _finish([piece])
        yield written.piece(reason=_reason(finish))
        if asked.request.wants_usage:
            yield written.chunk({"choices": [], "usage": _usage(finish)})

    async def _words(self, asked: Asked) -> AsyncGenerator[str | Finish, None]:
        """Pieces of the answer up to the first stop word, and how it ended, last."""
        stop, begun = StopWords(asked.generation.stop), False
        pieces = cast(AsyncGenerator[Piece, None], self.model.generate(asked.generation))
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    text = _shown(piece, stop)
                    text = text if begun else text.lstrip()
                    if text:
                        begun = True
                        yield text
                    if isinstance(piece, Finish):
                        yield piece
        except InvalidRequest as error:
            text = f"the messages and the answer do not fit: {error.message}"
            raise InvalidRequest(text, param="messages") from None

    def _generation(self, request: IdeficsRequest, prompt: tuple[Part, ...]) -> Generation:
        """OpenAI's temperature is 1 where none is given, and 0 takes the likeliest token."""
        sampled = request.temperature != 0
        return Generation(
            prompt,
            max_new_tokens=request.tokens or self.config.max_new_tokens,
            do_sample=sampled,
            temperature=request.temperature if sampled else None,
            top_p=request.top_p if sampled and request.top_p != 1 else None,
            stop=(*request.stop_words, *ENDS),
            seed=request.seed if sampled else None,
        )


def _names(request: IdeficsRequest) -> list[str]:
    """What errors call the content of each message."""
    return [f"messages.{number}.content" for number in range(len(request.messages))]


def transcript(messages: Sequence[AnyMessage], pictures: Sequence[NDArray[np.uint8]], system: str) -> tuple[Part, ...]:
    """The prompt of a dialogue, neighbouring texts joined. `pictures` are those of all messages in order; `system` goes
    first where the caller has no system message."""
    shown = iter(pictures)
    said = "\n".join(neutral(text_of(m)) for m in messages if isinstance(m, SystemMessage))
    parts: list[Part] = [f"{said}\n" if said else system]
    begin = ""
    for message in messages:
        if isinstance(message, SystemMessage):
            continue
        content = _user(message, shown) if message.role == "user" else [neutral(text_of(message))]
        space = " " if content and isinstance(content[0], str) else ""
        name = "User" if message.role == "user" else "Assistant"
        parts += [f"{begin}{name}:{space}", *content, END]
        begin = "\n"
    return tuple(_joined([*parts, "\nAssistant:"]))


def _user(message: AnyMessage, shown: Iterator[NDArray[np.uint8]]) -> list[Part]:
    """Words and pictures in their order; a question that stands before all its pictures comes after them, as the model
    has learned it."""
    if isinstance(message.content, str):
        return [neutral(message.content)] if message.content else []
    ordered: list[Part] = []
    for part in parts_of(message):
        if isinstance(part, TextPart):
            ordered += [neutral(part.text)] if part.text else []
        else:
            ordered.append(next(shown))
    kinds = [isinstance(part, str) for part in ordered]
    if kinds == sorted(kinds, reverse=True):
        ordered.sort(key=lambda part: isinstance(part, str))
    return ordered


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    text: list[str] = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
            continue
        if "".join(text):
            yield "".join(text)
        text = []
        yield part
    yield "".join(text)


def _shown(piece: Piece, stop: StopWords) -> str:
    """What of the answer may be shown after this piece."""
    if isinstance(piece, Token):
        return "" if piece.special else stop.pass_on(piece.text)
    return stop.rest() if isinstance(piece, Finish) else ""


def _finish(last: Sequence[str | Finish]) -> Finish:
    for piece in last:
        if isinstance(piece, Finish):
            return piece
    raise RuntimeError("the vision-language model did not say how it ended")


def _reason(finish: Finish) -> str:
    return "length" if finish.reason == "length" else "stop"


def _usage(finish: Finish) -> dict[str, int]:
    prompt, new = finish.prompt_tokens, finish.generated_tokens
    return {"prompt_tokens": prompt, "completion_tokens": new, "total_tokens": prompt + new}
