"""The participant is away from the reply to a call on, until healed or n calls were refused."""

from __future__ import annotations

from harness.plan.treatment import Delivery, Symptom, Treatment
from harness.plan.types import FaultKind, Target


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(delivery=Delivery.NEVER, symptom=Symptom.REFUSED)


KIND = FaultKind(
    name="outage",
    meaning="the participant is away from the reply to a call on, until healed or n calls were refused",
    treat=_treat,
    whole_participant=True,
    after_site=True,
)
