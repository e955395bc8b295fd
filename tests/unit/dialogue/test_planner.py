"""From words to a plan, whatever the language model writes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from plain_models import Writer

from vlp_graph.dialogue.plan import PLAN_SCHEMA, Plan, PlanError, fallback_plan, wire_text
from vlp_graph.dialogue.planner import last_exchange, make_plan, planning_chain
from vlp_graph.dialogue.prompt import PLANNER_SYSTEM
from vlp_graph.dialogue.turn import Message
from vlp_graph.errors import ModelUnavailable

COUNT = fallback_plan("count", "how many stars are there?")
HISTORY = (Message("user", "how many red circles are there?"), Message("assistant", "There are 3 red circles."))


async def planned(text: str, wrote: str, stand_in: Plan = COUNT, history: tuple[Message, ...] = ()) -> Plan:
    model = GenericFakeChatModel(messages=iter([AIMessage(wrote)]))
    return await make_plan(planning_chain(model, 99), text, history, stand_in)


def tasks(plan: Plan) -> list[dict[str, Any]]:
    return [t.model_dump(exclude_none=True, exclude={"id", "needs"}) for t in plan.tasks]


async def test_a_good_plan_is_taken() -> None:
    written = [{"task": "segment", "phrases": ["star"]}, {"task": "answer", "question": "what is above it?"}]
    plan = await planned("outline the star, what is above it?", wire_text("two things", written))
    assert plan.thought == "two things"
    assert tasks(plan) == written


@pytest.mark.parametrize(
    "wrote",
    ["", "I would count them.", '{"thought": "x", "tasks": [', wire_text("", []), wire_text("", [{"task": "dance"}])],
)
async def test_rubbish_gives_the_intent_s_plan(wrote: str) -> None:
    plan = await planned("How many red circles are there?", wrote)
    assert plan == COUNT


async def test_phrases_come_from_the_dialogue() -> None:
    wrote = wire_text("", [{"task": "count", "phrases": ["umbrela", "xylophone"]}])
    assert tasks(await planned("count the umbrellas", wrote)) == [{"task": "count", "phrases": ["umbrellas"]}]
    invented = wire_text("", [{"task": "segment", "phrases": ["xylophone"]}])
    assert await planned("count the stars", invented) == COUNT
    earlier = wire_text("", [{"task": "count", "phrases": ["blue circles"]}])
    assert tasks(await planned("and the blue ones?", earlier, history=HISTORY)) == [
        {"task": "count", "phrases": ["blue circles"]}
    ]


async def test_what_the_model_is_asked() -> None:
    model = Writer(text=wire_text("", [{"task": "chat"}]))
    await make_plan(planning_chain(model, 77), "and the blue ones?", HISTORY, COUNT)
    ((messages, options),) = model.asked
    asked = "[how many red circles are there? -> There are 3 red circles.]\nand the blue ones?"
    assert messages == [SystemMessage(PLANNER_SYSTEM), HumanMessage(asked)]
    assert options["max_tokens"] == 77
    assert options["temperature"] == 0.0
    assert options["response_format"]["json_schema"]["schema"] == PLAN_SCHEMA


async def test_a_model_that_is_down_is_no_rubbish() -> None:
    with pytest.raises(ModelUnavailable):
        await make_plan(planning_chain(Writer(error=ModelUnavailable("down")), 99), "hello", (), COUNT)


async def test_the_chain_itself_refuses_rubbish() -> None:
    with pytest.raises(PlanError):
        await planning_chain(Writer(text="no"), 99).ainvoke({"text": "hello", "history": None})


async def test_planning_can_be_cancelled() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await make_plan(planning_chain(Writer(wait=60), 99), "hello", (), COUNT)


def test_last_exchange() -> None:
    assert last_exchange(()) is None
    assert last_exchange((Message("assistant", "Hello!"),)) is None
    assert last_exchange(HISTORY) == "how many red circles are there? -> There are 3 red circles."
    assert last_exchange((*HISTORY, Message("user", "thanks"))) == "thanks -> "
