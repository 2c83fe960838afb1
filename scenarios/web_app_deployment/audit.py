"""The audit by event sourcing: the state of a deployment, rebuilt from its events alone; what orphans cost.

Two invariants of this scenario. `audit_rebuilds_state`: the events that a saga gives make up the state that
it gives. `no_orphaned_costs`: what is left of a saga that did not complete, with its price a month; one
that is stuck has told a person, and what is left of it stands in its effects with the price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fakes import USD_A_MONTH
from harness.invariants.base import Finding, Invariant, InvariantViolated, always
from harness.saga import Json, Status
from harness.views import SagaView, View


def rebuilt(events: Iterable[Json]) -> str:
    """The state after these events: pending, running, compensating, completed, failed or compensated."""
    state = "pending"
    for event in events:
        if isinstance(event, Mapping):
            state = _after(state, event)
    return state


def _after(state: str, event: Mapping[str, Json]) -> str:
    match event.get("event"):
        case "SagaStarted":
            return "running"
        case "CompensationStarted":
            return "compensating"
        case "SagaCompleted":
            return "completed"
        case "SagaFailed":
            return "failed" if event.get("stuck") else "compensated"
    return state


class AuditIncomplete(InvariantViolated):
    """The events do not make up the state."""


class OrphansCostMoney(InvariantViolated):
    """Something is paid for that nobody owns."""


def _audited(saga: SagaView) -> tuple[str, list[Json]] | None:
    detail = saga.ended.detail if saga.ended is not None else None
    if not isinstance(detail, Mapping):
        return None
    state, events = detail.get("state"), detail.get("events")
    return (state, events) if isinstance(state, str) and isinstance(events, list) else None


def _not_rebuilt(view: View, saga: SagaView) -> Iterator[Finding]:
    audited = _audited(saga)
    if audited is not None and rebuilt(audited[1]) != audited[0]:
        message = f"the events make up the state {rebuilt(audited[1])}, and the saga says {audited[0]}"
        yield Finding(message, view.evidence(saga.ended))


def _orphans(view: View, saga: SagaView) -> Iterator[Finding]:
    if saga.status in (Status.COMPLETED, Status.STUCK):
        return
    left = [one for one in view.ledger.left(saga.saga_id) if USD_A_MONTH.get(one.resource)]
    if left:
        each = ", ".join(f"{one.resource} #{one.number} ${USD_A_MONTH[one.resource]}" for one in left)
        total = sum(USD_A_MONTH[one.resource] for one in left)
        yield Finding(f"${total} a month for what nobody owns: {each}", tuple(one.made for one in left))


def _gives_audit(view: View, saga: SagaView) -> bool:
    del view
    return _audited(saga) is not None


AUDIT_REBUILDS_STATE = Invariant(
    id="audit_rebuilds_state",
    says="The state of a deployment can be rebuilt from its events alone.",
    error=AuditIncomplete,
    finds=_not_rebuilt,
    exercised=_gives_audit,
)

NO_ORPHANED_COSTS = Invariant(
    id="no_orphaned_costs",
    says="Nothing is paid for that no deployment owns.",
    error=OrphansCostMoney,
    finds=_orphans,
    exercised=always,
)
