"""A saga behind an HTTP service (DESIGN, "Saga under test", 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.adapter.subprocess import addresses_taken
from harness.process_faults import ProcessFault


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPaths:
    """Where a saga is started (POST) and asked for (GET), below the base URL."""

    start: str = "/sagas"
    status: str = "/sagas/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFields:
    """What the service calls the four fields of its JSON."""

    id: str = "id"
    input: str = "input"
    status: str = "status"
    detail: str = "detail"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSaga:
    """A service at `base_url`; `start` is the command that starts and restarts it, if that is ours to do.

    env is for that command. listen: participant to the host and port that it has to have.
    """

    base_url: str
    cwd: Path
    start: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    paths: HttpPaths = field(default_factory=HttpPaths)
    fields: HttpFields = field(default_factory=HttpFields)
    listen: Mapping[str, tuple[str, int]] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The base URL, for people."""
        return self.base_url

    @property
    def worlds(self) -> tuple[str, ...]:
        """A service of its own has real sockets and a real clock."""
        return ("wire",)

    @property
    def alone(self) -> str | None:
        """Why its runs cannot go side by side, or None where they can."""
        if self.start:
            return f"the service that each run starts listens at {self.base_url}"
        return addresses_taken(self.listen)

    def unfit(self, process_fault: ProcessFault) -> str | None:
        """A service is killed and restarted where `start` says how; a second one would need its address."""
        if process_fault is ProcessFault.START_AGAIN:
            return None
        if process_fault is ProcessFault.CANCEL:
            return "the contract of a service has no way to cancel a saga"
        if not self.start:
            return "the service has no start command, so it cannot be killed and restarted"
        if process_fault in (ProcessFault.RACE, ProcessFault.FREEZE):
            return "a second executor would have to listen at the same base_url"
        return None
