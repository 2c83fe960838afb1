"""What a supervisor asks of those who start executors, and of an executor that runs.

Owns the two seams and where an executor is placed. Refuses to know whether it is a command, a host of
a function or a call of a service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from harness.adapter import Returned
from harness.processes import Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and how an executor begins. Each endpoint set has its own addresses of the participants."""

    executor: int
    endpoint_set: int
    node: int
    resumed: bool

    @property
    def host(self) -> str | None:
        """The name of its machine; None: this one's."""
        return f"saga-node-{self.node}" if self.node > 1 else None


class Running(Protocol):
    """One executor under way. `kill`, `freeze` and `cancel` may come from any thread."""

    @property
    def cancelled(self) -> bool:
        """Whether a cancellation is what came out of it."""

    @property
    def cancellable(self) -> bool:
        """Whether it can be cancelled, as its caller would."""

    @property
    def at(self) -> str | None:
        """What it is waiting for, or where it is, as far as that is known: said where it never comes back."""

    def fileno(self) -> int | None:
        """Readable once it has ended."""

    def returned(self) -> Returned | None:
        """What it returned; None while it runs."""

    def over(self) -> bool:
        """Whether its process has ended by itself, so that no signal reaches it; from any thread."""

    def kill(self) -> None: ...

    def freeze(self) -> None: ...

    def wake(self) -> None: ...

    def cancel(self) -> None:
        """As its caller would; of use where that can be done."""

    def left(self) -> tuple[Marked, ...]:
        """Children that outlive it."""

    def reap(self) -> None:
        """Wait until nothing of it is left. Raises EnvironmentFault where something stays."""


class Starter(Protocol):
    """Begins executors; knows what one is."""

    @property
    def endpoint_set(self) -> int | None:
        """The endpoint set of a process that serves all executors; None: any that is free."""

    def start(self, place: Place) -> Running: ...

    def run_on(self, until_s: float) -> None:
        """Let what it keeps beside the executors finish its work."""

    def close(self) -> None:
        """End what it keeps beside the executors."""
