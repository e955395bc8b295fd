"""From words to a plan: prompt | language model | strict parser, as one LangChain runnable.

The plan is checked against the dialogue (it may only name what was named) and replaced by the intent's own plan where
the text cannot be used, so that a turn always has one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from vlp_graph.dialogue.plan import PLAN_SCHEMA, Plan, PlanError, ground_spans, parse_plan
from vlp_graph.dialogue.prompt import history_line, planner_messages
from vlp_graph.dialogue.turn import Message
from vlp_graph.dialogue.usage import UsageHandler

log = logging.getLogger(__name__)

RESPONSE_FORMAT = {"type": "json_schema", "json_schema": {"name": "plan", "schema": PLAN_SCHEMA}}


def last_exchange(history: Sequence[Message]) -> str | None:
    """The last question and its answer on one line, or None at the start of a dialogue."""
    asked = next((i for i in range(len(history) - 1, -1, -1) if history[i].role == "user"), None)
    if asked is None:
        return None
    answer = next((m.text for m in history[asked + 1 :] if m.role == "assistant"), "")
    return history_line(history[asked].text, answer)


def planning_chain(model: BaseChatModel, max_tokens: int) -> Runnable[dict[str, Any], Plan]:
    """`{"text": str, "history": str | None}` -> Plan; raises PlanError for text that is none."""
    prompt = RunnableLambda[dict[str, Any], Any](lambda turn: planner_messages(turn["text"], turn["history"]))
    writer: Runnable[Any, BaseMessage] = model.bind(
        response_format=RESPONSE_FORMAT, temperature=0.0, max_tokens=max_tokens
    )
    return prompt | writer | StrOutputParser() | RunnableLambda(parse_plan)


async def make_plan(
    chain: Runnable[dict[str, Any], Plan],
    text: str,
    history: Sequence[Message],
    stand_in: Plan,
    usage: UsageHandler | None = None,
) -> Plan:
    """The plan of a turn, or the one that stands in where what the model wrote cannot be used. A model that fails
    raises its ServingError. Its tokens are counted in `usage`."""
    exchange = last_exchange(history)
    try:
        counted: RunnableConfig = {"callbacks": [usage]} if usage else {}
        plan = await chain.ainvoke({"text": text, "history": exchange}, counted)
        spoken = " ".join([*(m.text for m in history), text])
        return ground_spans(plan, spoken)
    except PlanError as error:
        log.info("plan not usable, taking the intent's: %s", str(error).partition(":")[0][:60])
        return stand_in
