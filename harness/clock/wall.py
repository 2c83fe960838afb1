"""Owns the wall clock of a run: `time.time`, `datetime.now`, `gmtime` and the like.

time-machine replaces them in C. Its traveller is asked at every reading, so it is given the
scheduler's clock to answer with, and moving virtual time costs nothing here. The local zone
is UTC during a run; where it already is, the cost of switching it is saved.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from harness.absent import absent
from harness.clock.active import ActiveRun, current, put
from harness.clock.scheduler import Scheduler
from harness.errors import EnvironmentFault, misplaced

with absent("pytest"):  # for a fixture, which whoever runs pytest still gets
    import time_machine

EPOCH_S = 1_704_067_200
EPOCH = dt.datetime.fromtimestamp(EPOCH_S, tz=dt.UTC)
_NS = 1_000_000_000


class WallClock:
    """The wall clock, virtual from `start` to `stop`."""

    __slots__ = ("_travel",)

    def __init__(self) -> None:
        zone_is_utc = all(time.localtime(EPOCH_S + days * 86_400).tm_gmtoff == 0 for days in (0, 182))
        self._travel = time_machine.travel(EPOCH_S if zone_is_utc else EPOCH, tick=False)

    def start(self) -> None:
        traveller: Any = self._travel.start()
        traveller.time_ns = now_ns

    def stop(self) -> None:
        self._travel.stop()


def check(wall: WallClock) -> None:
    """Refuse to work with a time-machine that asks its traveller in another way."""
    wall.start()
    put(ActiveRun(Scheduler(), "check"))
    try:
        found = time.time()
    finally:
        put(None)
        wall.stop()
    if found != EPOCH_S:
        raise EnvironmentFault(
            misplaced("time-machine follows virtual time", found, f"time.time() == {EPOCH_S}")
        )


def now_ns() -> int:
    """Virtual nanoseconds since 1970, or the real ones for a thread that is not the run's."""
    run = current()
    if run is None:
        return time_machine.escape_hatch.time.time_ns()
    return EPOCH_S * _NS + round(run.scheduler.now_s * _NS)
