"""Load on a server: clients that wait for their answers, and turns that come when they come.

Threads, not asyncio: what a client spends on its own requests then overlaps as that of separate clients would.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Sample(Generic[R]):
    """One request: seconds from the start of the run to when it was due and to its answer, and what came back."""

    due: float
    end: float
    reply: R

    @property
    def seconds(self) -> float:
        """From when it was due: what a client that is late to send would otherwise hide (coordinated omission)."""
        return self.end - self.due


def closed(send: Callable[[T], R], requests: Sequence[T], clients: int) -> list[Sample[R]]:
    """All requests, by so many clients side by side; each sends its next when its last is answered. In order of
    sending."""
    start = time.perf_counter()

    def timed(request: T) -> Sample[R]:
        due = time.perf_counter() - start
        reply = send(request)
        return Sample(due, time.perf_counter() - start, reply)

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(timed, requests))


def closed_for(send: Callable[[T], R], requests: Iterator[T], clients: int, seconds: float) -> list[Sample[R]]:
    """As `closed`, until no client may send any more: requests that were begun in time are all waited for."""
    start, lock = time.perf_counter(), threading.Lock()

    def one_client() -> list[Sample[R]]:
        done: list[Sample[R]] = []
        while (due := time.perf_counter() - start) < seconds:
            with lock:
                request = next(requests)
            reply = send(request)
            done.append(Sample(due, time.perf_counter() - start, reply))
        return done

    with ThreadPoolExecutor(clients) as pool:
        done = [pool.submit(one_client) for _ in range(clients)]
    return sorted((sample for client in done for sample in client.result()), key=lambda sample: sample.due)


def poisson(rate: float, seconds: float, seed: int) -> list[float]:
    """When requests come, in seconds from the start: `rate` a second on average, each regardless of the others."""
    rng = random.Random(seed)
    times = itertools.accumulate(rng.expovariate(rate) for _ in itertools.count())
    return list(itertools.takewhile(lambda at: at < seconds, times))


def opened(send: Callable[[T], R], requests: Sequence[T], times: Sequence[float]) -> list[Sample[R]]:
    """Each request at its time, whoever else is still waiting."""
    start = time.perf_counter() + 0.5

    def timed(pair: tuple[T, float]) -> Sample[R]:
        request, due = pair
        time.sleep(max(0.0, start + due - time.perf_counter()))
        reply = send(request)
        return Sample(due, time.perf_counter() - start, reply)

    pairs = list(zip(requests, times, strict=True))
    with ThreadPoolExecutor(max(1, len(pairs))) as pool:
        return list(pool.map(timed, pairs))


def percentile(seconds: Sequence[float], share: float) -> float:
    """Nearest rank; nan of nothing."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
