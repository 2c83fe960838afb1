"""ONCE, backwards: the net effect of a compensation is 0 or 1, whatever was delivered how often."""

from __future__ import annotations

from collections.abc import Iterator

from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction
from harness.views import SagaView, View


class CompensationAppliedTwice(InvariantViolated):
    """An undo took effect more than once."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    for held in view.ledger.of(saga.saga_id):
        if len(held.removals) > 1:
            what = f"{held.resource} #{held.number}"
            message = f"the undo of step {held.step} took effect {len(held.removals)} times on {what}"
            yield Finding(message, (held.made, *held.removals))


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return any(
        len(saga.attempts(step.name, Direction.COMPENSATION)) > 1
        or any(len(call.deliveries) > 1 for call in saga.attempts(step.name, Direction.COMPENSATION))
        for step in saga.spec.steps
    )


INVARIANT = Invariant(
    id="idempotent_compensation",
    says="The net effect of each step's compensation is 0 or 1, whatever was delivered how often.",
    error=CompensationAppliedTwice,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
