"""A business refusal: permanent, 4xx, no effect."""

from __future__ import annotations

from harness.bus.types import order_of
from harness.plan.decision import Decision, Delivery
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant
    assert target is not None, "only a call that a route serves is rejected"
    # Never 404 or 410 for an undo: those mean done.
    resource = target.operation.resource
    status = 403 if target.operation.verb.undoes else resource.refuses
    return Decision(delivery=Delivery.NEVER, answer=resource.answers.refusal(status, "rejected"))


def _impossible(target: Target) -> str | None:
    if order_of(target.operation) is not None:
        return "a bus has no business reason to refuse an event that it knows"
    return "a query is never refused for business reasons" if target.operation.verb.queries else None


KIND = FaultKind(
    name="reject",
    meaning="a business refusal, permanent (4xx)",
    decide=_decide,
    impossible=_impossible,
)
