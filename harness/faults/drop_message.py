"""A delivery reaches nobody: the bus gets no acknowledgement, and delivers the message again."""

from __future__ import annotations

from harness.plan.decision import Decision, MessageFault
from harness.plan.types import FaultKind, Lasting, Target


def _decide(variant: str, target: Target | None) -> Decision:
    del variant, target
    return Decision(message=MessageFault.DROP)


KIND = FaultKind(
    name="drop_message",
    meaning="the delivery reaches nobody, until the bus delivers the message again",
    decide=_decide,
    deliveries=True,
    counts=(1, 2, Lasting.FOR_EVER),
)
