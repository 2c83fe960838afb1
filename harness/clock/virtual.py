"""Owns the switch between real and virtual: `virtual_time.active(scheduler, seed=...)`.

`install` replaces, once per process, what a saga could read time or randomness from, or
leave the simulation by. All replacements ask one global, so a run costs what seeding
`random` and starting the wall clock cost, and nothing is left behind when it ends.

It refuses a second run inside a run, and a run on a thread that is not its scheduler's.
Install early, before the modules under test are loaded where that is possible: what they
copied into places other than globals, class attributes and defaults is out of reach.
"""

from __future__ import annotations

import random
import tempfile
from threading import get_ident
from types import TracebackType
from typing import Any

from harness.clock import bound, clocks, entropy, guards, identity, locks, policy, thread_locks, writes
from harness.clock.active import ActiveRun, occupant, put
from harness.clock.errors import SimThreadRefused
from harness.clock.guards import guard
from harness.clock.replacements import Replacements
from harness.clock.scheduler import Scheduler
from harness.clock.wall import WallClock, check
from harness.errors import UsageError


class VirtualTime:
    """The process's clocks, and who has them. One per process: `virtual_time`."""

    def __init__(self) -> None:
        self.replacements = Replacements()
        self.wall: WallClock | None = None

    def install_locks(self) -> None:
        """Replace what makes locks alone: before a saga's modules are loaded, for those keep some."""
        thread_locks.install(self.replacements)

    def install(self) -> WallClock:
        """Replace everything once; later calls only look for newly loaded modules."""
        if self.wall is None:
            wall = WallClock()
            check(wall)
            for part in (bound, clocks, entropy, guards, identity, locks, thread_locks, policy, writes):
                part.install(self.replacements)
            self.wall = wall
        self.replacements.rebind()
        return self.wall

    def active(self, scheduler: Scheduler, *, seed: str) -> Activation:
        """Give the process's clocks to a scheduler for a `with` block."""
        return Activation(self, scheduler, seed)


class Activation:
    """One run's hold on the clocks."""

    __slots__ = ("_loop_before", "_owner", "_random_before", "_scheduler", "_seed", "_wall")

    def __init__(self, owner: VirtualTime, scheduler: Scheduler, seed: str) -> None:
        self._owner = owner
        self._scheduler = scheduler
        self._seed = seed
        self._wall: WallClock | None = None
        self._random_before: Any = None
        self._loop_before: Any = None

    def __enter__(self) -> Scheduler:
        if occupant() is not None:
            raise UsageError("virtual time: a run is active already; one process simulates one at a time")
        if self._scheduler.thread_id != get_ident():
            raise SimThreadRefused("virtual time: the scheduler belongs to another thread")
        wall = self._owner.install()
        self._loop_before = policy.remember_current_loop()
        guard.refusals = []
        wall.start()
        self._wall = wall
        self._random_before = random.getstate()
        random.seed(self._seed)
        tempfile._name_sequence = None  # type: ignore[attr-defined]  # noqa: SLF001 - else names follow from earlier runs
        put(ActiveRun(self._scheduler, self._seed))
        return self._scheduler

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        put(None)
        random.setstate(self._random_before)
        tempfile._name_sequence = None  # type: ignore[attr-defined]  # noqa: SLF001 - nor harness names from the run
        if self._wall is not None:
            self._wall.stop()
        policy.restore_current_loop(self._loop_before)


virtual_time = VirtualTime()
