"""The participant is away from the reply to a call on, until healed or n calls were refused."""

from __future__ import annotations

from harness.plan.decision import Decision, Delivery, Symptom
from harness.plan.types import FaultKind, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(delivery=Delivery.NEVER, symptom=Symptom.REFUSED)


KIND = FaultKind(
    name="outage",
    meaning="the participant is away from the reply to a call on, until healed or n calls were refused",
    decide=_decide,
    whole_participant=True,
    after_site=True,
)
