"""Whole turns over plain models: the order of events, the words at the end, and what goes wrong in between."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from plain_models import FOREVER, Finder, Listener, Looker, Sorter, Writer, instance, models, picture

from vlp_graph.config import Dialogue as Config
from vlp_graph.dialogue.aggregate import NOTHING_HEARD
from vlp_graph.dialogue.dialogue import Dialogue
from vlp_graph.dialogue.models import Models
from vlp_graph.dialogue.plan import wire_text
from vlp_graph.dialogue.turn import (
    Answered,
    Context,
    Event,
    Finished,
    Intent,
    Message,
    Planned,
    Transcribed,
    Turn,
    Understood,
    Words,
    as_json,
)
from vlp_graph.errors import ModelUnavailable, Overloaded, Unprocessable

PICTURES = (picture(digest="one"), picture(digest="two"))
SPEECH = np.zeros(16000, np.float32)
STAR = instance("star", (0, 0, 10, 10))
COUNT = {"task": "count", "phrases": ["stars"]}
SEGMENT = {"task": "segment", "phrases": ["star"]}
CHAT = {"task": "chat"}


def writes(*tasks: dict[str, Any], **options: Any) -> Writer:
    return Writer(text=wire_text("because", tasks), **options)


async def events(
    models: Models, text: str = "", pictures: tuple[Any, ...] = PICTURES[:1], limits: Config | None = None, **turn: Any
) -> list[Event]:
    asked = Turn(text=text, pictures=pictures, **turn)
    return [event async for event in Dialogue(models, limits or Config(router="cot")).run(asked)]


async def answered(*args: Any, **turn: Any) -> Answered:
    last = (await events(*args, **turn))[-1]
    assert isinstance(last, Answered)
    return last


async def test_a_text_is_read_once_in_a_turn() -> None:
    sorter = Sorter("segment", 0.95, ["red star"])
    await events(models(sorter=sorter, finder=Finder([STAR])), "outline the red star", limits=Config())
    assert sorter.asked == ["outline the red star"]
    await events(models(sorter=sorter, finder=Finder([STAR])), "outline the red star", limits=Config())
    assert len(sorter.asked) == 2, "another turn reads for itself"


async def test_a_typed_turn() -> None:
    graph = models(planner=writes(COUNT), finder=Finder([STAR]), sorter=Sorter("count", 0.7))
    seen = await events(graph, "how many stars are there?")
    assert [type(e) for e in seen[:3]] == [Understood, Planned, Finished]
    assert seen[0] == Understood(Intent(label="count", score=0.7))
    words = [e.text for e in seen[3:-1] if isinstance(e, Words)]
    assert len(words) == len(seen) - 4
    last = seen[-1]
    assert isinstance(last, Answered)
    assert last.text == "".join(words) == "There is 1 star in this picture."
    body = as_json(last.vlp)
    assert body["transcript"] is None
    assert body["intent"] == {"label": "count", "score": 0.7}
    assert body["plan"]["thought"] == "because"
    assert [(r["id"], r["task"], r["image"], r["status"], r["count"]) for r in body["results"]] == [
        ("t1", "count", 0, "ok", 1)
    ]
    assert list(body["timings"]) == ["intent", "plan", "tasks", "total"]


async def test_a_spoken_turn() -> None:
    sorter = Sorter("count")
    graph = models(
        planner=writes(COUNT), finder=Finder(), sorter=sorter, listener=Listener("How many stars are there?")
    )
    seen = await events(graph, speech=SPEECH)
    assert seen[0] == Transcribed("How many stars are there?")
    assert set(sorter.asked) == {"How many stars are there?"}
    last = seen[-1]
    assert isinstance(last, Answered)
    assert last.text == "There are no stars in this picture."
    assert last.vlp.transcript == "How many stars are there?"
    assert last.vlp.timings["transcribe"] >= 0


async def test_typed_and_spoken_words_are_one_turn() -> None:
    sorter = Sorter("count")
    await events(models(planner=writes(COUNT), sorter=sorter, listener=Listener("the stars")), "Count", speech=SPEECH)
    assert set(sorter.asked) == {"Count the stars"}


async def test_silence_is_said_and_costs_no_model() -> None:
    sorter = Sorter()
    seen = await events(models(sorter=sorter, listener=Listener("")), "  ", speech=SPEECH)
    assert seen[:2] == [Transcribed(""), Words(NOTHING_HEARD)]
    last = seen[-1]
    assert isinstance(last, Answered)
    assert last.text == NOTHING_HEARD
    assert (last.vlp.transcript, last.vlp.plan, last.vlp.results, sorter.asked) == ("", None, [], [])


async def test_silence_beside_typed_words_is_no_matter() -> None:
    graph = models(planner=writes(COUNT), listener=Listener(""))
    assert (await answered(graph, "count the stars", speech=SPEECH)).text == "There are no stars in this picture."


async def test_no_picture_and_a_sure_intent_is_refused_before_planning() -> None:
    planner = writes(SEGMENT)
    with pytest.raises(Unprocessable, match="asks to segment") as refused:
        await events(models(planner=planner, sorter=Sorter("segment", 0.9)), "outline the star", pictures=())
    assert planner.asked == []
    assert refused.value.param == "messages"


async def test_no_picture_and_an_unsure_intent_is_refused_by_the_plan() -> None:
    graph = models(planner=writes(SEGMENT), sorter=Sorter("chat", 0.5))
    run = Dialogue(graph, Config()).run(Turn("outline the star"))
    seen = [await anext(run)]
    with pytest.raises(Unprocessable, match="asks to segment"):
        await anext(run)
    assert [type(e) for e in seen] == [Understood]


async def test_no_picture_and_a_plan_that_also_chats() -> None:
    graph = models(planner=writes(SEGMENT, CHAT), talker=Writer(text="hi"), sorter=Sorter("segment", 0.5))
    last = await answered(graph, "outline the star and say hi", pictures=())
    assert last.text == "hi "
    assert last.vlp.plan is not None
    assert [t.task for t in last.vlp.plan.tasks] == ["chat"]


async def test_chat_streams_as_it_is_written() -> None:
    graph = models(planner=writes(CHAT), talker=Writer(text="fine and you?", pause=0.01), sorter=Sorter("chat"))
    seen = await events(graph, "how are you?", pictures=())
    assert [e.text for e in seen if isinstance(e, Words)] == ["fine ", "and ", "you? "]
    assert [type(e) for e in seen[-2:]] == [Finished, Answered]
    last = seen[-1]
    assert isinstance(last, Answered)
    assert last.text == "fine and you? "
    assert last.vlp.results[0].image is None


async def test_a_mixed_plan_keeps_its_order() -> None:
    answer = {"task": "answer", "question": "what is the star?"}
    graph = models(
        planner=writes(answer, COUNT, CHAT),
        talker=Writer(text="a joke"),
        finder=Finder([STAR]),
        looker=Looker({"what is the star?": "very shiny"}, wait=0.02),
    )
    seen = await events(graph, "what is the star? how many stars? tell a joke")
    assert [e.result.id for e in seen if isinstance(e, Finished)][-1] == "t1"
    last = seen[-1]
    assert isinstance(last, Answered)
    assert [r.id for r in last.vlp.results] == ["t1", "t2", "t3"]
    assert last.text == "Very shiny. There is 1 star in this picture. A joke."


@pytest.mark.parametrize(
    ("text", "digest"),
    [("count the stars", "two"), ("count the stars in the first picture", "one"), ("stars in the 2nd image", "two")],
)
async def test_the_picture_that_is_meant(text: str, digest: str) -> None:
    finder = Finder([STAR])
    last = await answered(models(planner=writes(COUNT), finder=finder), text, pictures=PICTURES)
    assert finder.asked == [(digest, ("stars",), False)]
    assert last.vlp.results[0].image == ["one", "two"].index(digest)


async def test_a_slow_branch_is_reported_and_the_rest_answered() -> None:
    answer = {"task": "answer", "question": "what is it?"}
    graph = models(planner=writes(answer, COUNT), finder=Finder([STAR]), looker=Looker(wait=FOREVER))
    last = await answered(graph, "what is it? count the stars", limits=Config(router="cot", task_s=0.5))
    assert [r.status for r in last.vlp.results] == ["failed", "ok"]
    assert last.text.startswith("I could not look for an answer in the picture: not ready within")
    assert last.text.endswith("There is 1 star in this picture.")


async def test_a_dead_branch_is_reported() -> None:
    graph = models(planner=writes(SEGMENT), finder=Finder(error=ModelUnavailable("Grounded-SAM is being restarted")))
    last = await answered(graph, "outline the star")
    assert last.text == "I could not outline star: Grounded-SAM is being restarted."
    assert last.vlp.results[0].error == "Grounded-SAM is being restarted"


async def test_rubbish_from_the_planner_still_gives_an_answer() -> None:
    graph = models(planner=Writer(text="I think"), finder=Finder([STAR]), sorter=Sorter("segment"))
    assert (await answered(graph, "outline the star")).text == "I outlined the star at the top left."


async def test_the_history_is_read() -> None:
    sorter, planner = Sorter("count"), writes(COUNT)
    history = (Message("user", "find the stars"), Message("assistant", "I found 2 stars."))
    await answered(models(planner=planner, sorter=sorter), "and the green one?", history=history)
    assert sorter.asked[0] == "find the stars"  # what the dialogue is about: no memory knows it
    assert sorter.asked[1] == "find the stars -> I found 2 stars. [SEP] and the green one?"
    assert planner.asked[0][0][1].content == "[find the stars -> I found 2 stars.]\nand the green one?"


async def test_a_turn_that_stands_alone_has_no_dialogue_read_before_it() -> None:
    sorter = Sorter("count")
    history = (Message("user", "find the stars"), Message("assistant", "I found 2 stars."))
    text = "tally every star between a tree and a house"
    await answered(models(planner=writes(COUNT), sorter=sorter), text, history=history)
    assert sorter.asked[0] == f"find the stars -> I found 2 stars. [SEP] {text}"


async def test_what_memory_knows_goes_before_the_history() -> None:
    sorter = Sorter("segment", 0.95, ["heart"])
    history = (Message("user", "find the stars"), Message("assistant", "I found 2 stars."))
    graph = models(sorter=sorter, finder=Finder([instance("heart", (0, 0, 10, 10))]))
    context = Context("find the heart", ("heart",), ("star",), 0)
    last = await answered(graph, "outline it", PICTURES, Config(), history=history, context=context)
    assert last.text == "I outlined the heart at the top left."
    assert sorter.asked[0] == "find the stars -> I found 2 stars. [SEP] outline it"
    assert last.context == Context("outline the heart", ("heart",), ("star",), 0)
    assert [r.image for r in last.vlp.results] == [0]


async def test_two_wishes_of_a_turn_are_two_tasks() -> None:
    sorter = Sorter("segment", 0.95, ["red star"])
    graph = models(sorter=sorter, finder=Finder([STAR, instance("red star", (0, 0, 10, 10))]))
    last = await answered(graph, "how many stars are there, and outline the red one", limits=Config())
    assert last.text == "There is 1 star in this picture. I outlined the red star at the top left."
    assert last.planned == "reader"
    assert last.context.named == ("stars", "red star")


async def test_two_pictures_are_compared() -> None:
    class Differing(Finder):
        async def find(self, picture: Any, phrases: Any, *, masks: bool = False) -> Any:
            found = await super().find(picture, phrases, masks=masks)
            return found if picture.digest == "one" else found[:1]

    finder = Differing([STAR, instance("star", (60, 0, 70, 10))])
    last = await answered(models(finder=finder), "which picture has more stars?", PICTURES, Config())
    assert last.text == "The first picture: 2 stars, against 1 elsewhere."
    assert [(r.task, r.image, r.status) for r in last.vlp.results] == [
        ("count", 0, "ok"),
        ("count", 1, "ok"),
        ("answer", 1, "ok"),
    ]


async def test_who_made_the_plan_is_told() -> None:
    sorter = Sorter("segment", 0.5, ["star"])
    finder = Finder([STAR])
    for planner, planned in ((writes(SEGMENT), "planner"), (Writer(error=ModelUnavailable("down")), "stand_in")):
        last = await answered(models(planner=planner, sorter=sorter, finder=finder), "outline the star")
        assert last.planned == planned
        assert last.text == "I outlined the star at the top left."


@pytest.mark.parametrize("trouble", [{"wait": FOREVER}, {"error": ModelUnavailable("down")}])
async def test_a_planner_that_is_late_or_down_is_stood_in_for(trouble: dict[str, Any]) -> None:
    graph = models(planner=writes(CHAT, **trouble), sorter=Sorter("count"), finder=Finder([STAR, STAR]))
    async with asyncio.timeout(2):
        seen = await events(graph, "count the stars", limits=Config(router="cot", plan_s=0.05))
    assert isinstance(seen[-1], Answered)
    assert seen[-1].text == "There are 2 stars in this picture."


async def test_a_sure_wish_for_masks_makes_more_of_boxes() -> None:
    detect = {"task": "detect", "phrases": ["star"]}
    for score, task in ((0.95, "segment"), (0.5, "detect")):
        graph = models(planner=writes(detect), sorter=Sorter("segment", score), finder=Finder([STAR]))
        last = (await events(graph, "trace the star"))[-1]
        assert isinstance(last, Answered)
        assert [r.task for r in last.vlp.results] == [task]


async def test_a_full_queue_of_the_planner_is_the_caller_s_to_know() -> None:
    with pytest.raises(Overloaded):
        await events(models(planner=writes(COUNT, error=Overloaded("full"))), "count the stars")


async def test_whoever_leaves_stops_the_turn() -> None:
    class Noticing(Finder):
        async def find(self, *args: Any, **options: Any) -> Any:
            try:
                await asyncio.sleep(FOREVER)
            except asyncio.CancelledError:
                stopped.append("find")
                raise

    stopped: list[str] = []
    graph = models(planner=writes(CHAT, COUNT), finder=Noticing(), talker=Writer(text="hi"))
    run = Dialogue(graph, Config(router="cot")).run(Turn("hi, count the stars", PICTURES))
    async for event in run:
        if isinstance(event, Finished):
            break
    await run.aclose()  # type: ignore[attr-defined]
    assert stopped == ["find"]


async def test_ready_is_the_graph_s() -> None:
    assert await Dialogue(models(), Config()).ready() == {"llama": True}


async def test_a_question_that_sounds_like_small_talk_needs_no_picture() -> None:
    graph = models(talker=Writer(text="Spain, I think."), sorter=Sorter("chat", 0.85))
    last = await answered(graph, "which is bigger, france or spain?", (), Config())
    assert last.text.strip() == "Spain, I think."
    assert last.planned == "reader"
