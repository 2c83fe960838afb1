"""A business refusal: permanent, 4xx, no effect."""

from __future__ import annotations

from harness.participant.messages import Response
from harness.plan.decision import Decision, Delivery
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant
    assert target is not None, "only a call that a route serves is rejected"
    # Never 404 or 410 for an undo: those mean done.
    status = 403 if target.operation.verb.undoes else target.operation.resource.refuses
    return Decision(delivery=Delivery.NEVER, answer=Response.of(status, {"error": "rejected"}))


def _impossible(target: Target) -> str | None:
    return "a query is never refused for business reasons" if target.operation.verb.queries else None


KIND = FaultKind(
    name="reject",
    meaning="a business refusal, permanent (4xx)",
    decide=_decide,
    impossible=_impossible,
)
