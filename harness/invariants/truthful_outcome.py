"""TRUE: what the saga reports is what the participants hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.history import ExecutorEnded
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Status
from harness.views import SagaView, View


class OutcomeUntruthful(InvariantViolated):
    """The outcome says what is not so."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    at = _end_index(view, saga)
    if saga.status is Status.COMPLETED:
        for step in saga.spec.steps:
            if not step.optional and not view.ledger.applied(saga.saga_id, step.name):
                yield Finding(f"the saga says completed, and step {step.name} is not applied", at)
    if saga.status is Status.COMPENSATED:
        for held in view.ledger.left(saga.saga_id):
            message = (
                f"the saga says compensated, and {held.resource} #{held.number} of step {held.step} is left"
            )
            yield Finding(message, (held.made, *at))
    if _error_lost(saga.ended):
        yield Finding(
            f"the saga ended with {saga.status} and its `error` is empty: the first cause is lost", at
        )


def _error_lost(ended: ExecutorEnded | None) -> bool:
    if ended is None or ended.status not in (Status.COMPENSATED, Status.STUCK):
        return False
    detail = ended.detail
    return isinstance(detail, Mapping) and "error" in detail and not detail["error"]


def _end_index(view: View, saga: SagaView) -> tuple[int, ...]:
    return tuple(index for index, event in enumerate(view.history.events) if event is saga.ended)


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return saga.status in (Status.COMPLETED, Status.COMPENSATED)


INVARIANT = Invariant(
    id="truthful_outcome",
    says="What the saga reports is what the participants hold.",
    error=OutcomeUntruthful,
    finds=_finds,
    exercised=_exercised,
)
