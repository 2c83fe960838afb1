"""Owns the place where an event loop would wait for I/O, and lets the world go on there.

World callbacks run outside of any loop, as if in another thread, so they may start one.
"""

# ruff: noqa: SLF001 - asyncio underscores what it offers to implementers of event loops

from __future__ import annotations

import asyncio
import math
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

from harness.clock.errors import DeadLock
from harness.clock.scheduler import Scheduler, never


class PumpedLoop(Protocol):
    """What the pump needs to know of its loop."""

    def awake(self) -> bool: ...

    def waiting(self) -> tuple[str, ...]: ...


class SimTimer(asyncio.TimerHandle):
    """A timer of an event loop, as an event of the scheduler."""

    __slots__ = ()
    _loop: Any

    def fire(self) -> None:
        self._loop.wake(self)

    def belongs_to(self, loop: PumpedLoop) -> bool:
        return self._loop is loop


class Pump:
    """Stands where a real loop has its selector."""

    __slots__ = ("_loop", "_scheduler")

    def __init__(self, loop: PumpedLoop, scheduler: Scheduler) -> None:
        self._loop = loop
        self._scheduler = scheduler

    def select(self, timeout: float | None) -> tuple[()]:
        scheduler = self._scheduler
        if timeout is not None and not scheduler.anything_due():
            return ()
        events._set_running_loop(None)
        try:
            if timeout is None:
                scheduler.wait(math.inf, self._loop.awake)
            else:
                scheduler.wait(scheduler.now_s, never)
        finally:
            events._set_running_loop(cast("asyncio.AbstractEventLoop", self._loop))
        if timeout is None and not self._loop.awake():
            raise DeadLock(self._loop.waiting(), scheduler.now_s)
        return ()


@contextmanager
def outside_of_loops() -> Iterator[None]:
    """Run a block as if no event loop were running, as in another thread."""
    loop = events._get_running_loop()
    if loop is None:
        yield
        return
    task = asyncio.current_task(loop)
    if task is not None:
        asyncio.tasks._leave_task(loop, task)
    events._set_running_loop(None)
    try:
        yield
    finally:
        events._set_running_loop(loop)
        if task is not None:
            asyncio.tasks._enter_task(loop, task)
