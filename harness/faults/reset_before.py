"""The connection is reset, without the effect."""

from __future__ import annotations

from harness.plan.decision import Decision, Delivery, Symptom
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(delivery=Delivery.NEVER, symptom=Symptom.RESET)


KIND = FaultKind(
    name="reset_before",
    meaning="the connection is reset, without the effect",
    decide=_decide,
)
