"""The states of one executor, and which of them may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class ExecutorState(StrEnum):
    """Of one executor, from its start on."""

    RUNNING = "running"
    FROZEN = "frozen"
    FINISHED_FROZEN = "finished_frozen"  # it finished as it was frozen: its answer counts once it wakes
    STOPPING = "stopping"  # the run is over, and it has not come back yet
    ENDED = "ended"
    KILLED = "killed"

    @property
    def alive(self) -> bool:
        """Neither ended nor killed."""
        return self not in (ExecutorState.ENDED, ExecutorState.KILLED)

    @property
    def frozen(self) -> bool:
        """Stands still, whether or not it had finished."""
        return self in (ExecutorState.FROZEN, ExecutorState.FINISHED_FROZEN)


FOLLOWS: Mapping[ExecutorState, frozenset[ExecutorState]] = MappingProxyType(
    {
        ExecutorState.RUNNING: frozenset(
            {
                ExecutorState.FROZEN,
                ExecutorState.FINISHED_FROZEN,
                ExecutorState.STOPPING,
                ExecutorState.ENDED,
                ExecutorState.KILLED,
            }
        ),
        ExecutorState.FROZEN: frozenset(
            {ExecutorState.RUNNING, ExecutorState.FINISHED_FROZEN, ExecutorState.STOPPING}
        ),
        ExecutorState.FINISHED_FROZEN: frozenset({ExecutorState.ENDED}),
        ExecutorState.STOPPING: frozenset({ExecutorState.ENDED}),
        ExecutorState.ENDED: frozenset(),
        ExecutorState.KILLED: frozenset(),
    }
)
"""State to the states that may come next; the last two are final."""


class IllegalTransition(AssertionError):  # noqa: N818 - a mistake of a world, never a finding
    """A world reported what cannot be: the run must not be judged."""


def check_transition(executor: int, before: ExecutorState, after: ExecutorState) -> None:
    """Raise IllegalTransition unless `after` may follow `before`."""
    if after not in FOLLOWS[before]:
        raise IllegalTransition(f"executor {executor}: found {before} -> {after}, which cannot be")
