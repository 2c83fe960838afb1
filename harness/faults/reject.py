"""A business refusal: permanent, 4xx, no effect."""

from __future__ import annotations

from harness.participant.messages import Response
from harness.plan.treatment import Delivery, Treatment
from harness.plan.types import FaultKind, Target


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant
    assert target is not None, "only a call that a route serves is rejected"
    # Never 404 or 410 for an undo: those mean done.
    status = 403 if target.operation.verb.undoes else target.operation.resource.refuses
    return Treatment(delivery=Delivery.NEVER, answer=Response.of(status, {"error": "rejected"}))


def _impossible(target: Target) -> str | None:
    return "a query is never refused for business reasons" if target.operation.verb.queries else None


KIND = FaultKind(
    name="reject",
    meaning="a business refusal, permanent (4xx)",
    treat=_treat,
    impossible=_impossible,
)
