"""Tokens of a turn: every call of the language model counts, and an answer that was cut says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from tests.unit.dialogue.plain_models import Sorter, Writer, models
from vlp_graph.config import Dialogue as Config
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.turn import Answered, Turn


def used(prompt: int, new: int) -> UsageMetadata:
    return UsageMetadata(input_tokens=prompt, output_tokens=new, total_tokens=prompt + new)


class Counting(Writer):
    """A writer that tells what it used, and why it ended, as the deployment's model does."""

    prompt: int = 10
    reason: str = "stop"

    async def _agenerate(self, messages: list[BaseMessage], *_: Any, **options: Any) -> ChatResult:
        told: dict[str, Any] = {"finish_reason": self.reason}
        message = AIMessage(self.text, usage_metadata=used(self.prompt, 3), response_metadata=told)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self, messages: list[BaseMessage], *_: Any, **options: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for word in self.text.split(" "):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        told: dict[str, Any] = {"finish_reason": self.reason}
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=told))
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=used(self.prompt, 2)))


async def answered(planner: Writer, talker: Writer, **turn: Any) -> Answered:
    dialogue = Dialogue(models(planner=planner, talker=talker, sorter=Sorter("chat")), Config(router="cot"))
    events = [event async for event in dialogue.run(Turn(text="hello there", **turn))]
    assert isinstance(events[-1], Answered)
    return events[-1]


async def test_planning_and_talking_are_counted() -> None:
    plan = '{"thought": "a greeting", "tasks": [{"id": "t1", "task": "chat"}]}'
    end = await answered(Counting(text=plan, prompt=20), Counting(text="good day"))
    assert end.text == "goodday"
    assert end.usage == {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
    assert end.finish == "stop"


async def test_an_answer_that_was_cut_says_so() -> None:
    plan = '{"thought": "a greeting", "tasks": [{"id": "t1", "task": "chat"}]}'
    end = await answered(Counting(text=plan), Counting(text="good day", reason="length"), sampling={"max_tokens": 2})
    assert end.finish == "length"


async def test_a_plan_that_was_cut_is_no_cut_answer() -> None:
    end = await answered(Counting(text='{"thought": "a gr', reason="length"), Counting(text="good day"))
    assert end.finish == "stop"
    assert end.usage["total_tokens"] == 25


async def test_who_tells_nothing_counts_nothing() -> None:
    end = await answered(Writer(text="no plan"), Writer(text="hi"))
    assert end.usage == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
