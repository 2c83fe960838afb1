"""What the harness is told about how a saga of the reference orchestrator ended."""

from __future__ import annotations

from harness.saga import Outcome, Status
from scenarios.order_fulfilment.orchestrator import SagaState, SagaStatus


def outcome_of(status: SagaStatus) -> Outcome:
    return Outcome(status=_word(status), detail={"error": status.error, "log": _log(status)})


def _word(status: SagaStatus) -> Status:
    if status.state is SagaState.COMPLETED:
        return Status.COMPLETED
    if status.state is SagaState.FAILED:
        return Status.STUCK if status.stuck else Status.COMPENSATED
    return Status.RUNNING


def _log(status: SagaStatus) -> list[list[str]]:
    return [list(entry) for entry in status.log]
