"""What a turn costs the language model, counted where LangChain tells of it: as a call ends, whatever chain made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult


@dataclass(eq=False)
class UsageHandler(AsyncCallbackHandler):
    """Tokens of calls that have ended, and whether one of them was cut at its `max_tokens`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut: bool = False

    def with_(self, other: UsageHandler) -> dict[str, int]:
        """Both counts together, by OpenAI's names."""
        prompt = self.prompt_tokens + other.prompt_tokens
        completion = self.completion_tokens + other.completion_tokens
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    async def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        for generation in response.generations[0]:
            if isinstance(generation, ChatGeneration) and isinstance(generation.message, AIMessage):
                self._count(generation.message)

    def _count(self, message: AIMessage) -> None:
        if (used := message.usage_metadata) is not None:
            self.prompt_tokens += used["input_tokens"]
            self.completion_tokens += used["output_tokens"]
        self.cut |= message.response_metadata.get("finish_reason") == "length"
