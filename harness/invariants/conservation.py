"""What is moved between accounts is neither lost nor made, where a resource says so (`conserved`).

Judged only of scenarios that have such a resource: no other could violate it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.history import EffectApplied
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.participant import ResourceSpec
from harness.saga import Status
from harness.views import SagaView, View

_ENDED = (Status.COMPLETED, Status.COMPENSATED)


class NotConserved(InvariantViolated):
    """A saga that ended took more than it gave, or gave more than it took."""


def conserves(resources: Mapping[str, ResourceSpec]) -> bool:
    """Whether any resource of a scenario is to be conserved."""
    return any(one.kind is not None and one.kind.conserved for one in resources.values())


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    moved = _moved(view, saga)
    total = sum(moved.values())
    if saga.status in _ENDED and total:
        word = "more" if total > 0 else "less"
        message = f"the saga {saga.status}, and the accounts hold {abs(total):g} {word} than before"
        yield Finding(message, tuple(moved))


def _moved(view: View, saga: SagaView) -> Mapping[int, float]:
    """Event index to what was added to all that is held, at what is to be conserved."""
    found: dict[int, float] = {}
    for index, event in view.history.of(EffectApplied):
        kind = view.resources[event.resource].kind
        if event.saga_id == saga.saga_id and kind is not None and kind.conserved and event.amount:
            found[index] = event.amount
    return found


def _exercised(view: View, saga: SagaView) -> bool:
    return saga.status in _ENDED and bool(_moved(view, saga))


INVARIANT = Invariant(
    id="conservation",
    says="What a saga moves between accounts is neither lost nor made.",
    error=NotConserved,
    finds=_finds,
    exercised=_exercised,
)
