"""What a world reports to the lifecycle: facts in the order in which they happened."""

from __future__ import annotations

from dataclasses import dataclass

from harness.adapter import Returned
from harness.process_faults import Boundary, ProcessFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """The run begins: the saga is to be started for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A process fault that a call of the plan carries, and where in the call it is due."""

    call: int
    fault: ProcessFault
    boundary: Boundary


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryReached:
    """A process fault is due: a call that `executor` sent has reached its boundary, or the time after it.

    reachable: whether the executor can be killed, frozen or cancelled as the fault demands. No signal
    reaches a process that has ended by itself, and nobody can cancel a plain function.
    """

    executor: int
    struck: Struck
    reachable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorFinished:
    """What came back from an executor.

    cancelled: the cancellation itself is what came out of it.
    struck: an answered call of it whose process fault is due now, as it ends.
    at: of one whose time is up, what it was waiting for, where that is known.
    """

    executor: int
    returned: Returned
    cancelled: bool = False
    struck: Struck | None = None
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDue:
    """The time of a `StartLater` has come."""

    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlingBegan:
    """Every fault has healed: no process fault is injected from now on, and nobody stays frozen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WentQuiet:
    """No executor is alive and none is due: a saga that answered `running` may be called again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeUp:
    """The run is over, whoever is alive; `problem` says why."""

    problem: str


Fact = Began | BoundaryReached | ExecutorFinished | StartDue | SettlingBegan | WentQuiet | TimeUp
