"""Owns what the `time` module and its like answer inside a run: virtual time.

All are bound methods, never plain functions: a user's class may hold `clock = time.monotonic`,
and a function would turn into a method there.

Inside a run `sleep` lets the world go on until the time has come. `threading.Event.wait`,
which some retry libraries sleep by, does the same until the event is set.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any

from harness.clock import real
from harness.clock.active import ActiveRun, current
from harness.clock.callers import caller
from harness.clock.errors import DeadLock, WorldOver
from harness.clock.pump import outside_of_loops
from harness.clock.replacements import Replacements
from harness.clock.scheduler import never

_NS = 1_000_000_000
_STEADY = frozenset(
    getattr(time, name)
    for name in ("CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_BOOTTIME")
    if hasattr(time, name)
)
_real_event_wait = threading.Event.wait


class Clocks:
    """The replacements of the functions in `time`."""

    def sleep(self, seconds: float, /) -> None:
        run = current()
        if run is None:
            real.sleep_s(seconds)
            return
        _sleep_in(run, seconds)

    def monotonic(self) -> float:
        run = current()
        return real.monotonic_s() if run is None else run.scheduler.now_s

    def monotonic_ns(self) -> int:
        run = current()
        return real.monotonic_ns() if run is None else round(run.scheduler.now_s * _NS)

    def perf_counter(self) -> float:
        run = current()
        return real.perf_counter_s() if run is None else run.scheduler.now_s

    def perf_counter_ns(self) -> int:
        run = current()
        return real.perf_counter_ns() if run is None else round(run.scheduler.now_s * _NS)

    def clock_gettime(self, clk_id: int, /) -> float:
        run = current() if clk_id in _STEADY else None
        return real.clock_gettime_s(clk_id) if run is None else run.scheduler.now_s

    def clock_gettime_ns(self, clk_id: int, /) -> int:
        run = current() if clk_id in _STEADY else None
        return real.clock_gettime_ns(clk_id) if run is None else round(run.scheduler.now_s * _NS)


def install(replacements: Replacements) -> None:
    """Replace the clocks; outside of a run they answer as ever."""
    clocks = Clocks()
    names = ("sleep", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
    for name in (*names, "clock_gettime", "clock_gettime_ns"):
        replacements.replace(time, name, getattr(clocks, name))
    replacements.replace(threading.Event, "wait", _event_wait)


def _sleep_in(run: ActiveRun, seconds: float) -> None:
    if run.has_ended():
        raise WorldOver(f"the world has ended; {caller()} sleeps {seconds} s")
    if math.isnan(seconds) or seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if math.isinf(seconds):
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    scheduler = run.scheduler
    with outside_of_loops():
        scheduler.wait(scheduler.now_s + seconds, never)


def _event_wait(event: threading.Event, timeout: float | None = None) -> bool:
    run = current()
    if run is None or event.is_set():
        return _real_event_wait(event, timeout)
    if run.has_ended():
        raise WorldOver(f"the world has ended; {caller()} waits for an event")
    _wait_in(run, event, math.inf if timeout is None else max(0.0, timeout))
    return event.is_set()


def _wait_in(run: ActiveRun, event: Any, limit_s: float) -> None:
    scheduler = run.scheduler
    with outside_of_loops():
        scheduler.wait(scheduler.now_s + limit_s, event.is_set)
    if limit_s == math.inf and not event.is_set():
        raise DeadLock((f"the thread, in Event.wait by {caller()}",), scheduler.now_s)
