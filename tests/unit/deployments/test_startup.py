"""Which threads of a replica stand back: the one that loads, and those in which engines compute."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from deployments.startup import BELOW, LOWEST, compute_below, load_gently

pytestmark = pytest.mark.skipif(os.uname().sysname != "Linux", reason="only Linux gives each thread a priority")


def priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_loading_has_the_lowest_priority_and_leaves_the_caller_s() -> None:
    before = priority()
    assert load_gently(priority) == LOWEST
    assert load_gently(priority, BELOW) == min(LOWEST, before + BELOW)
    assert priority() == before


def test_what_is_raised_while_loading_reaches_the_caller() -> None:
    def broken() -> None:
        raise OSError("no such weights")

    with pytest.raises(OSError, match="no such weights"):
        load_gently(broken)


def test_engines_compute_below_their_event_loop() -> None:
    async def told() -> tuple[int, int]:
        compute_below()
        return priority(), await asyncio.to_thread(priority)

    loop, engine = asyncio.run(told())
    assert engine == min(LOWEST, loop + BELOW)


def test_a_priority_is_never_raised() -> None:
    """Raising takes privileges: a thread at the bottom stays there."""

    def within() -> int:
        return load_gently(priority, BELOW)

    assert load_gently(within) == LOWEST
