"""A 5xx without the effect. Its body is no JSON: what stands in front of a participant answers in HTML."""

from __future__ import annotations

from harness.participant.messages import Response
from harness.plan.decision import Decision, Delivery
from harness.plan.types import FaultKind, Target

PAGE = b"<html><body><h1>500 Internal Server Error</h1></body></html>"


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(delivery=Delivery.NEVER, answer=Response(status=500, body=PAGE, html=True))


KIND = FaultKind(
    name="error_before",
    meaning="a 5xx without the effect",
    decide=_decide,
)
