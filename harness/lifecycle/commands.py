"""Commands from the lifecycle to a world, carried out in the order given."""

from __future__ import annotations

from dataclasses import dataclass

from harness.adapter import Returned
from harness.lifecycle.facts import Struck


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Record and start executor `executor`, numbered from 1 in the order of their starts.

    store: the number of its store; executors with one number share it. elsewhere: the executor from
    whose addresses it must keep away, because it is on another node.
    """

    executor: int
    node: int
    store: int
    resumed: bool
    elsewhere: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLater:
    """Report `StartDue(ticket)` in `after_s` seconds; 0: as soon as the world can."""

    ticket: int
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStore:
    """Store `target` begins as what lies in `source` now; of use where a killed executor is not gone."""

    source: int
    target: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonCalls:
    """The calls of the executor that are in flight have lost their caller."""

    executor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """The executor never runs another line."""

    executor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAll:
    """The run is over: whoever is alive ends now. Report `ExecutorFinished` for each of them."""

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """The executor stands still until it is woken."""

    executor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """A frozen executor goes on."""

    executor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Cancel the executor as its caller would."""

    executor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordProcessFault:
    """A process fault was injected; `restarts`: the saga's process comes back after it."""

    executor: int
    struck: Struck
    restarts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEnd:
    """What an executor answered; the last one recorded is the saga's outcome."""

    executor: int
    returned: Returned
    timed_out: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWake:
    """A frozen executor goes on, or its answer counts now."""

    executor: int


Command = (
    Start
    | StartLater
    | CopyStore
    | AbandonCalls
    | Kill
    | StopAll
    | Freeze
    | Wake
    | Cancel
    | RecordProcessFault
    | RecordEnd
    | RecordWake
)
