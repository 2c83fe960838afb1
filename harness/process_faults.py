"""The process faults and when they strike: the names that all rooms share.

Owns the names of the process faults and of the boundaries of a call at which they strike (RULES §7). Refuses
to know how a process is killed, frozen or started: adapters and worlds do.
"""

from __future__ import annotations

from enum import StrEnum


class ProcessFault(StrEnum):
    """What happens to an executor."""

    CRASH = "crash"  # dies, and is resumed
    MOVE = "move"  # dies, and is resumed on another node
    RACE = "race"  # dies, and two executors resume it at once
    FREEZE = "freeze"  # freezes, another one resumes and ends, then it wakes
    START_AGAIN = "start_again"  # lives on, and the same id is started once more
    CANCEL = "cancel"  # its caller cancels it

    @property
    def kills(self) -> bool:
        """The executor never runs another line."""
        return self in (ProcessFault.CRASH, ProcessFault.MOVE, ProcessFault.RACE)


class Boundary(StrEnum):
    """Where in a call it strikes."""

    BEFORE_SEND = "before_send"  # only sim can tell this one
    ON_ARRIVAL = "on_arrival"  # not applied
    APPLIED = "applied"  # and unanswered
    ANSWERED = "answered"  # strikes when the executor's next request arrives, or as it ends
    BETWEEN = "between"  # after the reply, before the next request: `harness.plan.moments` says when
    STARTED = "started"  # the executor has begun, and sent nothing yet
    ENDED = "ended"  # once the executor has ended
