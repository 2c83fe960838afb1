"""The request never arrives, nothing comes back."""

from __future__ import annotations

from harness.plan.treatment import Delivery, Symptom, Treatment
from harness.plan.types import FaultKind, Target


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(delivery=Delivery.NEVER, symptom=Symptom.SILENCE)


KIND = FaultKind(
    name="lose_request",
    meaning="the request never arrives, nothing comes back",
    treat=_treat,
)
