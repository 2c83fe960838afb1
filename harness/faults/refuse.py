"""Nothing listens: no connection, no effect."""

from __future__ import annotations

from harness.plan.decision import Decision, Delivery, Symptom
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(delivery=Delivery.NEVER, symptom=Symptom.REFUSED)


KIND = FaultKind(
    name="refuse",
    meaning="nothing listens: no connection, no effect",
    decide=_decide,
    whole_participant=True,
)
