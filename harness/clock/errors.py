"""Owns the errors of virtual time.

    UsageError
    └── SimRefused              what a simulated run cannot do; the saga belongs on the wire
        ├── SimSocketRefused    a real socket, or an event loop's I/O
        ├── SimThreadRefused    a new thread, or a call from a foreign one
        ├── SimProcessRefused   a child process
        └── WorldOver           something asked of a world that has ended
    SagaChaosError
    └── DeadLock                tasks wait and nothing is scheduled
    BaseException
    └── SagaHung                raised by the watchdog inside code that never yields

`SagaHung` is no `Exception`: a saga's `except Exception` must not swallow it.
"""

from __future__ import annotations

from harness.errors import SagaChaosError, UsageError


class SimRefused(UsageError):  # noqa: N818 - named for what happened, as its family is
    """A simulated run was asked for something that only the real world has."""


class SimSocketRefused(SimRefused):
    """A real socket in a simulated run."""


class SimThreadRefused(SimRefused):
    """A thread in a simulated run, which has exactly one."""


class SimProcessRefused(SimRefused):
    """A child process in a simulated run."""


class WorldOver(SimRefused):
    """The world has ended; what still runs are the last lines of abandoned tasks."""


class DeadLock(SagaChaosError):  # noqa: N818 - the thing has a name of its own
    """Everybody waits and nothing is scheduled that could wake anybody."""

    def __init__(self, waiting: tuple[str, ...], now_s: float) -> None:
        self.waiting = waiting
        self.now_s = now_s
        named = "; ".join(waiting) or "no task at all"
        super().__init__(f"dead-lock at {now_s:g} s: nothing is scheduled, and these wait: {named}")


class SagaHung(BaseException):
    """Raised inside a saga that computed for longer than the watchdog allows."""

    def __init__(self, where: str, limit_s: float) -> None:
        self.where = where
        self.limit_s = limit_s
        super().__init__(f"the saga did not yield for {limit_s:g} s of real time; it was at {where}")
