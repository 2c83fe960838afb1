"""The reply comes late, but inside the time-out."""

from __future__ import annotations

from harness.plan.treatment import Symptom, Treatment
from harness.plan.types import FaultKind, Target


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(symptom=Symptom.DELAYED)


KIND = FaultKind(
    name="slow",
    meaning="the reply comes late, but inside the time-out",
    treat=_treat,
    variants=("latency",),
    wire_variants=("latency", "bandwidth", "slicer", "slow_close"),
)
