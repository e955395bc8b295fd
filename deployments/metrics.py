"""What the turns of an ingress come to, in Ray's metrics: how they were planned, what speculation saved and cost.

A layer around the dialogue, so that the dialogue itself knows nothing of Ray.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from vlp_graph.dialogue.memory import Runs
from vlp_graph.dialogue.turn import Answered, Event, Turn

OUTCOMES = ("adopted", "cancelled", "wasted")
SECONDS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60]


class Counted:
    """A dialogue whose answered turns are counted:

    `vlp_turns` by `planned` ("reader", "planner" or "stand_in"), `vlp_tasks` by task and status, `vlp_speculation` by
    outcome (tasks that were begun before the plan and adopted by it, cancelled, or done in vain), and
    `vlp_stage_seconds` by stage.
    """

    def __init__(self, dialogue: Runs) -> None:
        from ray.util.metrics import Counter, Histogram

        self.dialogue = dialogue
        self._turns = Counter("vlp_turns", description="Turns that were answered", tag_keys=("planned",))
        self._tasks = Counter("vlp_tasks", description="Tasks that ended", tag_keys=("task", "status"))
        self._ahead = Counter("vlp_speculation", description="Tasks begun before their plan", tag_keys=("outcome",))
        self._seconds = Histogram(
            "vlp_stage_seconds", description="Time of a turn by stage", boundaries=SECONDS, tag_keys=("stage",)
        )

    async def ready(self) -> dict[str, bool]:
        return await self.dialogue.ready()

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        """The events of the dialogue, as they are."""
        async with aclosing(cast(AsyncGenerator[Event, None], self.dialogue.run(turn))) as events:
            async for event in events:
                if isinstance(event, Answered):
                    self._count(event)
                yield event

    def _count(self, answered: Answered) -> None:
        vlp = answered.vlp
        self._turns.inc(tags={"planned": answered.planned})
        for result in vlp.results:
            self._tasks.inc(tags={"task": result.task, "status": result.status})
        for stage, value in vlp.timings.items():
            if stage in OUTCOMES:
                self._ahead.inc(value, tags={"outcome": stage})
            else:
                self._seconds.observe(value, tags={"stage": stage})
