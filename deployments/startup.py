"""How replicas share the cores of a machine that has few.

While they start, the language model is the last to be ready: it imports vLLM twice over, and the others load at the
lowest priority, filling the gaps. Later, engines compute below the event loops: who only passes messages on, refusals
among them, would otherwise wait at every step behind whoever computes, for seconds under load.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
LOWEST = 19
BELOW = 10
"""Steps from an event loop down to what computes."""


def load_gently(load: Callable[[], T], steps: int = LOWEST) -> T:
    """The result of `load()`, run in a thread that is so many steps below, at most at the lowest priority.

    Libraries that keep threads of their own, as CTranslate2 does, let them inherit it: those take `BELOW` steps.
    """
    with ThreadPoolExecutor(1, initializer=_lower, initargs=(steps,)) as thread:
        return thread.submit(load).result()


def compute_below() -> None:
    """Threads of this event loop, which are those of `asyncio.to_thread`, get a lower priority than the loop has."""
    threads = ThreadPoolExecutor(thread_name_prefix="engine", initializer=_lower, initargs=(BELOW,))
    asyncio.get_running_loop().set_default_executor(threads)


def _lower(steps: int) -> None:
    """This thread's priority (on Linux a thread has its own), never raised: that takes privileges."""
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, min(LOWEST, os.getpriority(os.PRIO_PROCESS, thread) + steps))
