"""Turns with known answers, asked by some clients without a pause, and what became of each."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from vlp_graph.client import Client, RemoteError
from vlp_graph.nano.dialogues import answer_of, says_number
from vlp_graph.nano.world import Scene, held_out


@dataclass(frozen=True)
class Outcome:
    """One turn: when it was asked (monotonic), how long it took, and what it was: `right`, `wrong`, or an error."""

    at: float
    seconds: float
    what: str


@dataclass
class Load:
    """`with Load([url], clients=4) as load: ...`; `load.told()` afterwards."""

    urls: list[str]
    clients: int
    outcomes: list[Outcome] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        scenes = [s for s in held_out(4001, 60) if s.objects]
        for number in range(self.clients):
            own = scenes[number :: self.clients]
            thread = threading.Thread(target=self._ask, args=(self.urls[number % len(self.urls)], own), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(120)

    def told(self, start: float = 0.0, end: float = float("inf")) -> dict[str, Any]:
        """Turns that were asked in this time, by what became of them, and how long they took."""
        chosen = [o for o in self.outcomes if start <= o.at <= end]
        seconds = sorted(o.seconds for o in chosen) or [0.0]
        return {
            "turns": len(chosen),
            "outcomes": dict(Counter(o.what for o in chosen)),
            "median_s": round(statistics.median(seconds), 3),
            "longest_s": round(seconds[-1], 3),
        }

    def _ask(self, url: str, scenes: list[Scene]) -> None:
        with Client(url, timeout_s=120) as client:
            number = 0
            while not self._over.is_set():
                scene = scenes[number % len(scenes)]
                number += 1
                start = time.monotonic()
                what = _outcome(client, scene)
                self.outcomes.append(Outcome(start, time.monotonic() - start, what))
                if what not in ("right", "wrong"):
                    time.sleep(0.2)


def _outcome(client: Client, scene: Scene) -> str:
    try:
        reply = client.ask("how many objects are there?", images=[scene.png()])
    except RemoteError as error:
        return f"error {error.status}: {error.message[:80]}"
    statuses = {result["status"] for result in reply["vlp"]["results"]}
    if statuses - {"ok"}:
        return f"partial: {sorted(statuses)}"
    return "right" if says_number(answer_of(reply), len(scene.objects)) else "wrong"
