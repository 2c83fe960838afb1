"""A 429 or 503 with Retry-After, without the effect."""

from __future__ import annotations

from harness.participant.messages import Response
from harness.plan.treatment import Delivery, Treatment
from harness.plan.types import FaultKind, Target

RETRY_AFTER_S = 1


def _treat(variant: str, target: Target | None) -> Treatment:
    del target
    answer = Response(
        status=int(variant),
        body=b'{"error":"slow down"}',
        headers=(("retry-after", str(RETRY_AFTER_S)),),
    )
    return Treatment(delivery=Delivery.NEVER, answer=answer)


KIND = FaultKind(
    name="throttle",
    meaning="429 or 503 with Retry-After",
    treat=_treat,
    variants=("429", "503"),
)
