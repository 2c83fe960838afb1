"""Owns the one global of this room: which run, if any, has the process's clocks now.

Every dispatcher of the room (clocks, randomness, guards, event loops) asks `current()`, and
does the real thing when it answers None. A thread that is not the run's own, say a test
runner's heartbeat, always gets the real thing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import shake_128
from threading import get_ident

from harness.clock.scheduler import Scheduler


class Entropy:
    """Bytes that look random and are a function of the seed and of how often it was asked."""

    __slots__ = ("_asked", "_seed")

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode() + b"\0"
        self._asked = 0

    def take(self, size: int) -> bytes:
        self._asked += 1
        return shake_128(self._seed + self._asked.to_bytes(8, "big")).digest(size)


class ActiveRun:
    """What the dispatchers need to know of the run that has the clocks."""

    __slots__ = ("entropy", "node", "over", "scheduler", "thread_id")

    def __init__(self, scheduler: Scheduler, seed: str, *, over: bool = False) -> None:
        self.scheduler = scheduler
        self.thread_id = scheduler.thread_id
        self.entropy = Entropy(seed)
        self.node: int | None = None
        self.over = over


class _Cell:
    __slots__ = ("run",)

    def __init__(self) -> None:
        self.run: ActiveRun | None = None


_cell = _Cell()


def current() -> ActiveRun | None:
    """The run that has this thread's clocks."""
    run = _cell.run
    return run if run is not None and run.thread_id == get_ident() else None


def occupant() -> ActiveRun | None:
    """The run that has the clocks, whichever thread asks."""
    return _cell.run


def put(run: ActiveRun | None) -> None:
    """Hand the clocks to a run, or back to the real world."""
    _cell.run = run


@contextmanager
def afterlife(scheduler: Scheduler) -> Iterator[None]:
    """Where abandoned tasks run their last lines: time stands, and all I/O is refused."""
    before = _cell.run
    state = random.getstate()
    _cell.run = ActiveRun(scheduler, "afterlife", over=True)
    try:
        yield
    finally:
        _cell.run = before
        random.setstate(state)
