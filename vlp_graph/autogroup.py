"""How nice a whole session is to the others of its machine.

Where Linux shares the cores out by session (autogroups, see sched(7): most kernels outside containers and systemd's
control groups), niceness counts only within one. Models that compute on all cores then keep whoever asks them from
running, and so from asking and from reading the answer: refusals that took 10 ms came after up to 10 s (Linux 6.18, two
cores, 30 turns a second where 7 can be answered). A session that is a little nicer as a whole ends that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STEPS = 5
"""As much nicer as Ray's workers are to Ray."""


@contextmanager
def nicer_session(steps: int = STEPS) -> Iterator[None]:
    """This process's session is so many steps nicer until the block ends. Nothing happens where there are no such
    groups, where they cannot be changed, and in a session that was made nicer (or less nice) before."""
    before = _niceness("self")
    if before == 0:
        set_niceness("self", steps)
    try:
        yield
    finally:
        if before == 0:
            set_niceness("self", 0)


def set_niceness(process: int | str, steps: int = STEPS) -> None:
    """The session of that process gets this niceness, if the kernel lets us."""
    with suppress(OSError):
        _of(process).write_text(str(steps), encoding="ascii")


def _niceness(process: int | str) -> int | None:
    """None where there are no groups by session."""
    try:
        return int(_of(process).read_text(encoding="ascii").rpartition(" ")[2])  # "/autogroup-17 nice 0"
    except (OSError, ValueError):
        return None


def _of(process: int | str) -> Path:
    return Path("/proc", str(process), "autogroup")
