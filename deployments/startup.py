"""How replicas share the cores while they start.

On two cores the language model is the last to be ready: it imports vLLM three times over. The others load at a lower
priority, so that they fill the gaps instead of holding it up.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
LOWEST = 19


def load_gently(load: Callable[[], T]) -> T:
    """The result of `load()`, run in a thread of the lowest priority (on Linux a thread has its own).

    Not for libraries that keep threads of their own, as CTranslate2 does: they would inherit the priority.
    """

    def lowered() -> T:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)
        return load()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lowered).result()
