"""The request never arrives, nothing comes back."""

from __future__ import annotations

from harness.plan.decision import Decision, Delivery, Symptom
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(delivery=Delivery.NEVER, symptom=Symptom.SILENCE)


KIND = FaultKind(
    name="lose_request",
    meaning="the request never arrives, nothing comes back",
    decide=_decide,
)
