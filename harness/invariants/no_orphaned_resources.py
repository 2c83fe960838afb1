"""ORPH: once settled, no participant holds a resource that no committed saga owns."""

from __future__ import annotations

from collections.abc import Iterator

from harness.invariants.base import Finding, Invariant, InvariantViolated, always
from harness.saga import Status
from harness.views import SagaView, View


class OrphanedResources(InvariantViolated):
    """A resource is left that nobody owns."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    # A stuck saga says that a person is needed, and the report lists what is left.
    if saga.status is Status.STUCK:
        return
    yield from _nobodys(view)
    if saga.status is Status.COMPLETED:
        return
    for held in view.ledger.left(saga.saga_id):
        outcome = saga.status or "no outcome"
        message = f"{held.is_left}, and the saga ended with {outcome}"
        yield Finding(message + (f"; {held.says}" if held.says else ""), held.evidence)


def _nobodys(view: View) -> Iterator[Finding]:
    """No saga of the run can ever undo these: it does not know them for its own."""
    for held in view.ledger.nobodys(view.history.began.saga_ids):
        under = f"the id {held.saga_id!r}" if held.saga_id else "no id"
        message = (
            f"{held.is_left}, made under {under}, which is no "
            "saga of this run; where calls say whose they are in another way, say so in [saga.correlation]"
        )
        yield Finding(message, (held.made,))


INVARIANT = Invariant(
    id="no_orphaned_resources",
    says="Once settled, no participant holds a resource that no committed saga owns.",
    error=OrphanedResources,
    finds=_finds,
    exercised=always,
)
