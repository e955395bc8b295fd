"""OpenAI's chat completions for each model that chats, and the list of models."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vlp_graph.config import Profile
from vlp_graph.errors import InvalidRequest, UnknownModel
from vlp_graph.http import schema
from vlp_graph.http.audio import forms as audio_forms
from vlp_graph.http.backends import Backends
from vlp_graph.http.chat.idefics import IdeficsChat
from vlp_graph.http.chat.llama import LlamaChat
from vlp_graph.http.chat.reply import AnyChunk, AnyCompletion
from vlp_graph.http.chat.request import AnyChatRequest, refuse_unserved
from vlp_graph.http.endpoint import EVENTS, JSON, Endpoint
from vlp_graph.http.intake import Intake
from vlp_graph.http.model_reply import stream_reply, whole_reply
from vlp_graph.http.turns import Turns


class Completions:
    """The endpoints by which OpenAI's clients find the models and chat with them."""

    def __init__(self, turns: Turns, backends: Backends, profile: Profile, intake: Intake) -> None:
        self.turns, self.intake, self.answer_s = turns, intake, profile.http.answer_s
        self.alone: dict[str, Any] = {
            "llama": LlamaChat(backends.llama, profile.models.llama, intake),
            "idefics": IdeficsChat(backends.idefics, profile.models.idefics, intake),
        }
        self.chatting = (schema.MODEL, *self.alone)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                "POST",
                "/v1/chat/completions",
                self.chat,
                "A turn of the dialogue, or an answer of one model, in OpenAI's form",
                takes={JSON: AnyChatRequest},
                gives={JSON: AnyCompletion, EVENTS: AnyChunk},
                errors=schema.ErrorReply,
            ),
            Endpoint("GET", "/v1/models", self.models, "The models to ask for", gives={JSON: schema.ModelList}),
            Endpoint(
                "GET",
                "/v1/models/{model}",
                self.model,
                "One of them",
                gives={JSON: schema.ModelCard},
                others={404: schema.ErrorReply},
            ),
        ]

    async def chat(self, request: Request) -> Response:
        body = await self.intake.json(request)
        model = self._asked(body)
        if model == schema.MODEL:
            return await self.turns.chat(request, body)
        chat = self.alone[model]
        asked = await chat.read(request, body)
        if asked.stream:
            return await stream_reply(request, chat.chunks(asked), self.answer_s)
        return JSONResponse(await whole_reply(request, chat.completion(asked), self.answer_s))

    async def models(self, request: Request) -> Response:
        listed = schema.ModelList(data=[schema.ModelCard(id=name) for name in self._names()])
        return JSONResponse(listed.model_dump())

    async def model(self, request: Request) -> Response:
        name = request.path_params["model"]
        if name not in self._names():
            raise UnknownModel(f"there is no model {name[:100]!r}; there are {', '.join(self._names())}", param="model")
        return JSONResponse(schema.ModelCard(id=name).model_dump())

    def _names(self) -> tuple[str, ...]:
        return (*self.chatting, *audio_forms.MODELS)

    def _asked(self, body: Any) -> str:
        """The model of a body, which asks for nothing that it does not do.

        Raises:
            InvalidRequest: no object, or a field that the model cannot honour.
            UnknownModel: none of those that chat.
        """
        if not isinstance(body, dict):
            raise InvalidRequest("the body is a JSON object with model and messages")
        model = body.get("model")
        if not isinstance(model, str):
            raise InvalidRequest(f"model is the name of one of {', '.join(self.chatting)}", param="model")
        if model not in self.chatting:
            text = f"there is no model {model[:100]!r} to chat with; ask for {', '.join(self.chatting)}"
            raise UnknownModel(text, param="model")
        refuse_unserved(body, model)
        return model
