"""Owns the one global of this room: which run, if any, has the process's clocks now.

Every dispatcher of the room (clocks, randomness, guards, event loops) asks `current()`, and
does the real thing when it answers None. A thread that is not the run's own, say a test
runner's heartbeat, always gets the real thing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import shake_128
from threading import get_ident
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What an operating system would tell the running code about its process. saga: whose it is."""

    pid: int
    host: str
    saga: str = ""


FIRST_PROCESS = Process(pid=4001, host="node1")


class Disk(Protocol):
    """Whoever wants to know when the code of a run changes files (`harness.clock.writes`)."""

    def holds(self, path: str) -> bool:
        """Whether a file lies where changes matter; an absolute path."""

    def changed(self) -> None:
        """Something was written, made, renamed or removed, and the operating system has it."""


class ActiveRun:
    """What the dispatchers need to know of the run that has the clocks.

    disk: None where nobody asks. locked: by descriptor, the pid of the process that locked a file. held:
    by the id of a lock of `threading`, who holds it. loop_stopped: told that a coroutine waits for a lock
    which another one of its thread holds, by that one's pid and where it waits: none of them ever goes on.
    """

    __slots__ = (
        *("_give_up", "disk", "entropy", "held", "locked", "loop_stopped", "node", "over", "process"),
        *("scheduler", "thread_id"),
    )

    def __init__(
        self,
        scheduler: Scheduler,
        seed: str,
        *,
        over: bool = False,
        give_up: Callable[[], object] | None = None,
    ) -> None:
        self.scheduler = scheduler
        self.thread_id = scheduler.thread_id
        self.entropy = Entropy(seed)
        self.node: int | None = None
        self.process = FIRST_PROCESS
        self.over = over
        self.disk: Disk | None = None
        self.locked: dict[int, int] = {}
        self.held: dict[int, list[Any]] = {}
        self.loop_stopped: Callable[[int, str], object] | None = None
        self._give_up = give_up

    def has_ended(self) -> bool:
        """Whether the world is over; who asks again and again may be given up by whoever ends it."""
        if self.over and self._give_up is not None:
            self._give_up()
        return self.over


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
def afterlife(scheduler: Scheduler, give_up: Callable[[], object] | None = None) -> Iterator[None]:
    """Where abandoned tasks run their last lines: time stands, and all I/O is refused.

    give_up: called at each refusal; an afterlife within another one has that of the outer.
    """
    before = _cell.run
    if give_up is None and before is not None and before.over:
        give_up = before.has_ended
    state = random.getstate()
    _cell.run = ActiveRun(scheduler, "afterlife", over=True, give_up=give_up)
    try:
        yield
    finally:
        _cell.run = before
        random.setstate(state)
