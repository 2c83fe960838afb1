"""The connection is reset, without the effect."""

from __future__ import annotations

from harness.plan.treatment import Delivery, Symptom, Treatment
from harness.plan.types import FaultKind, Target


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(delivery=Delivery.NEVER, symptom=Symptom.RESET)


KIND = FaultKind(
    name="reset_before",
    meaning="the connection is reset, without the effect",
    treat=_treat,
)
