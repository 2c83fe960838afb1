"""LOUD: a saga whose compensation cannot succeed ends `stuck`, never `compensated`."""

from __future__ import annotations

from collections.abc import Iterator

from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction, Status
from harness.views import SagaView, View


class FailedCompensationSwallowed(InvariantViolated):
    """An undo failed, and the saga says `compensated`."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    if saga.status not in (Status.COMPENSATED, Status.COMPLETED):
        return
    for step in saga.spec.steps:
        undos = saga.attempts(step.name, Direction.COMPENSATION)
        if undos and _failed(saga, step.name) and not _effective(view, saga, step.name):
            message = f"the undo of step {step.name} failed, and the saga ended with {saga.status}"
            ends = [call.end for call in undos if call.end is not None]
            yield Finding(message, (undos[0].index, *ends[-1:]))


def _failed(saga: SagaView, step: str) -> bool:
    return not saga.needless(step) and not saga.undone(step)


def _effective(view: View, saga: SagaView, step: str) -> bool:
    made = list(view.ledger.of(saga.saga_id, step))
    return bool(made) and not any(held.live for held in made)


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return any(
        saga.attempts(step.name, Direction.COMPENSATION) and _failed(saga, step.name)
        for step in saga.spec.steps
    )


INVARIANT = Invariant(
    id="failed_compensation_escalated",
    says="An undo that was needed and failed does not end in compensated or completed.",
    error=FailedCompensationSwallowed,
    finds=_finds,
    exercised=_exercised,
)
