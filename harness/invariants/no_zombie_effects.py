"""ZOMB: no forward effect lands after its compensation was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator

from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction
from harness.views import SagaView, View


class ZombieEffect(InvariantViolated):
    """An action took effect after its undo was acknowledged."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    for step in saga.spec.steps:
        undone = saga.acknowledged(step.name, Direction.COMPENSATION)
        if undone is None or undone.end is None:
            continue
        for held in view.ledger.of(saga.saga_id, step.name):
            for index in (held.made, held.whole):
                # When it was made nobody saw, where only the service's own word says that it was.
                if index is not None and index > undone.end and index != held.asked:
                    message = f"step {step.name} took effect after its undo was acknowledged"
                    yield Finding(message, (undone.index, undone.end, index))


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    for step in saga.spec.steps:
        undone = saga.acknowledged(step.name, Direction.COMPENSATION)
        end = undone.end if undone is not None else None
        sent = saga.attempts(step.name, Direction.ACTION)
        if end is not None and any(index > end for call in sent for index in call.deliveries):
            return True
    return False


INVARIANT = Invariant(
    id="no_zombie_effects",
    says="No effect of an action lands after its undo was acknowledged.",
    error=ZombieEffect,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
