"""Virtual time for the simulated world: one thread, deterministic to the byte.

`Scheduler` is the time, `VirtualLoop` an asyncio loop that lives on it, `virtual_time` makes
the process's clocks and randomness follow it, `guard` remembers what the walls refused, and
`Watchdog` strikes code that never yields. Real durations are measured by `harness.clock.real`.
"""

from harness.clock import real
from harness.clock.errors import (
    DeadLock,
    SagaHung,
    SimProcessRefused,
    SimRefused,
    SimSocketRefused,
    SimThreadRefused,
    WorldOver,
)
from harness.clock.guards import Refusal, guard
from harness.clock.loop import VirtualLoop
from harness.clock.pump import outside_of_loops
from harness.clock.scheduler import Scheduler, Timer, never
from harness.clock.tasks import SimFuture, SimTask
from harness.clock.virtual import VirtualTime, virtual_time
from harness.clock.wall import EPOCH, EPOCH_S
from harness.clock.watchdog import Hang, Watchdog

__all__ = [
    "EPOCH",
    "EPOCH_S",
    "DeadLock",
    "Hang",
    "Refusal",
    "SagaHung",
    "Scheduler",
    "SimFuture",
    "SimProcessRefused",
    "SimRefused",
    "SimSocketRefused",
    "SimTask",
    "SimThreadRefused",
    "Timer",
    "VirtualLoop",
    "VirtualTime",
    "Watchdog",
    "WorldOver",
    "guard",
    "never",
    "outside_of_loops",
    "real",
    "virtual_time",
]
