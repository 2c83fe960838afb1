"""What a saga of the orchestrator reports to the harness at its end: its word, its log and its events."""

from __future__ import annotations

from harness.saga import Json, Outcome, Status
from scenarios.orchestrator import SagaState, SagaStatus, told


def outcome_of(status: SagaStatus, **more: Json) -> Outcome:
    """more: what else the saga has to tell, or in other words."""
    detail = {
        "error": status.error,
        "log": [list(entry) for entry in status.log],
        "events": [told(event) for event in status.events],
        **more,
    }
    return Outcome(status=_word(status), detail=detail)


def _word(status: SagaStatus) -> Status:
    if status.state is SagaState.COMPLETED:
        return Status.COMPLETED
    if status.state is SagaState.FAILED:
        return Status.STUCK if status.stuck else Status.COMPENSATED
    return Status.RUNNING
