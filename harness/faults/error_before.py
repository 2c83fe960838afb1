"""A 5xx without the effect."""

from __future__ import annotations

from harness.participant.messages import Response
from harness.plan.treatment import Delivery, Treatment
from harness.plan.types import FaultKind, Target


def _treat(variant: str, target: Target | None) -> Treatment:
    del variant, target
    return Treatment(delivery=Delivery.NEVER, answer=Response.of(500, {"error": "internal error"}))


KIND = FaultKind(
    name="error_before",
    meaning="a 5xx without the effect",
    treat=_treat,
)
