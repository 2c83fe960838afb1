"""Nothing listens: no connection, no effect."""

from __future__ import annotations

from harness.plan.treatment import Delivery, Symptom, Treatment
from harness.plan.types import FaultKind, Target


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(delivery=Delivery.NEVER, symptom=Symptom.REFUSED)


KIND = FaultKind(
    name="refuse",
    meaning="nothing listens: no connection, no effect",
    treat=_treat,
    whole_participant=True,
)
