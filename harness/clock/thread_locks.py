"""Locks of `threading` in virtual time: who waits for one lets the world go on until it is free.

A run has one thread, so a real lock that somebody holds would never come free. Owns who holds which lock in
a run. Sagas of one process share its locks; executors of one saga are processes of their own, and a dead one
holds nothing. A plain function is a thread of its own. Coroutines share the thread of their loop, as they
would in a service: one that waits for a lock stops the loop, and where another one holds it, none ever goes
on. Outside of a run a lock is the real one. Replaced are locks that are made in a run, or by user code once
the loader has loaded any, and those that user code keeps in its modules and classes; refuses those that it
hides elsewhere.
"""

# ruff: noqa: SLF001 - a condition asks a lock for what it underscores

from __future__ import annotations

import math
import sys
import threading
from asyncio import events
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]

from harness.clock.active import ActiveRun, Process, current
from harness.clock.callers import MACHINERY, OWN, caller, rank
from harness.clock.errors import DeadLock, WorldOver
from harness.clock.pump import outside_of_loops
from harness.clock.replacements import HARNESS, Replacements
from harness.clock.scheduler import never

_lock: Callable[[], Any] = threading.Lock
_rlock: Callable[[], Any] = threading.RLock
_MODULE_LOCKS = (type(threading.Lock()), type(threading.RLock()))


@dataclass(slots=True, kw_only=True)
class Holder:
    """Who holds a lock, and how often. lock: kept, so that its id is nobody else's meanwhile."""

    lock: SimLock
    process: Process
    thread: object
    times: int = 1

    def keeps_out(self, process: Process) -> bool:
        """Whether it is in the same memory: of the same process, or of another saga's."""
        return self.process.pid == process.pid or self.process.saga != process.saga


class SimLock:
    """In place of `threading.Lock`, of `RLock` where it is reentrant. real: what it is outside of a run."""

    def __init__(self, real: Any, *, reentrant: bool) -> None:
        self._real = real
        self._reentrant = reentrant

    def __getattr__(self, name: str) -> Any:
        """What a condition asks of a real one."""
        return getattr(self._real, name)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        run = current()
        if run is None:
            return bool(self._real.acquire(blocking, timeout))
        if run.has_ended():
            raise WorldOver(f"the world has ended; {caller()} waits for a lock")
        until_s = run.scheduler.now_s + timeout if timeout >= 0 else math.inf
        taken = self._take(run)
        if taken or not blocking:
            return taken
        freed = self._stopped(run) if until_s == math.inf else None
        while freed is never or not self._take(run):
            if run.scheduler.now_s >= until_s:
                return False
            with outside_of_loops():
                run.scheduler.wait(until_s, freed or self._freed(run, run.process))
            if until_s == math.inf and (freed is never or self._holder(run, run.process) is not None):
                raise DeadLock((f"the thread, for a lock, by {caller()}",), run.scheduler.now_s)
        return True

    def _stopped(self, run: ActiveRun) -> Callable[[], bool] | None:
        """`never`, where who waits stops the loop on which the holder would give it back."""
        holder = self._holder(run, run.process)
        if holder is None or holder.thread is not _LOOP or _thread() is not _LOOP:
            return None
        if run.loop_stopped is not None:
            run.loop_stopped(holder.process.pid, caller())
        return never

    def release(self) -> None:
        run = current()
        held = () if run is None else run.held.get(id(self), ())
        mine = next((one for one in held if run is not None and one.process.pid == run.process.pid), None)
        found = mine or next(iter(held), None)
        if found is None or run is None:
            self._real.release()
            return
        found.times -= 1
        if not found.times:
            run.held[id(self)].remove(found)

    def locked(self) -> bool:
        run = current()
        return bool(self._real.locked()) if run is None else self._holder(run, run.process) is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take(self, run: ActiveRun) -> bool:
        holder = self._holder(run, run.process)
        if holder is None:
            mine = Holder(lock=self, process=run.process, thread=_thread())
            run.held.setdefault(id(self), []).append(mine)
            return True
        if self._reentrant and holder.thread is _thread():
            holder.times += 1
            return True
        return False

    def _holder(self, run: ActiveRun, process: Process) -> Holder | None:
        return next((one for one in run.held.get(id(self), ()) if one.keeps_out(process)), None)

    def _freed(self, run: ActiveRun, process: Process) -> Callable[[], bool]:
        return lambda: self._holder(run, process) is None


class SimRLock(SimLock):
    """What a condition asks of a reentrant lock, in a run, too."""

    def _is_owned(self) -> bool:
        run = current()
        if run is None:
            return bool(self._real._is_owned())
        holder = self._holder(run, run.process)
        return holder is not None and holder.thread is _thread()

    def _release_save(self) -> Any:
        run = current()
        holder = None if run is None else self._holder(run, run.process)
        if run is None or holder is None:
            return self._real._release_save()
        run.held[id(self)].remove(holder)
        return holder

    def _acquire_restore(self, state: Any) -> None:
        if not isinstance(state, Holder):
            self._real._acquire_restore(state)
            return
        self.acquire()
        run = current()
        assert run is not None
        holder = self._holder(run, run.process)
        assert holder is not None
        holder.times = state.times


_LOOP = object()
"""Stands for the thread of the loop that all coroutines of a process share."""


def _thread() -> object:
    return getcurrent() if events._get_running_loop() is None else _LOOP


def _make_lock() -> Any:
    return SimLock(_lock(), reentrant=False) if _is_for_a_saga() else _lock()


def _make_rlock() -> Any:
    return SimRLock(_rlock(), reentrant=True) if _is_for_a_saga() else _rlock()


def _is_for_a_saga() -> bool:
    """Whether it is made in a run, or by code of a user's, be it by way of the standard library."""
    if current() is not None:
        return True
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and rank(frame.f_code.co_filename) is MACHINERY:
        if frame.f_code.co_filename.startswith(HARNESS):
            return False
        frame = frame.f_back
    return frame is not None and rank(frame.f_code.co_filename) is OWN


def of_module(value: object) -> object | None:
    """What takes the place of a lock that a module keeps; None for what is no lock."""
    if type(value) is _MODULE_LOCKS[0]:
        return SimLock(value, reentrant=False)
    return SimRLock(value, reentrant=True) if type(value) is _MODULE_LOCKS[1] else None


def install(replacements: Replacements) -> None:
    """Replace the two, and from now on the locks of user modules. Once."""
    if threading.Lock is _make_lock:
        return
    replacements.replace(threading, "Lock", _make_lock)
    replacements.replace(threading, "RLock", _make_rlock)
    replacements.replace(threading, "_allocate_lock", _make_lock)  # by which conditions wait
    replacements.replace_values(of_module)


def release_locks_of(run: ActiveRun, pid: int) -> None:
    """As its death would."""
    for held in run.held.values():
        held[:] = [one for one in held if one.process.pid != pid]
