"""What the state machine keeps of each executor, and of each start whose time has not come."""

from __future__ import annotations

from dataclasses import dataclass

from harness.lifecycle.facts import ExecutorFinished
from harness.lifecycle.states import ExecutorState


@dataclass(slots=True, kw_only=True, eq=False)
class Executor:
    """standby_for: the frozen executor in whose place it runs; recalls: how often it was called again."""

    number: int
    node: int
    store: int
    standby_for: int | None = None
    recalls: int = 0
    state: ExecutorState = ExecutorState.RUNNING
    cancelled: bool = False
    kept: ExecutorFinished | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStart:
    """A start whose time has not come."""

    node: int
    store: int
    resumed: bool
    elsewhere: int | None = None
    standby_for: int | None = None
    recalls: int = 0
