"""One thing after another is really one after another; figures are the right side's, and wrong answers refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from benchmarks import speculation
from benchmarks.harness.run import BenchmarkError
from benchmarks.speculation import ROUTERS, SEQUENTIAL


class Slow:
    """A model that knows how many of its calls ran at once."""

    def __init__(self) -> None:
        self.running = self.most = 0

    async def answer(self, text: str, times: int = 1) -> str:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.01)
        self.running -= 1
        return text * times


@pytest.mark.parametrize(("locked", "most"), [(True, 1), (False, 4)])
async def test_a_lock_lets_one_call_of_any_model_run(locked: bool, most: int) -> None:
    slow, gate = Slow(), speculation._Gate(asyncio.Lock() if locked else None)
    models = [speculation._Gated(name, slow, gate) for name in ("idefics", "grounded_sam")]
    answers = await asyncio.gather(*(models[n % 2].answer(f"{n}", times=2) for n in range(4)))
    assert answers == ["00", "11", "22", "33"]
    assert slow.most == most
    assert gate.spent["idefics"] + gate.spent["grounded_sam"] >= 4 * 0.009


async def test_a_call_that_is_left_gives_the_lock_back() -> None:
    slow, gate = Slow(), speculation._Gate(asyncio.Lock())
    model = speculation._Gated("idefics", slow, gate)
    left = asyncio.create_task(model.answer("left"))
    await asyncio.sleep(0.001)
    left.cancel()
    assert await asyncio.wait_for(model.answer("next"), 1) == "next"


def test_dialogues_end_with_what_only_the_dialogue_makes_clear() -> None:
    written = list(speculation._built(3, 3))
    assert len(written) == 3
    for dialogue in written:
        first, _, last = dialogue.turns
        assert (first.shows, last.shows, last.say) == (0, None, "outline it")
        assert " and tell me where " in first.say
        (outlined,) = last.expect["masks"]
        assert dialogue.scenes[0].objects[outlined].name in dialogue.turns[1].say


def samples(side: str, right: bool = True, by: str = "reader", seconds: float = 1.0) -> list[dict[str, Any]]:
    common = {"side": side, "right": right, "total_s": seconds, "event_s": 0.1, "word_s": 0.2, "looking_s": 0.1}
    counts = {"adopted": 1, "cancelled": 0, "wasted": 0}
    return [{"dialogue": "a", "turn": n, "by": by, **common, **counts} for n in (1, 2)]


def test_a_side_that_is_wrong_has_no_time() -> None:
    found = [sample for side in ROUTERS for sample in samples(side, right=side != "fast")]
    with pytest.raises(BenchmarkError, match=r"fast is right 0\.00 of the time; wrong in a, turn 1; a, turn 2"):
        speculation._check(found)


def test_tables_tell_the_sides_apart() -> None:
    by = {"speculative": "reader", "fast": "reader", "cot": "planner", SEQUENTIAL: "planner"}
    seconds = {"speculative": 1.0, "fast": 1.5, "cot": 4.0, SEQUENTIAL: 5.0}
    found = [sample for side in ROUTERS for sample in samples(side, by=by[side], seconds=seconds[side])]
    times = speculation._times(found, seconds, dict.fromkeys(ROUTERS, 1.0))
    assert [row[times.columns.index("p50 of sequential's")] for row in times.rows] == [0.2, 0.3, 0.8, 1.0]
    sure, asked = speculation._doubt(found).rows
    assert sure[1:] == [2, 1.0, 1.5, 4.0, 5.0]
    assert asked[1:] == [0, None, None, None, None]
    assert [row[1] for row in speculation._work(found).rows] == [0, 0, 2, 2]
