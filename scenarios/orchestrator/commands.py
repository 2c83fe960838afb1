"""What the core asks of a driver, and what a driver tells the core."""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.orchestrator.definition import Call
from scenarios.orchestrator.events import SagaEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send the call and report what came of it. `key` is its idempotency key; a query has none."""

    call: Call
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Keep the event, before anything else is done."""

    event: SagaEvent


Command = Send | Sleep | Emit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A whole reply. `readable` is false where a body came that is no JSON."""

    status: int
    content: object = None
    readable: bool = True
    retry_after_s: float | None = None

    @property
    def error(self) -> str:
        """For people."""
        return f"answered {self.status}" if self.readable else f"answered {self.status}, unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """No whole reply. `sent` is false where the request surely never left."""

    sent: bool
    error: str
    retry_after_s: None = None


Reply = Answered | Unanswered
